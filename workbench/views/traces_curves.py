"""Probability curves of the open station: what is drawn under the traces, and where the thresholds stand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from tsdownsample import NaNMinMaxDownsampler

from workbench.inference.runs import PickerRun
from workbench.session import Scene
from workbench.views.theme import MARKERS, TOKENS, phase_colour

__all__ = ["active_run", "curve_columns", "curve_title", "empty_message", "peak_columns", "threshold_pills"]

_POINTS = 1600
_DOWNSAMPLER = NaNMinMaxDownsampler()
_NO_ONSET = frozenset({"Detection"})
"""Curves that say that something is there, not when it begins: drawn in grey, without a threshold to drag."""


def active_run(scene: Scene) -> PickerRun | None:
    """The picker whose curves are filled and whose thresholds have pills: the first that is on and has run."""
    on = [run for run in scene.runs.values() if run.on]
    return next((run for run in on if run.annotations is not None), on[0] if on else None)


def curve_columns(
    scene: Scene, station: str, interval_ms: tuple[float, float], zero_ms: float, theme: str
) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """Columns of the lines (``xs ys colour width``) and of the fills (``xs ys colour``)."""
    lines: dict[str, list[Any]] = {"xs": [], "ys": [], "colour": [], "width": []}
    fills: dict[str, list[Any]] = {"xs": [], "ys": [], "colour": []}
    active = active_run(scene)
    for run in reversed(list(scene.runs.values())):
        if not run.on or run.annotations is None or station not in run.annotations["station"].values:
            continue
        for phase in map(str, run.annotations["phase"].values):
            x, y = _points(run.annotations, station, phase, interval_ms)
            if not len(x):
                continue
            lines["xs"].append(x - zero_ms)
            lines["ys"].append(y)
            lines["colour"].append(_colour(phase, theme))
            lines["width"].append(1.6 if run is active else 1.1)
            if run is active:
                fill_y = np.nan_to_num(y)
                fills["xs"].append(np.concatenate([x[:1], x, x[-1:]]) - zero_ms)
                fills["ys"].append(np.concatenate([[0], fill_y, [0]]).astype(np.float32))
                fills["colour"].append(_colour(phase, theme))
    return lines, fills


def _colour(phase: str, theme: str) -> str:
    return TOKENS[theme]["muted"] if phase in _NO_ONSET else phase_colour(phase, theme)


def _points(
    annotations: xr.Dataset, station: str, phase: str, interval_ms: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    curve = annotations["probability"].sel(station=station, phase=phase).values
    start_ms = float(annotations["time"].values[0].astype("int64")) / 1e6
    step_ms = 1e3 / annotations.attrs["sampling_rate_hz"]
    first = max(0, int((interval_ms[0] - start_ms) / step_ms) - 1)
    last = max(first, min(len(curve), int((interval_ms[1] - start_ms) / step_ms) + 2))
    curve = np.ascontiguousarray(curve[first:last])
    if len(curve) > 1.5 * _POINTS:
        chosen = _DOWNSAMPLER.downsample(curve, n_out=_POINTS)
        return start_ms + (chosen + first) * step_ms, curve[chosen]
    return start_ms + np.arange(first, first + len(curve)) * step_ms, curve


def peak_columns(
    scene: Scene, station: str, interval_ms: tuple[float, float], zero_ms: float, theme: str
) -> dict[str, list[Any]]:
    """Columns of the markers at the picks' peaks: ``x y colour marker``."""
    columns: dict[str, list[Any]] = {"x": [], "y": [], "colour": [], "marker": []}
    for i, run in enumerate(scene.runs.values()):
        if not run.on or run.picks.empty:
            continue
        picks = run.picks[run.picks["station"] == station]
        times_ms = picks["time"].astype("int64").to_numpy() / 1e6
        inside = (times_ms >= interval_ms[0]) & (times_ms <= interval_ms[1])
        columns["x"] += list(times_ms[inside] - zero_ms)
        columns["y"] += [min(p + 0.04, 1.06) for p in picks["probability"].to_numpy()[inside]]
        columns["colour"] += [phase_colour(phase, theme) for phase in picks["phase"].to_numpy()[inside]]
        columns["marker"] += [MARKERS[i % len(MARKERS)]] * int(inside.sum())
    return columns


def threshold_pills(scene: Scene) -> list[dict[str, Any]]:
    """One per threshold of the active picker: its key, phase, value in its own unit, and whether that is a ratio."""
    run = active_run(scene)
    if run is None:
        return []
    return [
        {"key": run.key, "phase": phase, "value": float(value), "ratio": run.card.threshold_unit == "ratio"}
        for phase, value in run.thresholds.items()
        if phase not in _NO_ONSET
    ]


def curve_title(scene: Scene) -> dict[str, str]:
    """Name and formula of what the curves show: a probability, unless all that are drawn come from ratios r."""
    on = [run for run in scene.runs.values() if run.on]
    drawn = [run for run in on if run.annotations is not None] or on
    if drawn and all(run.card.threshold_unit == "ratio" for run in drawn):
        return {"name": "Ratio", "formula": "r/(1+r)", "words": "A ratio r is drawn as r/(1+r): 1 at 0.5, 4 at 0.8"}
    return {"name": "Probability", "formula": "", "words": ""}


def empty_message(scene: Scene, picks: Iterable[pd.DataFrame]) -> dict[str, Any] | None:
    """What to say, and the threshold to lower, when a picker has run and no pick is on the recording; else None."""
    run = active_run(scene)
    if run is None or run.annotations is None or any(len(table) for table in picks):
        return None
    best = _highest(run)
    if best is None:
        return {"text": f"{run.card.title} found nothing it could read on this recording.", "button": ""}
    phase, highest = best
    threshold = run.thresholds[phase]
    words = ", ".join(f"{name} {value:.2f}" for name, value in run.thresholds.items() if name not in _NO_ONSET)
    lowered = np.floor(highest * 10) / 10 if highest >= 0.1 else np.floor(highest * 100) / 100
    unit = "ratio" if run.card.threshold_unit == "ratio" else "probability"
    text = f"No picks at {words}. The highest {unit} is {highest:.2f}."
    if not 0 < lowered < threshold:
        return {"text": text, "button": ""}
    return {"text": text, "button": f"Lower to {lowered:.2f}", "key": run.key, "phase": phase, "value": float(lowered)}


def _highest(run: PickerRun) -> tuple[str, float] | None:
    """The phase whose curve comes nearest to its threshold, and its greatest value in the unit of the card."""
    assert run.annotations is not None
    best: tuple[str, float] | None = None
    for phase, threshold in run.thresholds.items():
        if phase in _NO_ONSET or phase not in run.annotations["phase"].values:
            continue
        greatest = float(np.fmax.reduce(run.annotations["probability"].sel(phase=phase).values, axis=None))
        value = greatest / (1 - greatest) if run.card.threshold_unit == "ratio" and greatest < 1 else greatest
        if np.isfinite(value) and (best is None or value / threshold > best[1] / run.thresholds[best[0]]):
            best = (phase, value)
    return best
