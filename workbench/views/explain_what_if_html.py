"""What the card "What if" shows: HTML of its sliders, switches and forms, and what came of the changes in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from workbench.explain.changes import Changes, Interval
from workbench.processing.filtering import FILTERS, Filter
from workbench.session.question import Tried
from workbench.views.icons import icon
from workbench.views.tags import icon_button, options, tag, text

__all__ = ["SNR_OFF_DB", "Form", "outcome_words", "shift_html", "what_if_html"]

SNR_OFF_DB = 42
"""Where the slider of noise stands for none."""

_LOWEST_DB, _LOWEST_CLIP = -20, 2


@dataclass(frozen=True)
class Form:
    """What the card shows beside the changes.

    Parameters
    ----------
    components
        Letters of the recording's components.
    time
        That is explained, or None.
    brushing
        Whether a drag over the traces mutes.
    gap_open
        Whether the fields for a gap are seen.
    gap_from_s, gap_length_s
        In these fields: seconds from the pick, and how long.
    """

    components: str
    time: pd.Timestamp | None
    brushing: bool = False
    gap_open: bool = False
    gap_from_s: float = -1.0
    gap_length_s: float = 0.5


def what_if_html(changes: Changes, form: Form, outcome: str) -> str:
    """All controls, with the changes that stand; greyed where nothing is explained.

    Parameters
    ----------
    outcome
        What came of the changes, in words; empty for nothing.
    """
    off = form.time is None
    reset = tag("button", "Reset", class_="plain", data_act="reset", data_key="reset", disabled=off or changes.nothing)
    hint = tag("span", "changes a copy of the input", class_="muted")
    head = tag("div", tag("h2", "What if"), hint, tag("span", class_="spread"), reset, class_="top")
    rows = (
        _noise(changes, off),
        _clip(changes, off),
        _row(
            "Components",
            _toggles("drop", form.components, changes.drop, "Use", off, pressed_is_in=False),
            _swap(changes, form, off),
        ),
        _row(
            "Flip", _toggles("flip", form.components, changes.flip, "Flip the polarity of", off), _filter(changes, off)
        ),
        _row("Mute", *_mute_buttons(form, off)),
        _gap_form(form) if form.gap_open else "",
        _parts(changes, form.time),
    )
    told = tag("p", text(outcome), class_="outcome", role="status") if outcome else ""
    return head + tag("div", *rows, told, class_="rows")


def shift_html(shift_s: float, words: str, *, off: bool, known: bool) -> str:
    """Head of the strip: the shift that is tried, and what the strip of all shifts says.

    Parameters
    ----------
    shift_s
        By which the window begins later.
    off
        Whether nothing can be shifted.
    known
        Whether the strip is there.
    """
    value = f"{shift_s:+.1f} s".replace("-", "−") if shift_s else "none"
    title = "The picker's window begins later (+) or earlier (−): no sample changes, only where they are cut"
    slider = _slider("Window shift", "shift", (-2, 2, 0.1), shift_s, value, title, off)
    hint = tag("span", " Dots: by how many seconds, at each shift; size = probability.", class_="muted")
    told = tag("p", text(words), hint if known else "", class_="none")
    return tag("div", slider, class_="strip") + told


def _row(label: str, *controls: str) -> str:
    return tag("div", tag("span", label, class_="label"), tag("div", *controls, class_="controls"), class_="row")


def _noise(changes: Changes, off: bool) -> str:
    value = changes.snr_db if math.isfinite(changes.snr_db) else SNR_OFF_DB
    words = "off" if not math.isfinite(changes.snr_db) else f"{changes.snr_db:g} dB".replace("-", "−")
    title = "Noise is added: ratio to the two seconds after the pick"
    return _slider("Noise, SNR", "noise", (_LOWEST_DB, SNR_OFF_DB, 2), value, words, title, off)


def _clip(changes: Changes, off: bool) -> str:
    percent = round(100 * changes.clip)
    title = "Cut off beyond this part of the largest amplitude, as on an instrument that saturates"
    return _slider("Clip at", "clip", (_LOWEST_CLIP, 100, 2), percent, f"{percent} %", title, off)


def _slider(
    label: str, act: str, span: tuple[float, float, float], value: float, words: str, title: str, off: bool
) -> str:
    low, high, step = span
    control = tag(
        "input", type="range", min=low, max=high, step=step, value=f"{value:g}", data_act=act, data_key=act,
        data_live=120, aria_label=label, aria_valuetext=words, title=title, disabled=off,
        style=f"--fill:{100 * (value - low) / (high - low):.1f}%",
    )  # fmt: skip
    return tag("label", tag("span", label, class_="label"), control, tag("b", words, class_="value"), class_="slider")


def _toggles(act: str, letters: str, chosen: str, verb: str, off: bool, *, pressed_is_in: bool = True) -> str:
    """A button for each component, pressed where it is chosen, or where it is not."""
    buttons = [
        tag(
            "button",
            text(letter),
            data_act=act,
            data_letter=letter,
            data_key=f"{act} {letter}",
            aria_pressed=(letter in chosen) == pressed_is_in,
            title=f"{verb} {letter}",
            disabled=off,
        )
        for letter in letters
    ]
    return tag("span", *buttons, class_="segments", role="group", aria_label=verb) if buttons else ""


def _swap(changes: Changes, form: Form, off: bool) -> str:
    letters = form.components
    pairs = {f"{a}{b}": f"{a} ↔ {b}" for n, a in enumerate(letters) for b in letters[n + 1 :]}
    return tag(
        "select", options({"": "No swap"} | pairs, changes.swap), data_act="swap", data_key="swap",
        aria_label="Swap two components", disabled=off or not pairs,
    )  # fmt: skip


def _filter(changes: Changes, off: bool) -> str:
    chosen = changes.filter.name if isinstance(changes.filter, Filter) else str(changes.filter)
    names = {name: name for name in FILTERS} | {"none": "No filter"}
    return tag(
        "select", options(names, chosen), data_act="filter", data_key="filter", aria_label="Filter", disabled=off
    )


def _mute_buttons(form: Form, off: bool) -> Sequence[str]:
    brush = tag(
        "button", icon("brush", 13), tag("span", "Brush"), class_="button", data_act="brush", data_key="brush",
        aria_pressed=form.brushing, title="Drag over the traces to mute what you cover (B)", disabled=off,
    )  # fmt: skip
    gap = tag(
        "button", "Gap…", class_="button", data_act="gap", data_key="gap", aria_expanded=form.gap_open,
        title="Take samples away, as a telemetry gap does", disabled=off,
    )  # fmt: skip
    return brush, gap


def _gap_form(form: Form) -> str:
    def number(act: str, label: str, value: float, **limits: float) -> str:
        shared = {"type": "number", "step": 0.1, "value": f"{value:g}", "data_act": act, "data_key": act}
        return tag("label", tag("span", label, class_="muted"), tag("input", **shared, **limits))

    punch = tag("button", "Punch", class_="button", data_act="punch", data_key="punch")
    fields = (
        number("gap_from", "from the pick, s", form.gap_from_s),
        number("gap_length", "length, s", form.gap_length_s, min=0.01),
    )
    return tag("div", *fields, punch, class_="gap")


def _parts(changes: Changes, time: pd.Timestamp | None) -> str:
    """Muted parts and gaps that stand, each with a button that takes it back."""
    if time is None:
        return ""
    chips = [
        _chip("unmute", number, f"{part.components or 'all'} muted", (part.start, part.end), time)
        for number, part in enumerate(changes.mute)
    ] + [_chip("fill", number, "gap", gap, time) for number, gap in enumerate(changes.gaps)]
    return tag("div", *chips, class_="parts") if chips else ""


def _chip(act: str, number: int, what: str, span: Interval, time: pd.Timestamp) -> str:
    first, last = ((pd.Timestamp(edge) - time).total_seconds() for edge in span)
    words = f"{what} {_signed(first)} to {_signed(last)} s"
    take_back = icon_button(
        act,
        "close",
        f"Take back: {words}",
        class_="icon tiny",
        data_number=number,
        data_key=f"{act} {number}",
        size_px=10,
    )
    return tag("span", text(words), take_back, class_="part")


def outcome_words(
    tried: Tried | None, phase: str, time: pd.Timestamp | None, probability: float, threshold: float
) -> str:
    """What became of the pick: where it is now, and how sure.

    Parameters
    ----------
    tried
        None for nothing yet.
    time, probability
        Of the pick before the changes; NaN where the probability is not known.
    threshold
        Under which there is no pick.
    """
    if tried is None or time is None:
        return ""
    before = f"{probability:.2f} → " if probability == probability else ""
    if tried.probability != tried.probability:
        return f"The picker says nothing of {phase} here any more."
    if tried.time is None:
        return f"No {phase} above {threshold:.2f} any more; probability around it {before}{tried.probability:.2f}."
    moved = (pd.Timestamp(tried.time) - time).total_seconds()
    where = "stays where it was" if abs(moved) < 0.005 else f"moves by {_signed(moved)} s"
    return f"{phase} {where}; probability {before}{tried.probability:.2f}."


def _signed(seconds: float) -> str:
    return f"{seconds:+.2f}".replace("-", "−")
