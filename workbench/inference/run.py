"""``annotate``: the one function that is submitted to a compute backend to run a picker on a recording."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from workbench.errors import PickerError
from workbench.pickers import Picker, TorchPicker, open_picker
from workbench.pickers.pieces import network_rate
from workbench.schema import PickerCard, Report, check_annotations, check_recording, silent

__all__ = ["MODES", "annotate", "check_mode"]

MODES = ("exact", "fast", "draft")
"""How a network is run: with SeisBench's picks; in lower precision; only where a small network sees onsets."""

_PRICES = {
    "fast": "When it was measured, bfloat16 gave 87 to 93 % of the exact picks within one sample.",
    "draft": "When it was measured, drafts led to 96 to 100 % of the exact picks.",
}
"""Said beside what came out; the README's "How fast" has the figures, by network and data."""

_WINDOWS_BEFORE_CHOICE = 100
"""Choosing a runtime takes about as long as so many windows in torch: for fewer it is not worth it."""

_windows_seen: dict[str, int] = {}


def annotate(
    recording: xr.Dataset,
    picker: str,
    weights: str = "",
    report: Report = silent,
    mode: str = "exact",
    **settings: Any,
) -> xr.Dataset:
    """Annotations of a recording by the picker of that name.

    ``attrs["runtime"]`` says where the network ran, and ``attrs["notices"]``, one sentence a line, what had to be done
    to the recording first (resampled, padded, a missing component filled), what could not be annotated, and which
    runtime could not be used.

    Parameters
    ----------
    weights
        As for :func:`workbench.pickers.open_picker`.
    mode
        One of :data:`MODES`; a picker without a network has only the first.
    settings
        Keyword arguments of the picker's constructor.

    Raises
    ------
    UnknownNameError, RequirementError
        If there is no such picker, or its weights are not on this computer.
    PickerError
        If it cannot run on this recording at all, or not in that mode.
    """
    report(0.0, f"opening {picker}")
    opened = open_picker(picker, weights, **settings)
    check_mode(opened, mode)
    recording = check_recording(recording)
    if isinstance(opened, TorchPicker):
        annotations = _run_network(opened, recording, report, mode)
    else:
        annotations = opened.annotate(recording, report)
    annotations.attrs["mode"] = mode
    report(1.0, "done")
    return check_annotations(annotations)


def check_mode(picker: Picker, mode: str) -> None:
    """Nothing, if a picker can be run in that mode.

    Raises
    ------
    PickerError
        If not; says in which it can.
    """
    if mode not in MODES:
        raise PickerError(f"There is no mode {mode!r}; there are {', '.join(MODES)}.")
    if mode != "exact" and not isinstance(picker, TorchPicker):
        raise PickerError(f"{picker.card.title} has no network, and so only the mode 'exact'; this is {mode!r}.")


def _run_network(picker: TorchPicker, recording: xr.Dataset, report: Report, mode: str) -> xr.Dataset:
    from workbench.inference.runtimes import RUNTIMES
    from workbench.inference.runtimes.choice import choose, known_choice
    from workbench.pickers.execution import Eager

    precision = "fast" if mode == "fast" else "exact"
    choice = known_choice(picker, precision)
    if choice is None and (mode != "exact" or _is_worth_choosing(picker, recording)):
        choice = choose(picker, precision, report)
    execution = choice.execution if choice else Eager(picker.module, picker.batch_size)
    n_at_once = execution.batch_size
    remarks = list(choice.remarks if choice else ())
    where = None
    if mode == "draft":
        from workbench.inference.drafts import drafts_of

        report(0.0, "drafting with XiaoNet")
        where = drafts_of(recording, network_rate(recording, picker.card))
    annotations = picker.annotate(recording, report, execution, where)
    if where is not None:
        remarks.append(where.words)
    if where is not None or (mode == "fast" and not RUNTIMES[execution.name].exact):
        remarks.append(_PRICES[mode])
    if execution.batch_size < n_at_once:
        remarks.append(
            f"Memory did not suffice for {n_at_once} windows at once: from then on, {execution.batch_size} were run."
        )
    annotations.attrs["runtime"] = choice.words if choice else execution.words
    annotations.attrs["notices"] = "\n".join(filter(None, [annotations.attrs["notices"], *remarks]))
    return annotations


def _is_worth_choosing(picker: TorchPicker, recording: xr.Dataset) -> bool:
    """Whether enough windows have been run, or are about to be, that a faster runtime makes up for finding it."""
    key = f"{picker.card.name}/{picker.card.weights_hash}"
    _windows_seen[key] = _windows_seen.get(key, 0) + _about_windows(recording, picker.card)
    return _windows_seen[key] >= _WINDOWS_BEFORE_CHOICE


def _about_windows(recording: xr.Dataset, card: PickerCard) -> int:
    duration_s = recording.sizes["time"] / float(recording.attrs["sampling_rate_hz"])
    # Windows mostly overlap by half.
    window_s = card.window_s if np.isfinite(card.window_s) and card.window_s > 0 else 30.0
    return recording.sizes["station"] * max(1, round(2 * duration_s / window_s))
