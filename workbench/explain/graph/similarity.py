"""How alike the envelopes of neighbouring stations are: an edge that needs no network, for any picker's map."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import uniform_filter1d
from scipy.signal import hilbert

from workbench.explain.graph.edges import graph_of, make_edges
from workbench.schema import Report, silent

__all__ = ["envelope_similarity"]

_SMOOTH_S = 0.15
_LEAST_LAG_S = 0.2


def envelope_similarity(
    recording: xr.Dataset,
    *,
    start: pd.Timestamp,
    end: pd.Timestamp,
    component: str = "Z",
    report: Report = silent,
) -> pd.DataFrame:
    """Edges whose weight is the largest correlation of two envelopes, 0 to 1, within the lag that an S wave may need.

    Both ways of an edge have one weight; ``lag_s`` says how much later the target's envelope is the same. NaN where a
    station has no live trace of the component in the interval.

    Parameters
    ----------
    start, end
        Of the interval that is compared, UTC.
    """
    report(0.0, "envelopes")
    graph = graph_of(recording)
    cut = recording.sel(time=slice(start, end))
    rate = float(recording.attrs["sampling_rate_hz"])
    shapes = _envelopes(cut, component, rate)
    n_lags = np.maximum(graph.edge_attr[:, 5], _LEAST_LAG_S) * rate
    source, target = graph.edge_index
    weight, lag_s = np.full(graph.n_edges, np.nan), np.full(graph.n_edges, np.nan)
    n = shapes.shape[1]
    length = next_fast_len(2 * n) if n else 1
    spectra = rfft(shapes, length) if n else np.zeros((len(shapes), 1))
    for edge in np.flatnonzero(np.isfinite(spectra[source, 0]) & np.isfinite(spectra[target, 0])):
        most = int(min(n_lags[edge], n - 1))
        product = irfft(spectra[target[edge]] * np.conj(spectra[source[edge]]), length)
        around = np.concatenate([product[length - most :], product[: most + 1]]) if most else product[:1]
        best = int(np.argmax(around))
        weight[edge], lag_s[edge] = np.clip(around[best], 0.0, 1.0), (best - most) / rate
    report(1.0, "done")
    words = "largest correlation of the envelopes, within the lag of an S wave"
    return make_edges(graph, weight, lag_s, kind="similarity", words=words, notices=graph.notices)


def _envelopes(cut: xr.Dataset, component: str, rate: float) -> np.ndarray:
    """Smoothed envelopes of zero mean and unit length, shape (station, time); NaN for a station without a trace."""
    n_stations, n = cut.sizes["station"], cut.sizes["time"]
    shapes = np.full((n_stations, n), np.nan)
    if component not in cut["component"].values or n < 4:
        return shapes
    for row, trace in enumerate(cut["waveform"].sel(component=component).values.astype(float)):
        known = np.isfinite(trace)
        if known.sum() < 4 or np.ptp(trace[known]) == 0:
            continue
        filled = np.where(known, trace - trace[known].mean(), 0.0)
        envelope = uniform_filter1d(np.abs(hilbert(filled)), max(1, round(_SMOOTH_S * rate)))
        envelope -= envelope.mean()
        size = float(np.linalg.norm(envelope))
        if size > 0:
            shapes[row] = envelope / size
    return shapes
