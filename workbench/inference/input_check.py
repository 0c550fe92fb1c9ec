"""The check before a run: what would make a picker's result wrong or empty, in words, and what helps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from workbench.pickers.classical import MIN_RATE_HZ
from workbench.pickers.pieces import SLOWEST_SHARE
from workbench.pickers.segments import finite_runs
from workbench.schema import PickerCard

__all__ = ["LEVELS", "Finding", "check_input"]

LEVELS = ("stop", "warn", "note")
"""The picker refuses; the result may be wrong; the picker takes care of it by itself and says so."""

_STAND_IN = {"1": "N", "2": "E", "N": "1", "E": "2"}


@dataclass(frozen=True)
class Finding:
    """One thing about a recording that matters to a picker.

    Parameters
    ----------
    level
        One of :data:`LEVELS`.
    text
        What was found.
    remedy
        What helps, or what the picker does about it, in words; may be empty.
    action
        The remedy for a program: ``"resample"``, ``"pad"``, ``"zero_fill"``, ``"rename"``, ``"skip"``,
        ``"other_recording"``, ``"other_picker"``, or empty.
    """

    level: str
    text: str
    remedy: str = ""
    action: str = ""


def check_input(recording: xr.Dataset, card: PickerCard) -> list[Finding]:
    """What would make this picker's run on this recording wrong or empty, the worst first; empty if nothing would."""
    state = _State(recording)
    findings = [
        *_labels(card),
        *_rate(float(recording.attrs["sampling_rate_hz"]), card),
        *_length(state, card),
        *_components(state, card),
        *_gaps(state),
    ]
    return sorted(findings, key=lambda finding: LEVELS.index(finding.level))


class _State:
    """Which traces of a recording hold something."""

    def __init__(self, recording: xr.Dataset) -> None:
        waveform = recording["waveform"].values
        self.stations = [str(station) for station in recording["station"].values]
        self.components = [str(component) for component in recording["component"].values]
        self.rate_hz = float(recording.attrs["sampling_rate_hz"])
        self.finite = np.isfinite(waveform)
        self.present = self.finite.any(axis=-1)
        with np.errstate(invalid="ignore"):
            lowest = np.where(self.present, np.nanmin(waveform, axis=-1, initial=np.inf), 0)
            highest = np.where(self.present, np.nanmax(waveform, axis=-1, initial=-np.inf), 0)
        self.alive = self.present & (highest > lowest)

    def letters(self, row: int, *, alive: bool = True) -> set[str]:
        """Components of a station that hold something; without `alive`, constant ones too."""
        which = self.alive[row] if alive else self.present[row]
        return {letter for letter, holds in zip(self.components, which, strict=True) if holds}


def _labels(card: PickerCard) -> Iterator[Finding]:
    unnamed = [phase for phase in card.phases if phase.isdigit()]
    if unnamed:
        yield Finding(
            "stop",
            f"The weights {card.weights!r} of {card.title} do not name their outputs: which of {', '.join(unnamed)} "
            "is P and which S cannot be known.",
            "Add the labels to the weights' json file (model_args, phases).",
            "other_picker",
        )
    elif card.assumed:
        which = f"The weights {card.weights!r} of {card.title}"
        text = f"{which} do not name what SeisBench's own stands for: {'; '.join(card.assumed)}."
        yield Finding("note", text, "If picks look wrong, name it in the weights' json file (model_args).")
    if set(card.phases) <= {"Detection"}:
        yield Finding("note", f"{card.title} tells when there is an event, and gives no picks.", "", "other_picker")


def _rate(given_hz: float, card: PickerCard) -> Iterator[Finding]:
    wanted_hz = card.sampling_rate_hz
    if np.isnan(wanted_hz):
        if given_hz < MIN_RATE_HZ:
            yield Finding(
                "stop",
                f"At {given_hz:g} Hz the onsets of local events, above 1 Hz, are not recorded.",
                f"Open data of {MIN_RATE_HZ:g} Hz or more.",
                "other_recording",
            )
    elif given_hz < SLOWEST_SHARE * wanted_hz:
        yield Finding(
            "stop",
            f"{card.title} wants {wanted_hz:g} Hz, the recording has {given_hz:g} Hz: resampling cannot bring back "
            "what was not recorded.",
            "Open data of a higher rate.",
            "other_recording",
        )
    elif given_hz < wanted_hz:
        yield Finding(
            "warn",
            f"The recording has {given_hz:g} Hz, {card.title} wants {wanted_hz:g} Hz: above {given_hz / 2:g} Hz there "
            "is nothing for it to see.",
            "It will be resampled; trust the picks less.",
            "resample",
        )
    elif given_hz > wanted_hz:
        text = f"The recording has {given_hz:g} Hz, {card.title} wants {wanted_hz:g} Hz."
        yield Finding("note", text, "It will be resampled, with an anti-alias filter.", "resample")


