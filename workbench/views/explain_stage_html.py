"""The words beside the figures of the Explain page, and those in their place while there is nothing to draw."""

from __future__ import annotations

import numpy as np

from workbench.session import Explaining
from workbench.views.explain_compare import pair_names
from workbench.views.explain_drawing import Drawing
from workbench.views.explain_marks import attention_of_layer
from workbench.views.tags import tag, text
from workbench.views.theme import signed_colours

__all__ = [
    "empty_html", "legend_html", "names_html", "next_pick_html", "odds_html", "over_html", "plain_number",
]  # fmt: skip

_NOTHING_OPEN = "Nothing is open. Open recordings on the Inspect page, take a pick in hand there, and press Shift+W."


def legend_html(drawing: Drawing, theme: str, side: str = "right") -> str:
    """Against and for, with the colours between them and the value at their ends; empty where nothing has a colour.

    Parameters
    ----------
    side
        Of the plot, where it stands: ``"left"`` or ``"right"``.
    """
    attrs = drawing.shown.explained.attrs
    phase = text(attrs["phase"])
    if not drawing.scale > 0:
        return ""
    bar = tag("i", style=f"background: linear-gradient(90deg, {', '.join(signed_colours(theme))})")
    unit = "" if attrs["target"] == "probability" else " log-odds"
    scale = f"scale ±{plain_number(drawing.scale)}{unit} in {drawing.bin_s:g} s"
    if drawing.beside is not None:
        scale = f"scales ±{plain_number(drawing.scale)}, ±{plain_number(drawing.scale_beside)} in {drawing.bin_s:g} s"
    parts = (
        tag("b", f"against {phase}", style="color: var(--wb-against, #A3197F)"),
        bar,
        tag("b", f"for {phase}", style="color: var(--wb-for, #00664F)"),
        tag("span", scale),
    )
    return tag("div", *parts, class_=side)


def names_html(explaining: Explaining, drawing: Drawing) -> str:
    """Components with their share, pickers of the bars where there are two, and the step of the attention lane."""
    rows, top = drawing.rows, 0.02
    height = top - rows.bottom
    parts = []

    def place(y: float) -> str:
        return f"top: {100 * (top - y) / height:.2f}%"

    for name, row, share in zip(drawing.shown.components, rows.components, drawing.shown.shares(), strict=True):
        known = f"{100 * share:.0f} %" if np.isfinite(share) else ""
        parts.append(tag("div", tag("span", known), tag("b", text(name)), class_="row", style=place(row.trace)))
        if drawing.beside is not None:
            letters = pair_names(explaining.picker, explaining.second)
            for words, y in zip(letters, (row.bars, row.beside), strict=True):
                parts.append(tag("div", text(words), class_="small who", style=place(y)))
    found = attention_of_layer(explaining)
    if found is not None and np.isfinite(rows.lane):
        parts.append(tag("div", f"Att. {found[2]:.3g} s", class_="small", style=place(rows.lane)))
    return "".join(parts)


def odds_html() -> str:
    """Beside the curves: their name, and both ends of their axis."""
    return "".join(
        tag("span", words, class_=kind, style=f"top: {top}px")
        for words, kind, top in (("1", "right", 8), ("Prob.", "", 38), ("0", "right", 70))
    )


def over_html(explaining: Explaining, drawing: Drawing) -> str:
    """Beside the overview: what it shows, and how long the window is; nothing where nothing is explained."""
    if not np.isfinite(drawing.shown.attribution).any():
        return ""
    seconds = drawing.shown.explained.attrs["window_s"]
    lines = [(f"{seconds:.3g} s input", 83)]
    if explaining.attention:
        lines += [("Attention<br>received", 18), ("Attribution<br>density", 53)]
    else:
        lines.append(("Attribution<br>density", 36))
    return "".join(tag("span", words, style=f"top: {top}px") for words, top in lines)


def empty_html(explaining: Explaining) -> str:
    """One sentence, and maybe a button, while there is no explanation; empty where there is one."""
    if explaining.attribution is not None or explaining.bare is not None:
        return ""
    session = explaining.session
    if explaining.problem:
        return _sentence(explaining.problem) + next_pick_html(explaining, "primary")
    if session.loading or session.recording is None:
        errand = session.errand
        running = errand is not None and not errand.ended
        words = f"{errand.title}…" if running else "Reading the recording…" if session.loading else _NOTHING_OPEN
        return _sentence(words)
    if explaining.busy:
        return _sentence(f"Explaining {explaining.phase} on {explaining.station.rstrip('.')}…")
    if not explaining.pickers():
        running = session.errand is not None and not session.errand.ended
        words = f"{session.errand.title}…" if running else "No network is on the list: choose a picker above."
        return _sentence(words)
    run = explaining.run
    if run is not None and run.annotations is None:
        return _sentence(f"{run.card.title} is picking…")
    if len(explaining.onsets()):
        button = tag("button", "Explain the first pick", data_act="step")
        return _sentence("Choose a pick with [ and ].") + button
    return _sentence(
        "There is no pick at these thresholds. Lower them on the Inspect page, or place a pick there and ask why."
    )


def next_pick_html(explaining: Explaining, kind: str) -> str:
    """A button that goes on to the next pick, where there is one; `kind` is its class."""
    return tag("button", "Explain the next pick", class_=kind, data_act="step") if len(explaining.onsets()) else ""


def _sentence(words: str) -> str:
    return tag("p", text(words), role="status")


def plain_number(value: float) -> str:
    """Three digits, without an exponent where that is short.

    >>> plain_number(0.05183), plain_number(12.3), plain_number(0.0)
    ('0.0518', '12.3', '0')
    """
    return f"{value:.3g}"
