"""``explain``: the one function that is submitted to a compute backend to explain what a picker says of a recording."""

from __future__ import annotations

import json
import time as clock
from collections.abc import Sequence
from typing import Any

import pandas as pd
import torch
import xarray as xr

from workbench.errors import PickerError
from workbench.explain import EXPLAINERS
from workbench.explain.base import Attributed, Explainer
from workbench.explain.baselines import Baseline
from workbench.explain.mapping import onto_recording
from workbench.explain.memory import memory_in_words
from workbench.explain.method_settings import make_explainer
from workbench.explain.overlapping import window_notice
from workbench.explain.refusals import refuse_onnx
from workbench.explain.target import HALF_WIDTH_SAMPLES, Question
from workbench.explain.window import open_window, require_station, why_only_asked
from workbench.pickers import Picker, open_picker
from workbench.pickers.segments import library_versions
from workbench.schema import Report, check_recording, make_attribution, silent

__all__ = ["explain", "explain_many", "explain_question", "open_question"]

_ZERO = 1e-6
"""A probability below it is none."""


def explain(
    recording: xr.Dataset,
    picker: str | Picker,
    weights: str = "",
    *,
    station: str = "",
    phase: str,
    time: pd.Timestamp | str,
    method: str = "integrated_gradients",
    target: str = "probability",
    baseline: str = "zero",
    seed: int = 0,
    window_start: pd.Timestamp | None = None,
    device: str = "",
    report: Report = silent,
    **settings: Any,
) -> xr.Dataset:
    """Attribution: how much each sample spoke for what a picker says of a phase at a station and a time.

    Parameters
    ----------
    picker, weights
        As for :func:`workbench.pickers.open_picker`; or a picker that is open.
    station
        Need not be named where the recording has one.
    phase
        A curve of the picker, ``"Detection"`` among them.
    time
        UTC; the curve is averaged over ten samples of the network before and after it.
    method
        In :data:`~workbench.explain.EXPLAINERS`.
    target
        ``"probability"``, or ``"logit"``: its log-odds.
    baseline, seed
        What the method compares with, where it does: one of :data:`~workbench.explain.baselines.BASELINES`; and of
        what it, or the method, draws by chance.
    window_start
        Explain the window that begins there, in place of the one of the picker's grid in which the time lies best.
    device
        ``"cuda"`` to go through a copy of the network on a graphics card; empty to go through it where it is.
    report
        Called between steps; may raise to stop.
    settings
        Keyword arguments of the method.

    Raises
    ------
    UnknownNameError
        If there is no such picker, station, method or baseline.
    PickerError
        If the picker says nothing there, or cannot be explained in that way; says why.
    """
    return explain_many(
        recording,
        picker,
        weights,
        picks=[(station, phase, time)],
        method=method,
        target=target,
        baseline=baseline,
        seed=seed,
        window_start=window_start,
        device=device,
        report=report,
        **settings,
    )[0]


@memory_in_words("explain this")
def explain_many(
    recording: xr.Dataset,
    picker: str | Picker,
    weights: str = "",
    *,
    picks: Sequence[tuple[str, str, pd.Timestamp | str]],
    method: str = "integrated_gradients",
    target: str = "probability",
    baseline: str = "zero",
    seed: int = 0,
    window_start: pd.Timestamp | None = None,
    device: str = "",
    report: Report = silent,
    **settings: Any,
) -> list[xr.Dataset]:
    """Attributions of several picks, asked in the same batches; see :func:`explain`.

    Parameters
    ----------
    picks
        Station, phase and time of each.
    """
    report(0.0, "opening the picker")
    opened = _open(picker, weights) if isinstance(picker, str) else picker
    explainer = make_explainer(method, settings, seed)
    recording = check_recording(recording)
    # What is only asked is asked about a cut of its own around each time, and what looks at other stations looks at
    # others for each pick: neither makes a batch.
    one_by_one = why_only_asked(opened) or getattr(opened, "looks_at_others", False) or not picks
    groups = [[pick] for pick in picks] if one_by_one else [list(picks)]
    explained = []
    for group in groups:
        question = open_question(
            recording, opened, group, target=target, window_start=window_start, device=device, report=report
        )
        explained += explain_question(recording, opened, question, method, explainer, Baseline(baseline, seed))
    return explained


def _open(picker: str, weights: str) -> Picker:
    refuse_onnx(weights)
    return open_picker(picker, weights)