def _length(state: _State, card: PickerCard) -> Iterator[Finding]:
    n_samples = state.finite.shape[-1]
    duration_s = (n_samples - 1) / state.rate_hz
    if duration_s < card.window_s - 1e-6:
        share = duration_s / card.window_s
        yield Finding(
            "note" if share > 0.25 else "warn",
            f"The recording is {duration_s:.1f} s long, the window of {card.title} {card.window_s:.1f} s.",
            "It will be padded with zeros"
            + ("." if share > 0.25 else "; most of the window is then empty, so trust the picks less."),
            "pad",
        )


def _components(state: _State, card: PickerCard) -> Iterator[Finding]:
    rows = range(len(state.stations))
    empty = [row for row in rows if not state.letters(row)]
    if len(empty) == len(state.stations):
        text = "No trace of the recording holds a signal: all are empty or constant."
        yield Finding("stop", text, "Open another recording.", "other_recording")
        return
    if empty:
        text = f"{_names(state, empty)}: all components are empty or constant."
        yield Finding("warn", text, "Left out.", "skip")
    wanted = card.component_order
    useless = [row for row in rows if state.letters(row) and not _usable(state.letters(row), wanted)]
    if useless:
        have = ", ".join(sorted(set().union(*(state.letters(row) for row in useless))))
        text = f"{_names(state, useless)}: components {have}, where {card.title} wants {', '.join(wanted)}."
        yield Finding(
            "stop" if len(useless) == len(state.stations) else "warn", text, "Rotate or rename them.", "rename"
        )
    rows_left = [row for row in rows if row not in empty and row not in useless]
    yield from _partly(state, card, rows_left)


def _partly(state: _State, card: PickerCard, rows: Sequence[int]) -> Iterator[Finding]:
    """Stations that lack some of the components, or name them otherwise."""
    wanted = card.component_order
    numbered = [row for row in rows if any(letter in "12" and letter not in wanted for letter in state.letters(row))]
    if numbered and {"N", "E"} & set(wanted):
        text = f"{_names(state, numbered)}: horizontals are 1 and 2, not N and E."
        yield Finding("note", text, "1 is taken as N and 2 as E; the orientation hardly matters to picking.", "rename")
    single = [row for row in rows if len(wanted) > 1 and len(_usable(state.letters(row), wanted)) == 1]
    if single:
        text = f"{_names(state, single)}: one component only, where {card.title} wants {', '.join(wanted)}."
        yield Finding("warn", text, "Zeros stand in for the others; S picks are not to be trusted.", "zero_fill")
    for row in rows:
        usable = _usable(state.letters(row), wanted)
        missing = [letter for letter in wanted if letter not in usable]
        if not missing or row in single:
            continue
        constant = state.letters(row, alive=False) - state.letters(row)
        dead = [letter for letter in missing if {letter, _STAND_IN.get(letter, letter)} & constant]
        words = "constant" if dead == missing else "missing"
        text = f"{state.stations[row]}: component {', '.join(missing)} is {words}."
        yield Finding("warn", text, "Zeros stand in for it.", "zero_fill")


def _usable(letters: set[str], wanted: str) -> set[str]:
    """Those of the wanted components for which there is something."""
    return {letter for letter in wanted if letter in letters or _STAND_IN.get(letter, "?") in letters}


def _gaps(state: _State) -> Iterator[Finding]:
    for row, station in enumerate(state.stations):
        finite = state.finite[row][state.present[row]]
        if finite.size == 0 or finite.all():
            continue
        n_gaps = max(len(finite_runs(~trace)) for trace in finite)
        share = 1 - finite.mean()
        text = f"{station}: {n_gaps} {'gap' if n_gaps == 1 else 'gaps'}, {share:.1%} of its samples."
        remedy = "What is between gaps is run by itself; picks close to a gap may be false."
        yield Finding("warn" if share > 0.05 else "note", text, remedy, "")


def _names(state: _State, rows: Sequence[int]) -> str:
    names = [state.stations[row] for row in rows[:3]]
    return ", ".join(names) + (f" and {len(rows) - 3} more" if len(rows) > 3 else "")
