"""What the card "Can it be believed?" shows: HTML of the badge, of one check, and of the whole."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from workbench.explain.palette import VERDICT_WORDS
from workbench.explain.sparkline import sparkline
from workbench.schema import BELIEF, Check, belief
from workbench.views.icons import icon
from workbench.views.tags import tag, text

__all__ = ["belief_badge", "belief_html", "figure_words"]

_LOOKS = {"pass": ("check", "ok"), "warn": ("warn", "warn"), "fail": ("close", "error"), "none": ("minus", "muted")}
_TITLES: Mapping[str, str] = {
    "adds_up": "Adds up",
    "removal": "Removing what matters hurts",
    "weights": "Depends on the trained weights",
    "shifts": "Stable when the window shifts",
    "agreement": "Agrees with other views",
    "onset": "Close to the onset",
}
"""Of checks that are still being made, in the order in which all are shown."""


def belief_html(checks: Sequence[Check], left: int, *, asked: bool, problem: str = "", note: str = "") -> str:
    """Head with the badge, then the checks: those made with verdict, words and drawing, those to come in grey.

    Parameters
    ----------
    checks
        That have come, in any order.
    left
        How many are still being made.
    asked
        Whether there is an explanation to check.
    problem
        Why there is none.
    note
        What is special about it.
    """
    made = {check.name: check for check in checks}
    names = [*_TITLES, *(name for name in made if name not in _TITLES)]
    rows = [
        _check_html(made[name]) if name in made else _coming_html(_TITLES[name])
        for name in names
        if name in made or left
    ]
    if not rows:
        words = "The checks of this explanation have not been made." if asked else "Nothing is explained yet."
        rows = [tag("li", tag("p", text(problem or words), class_="none muted"))]
    head = tag(
        "div",
        tag("h2", "Can it be believed?"),
        tag("span", note, class_="muted small"),
        tag("span", class_="spread"),
        belief_badge(checks, left),
        class_="top",
    )
    return head + tag("ul", *rows, class_="checks")


def belief_badge(checks: Sequence[Check], left: int = 0) -> str:
    """The worst verdict in words, with its icon; how far the checks are while they are being made; nothing before."""
    if left:
        return tag("span", f"checking, {len(checks)} of {len(checks) + left}", class_="verdict muted", role="status")
    if not checks:
        return ""
    worst = belief(checks)
    picture, colour = _LOOKS[worst]
    return tag("span", icon(picture, 12), text(BELIEF[worst]), class_=f"verdict {colour}", role="status")


def _check_html(check: Check) -> str:
    picture, colour = _LOOKS[check.verdict]
    mark = tag("span", icon(picture, 13), class_=f"mark {colour}", title=VERDICT_WORDS[check.verdict])
    spoken = tag("span", f"{VERDICT_WORDS[check.verdict]}: ", class_="visually-hidden")
    words = tag(
        "span",
        tag("b", spoken, text(check.title)),
        tag("span", text(_typeset(check.words)), class_="said"),
        class_="words",
    )
    head = mark + words + sparkline(check.curves)
    if not check.figures and len(check.curves) < 2:
        return tag("li", tag("div", head, class_="check"), data_key=check.name)
    return tag(
        "li",
        tag("details", tag("summary", head, class_="check"), _figures_html(check), data_key=f"unfold {check.name}"),
        data_key=check.name,
    )


def _typeset(words: str) -> str:
    r"""With true minus signs, and no percent sign on a line of its own.

    >>> _typeset("Gap 1.8 %, rank -0.02.")
    'Gap 1.8\xa0%, rank −0.02.'
    """
    return re.sub(r"(?<![\w.])-(?=\d)", "−", words).replace(" %", "\u00a0%")


def _coming_html(title: str) -> str:
    mark = tag("span", icon("wait", 13), class_="mark muted")
    words = tag("span", tag("b", text(title)), tag("span", "being made…", class_="said"), class_="words")
    return tag("li", tag("div", mark, words, class_="check coming"), data_key=f"coming {title}")


def _figures_html(check: Check) -> str:
    """What a verdict rests on: the curves drawn larger, with what they are and how far they go, and the figures."""
    rows = [
        tag("tr", tag("th", text(name.replace("_", " ")), scope="row"), tag("td", text(figure_words(value))))
        for name, value in check.figures.items()
    ]
    table = tag("table", *rows) if rows else ""
    return tag("div", _curves_html(check.curves), table, class_="figures")


def _curves_html(curves: Mapping[str, np.ndarray]) -> str:
    drawing = sparkline(curves, 352, 96)
    if not drawing:
        return ""
    across, first, *others = curves
    heights = np.concatenate([np.asarray(curves[name], float) for name in (first, *others)])
    ends = [figure_words(float(value)) for value in (np.nanmin(curves[across]), np.nanmax(curves[across]))]
    low, high = min(float(np.nanmin(heights)), 0.0), float(np.nanmax(heights))
    dashed = f"; dashed: {', '.join(others)}" if others else ""
    height = f"height {figure_words(low)} to {figure_words(high)}"
    words = f"{first}{dashed}, over {across} from {ends[0]} to {ends[1]}; {height}."
    return drawing + tag("p", text(words[:1].upper() + words[1:]), class_="muted small")


def figure_words(value: float) -> str:
    """A number as it is read: three digits, a true minus, a dash where there is none.

    >>> figure_words(-0.12345), figure_words(float("nan")), figure_words(12.0)
    ('−0.123', '–', '12')
    """
    return "–" if value != value else f"{value:.3g}".replace("-", "−")
