"""Recall of onsets at one rate of false picks, by signal-to-noise ratio and by number of stations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.signal import find_peaks

from workbench.benchmark.intervals import wilson

__all__ = ["SNR_BINS", "Peaks", "find_onsets", "recall_table", "threshold_at"]

TOLERANCE_S = 0.5
_LOWEST = 0.005
_APART_S = 0.5

SNR_BINS = {"below 3 dB": (-np.inf, 3.0), "3 to 10 dB": (3.0, 10.0), "above 10 dB": (10.0, np.inf)}


@dataclass(frozen=True)
class Peaks:
    """What curves of one phase make of the traces of some networks, whatever threshold is chosen later.

    Parameters
    ----------
    onsets
        One row a true onset: ``probability`` of the surest peak within half a second of it (0 where there is none),
        ``residual_s`` of that peak, and what is known of the onset (``snr_db``, ``stations``).
    false
        Probabilities of the peaks that lie near no true onset.
    hours
        Length of all traces together.
    """

    onsets: pd.DataFrame
    false: np.ndarray
    hours: float


def find_onsets(
    curves: Sequence[np.ndarray], true: Sequence[np.ndarray], snr_db: Sequence[np.ndarray], rate_hz: float = 100.0
) -> Peaks:
    """Peaks of the curves of one phase, matched with the true onsets.

    Parameters
    ----------
    curves
        Of each network, shape (station, sample), 0 to 1; NaN where nothing is said.
    true, snr_db
        Of each network, shape (event, station): onsets in samples, NaN where there is none, and their ratios.
    """
    reach = TOLERANCE_S * rate_hz
    rows, false, n_samples = [], [], 0
    for of_network, onsets, ratios in zip(curves, true, snr_db, strict=True):
        for station, curve in enumerate(of_network):
            filled = np.concatenate([[0.0], np.nan_to_num(curve), [0.0]])
            at, said = find_peaks(filled, height=_LOWEST, distance=_APART_S * rate_hz)
            at, height = at - 1, said["peak_heights"]
            n_samples += curve.size
            near = np.abs(at[:, None] - onsets[None, :, station]) <= reach
            false.append(height[~near.any(axis=1)])
            for event in np.flatnonzero(_inside(onsets[:, station], curve.size, reach)):
                mine = np.flatnonzero(near[:, event])
                best = mine[np.argmax(height[mine])] if mine.size else -1
                rows.append(
                    {
                        "probability": float(height[best]) if mine.size else 0.0,
                        "residual_s": (at[best] - onsets[event, station]) / rate_hz if mine.size else np.nan,
                        "snr_db": float(ratios[event, station]),
                        "stations": len(of_network),
                    }
                )
    columns = ["probability", "residual_s", "snr_db", "stations"]
    found = np.concatenate(false) if false else np.zeros(0)
    return Peaks(pd.DataFrame(rows, columns=columns), found, n_samples / rate_hz / 3600)


def _inside(onsets: np.ndarray, n_samples: int, reach: float) -> np.ndarray:
    """Onsets on which a pick would have room on both sides."""
    return (onsets >= reach) & (onsets < n_samples - reach)


def threshold_at(peaks: Peaks, false_per_hour: float) -> float:
    """The lowest threshold with no more false picks an hour than that."""
    allowed = int(np.floor(false_per_hour * peaks.hours + 1e-9))
    if len(peaks.false) <= allowed:
        return _LOWEST
    # Just above the first that is one too many.
    return float(np.nextafter(np.sort(peaks.false)[::-1][allowed], np.inf))


def recall_table(peaks: Peaks, threshold: float) -> pd.DataFrame:
    """Recall within half a second, with n and 95 % intervals: by ratio, by number of stations, and over all.

    ``group`` names the rows; ``mae_s`` is the mean absolute residual of what was found.
    """
    onsets = peaks.onsets
    faint = onsets["snr_db"] < SNR_BINS["below 3 dB"][1]
    groups = {"all": onsets["snr_db"].notna()}
    for name, (low, high) in SNR_BINS.items():
        groups[name] = (onsets["snr_db"] >= low) & (onsets["snr_db"] < high)
    for count in sorted(onsets["stations"].unique()):
        groups[f"{count} stations, below 3 dB"] = faint & (onsets["stations"] == count)
    rows = []
    for name, chosen in groups.items():
        part = onsets[chosen]
        hit = part["probability"] >= threshold
        low, high = wilson(int(hit.sum()), len(part))
        rows.append(
            {
                "group": name,
                "n": len(part),
                "recall": float(hit.mean()) if len(part) else np.nan,
                "low": low,
                "high": high,
                "mae_s": float(part.loc[hit, "residual_s"].abs().mean()) if hit.any() else np.nan,
            }
        )
    return pd.DataFrame(rows).assign(
        threshold=threshold, false_per_hour=float((peaks.false >= threshold).sum() / peaks.hours)
    )
