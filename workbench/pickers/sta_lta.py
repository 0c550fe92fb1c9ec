"""STA/LTA: the ratio of a short-term to a long-term average of the signal's energy (ObsPy)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr

from workbench.errors import PickerError
from workbench.pickers.classical import annotate_verticals, ratio_to_probability
from workbench.pickers.segments import band_pass, finite_runs
from workbench.schema import PickerCard, Report, silent

__all__ = ["BLIND_S", "StaLta", "noise_before", "sta_lta_ratio"]

BLIND_S = 1.0
"""After the start of a trace or the end of a gap, nothing is an onset: what came before it is not known."""
_WARM_UP_S = 2.0
_WARM_UP_LENGTHS = 4


class StaLta:
    """P onsets where the energy on the vertical component jumps.

    The defaults suit local earthquakes. It knows no phases: a strong S long after its P may be called P.

    Parameters
    ----------
    kind
        ``"recursive"`` (Withers et al., 1998) or ``"classic"`` (Allen, 1978).
    sta_s, lta_s
        Lengths of the short and the long average.
    low_hz, high_hz
        Band in which it looks.
    """

    def __init__(
        self,
        kind: Literal["recursive", "classic"] = "recursive",
        sta_s: float = 0.5,
        lta_s: float = 10.0,
        low_hz: float = 3.0,
        high_hz: float = 20.0,
    ) -> None:
        if kind not in ("recursive", "classic"):
            raise PickerError(f"STA/LTA is 'recursive' or 'classic', not {kind!r}.")
        if not (0 < sta_s < lta_s and 0 < low_hz < high_hz):
            raise PickerError(
                f"STA must be shorter than LTA, and the band go up: got {sta_s}, {lta_s} s, {low_hz}, {high_hz} Hz."
            )
        self.kind, self.sta_s, self.lta_s, self.low_hz, self.high_hz = kind, sta_s, lta_s, low_hz, high_hz
        self.card = PickerCard(
            name="sta_lta",
            title=f"STA/LTA ({kind})",
            phases=("P",),
            component_order="Z",
            thresholds={"P": 4.0},
            threshold_unit="ratio",
            citation="Allen (1978); Withers et al. (1998)",
        )

    def annotate(self, recording: xr.Dataset, report: Report = silent) -> xr.Dataset:
        """Annotations of all stations: r / (1 + r) of the ratio r, NaN in gaps and where there is no trace."""
        return annotate_verticals(recording, self.card, self._curve, report, pick_at="rise")

    def _curve(self, samples: np.ndarray, rate_hz: float) -> np.ndarray:
        return ratio_to_probability(self._ratio(samples, rate_hz))

    def _ratio(self, samples: np.ndarray, rate_hz: float) -> np.ndarray:
        ratio = np.full(samples.size, np.nan)
        n_blind = round(BLIND_S * rate_hz)
        for start, stop in finite_runs(np.isfinite(samples)):
            if stop - start > 2 * _WARM_UP_S * rate_hz:
                filtered = band_pass(samples[start:stop], rate_hz, self.low_hz, self.high_hz)
                run = sta_lta_ratio(filtered, rate_hz, self.sta_s, self.lta_s, self.kind)
                ratio[start + n_blind : stop] = run[n_blind:]
        return ratio


def sta_lta_ratio(filtered: np.ndarray, rate_hz: float, sta_s: float, lta_s: float, kind: str) -> np.ndarray:
    """STA/LTA of band-passed samples without gaps.

    ObsPy gives zero for the first long-term window. So that an event there is not lost, the first two seconds, mirrored
    to and fro, stand in for the noise before the start, for so long that the recursive average has settled.
    """
    from obspy.signal.trigger import classic_sta_lta, recursive_sta_lta

    n_sta, n_lta = max(1, round(sta_s * rate_hz)), max(2, round(lta_s * rate_hz))
    before = noise_before(filtered, rate_hz, _WARM_UP_LENGTHS * n_lta)
    function = recursive_sta_lta if kind == "recursive" else classic_sta_lta
    extended = np.ascontiguousarray(np.concatenate([before, filtered]))
    return np.asarray(function(extended, n_sta, n_lta))[before.size :]


def noise_before(filtered: np.ndarray, rate_hz: float, n_samples: int) -> np.ndarray:
    """At least so many samples to set before a trace: its first two seconds, mirrored to and fro."""
    noise = filtered[: round(_WARM_UP_S * rate_hz)]
    to_and_fro = np.concatenate([noise, noise[::-1]])
    return np.tile(to_and_fro, n_samples // to_and_fro.size + 1)
