"""Kurtosis: onsets where the distribution of the last seconds' samples grows heavy tails (pandas)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import PickerError
from workbench.pickers.classical import annotate_verticals, ratio_to_probability
from workbench.pickers.segments import band_pass, finite_runs
from workbench.pickers.sta_lta import BLIND_S, noise_before
from workbench.schema import PickerCard, Report, silent

__all__ = ["Kurtosis"]


class Kurtosis:
    """P onsets where the kurtosis of a sliding window on the vertical component jumps.

    Noise is near Gaussian (excess kurtosis 0); the first samples of an event are outliers in it. The curve is
    k / (1 + k) of the excess kurtosis k.

    Parameters
    ----------
    window_s
        Length of the sliding window.
    low_hz, high_hz
        Band in which it looks.
    """

    def __init__(self, window_s: float = 5.0, low_hz: float = 3.0, high_hz: float = 20.0) -> None:
        if not (window_s > 0 and 0 < low_hz < high_hz):
            raise PickerError(f"The window must be positive and the band go up: got {window_s} s, {low_hz}, {high_hz}.")
        self.window_s, self.low_hz, self.high_hz = window_s, low_hz, high_hz
        self.card = PickerCard(
            name="kurtosis",
            title="Kurtosis",
            phases=("P",),
            component_order="Z",
            thresholds={"P": 8.0},
            threshold_unit="ratio",
            citation="Saragiotis et al. (2002); Baillard et al. (2014)",
        )

    def annotate(self, recording: xr.Dataset, report: Report = silent) -> xr.Dataset:
        """Annotations of all stations; see :class:`~workbench.pickers.base.Picker`."""
        return annotate_verticals(recording, self.card, self._curve, report, pick_at="rise")

    def _curve(self, samples: np.ndarray, rate_hz: float) -> np.ndarray:
        curve = np.full(samples.size, np.nan)
        n_blind = round(BLIND_S * rate_hz)
        n_window = max(4, round(self.window_s * rate_hz))
        for start, stop in finite_runs(np.isfinite(samples)):
            filtered = band_pass(samples[start:stop], rate_hz, self.low_hz, self.high_hz)
            before = noise_before(filtered, rate_hz, n_window)
            kurtosis = pd.Series(np.concatenate([before, filtered])).rolling(n_window).kurt().to_numpy()[before.size :]
            curve[start + n_blind : stop] = ratio_to_probability(kurtosis[n_blind:])
        return curve
