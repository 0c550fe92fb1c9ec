"""What an explanation looks like, as columns for figures: coloured lines, bars, densities. Arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.views.theme import SIGNED_STEPS

__all__ = ["Row", "Rows", "bars", "bin_s_for", "binned", "coloured_lines", "density", "stacked_rows", "steps_of"]

_BINS_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_BINS_SEEN = 160


@dataclass(frozen=True)
class Row:
    """Where one component stands, in the plot's own measure: row n from -n down to -n - 1."""

    trace: float
    trace_reach: float
    bars: float
    bars_reach: float
    beside: float


@dataclass(frozen=True)
class Rows:
    """All components, and where the plot ends; ``lane`` is the middle of the attention lane, NaN without one."""

    components: tuple[Row, ...]
    bottom: float
    lane: float
    lane_reach: float = 0.07


def stacked_rows(n_components: int, *, beside: bool, lane: bool) -> Rows:
    """Rows of traces with bars under each; two lanes of bars where a second picker stands beside the first."""
    rows = []
    for n in range(n_components):
        if beside:
            rows.append(Row(-n - 0.29, 0.27, -n - 0.67, 0.1, -n - 0.89))
        else:
            rows.append(Row(-n - 0.37, 0.34, -n - 0.86, 0.13, float("nan")))
    bottom = -float(n_components) - (0.22 if lane else 0.02)
    return Rows(tuple(rows), bottom, -n_components - 0.11 if lane else float("nan"))


def bin_s_for(view_s: float, rate_hz: float) -> float:
    """Width of a bar in seconds, so that about 160 are seen; never under a sample."""
    wanted = max(view_s / _BINS_SEEN, 1.0 / rate_hz)
    return next((width for width in _BINS_S if width >= 0.999 * wanted), _BINS_S[-1])


def binned(attribution: np.ndarray, bin_samples: int) -> np.ndarray:
    """Sums over bins of samples: (component, bin); NaN counts as nothing.

    >>> binned(np.array([[1.0, 2.0, 3.0, np.nan, 5.0]]), 2)
    array([[3., 3., 5.]])
    """
    filled = np.nan_to_num(attribution)
    edges = np.arange(0, attribution.shape[1], bin_samples)
    return np.add.reduceat(filled, edges, axis=1) if attribution.shape[1] else filled


def steps_of(values: np.ndarray, scale: float) -> np.ndarray:
    """Signed values to colours 0 to 12; 6 is nothing, what is beyond the scale has its end.

    >>> steps_of(np.array([-1.0, -0.02, 0.0, 0.5, 7.0]), 1.0)
    array([ 0,  6,  6,  9, 12])
    """
    half = SIGNED_STEPS // 2
    if not scale > 0:
        return np.full(values.shape, half)
    return half + np.round(half * np.clip(values / scale, -1, 1)).astype(int)


def coloured_lines(time_ms: np.ndarray, heights: np.ndarray, steps: np.ndarray) -> dict[str, list[Any]]:
    """One polyline a colour, with NaN where it breaks off: columns ``xs``, ``ys`` of 13 items.

    Parameters
    ----------
    time_ms
        Of the samples.
    heights, steps
        Shape (component, time): where the trace is, and the colour of the piece from each sample to the next.
    """
    n = time_ms.size
    xs: list[list[np.ndarray]] = [[] for _ in range(SIGNED_STEPS)]
    ys: list[list[np.ndarray]] = [[] for _ in range(SIGNED_STEPS)]
    gap = np.array([np.nan], np.float32)
    for height, step in zip(heights, steps, strict=True):
        if n < 2:
            continue
        cuts = np.flatnonzero(np.diff(step[: n - 1])) + 1
        starts, ends = np.r_[0, cuts], np.r_[cuts, n - 1]
        for start, end in zip(starts, ends, strict=True):
            colour = step[start]
            xs[colour] += [time_ms[start : end + 1], gap]
            ys[colour] += [height[start : end + 1], gap]
    # An array is a message of its own to the browser, an empty list is not.
    return {"xs": [_joined(parts) for parts in xs], "ys": [_joined(parts) for parts in ys]}


def _joined(parts: Sequence[np.ndarray]) -> Any:
    return np.concatenate(parts) if parts else []


def bars(
    sums: np.ndarray, start_ms: float, bin_ms: float, scale: float, baselines: np.ndarray, reach: float
) -> Mapping[str, np.ndarray]:
    """Bars up from each component's baseline for what spoke for, down for what spoke against.

    Bars under three hundredths of the scale are left out. Columns ``left``, ``right``, ``bottom``, ``top``, ``sign``.
    """
    if not scale > 0:
        sums = np.zeros_like(sums)
        scale = 1.0
    component, place = np.nonzero(np.abs(sums) >= 0.03 * scale)
    height = np.clip(sums[component, place] / scale, -1, 1) * reach
    base = baselines[component]
    return {
        "left": start_ms + place * bin_ms,
        "right": start_ms + (place + 1) * bin_ms,
        "bottom": base + np.minimum(height, 0),
        "top": base + np.maximum(height, 0),
        "sign": np.sign(height),
    }


def density(attribution: np.ndarray, rate_hz: float, n_points: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Where the weight lies: seconds from the start, and the sum of sizes there, the largest being one."""
    sizes = np.nansum(np.abs(attribution), axis=0)
    samples = max(1, sizes.size // n_points)
    sums = np.add.reduceat(sizes, np.arange(0, sizes.size, samples)) if sizes.size else sizes
    seconds = (np.arange(sums.size) + 0.5) * samples / rate_hz
    return seconds, sums / sums.max() if sums.size and sums.max() > 0 else sums
