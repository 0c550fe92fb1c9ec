"""``QuestionLine``: the question, and the answer in words: where the weight lies, and how far to trust that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import panel as pn
import xarray as xr

from workbench.explain.shares import weighed
from workbench.explain.summary import tells_components, tells_times
from workbench.schema import Check
from workbench.session import Explaining, Tried
from workbench.views.explain_compare import compare_html
from workbench.views.explain_stage_html import next_pick_html
from workbench.views.markup import Action, Markup
from workbench.views.tags import tag, text

__all__ = ["QuestionLine", "answer_words", "checks_words", "question_words"]

_SHOWN = [
    "attribution", "beside", "beside_problem", "second", "checks", "checks_left", "tried", "try_problem", "busy",
    "problem", "time", "phase",
]  # fmt: skip
_NUMBERS = ("None", "One", "Two", "Three", "Four", "Five", "Six", "Seven")


class QuestionLine(pn.viewable.Viewer):
    """Says what was asked as long as its answer stands on the screen; what is being asked, it says meanwhile."""

    def __init__(self, explaining: Explaining) -> None:
        super().__init__()
        self._explaining = explaining
        self._said: tuple[xr.Dataset | None, str] = (None, "")
        self._markup = Markup(explaining.session, self._act, kind="question")
        draw = explaining.afterwards.watcher(self._draw)
        explaining.param.watch(draw, _SHOWN)
        explaining.session.param.watch(draw, "runs")
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def _draw(self) -> None:
        explaining = self._explaining
        explained = explaining.attribution
        if explained is None:
            self._markup.html = self._unanswered()
            return
        attrs = explained.attrs
        parts = [tag("b", text(question_words(attrs["phase"], pd.Timestamp(attrs["target_time"]))))]
        parts.append(_where_html(str(attrs["station"])))
        if self._said[0] is not explained:
            self._said = explained, answer_words(explained)
        answer = self._said[1]
        if explaining.try_problem:
            answer = f"These changes cannot be tried. {text(explaining.try_problem)}"
        elif explaining.tried is not None:
            answer = tried_words(explaining.tried, attrs)
            if explaining.judges_changed:
                answer += " " + checks_words(explaining.checks, explaining.checks_left)
        else:
            answer += " " + checks_words(explaining.checks, explaining.checks_left)
        parts.append(tag("span", answer.strip(), class_="answer", role="status"))
        if explaining.second and not explaining.try_problem:
            parts.append(tag("span", compare_html(explaining), class_="answer compare", role="status"))
        if explaining.busy:
            parts.append(tag("span", "Explaining anew…", class_="late muted"))
        self._markup.html = "".join(parts)

    def _unanswered(self) -> str:
        explaining = self._explaining
        if explaining.time is None:
            return tag("b", "Why did the picker pick there?")
        words = tag("b", text(question_words(explaining.phase, explaining.time))) + _where_html(explaining.station)
        if explaining.problem:
            words += tag("span", text(explaining.problem), class_="answer", role="status")
            words += next_pick_html(explaining, "button")
        elif explaining.busy:
            words += tag("span", "Explaining…", class_="late muted")
        return words

    def _act(self, action: Action) -> None:
        if action["act"] == "step":
            self._explaining.step(1)


def _where_html(station: str) -> str:
    """Of which station; without the dots of codes that it lacks."""
    name = station.strip(".")
    return tag("span", text(name), class_="station ellipsis", title=name)


def question_words(phase: str, time: pd.Timestamp | None) -> str:
    """The question as it stands above the plot.

    >>> question_words("S", pd.Timestamp("2018-12-30T03:00:42.33"))
    'Why S at 03:00:42.33?'
    """
    if time is None:
        return "Why?"
    name = "an event" if phase == "Detection" else phase
    return f"Why {name} at {time:%H:%M:%S}.{time.microsecond // 10000:02d}?"


def answer_words(explained: xr.Dataset) -> str:
    """HTML: which component has most of the weight, and when most of it was recorded.

    "Mostly E (64 %), but 71 % of the weight lies more than 5 s before the pick, around 03:00:33."
    """
    values, seconds = weighed(explained)
    sizes = np.abs(values)
    total = float(sizes.sum())
    if not total > 0:
        return "Nothing in the window spoke for it or against it."
    when = _when(explained, seconds, sizes.sum(axis=0) / total) if tells_times(explained) else ""
    if not tells_components(explained):
        return _capital(when.lstrip(",; ").removeprefix("and ").removeprefix("but ")) + "."
    shares = sizes.sum(axis=1) / total
    best = int(np.argmax(shares))
    name = text(explained["component"].values[best])
    if len(shares) == 1:
        which = f"{tag('b', name)} is the only component"
    elif shares[best] < 0.45:
        which = "No component stands out"
    else:
        adverb = "Almost only" if shares[best] > 0.9 else "Mostly"
        which = f"{adverb} {tag('b', name)} ({100 * shares[best]:.0f} %)"
    return f"{which}{when}."


def _when(explained: xr.Dataset, seconds: np.ndarray, weight: np.ndarray) -> str:
    near = float(weight[np.abs(seconds) <= 2].sum())
    early, late = float(weight[seconds < -5].sum()), float(weight[seconds > 5].sum())
    if max(early, late) > 0.5:
        side, part = ("before", seconds < -5) if early > late else ("after", seconds > 5)
        after_s = float(seconds[part][int(np.argmax(_smooth(weight[part])))])
        around = pd.Timestamp(explained.attrs["target_time"]) + pd.Timedelta(after_s, "s")
        share = 100 * max(early, late)
        return f", but {share:.0f} % of the weight lies more than 5 s {side} it, around {around:%H:%M:%S}"
    for words, most_s in (("2 to 5 s", 5.0), ("more than 2 s", np.inf)):
        for side, towards in (("before", -seconds), ("after", seconds)):
            share = float(weight[(towards > 2) & (towards <= most_s)].sum())
            if share > 0.5:
                return f", but {100 * share:.0f} % of the weight lies {words} {side} it"
    if near >= 0.5:
        return f", and {100 * near:.0f} % of the weight lies within 2 s of it"
    return f"; {100 * near:.0f} % of the weight lies within 2 s of it, the rest is spread out"


def _smooth(weight: np.ndarray) -> np.ndarray:
    return np.convolve(weight, np.ones(min(50, weight.size)), mode="same")


def checks_words(checks: list[Check], left: int) -> str:
    """What the checks say, in a sentence.

    >>> checks_words([Check("shifts", "Stable", "warn", "."), Check("onset", "Close", "pass", ".")], 0)
    'One of two checks warns.'
    >>> checks_words([], 6)
    ''
    """
    if not checks or left:
        return ""
    made = [check for check in checks if check.verdict != "none"]
    failed, warned = (sum(check.verdict == verdict for check in made) for verdict in ("fail", "warn"))
    of = f"of {_number(len(made)).lower()} checks"
    if failed and warned:
        return f"{_number(failed + warned)} {of} fail or warn."
    if failed or warned:
        one, many = ("fails", "fail") if failed else ("warns", "warn")
        return f"{_number(failed + warned)} {of} {one if failed + warned == 1 else many}."
    return f"All {_number(len(made)).lower()} checks pass." if made else ""


def tried_words(tried: Tried, attrs: Mapping[str, Any]) -> str:
    """What the changes did to the pick, and what it rests on now; HTML."""
    if tried.time is None:
        highest = "" if not np.isfinite(tried.probability) else f"; the highest probability is {tried.probability:.2f}"
        found = f"With these changes there is no {text(attrs['phase'])} pick here{highest}."
    else:
        moved_ms = 1e3 * (tried.time - pd.Timestamp(attrs["target_time"])).total_seconds()
        sign = "later" if moved_ms > 0 else "earlier"
        moved = "stays" if abs(moved_ms) < 5 else f"comes {abs(moved_ms):.0f} ms {sign}"
        found = f"With these changes the pick {moved}, and its probability is {tag('b', f'{tried.probability:.2f}')}."
    if tried.problem:
        return f"{found} {text(tried.problem)}"
    return f"{found} Now: {_lower(answer_words(tried.attribution))}" if tried.attribution is not None else found


def _number(n: int) -> str:
    return _NUMBERS[n] if n < len(_NUMBERS) else str(n)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
