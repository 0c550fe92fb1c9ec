"""Baer-Kradolfer: P onsets by the squared envelope's jump (Baer and Kradolfer, 1987; ObsPy)."""

from __future__ import annotations

import numpy as np
import xarray as xr

from workbench.errors import PickerError
from workbench.pickers.classical import annotate_verticals, bump
from workbench.pickers.segments import band_pass, finite_runs
from workbench.pickers.triggers import event_windows
from workbench.schema import PickerCard, Report, silent

__all__ = ["BaerKradolfer"]

_SHORTEST_S = 5.0
_LONGEST_DOWN_S, _SHORTEST_UP_S, _NOISE_S, _AMPLITUDE_S = 0.2, 0.6, 1.0, 1.0


class BaerKradolfer:
    """P onsets on the vertical component, one per event.

    The method stops at the first onset, so a recording is taken event by event (:mod:`workbench.pickers.triggers`). Its
    curve is a bump of 0.1 s at each onset, as high as the STA/LTA ratio r of the event, r / (1 + r): the threshold says
    how clear an event must be.

    Parameters
    ----------
    low_hz, high_hz
        Band in which it looks.
    pick_level, update_level
        Of the characteristic function: above the first it picks, below the second the noise is estimated anew.
    """

    def __init__(
        self, low_hz: float = 2.0, high_hz: float = 20.0, pick_level: float = 7.0, update_level: float = 12.0
    ) -> None:
        if not 0 < low_hz < high_hz:
            raise PickerError(f"The band must go up: got {low_hz} to {high_hz} Hz.")
        self.low_hz, self.high_hz, self.pick_level, self.update_level = low_hz, high_hz, pick_level, update_level
        self.card = PickerCard(
            name="baer_kradolfer",
            title="Baer-Kradolfer",
            phases=("P",),
            component_order="Z",
            thresholds={"P": 4.0},
            threshold_unit="ratio",
            citation="Baer and Kradolfer (1987)",
        )

    def annotate(self, recording: xr.Dataset, report: Report = silent) -> xr.Dataset:
        """Annotations of all stations; see :class:`~workbench.pickers.base.Picker`."""
        return annotate_verticals(recording, self.card, self._curve, report, pick_at="peak")

    def _curve(self, samples: np.ndarray, rate_hz: float) -> np.ndarray:
        finite = np.isfinite(samples)
        curve = np.where(finite, 0.0, np.nan)
        for start, stop in finite_runs(finite):
            if stop - start < _SHORTEST_S * rate_hz:
                continue
            filtered = band_pass(samples[start:stop], rate_hz, self.low_hz, self.high_hz)
            for window in event_windows(filtered, rate_hz):
                onset = self._onset(filtered[window.start : window.stop], rate_hz)
                if onset:
                    bump(curve, start + window.start + onset, window.ratio / (1 + window.ratio), rate_hz)
        return curve

    def _onset(self, filtered: np.ndarray, rate_hz: float) -> int:
        """Index of the onset in one event's window; 0 if it sees none."""
        from obspy.signal.trigger import pk_baer

        if filtered.size < _SHORTEST_S * rate_hz:
            return 0
        durations = (_LONGEST_DOWN_S, _SHORTEST_UP_S)
        down, up = (max(1, round(seconds * rate_hz)) for seconds in durations)
        noise, amplitude = (round(seconds * rate_hz) for seconds in (_NOISE_S, _AMPLITUDE_S))
        samples = np.ascontiguousarray(filtered, dtype=np.float32)
        onset, motion = pk_baer(samples, rate_hz, down, up, self.pick_level, self.update_level, noise, amplitude)
        return int(onset) if motion.strip() else 0
