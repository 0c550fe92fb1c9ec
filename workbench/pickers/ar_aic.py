"""AR-AIC: P and S onsets by autoregression and Akaike's information criterion (Akazawa, 2004; ObsPy)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from workbench.errors import PickerError
from workbench.pickers.classical import annotate_stations, bump
from workbench.pickers.segments import band_pass, finite_runs, trace_of, vertical_trace
from workbench.pickers.triggers import event_windows
from workbench.schema import PickerCard, Report, silent

__all__ = ["ArAic"]

_SHORTEST_S = 8.0
_EDGE_S = 0.5
_LEAST_S_MINUS_P_S = 0.3


class ArAic:
    """P on the vertical and S on the horizontals, one of each per event.

    The method expects one event in a short record, so a recording is taken event by event
    (:mod:`workbench.pickers.triggers`). Its curve is a bump of 0.1 s at each onset, as high as the STA/LTA ratio r of
    the event, r / (1 + r): the threshold says how clear an event must be. Without horizontals it gives no S.

    Parameters
    ----------
    low_hz, high_hz
        Band in which it looks.
    lta_p_s, sta_p_s, lta_s_s, sta_s_s
        Averages with which the search is narrowed, for P and S.
    """

    def __init__(
        self,
        low_hz: float = 1.0,
        high_hz: float = 20.0,
        lta_p_s: float = 1.0,
        sta_p_s: float = 0.1,
        lta_s_s: float = 2.0,
        sta_s_s: float = 0.5,
    ) -> None:
        if not 0 < low_hz < high_hz:
            raise PickerError(f"The band must go up: got {low_hz} to {high_hz} Hz.")
        self.low_hz, self.high_hz = low_hz, high_hz
        self._averages = (lta_p_s, sta_p_s, lta_s_s, sta_s_s)
        self.card = PickerCard(
            name="ar_aic",
            title="AR-AIC",
            phases=("P", "S"),
            component_order="ZNE",
            thresholds={"P": 4.0, "S": 4.0},
            threshold_unit="ratio",
            citation="Akazawa (2004)",
        )

    def annotate(self, recording: xr.Dataset, report: Report = silent) -> xr.Dataset:
        """Annotations of all stations; see :class:`~workbench.pickers.base.Picker`."""

        def curves_of(station: str) -> tuple[Mapping[str, np.ndarray], Sequence[str]]:
            vertical, notices = vertical_trace(recording, station)
            if vertical is None:
                return {}, notices
            horizontals = [trace_of(recording, station, letter) for letter in "NE"]
            alive = [trace for trace in horizontals if trace is not None]
            if not alive:
                notices = [*notices, "no horizontal component: no S."]
            # One horizontal stands in for the other where only one is there.
            traces = [vertical, *(alive * 2)[:2]] if alive else [vertical]
            return self._curves(traces, float(recording.attrs["sampling_rate_hz"])), notices

        return annotate_stations(recording, self.card, curves_of, report, pick_at="peak")

    def _curves(self, traces: list[np.ndarray], rate_hz: float) -> dict[str, np.ndarray]:
        finite = np.all([np.isfinite(trace) for trace in traces], axis=0)
        blank = np.where(finite, 0.0, np.nan)
        curves = {"P": blank.copy(), "S": blank.copy()} if len(traces) == 3 else {"P": blank.copy()}
        for start, stop in finite_runs(finite):
            if stop - start < _SHORTEST_S * rate_hz:
                continue
            cut = [np.ascontiguousarray(trace[start:stop], dtype=np.float32) for trace in traces]
            filtered = band_pass(cut[0], rate_hz, self.low_hz, self.high_hz)
            for window in event_windows(filtered, rate_hz):
                onsets = self._onsets([trace[window.start : window.stop] for trace in cut], rate_hz)
                for phase, onset_s in onsets.items():
                    at = start + window.start + round(onset_s * rate_hz)
                    bump(curves[phase], at, window.ratio / (1 + window.ratio), rate_hz)
        return curves

    def _onsets(self, traces: list[np.ndarray], rate_hz: float) -> dict[str, float]:
        """Phase to onset in seconds after the start of one event's window."""
        from obspy.signal.trigger import ar_pick

        if traces[0].size < _SHORTEST_S * rate_hz:
            return {}
        demeaned = [np.ascontiguousarray(trace - trace.mean()) for trace in (traces * 3)[:3]]
        high_hz = min(self.high_hz, 0.45 * rate_hz)
        lta_p, sta_p, lta_s, sta_s = self._averages
        p_s, s_s = ar_pick(
            *demeaned, rate_hz, self.low_hz, high_hz, lta_p, sta_p, lta_s, sta_s, 2, 8, 0.1, 0.2, len(traces) == 3
        )
        # Where it finds nothing, it gives the edge of the window, or S before P.
        onsets = {"P": float(p_s)} if p_s > _EDGE_S else {}
        if onsets and len(traces) == 3 and s_s > p_s + _LEAST_S_MINUS_P_S:
            onsets["S"] = float(s_s)
        return onsets
