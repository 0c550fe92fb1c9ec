"""Samples of the traces on the screen as they travel to the browser: one array, and where each trace lies in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.views.traces_lines import TracePoints
from workbench.views.traces_rows import Row

__all__ = ["packed_samples", "values_per_trace"]

_MOST_OF_ALL = 400_000
_MOST_OF_A_TRACE = 40_000


def values_per_trace(rows: Sequence[Row], width_px: float) -> int:
    """As many values as let a view be zoomed a good deal before finer ones are needed; a picture stays below 2 MB."""
    n_traces = max(1, sum(len(row.bands) for row in rows))
    return int(max(4 * width_px, min(_MOST_OF_A_TRACE, _MOST_OF_ALL / n_traces))) // 2 * 2


def packed_samples(
    points: TracePoints,
    rows: Sequence[Row],
    zero_ms: Mapping[str, float],
    interval: tuple[float, float],
    most: int,
) -> dict[str, Any]:
    """The traces of the rows over an interval.

    Parameters
    ----------
    zero_ms
        Station to the time that stands at zero on its axis.
    interval
        On the axis, in ms.
    most
        Values of a trace.

    Returns
    -------
    dict
        ``low`` and ``high`` of the interval; ``series``, of each trace its station, component, the place ``first`` of
        its first value on the axis, ``step`` between values in ms, and ``start`` and ``n`` of its values in
        ``values``, float32 with NaN at gaps.
    """
    series, values, start = [], [np.empty(0, np.float32)], 0
    for row in rows:
        zero = zero_ms[row.station]
        for band in row.bands:
            found = points.series(row.station, band.component, (interval[0] + zero, interval[1] + zero), most)
            n = len(found.values)
            place = {"first": found.first_ms - zero, "step": found.step_ms, "start": start, "n": n}
            series.append({"station": row.station, "component": band.component, **place})
            values.append(found.values)
            start += n
    return {"low": interval[0], "high": interval[1], "series": series, "values": np.concatenate(values)}
