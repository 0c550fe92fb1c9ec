"""HTML of the Review page: what is left, a row of the queue, why an onset is doubted, how much each reason counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from workbench.labels.doubt.reasons import REASONS
from workbench.session import Reviewing
from workbench.views.icons import icon
from workbench.views.tags import options, tag, text

__all__ = ["BUTTONS", "buttons_html", "decided_words", "head_html", "queue_row", "weights_html", "why_html"]

_PACE_SHOWN = 16
_WORDS = {"kept": "kept", "fixed": "fixed", "flagged": "flagged", "rejected": "rejected", "skipped": "skipped"}

_FIRST_STEPS = "Is the onset where it should be? Decide by a key: the next one comes."
_LOOKS_ONLY = "Is the onset where it should be? This page may look, and decide nothing."
_ORDER = "By doubt, 0 to 1: each reason that speaks against an onset counts as much as its slider says"

_DECIDED = {
    "accept": "kept", "add": "set", "move": "moved", "edit": "changed", "reject": "rejected", "settle": "settled"
}  # fmt: skip

BUTTONS: Mapping[str, tuple[str, str, str, str]] = {
    "keep": ("check", "Keep", "A", "The onset is right as it is"),
    "use_model": ("refine", "Use model", "M", "Put it where the surest picker has it"),
    "reject": ("close", "Reject", "X", "There is no onset here"),
    "skip": ("next", "Next", "Tab", "Go on; undecided, it is skipped"),
    "flag": ("flag", "Flag", "F", "Keep it, marked as questionable"),
    "undo": ("undo", "Undo", "Z", "Take back the last decision"),
}
"""Action to picture, words, key, and what it means."""


def head_html(one: Reviewing) -> str:
    """What is left, how fast it goes, what became of the rest, and which reason is looked at."""
    keys = set(one.queue["key"]) if len(one.queue) else set()
    outcomes = pd.Series([what for key, what in one.outcomes.items() if key in keys], dtype=str).value_counts()
    total = len(one.queue)
    left = tag("div", tag("b", f"{one.left:,}", class_="left"), tag("span", f" left of {total:,}", class_="muted"),
               tag("span", class_="spread"), _pace(one.seconds, one.left), class_="top")  # fmt: skip
    parts = [tag("i", class_=name, style=f"width:{100 * int(n) / max(total, 1):.2f}%") for name, n in outcomes.items()]
    legend = [
        tag("span", tag("i", class_=name), f" {n} {_WORDS[str(name)]}", class_="key") for name, n in outcomes.items()
    ]
    counts = one.counts()
    reasons = {"": "Any reason"} | {name: f"{REASONS[name].title} ({n})" for name, n in counts.items()}
    if one.reason and one.reason not in reasons:
        reasons[one.reason] = f"{REASONS[one.reason].title} (0)"
    chooser = tag("select", options(reasons, one.reason), data_act="reason", data_key="reason", aria_label="Reason")
    line = tag(
        "div", tag("b", "Most doubtful first", title=_ORDER), tag("span", class_="spread"), chooser, class_="order"
    )
    first_steps = tag("span", _FIRST_STEPS if one.session.journal.writable else _LOOKS_ONLY, class_="muted")
    return left + tag("div", *parts, class_="bar") + tag("div", *(legend or [first_steps]), class_="legend") + line


def _pace(seconds: Sequence[float], left: int) -> str:
    if not seconds:
        return ""
    shown = list(seconds[-_PACE_SHOWN:])
    most = max(shown)
    bars = "".join(tag("i", style=f"height:{max(8.0, 100 * each / most):.0f}%") for each in shown)
    typical_s = float(pd.Series(seconds).median())
    rest = left * typical_s
    words = f"about {rest / 60:.0f} min" if rest >= 90 else f"about {rest:.0f} s"
    said = tag("span", tag("b", f"{typical_s:.0f} s"), " each", tag("br"), words, class_="said muted")
    return tag("span", bars, class_="pace", aria_hidden=True) + said


def queue_row(row: Mapping[str, object], outcome: str) -> Mapping[str, object]:
    """One doubted onset."""
    family = str(row["phase"]).lower()
    kind = "human" if row["kind"] == "label" else "model"
    station = str(row["station"]).strip(".")
    doubt = float(str(row["doubt"]))
    chip = tag("span", text(row["phase"]), class_=f"chip {kind} {family}")
    day = tag("span", f"{pd.Timestamp(str(row['time'])):%Y-%m-%d %H:%M}", class_="muted day")
    bar = tag("span", tag("i", style=f"width:{100 * doubt:.0f}%"), class_="doubt", aria_hidden=True)
    right = tag("span", text(outcome), class_=f"outcome {outcome}") if outcome else bar + tag("b", f"{doubt:.2f}")
    first = tag("div", chip, tag("b", text(station), class_="ellipsis"), day, tag("span", class_="spread"), right,
                class_="line")  # fmt: skip
    cell = first + tag("div", text(row["words"]), class_="words", title=str(row["words"]))
    return {"cells": [cell], "id": str(row["key"]), "kind": "decided" if outcome else ""}


def why_html(one: Reviewing, explains: bool) -> str:
    """What is doubted of the onset on the screen, in full."""
    row = one.row
    if row is None:
        return tag("div", tag("span", text(nothing_words(one)), class_="muted"), class_="why")
    title = tag("b", text(f"{str(row['station']).strip('.')}"), class_="name")
    what = "label" if row["kind"] == "label" else "pick, not labelled"
    facts = f"{row['time']:%Y-%m-%d %H:%M:%S.%f}"[:-3] + f" · {row['phase']} {what}"
    button = tag("button", "Explain this pick", class_="button", data_act="explain") if explains else ""
    line = tag("div", title, tag("span", text(facts), class_="muted"), tag("span", class_="spread"), button,
               class_="what")  # fmt: skip
    words = tag("div", icon("warn", 16), tag("span", text(f"{row['words']}.")), class_="doubts", role="status")
    fix = (
        tag(
            "span", "To fix: drag it, or ", tag("kbd", "Enter"), " and ", tag("kbd", "←"), tag("kbd", "→"), class_="fix"
        )
        if one.session.journal.writable
        else ""
    )
    decided = tag("div", tag("span", text(decided_words(one.session.labels, row)), class_="ellipsis"), fix,
                  class_="decided muted")  # fmt: skip
    return tag("div", line, words, decided, class_="why")


def decided_words(labels: pd.DataFrame, row: pd.Series) -> str:
    """Who decided on the onset of a row of the queue, what and when; labels are those that stand on its recording."""
    mine = labels[(labels["label_id"] == row["identity"]) | (labels["pick_id"] == row["identity"])]
    if labels.empty or mine.empty:
        came = "the label came with the source" if row["kind"] == "label" else "a picker sees it"
        return f"Nobody has decided on it yet: {came}."
    label = mine.sort_values("decided_at").iloc[-1]
    what = _DECIDED.get(str(label["decision"]), "restored")
    flagged = ", flagged as questionable" if label["onset_quality"] == "questionable" else ""
    return f"Decided: {what}{flagged} by {label['analyst']}, {label['decided_at']:%Y-%m-%d %H:%M:%S} UTC."


def nothing_words(one: Reviewing) -> str:
    """Why there is no onset on the screen."""
    session = one.session
    if session.source is None:
        return "No source is open."
    if one.problem:
        return one.problem
    if session.blind == "all":
        return "Doubts come of what pickers say, which is hidden while you pick blind."
    if not one.pickers:
        return "No picker is on: the doubts come of what pickers say. Add one at the right."
    if len(one.queue) and not one.left:
        return "Nothing is left in the queue."
    if one.looked < len(session.index):
        return "The first recordings are being looked at…"
    return f"No doubt was found in {one.looked:,} recordings" + (" for that reason." if one.reason else ".")


def buttons_html(one: Reviewing) -> str:
    """The row of decisions under the traces."""
    nowhere = one.row is None
    parts = []
    for act, (picture, words, key, title) in BUTTONS.items():
        # Going on writes nothing: whoever only looks goes on, too.
        shut = "" if act == "skip" else one.session.shut
        disabled = bool(shut) or (not one.last_here if act == "undo" else nowhere)
        parts.append(
            tag(
                "button",
                icon(picture, 16),
                text(words),
                tag("kbd", key),
                title=shut or title,
                data_act=act,
                disabled=disabled,
                class_="primary" if act == "keep" else "button",
            )
        )
    return tag("div", *parts, class_="decide")


def weights_html(one: Reviewing) -> str:
    """A slider for each reason, with how many onsets have it; those that none has are folded away."""
    counts = one.counts()
    rows: list[str] = []
    folded: list[str] = []
    for name, reason in REASONS.items():
        weight = one.weights[name]
        slider = tag("input", type="range", min="0", max="1", step="0.05", value=f"{weight:g}", data_act="weight",
                     data_reason=name, data_key=name, aria_label=reason.title, title=f"{weight:.2f}")  # fmt: skip
        n = tag("span", f"{counts.get(name, 0)}", class_="muted n")
        row = tag("label", tag("span", text(reason.title)), slider, n, class_="reason", data_key=name)
        (rows if counts.get(name) or weight != reason.weight else folded).append(row)
    changed = any(one.weights[name] != reason.weight for name, reason in REASONS.items())
    reset = tag("button", "Reset", class_="plain", data_act="reset", disabled=not changed)
    top = tag("div", tag("h2", "What counts as doubt"), tag("span", class_="spread"), reset, class_="top")
    how = "Doubts of an onset add up as independent chances do. At 0 a reason never counts."
    words = f"{len(folded)} reasons that no onset has" if len(folded) != 1 else "1 reason that no onset has"
    rest = tag("details", tag("summary", words), *folded, data_key="rest") if folded else ""
    return top + "".join(rows) + tag("p", how, class_="muted small") + rest