def open_question(
    recording: xr.Dataset,
    picker: Picker,
    picks: Sequence[tuple[str, str, pd.Timestamp | str]],
    *,
    target: str = "probability",
    window_start: pd.Timestamp | None = None,
    network: torch.nn.Module | None = None,
    device: str = "",
    report: Report = silent,
) -> Question:
    """The windows of picks (station, phase, time), opened, and what is asked of them.

    Parameters
    ----------
    network
        Asked in place of the picker's own: one with other weights that takes the same input.
    """
    windows, phases, times = [], [], []
    for station, phase, time in picks:
        moment = _naive_utc(time)
        name = require_station(recording, station)
        windows.append(open_window(recording, picker, name, moment, phase, window_start))
        phases.append(phase)
        times.append(moment)
    return Question(windows, phases, times, target, network=network, device=device, report=report)


def _naive_utc(time: pd.Timestamp | str) -> pd.Timestamp:
    try:
        moment = pd.Timestamp(time)
    except ValueError as error:
        raise PickerError(f"{time!r} is no time; give one (UTC), as in 2024-01-31T12:00:00.25.") from error
    if pd.isna(moment):
        raise PickerError("No time to explain was given; give one (UTC), as in 2024-01-31T12:00:00.25.")
    return moment.tz_convert(None) if moment.tzinfo else moment


def explain_question(
    recording: xr.Dataset,
    picker: Picker,
    question: Question,
    method: str,
    explainer: Explainer,
    baseline: Baseline = Baseline(),  # noqa: B008 - frozen
) -> list[xr.Dataset]:
    """Attributions of each target of a question by one method."""
    _require_way_back(question, explainer, method)
    began = clock.perf_counter()
    found = explainer.attribute(question, baseline)
    seconds = clock.perf_counter() - began
    _require_something(found, question)
    return [
        _attribution(recording, picker, question, row, found, method, explainer, baseline, seconds)
        for row in range(len(question))
    ]


def _require_way_back(question: Question, explainer: Explainer, method: str) -> None:
    why = question.reading.no_gradients
    if explainer.needs_gradients and why:
        asking = ", ".join(name for name in EXPLAINERS if not EXPLAINERS[name].needs_gradients)
        raise PickerError(
            f"{method} goes back through a network by its gradients, and {why}. "
            f"Methods that only ask can explain it: {asking}."
        )


def _require_something(found: Attributed, question: Question) -> None:
    for row, attribution in enumerate(found.attribution):
        value, window = float(question.value[row]), question.windows[row]
        compared = 0.0 if found.baseline_value is None else float(found.baseline_value[row])
        is_zero = question.target == "probability" and max(abs(value), abs(compared)) < _ZERO
        if is_zero or not bool(attribution.any()):
            raise PickerError(
                f"{window.card.title}'s {question.target} of {question.phases[row]} at {question.times[row]} is "
                f"{value:.3g}, and no sample of the window changes it: there is nothing to explain. "
                "Choose another time, phase or target."
            )


def _attribution(
    recording: xr.Dataset,
    picker: Picker,
    question: Question,
    row: int,
    found: Attributed,
    method: str,
    explainer: Explainer,
    baseline: Baseline,
    seconds: float,
) -> xr.Dataset:
    window, card = question.windows[row], picker.card
    value = float(question.value[row])
    compared = float("nan") if found.baseline_value is None else float(found.baseline_value[row])
    total = float(found.attribution[row].double().sum())
    other = window_notice(window, recording, question.phases[row], question.times[row], HALF_WIDTH_SAMPLES)
    return make_attribution(
        onto_recording(found.attribution[row], window, recording),
        recording,
        station=window.station,
        picker=card.name,
        weights=card.weights,
        weights_hash=card.weights_hash,
        phase=question.phases[row],
        target=question.target,
        target_time=question.times[row],
        target_half_width_s=question.half_width_s,
        method=method,
        baseline=baseline.name if explainer.has_baseline else "",
        value=value,
        baseline_value=compared,
        convergence_delta=total - (value - compared) if explainer.adds_up else float("nan"),
        window_start=window.start,
        window_s=window.seconds,
        settings=_settings(explainer, baseline),
        used=json.dumps(dict(found.settings), sort_keys=True),
        versions=library_versions("captum", "seisbench", "torch"),
        seconds=seconds,
        units=explainer.unit.format(target=question.target),
        notices="\n".join(filter(None, [other, *window.reading.notices, *question.notices, *found.notices])),
    )


def _settings(explainer: Explainer, baseline: Baseline) -> dict[str, Any]:
    own = {name: value for name, value in vars(explainer).items() if not name.startswith("_")}
    return own | ({"seed": baseline.seed} if explainer.has_baseline and baseline.name == "noise" else {})
