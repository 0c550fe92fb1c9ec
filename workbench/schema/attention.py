"""``Attention``: which steps of its input one layer of a network read for each of its steps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import SchemaError

__all__ = ["check_attention", "make_attention"]

_ATTRS = ("recording_id", "station", "picker", "weights", "layer", "title", "step_s", "window_start", "window_s")


def make_attention(
    attention: np.ndarray,
    *,
    window_start: pd.Timestamp,
    window_s: float,
    recording_id: str,
    station: str,
    picker: str,
    weights: str,
    layer: str,
    title: str,
) -> xr.Dataset:
    """Checked attention of one layer over one window.

    Parameters
    ----------
    attention
        Shape (head, query, key), 0 to 1: how much of what the step `query` became came from the step `key`; rows sum
        to one.
    window_start, window_s
        Of the window; its steps are of one length, ``step_s`` = `window_s` over their number.
    layer, title
        Name of the module in the network, and what it is called on the screen ("global, layer 2").

    Notes
    -----
    The coordinates ``query`` and ``key`` are the times (UTC) of the middles of steps.
    """
    attention = np.asarray(attention, np.float32)
    if attention.ndim != 3:
        raise SchemaError(f"Attention has dims (head, query, key); this has shape {attention.shape}.")
    made = xr.Dataset(
        {"attention": (("head", "query", "key"), attention)},
        coords={
            "head": np.arange(1, attention.shape[0] + 1),
            "query": _middles(window_start, window_s, attention.shape[1]),
            "key": _middles(window_start, window_s, attention.shape[2]),
        },
        attrs={
            "recording_id": recording_id,
            "station": station,
            "picker": picker,
            "weights": weights,
            "layer": layer,
            "title": title,
            "step_s": float(window_s / attention.shape[2]),
            "window_start": pd.Timestamp(window_start).isoformat(),
            "window_s": float(window_s),
        },
    )
    return check_attention(made)


def _middles(start: pd.Timestamp, window_s: float, n_steps: int) -> np.ndarray:
    seconds = (np.arange(n_steps) + 0.5) * window_s / n_steps
    return np.asarray(pd.Timestamp(start).to_datetime64() + np.round(seconds * 1e9).astype("timedelta64[ns]"))


def check_attention(attention: xr.Dataset) -> xr.Dataset:
    """The same attention, if it is of the agreed form.

    Raises
    ------
    SchemaError
        Names the first thing that is not as agreed.
    """
    dims = ("head", "query", "key")
    if "attention" not in attention or attention["attention"].dims != dims:
        raise SchemaError(f"Attention has a variable 'attention' with dims {dims}.")
    missing = [name for name in _ATTRS if name not in attention.attrs]
    if missing:
        raise SchemaError(f"The attention lacks the attributes {missing}.")
    values = attention["attention"].values
    if not np.isfinite(values).all() or values.min() < -1e-3 or values.max() > 1 + 1e-3:
        raise SchemaError("Attention lies between 0 and 1; this does not.")
    return attention
