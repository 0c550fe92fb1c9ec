"""The whole recording in a strip: one trace of the open station, and where its picks lie."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.session import Scene
from workbench.views.theme import phase_colour
from workbench.views.traces_lines import TracePoints

__all__ = ["overview_columns", "overview_marks"]

_POINTS = 1600
_MOST_MARKS = 2000


def overview_columns(points: TracePoints, station: str, zero_ms: float) -> dict[str, np.ndarray]:
    """Columns ``x`` (ms) and ``y`` (-1 to 1) of the first live component."""
    for component in points.components:
        times, samples = points.points(station, component, (points.start_ms, points.end_ms), _POINTS)
        alive = samples[np.isfinite(samples)]
        if len(alive) and alive.max() > alive.min():
            middle = np.median(alive)
            # A few spikes must not flatten a day; what exceeds the strip is cut off.
            half = np.quantile(np.abs(alive - middle), 0.995) or np.abs(alive - middle).max()
            return {"x": times - zero_ms, "y": np.clip((samples - middle) / half, -1, 1).astype(np.float32)}
    return {"x": np.array([points.start_ms, points.end_ms]) - zero_ms, "y": np.zeros(2, np.float32)}


def overview_marks(scene: Scene, station: str, zero_ms: float, theme: str) -> dict[str, list[Any]]:
    """Columns ``x y colour`` of the labels of the open station, and of its picks that no label speaks about."""
    labels = scene.labels
    decided = set(labels["pick_id"]) if len(labels) else set()
    standing = labels[labels["decision"] != "reject"] if len(labels) else labels
    columns: dict[str, list[Any]] = {"x": [], "y": [], "colour": []}
    for table in (scene.reference, *(run.picks for run in scene.runs.values() if run.on), standing):
        if not len(table):
            continue
        own = table["station"] == station
        found = table[own if table is standing else own & ~table["pick_id"].isin(decided)].head(_MOST_MARKS)
        columns["x"] += list(found["time"].astype("int64").to_numpy() / 1e6 - zero_ms)
        columns["colour"] += [phase_colour(phase, theme) for phase in found["phase"]]
    columns["y"] = [1.15] * len(columns["x"])
    return columns
