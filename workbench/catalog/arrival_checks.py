"""Whether the onsets of one event fit its origin: residuals to layered travel times, and the Wadati diagram.

Neither needs a waveform: a catalogue of picks can be looked through with both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from workbench.processing.distances import distances
from workbench.schema import Event
from workbench.sources.synthetic.travel_times import TravelTimes
from workbench.sources.synthetic.velocity import VelocityModel

__all__ = ["FAR_OFF_S", "NE_ITALY", "ArrivalChecks", "check_arrivals"]

NE_ITALY = VelocityModel(
    top_km=(0.0, 22.0, 39.5),
    p_km_s=(5.85, 6.8, 8.0),
    s_km_s=(5.85 / 1.78, 6.8 / 1.78, 8.0 / 1.78),
    density_g_cm3=(2.6, 2.9, 3.3),
)
"""The one-dimensional model of OGS for north-eastern Italy: three layers, Vp/Vs 1.78."""

FAR_OFF_S = 1.0
"""A residual, or a distance from the line of Wadati, from which on a pick is worth another look."""

_LEAST_PAIRS = 3
_LEAST_SPREAD_S = 0.5
_DEPTH_KM_IF_UNKNOWN = 10.0
_COLUMNS = ("pick_id", "station", "phase", "time", "distance_km", "after_s", "residual_s")
_PAIRS = ("station", "p_time", "after_s", "s_minus_p_s", "misfit_s")


@dataclass(frozen=True, eq=False)
class ArrivalChecks:
    """What the onsets of an event say of each other.

    Parameters
    ----------
    onsets
        P and S: ``pick_id``, ``station``, ``phase``, ``time``, ``distance_km`` (of the epicentre), ``after_s`` (after
        the origin), ``residual_s`` (observed minus calculated); NaN where there is no origin or no place.
    pairs
        Stations with P and S: ``station``, ``p_time``, ``after_s`` (P after the first P of all), ``s_minus_p_s``, and
        ``misfit_s`` from the line of Wadati; NaN where none could be drawn.
    vp_vs
        One and the slope of that line; NaN without one.
    wadati_origin
        Where S - P is zero on it; NaT without one.
    problem
        Why there are no residuals, in words; empty where there are.
    """

    onsets: pd.DataFrame
    pairs: pd.DataFrame
    vp_vs: float
    wadati_origin: pd.Timestamp
    problem: str

    @property
    def n_far_off(self) -> int:
        """Onsets and pairs that are worth another look."""
        residuals, misfits = self.onsets["residual_s"].abs(), self.pairs["misfit_s"].abs()
        return int((residuals >= FAR_OFF_S).sum() + (misfits >= FAR_OFF_S).sum())


def check_arrivals(
    event: Event | None, picks: pd.DataFrame, stations: pd.DataFrame, model: VelocityModel = NE_ITALY
) -> ArrivalChecks:
    """Residuals and S - P of the onsets of one event; the first P and the first S of each station count.

    Times run from the event's origin, with a depth of 10 km where it is not known. Station elevations and corrections
    are not taken into account.

    Parameters
    ----------
    event
        None, or one without a place, leaves the Wadati diagram alone.
    picks
        With the columns ``pick_id``, ``station``, ``phase`` and ``time``; whatever begins with P or S takes part.
    stations
        With the columns ``station``, ``latitude_deg`` and ``longitude_deg``.
    """
    onsets = picks[picks["phase"].str[:1].isin(["P", "S"])].sort_values("time", kind="stable")
    onsets = onsets.assign(phase=onsets["phase"].str[:1]).drop_duplicates(["station", "phase"])
    pairs, vp_vs, origin = _wadati(onsets)
    onsets, problem = _measured(event, onsets, stations, model)
    return ArrivalChecks(onsets[list(_COLUMNS)].reset_index(drop=True), pairs, vp_vs, origin, problem)


def _measured(
    event: Event | None, onsets: pd.DataFrame, stations: pd.DataFrame, model: VelocityModel
) -> tuple[pd.DataFrame, str]:
    blank = onsets.assign(distance_km=np.nan, after_s=np.nan, residual_s=np.nan)
    if onsets.empty:
        return blank, "There are no onsets of P or S."
    if event is None or not np.isfinite([event.latitude_deg, event.longitude_deg]).all():
        return blank, "The event has no epicentre: residuals need one."
    way = distances(event, stations).set_index("station")["distance_km"]
    distance_km = onsets["station"].map(way).to_numpy(float)
    if not np.isfinite(distance_km).any():
        return blank, "The stations have no coordinates: put a StationXML or CSV file of stations beside the catalogue."
    depth_km = event.depth_km if np.isfinite(event.depth_km) else _DEPTH_KM_IF_UNKNOWN
    after_s = (onsets["time"] - event.time).dt.total_seconds().to_numpy()
    expected_s = np.full(len(onsets), np.nan)
    known = np.isfinite(distance_km)
    for phase in "PS":
        of_phase = known & (onsets["phase"] == phase).to_numpy()
        rays = _table(model).rays(phase, np.full(of_phase.sum(), depth_km), distance_km[of_phase])
        expected_s[of_phase] = rays.first_s
    measured = onsets.assign(distance_km=distance_km, after_s=after_s, residual_s=after_s - expected_s)
    return measured, "" if np.isfinite(expected_s).any() else "Event and stations lie too far apart for the layers."


@lru_cache(maxsize=4)
def _table(model: VelocityModel) -> TravelTimes:
    return TravelTimes(model, step_km=1.0)


def _wadati(onsets: pd.DataFrame) -> tuple[pd.DataFrame, float, pd.Timestamp]:
    """Pairs of P and S, Vp/Vs and the origin time by Theil and Sen's line, which a few wrong pairs do not bend."""
    p, s = (onsets[onsets["phase"] == phase].set_index("station")["time"] for phase in "PS")
    times = pd.DataFrame({"P": p, "S": s.reindex(p.index)}).dropna().sort_values("P", kind="stable")
    first = times["P"].min() if len(times) else pd.Timestamp(0)
    after_s = (times["P"] - first).dt.total_seconds().to_numpy(float)
    s_minus_p_s = (times["S"] - times["P"]).dt.total_seconds().to_numpy(float)
    found = {"station": list(times.index), "p_time": times["P"].to_numpy(), "after_s": after_s}
    misfit_s = np.full(len(times), np.nan)
    pairs = pd.DataFrame({**found, "s_minus_p_s": s_minus_p_s, "misfit_s": misfit_s}, columns=list(_PAIRS))
    if len(times) < _LEAST_PAIRS or np.ptp(after_s) < _LEAST_SPREAD_S:
        return pairs, float("nan"), pd.NaT
    from scipy.stats import theilslopes

    slope = float(theilslopes(s_minus_p_s, after_s)[0])
    # SciPy's own intercept runs through the medians of both, which few stations move.
    intercept = float(np.median(s_minus_p_s - slope * after_s))
    pairs = pairs.assign(misfit_s=s_minus_p_s - intercept - slope * after_s)
    if slope <= 0:
        return pairs, float("nan"), pd.NaT
    return pairs, 1.0 + slope, first - pd.Timedelta(round(intercept / slope * 1e9), "ns")
