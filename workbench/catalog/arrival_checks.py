"""Whether the onsets of one event fit its origin: residuals to layered travel times, and the Wadati diagram.

Neither needs a waveform: a catalogue of picks can be looked through with both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from workbench.processing.common_origin import fit_common_origin, origin_needs
from workbench.processing.distances import distances
from workbench.schema import Event
from workbench.sources.synthetic.travel_times import TravelTimes
from workbench.sources.synthetic.velocity import VelocityModel

__all__ = ["FAR_OFF_S", "LEAST_PAIRS", "NE_ITALY", "ArrivalChecks", "check_arrivals"]

NE_ITALY = VelocityModel(
    top_km=(0.0, 22.0, 39.5),
    p_km_s=(5.85, 6.8, 8.0),
    s_km_s=(5.85 / 1.78, 6.8 / 1.78, 8.0 / 1.78),
    density_g_cm3=(2.6, 2.9, 3.3),
)
"""The one-dimensional model of OGS for north-eastern Italy: three layers, Vp/Vs 1.78."""

FAR_OFF_S = 1.0
"""A residual, or a distance from the line of Wadati, from which on a pick is worth another look."""

LEAST_PAIRS = 3
"""Stations with P and S that a line of Wadati takes."""

_LEAST_PAIRS_OF_INTERVAL = 4
_CONFIDENCE = 0.95
_LEAST_AGREEING = 0.5
_LEAST_SPREAD_S = 0.5
_DEPTH_KM_IF_UNKNOWN = 10.0
_NO_PLACES = "The stations have no coordinates: put a StationXML or CSV file of stations beside the recordings."
_COLUMNS = ("pick_id", "station", "phase", "time", "distance_km", "after_s", "residual_s")
_PAIRS = ("station", "p_time", "after_s", "s_minus_p_s", "misfit_s")


@dataclass(frozen=True, eq=False)
class ArrivalChecks:
    """What the onsets of an event say of each other.

    Parameters
    ----------
    onsets
        P and S: ``pick_id``, ``station``, ``phase``, ``time``, ``distance_km`` (of the epicentre), ``after_s`` (after
        the origin), ``residual_s`` (observed minus calculated); NaN where there is no origin or no place. Distances
        and times are from the event's epicentre where it has one, else from an origin that is fitted to the onsets.
    pairs
        Stations with P and S: ``station``, ``p_time``, ``after_s`` (P after the first P of all), ``s_minus_p_s``, and
        ``misfit_s`` from the line of Wadati; NaN where none could be drawn.
    vp_vs
        One and the slope of that line; NaN without one.
    wadati_origin
        Where S - P is zero on it; NaT without one.
    problem
        Why there are no residuals, in words; empty where there are.
    vp_vs_interval
        Of 95 %, by the slopes of all pairs of stations (Sen, 1968); NaN without a line, or with three stations.
    fitted
        Whether residuals are against an origin that is fitted to these very onsets: the event has no epicentre.
    """

    onsets: pd.DataFrame
    pairs: pd.DataFrame
    vp_vs: float
    wadati_origin: pd.Timestamp
    problem: str
    vp_vs_interval: tuple[float, float] = (float("nan"), float("nan"))
    fitted: bool = False

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
        With None, or one without a place, residuals are against one origin fitted to all onsets
        (:mod:`workbench.processing.common_origin`), if at least half of them agree on one.
    picks
        With the columns ``pick_id``, ``station``, ``phase`` and ``time``; whatever begins with P or S takes part.
    stations
        With the columns ``station``, ``latitude_deg`` and ``longitude_deg``.
    """
    onsets = picks[picks["phase"].str[:1].isin(["P", "S"])].sort_values("time", kind="stable")
    onsets = onsets.assign(phase=onsets["phase"].str[:1]).drop_duplicates(["station", "phase"])
    pairs, vp_vs, interval, origin = _wadati(onsets)
    placed = event is not None and bool(np.isfinite([event.latitude_deg, event.longitude_deg]).all())
    if placed or onsets.empty:
        onsets, problem = _measured(event, onsets, stations, model)
    else:
        onsets, problem = _against_fit(onsets, stations)
    table = onsets[list(_COLUMNS)].reset_index(drop=True)
    return ArrivalChecks(table, pairs, vp_vs, origin, problem, interval, not placed and not problem)


def _against_fit(onsets: pd.DataFrame, stations: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Residuals to one origin and two velocities that are fitted to the onsets themselves."""
    places = stations.set_index("station")
    names = ("latitude_deg", "longitude_deg")
    placed = onsets.assign(**{name: onsets["station"].map(places[name]).astype(float) for name in names})
    blank = onsets.assign(distance_km=np.nan, after_s=np.nan, residual_s=np.nan)
    if not np.isfinite(placed[list(names)]).all(axis=1).any():
        return blank, _NO_PLACES
    origin = fit_common_origin(placed)
    if origin is None:
        return blank, f"The event has no epicentre, and none can be fitted: {origin_needs(placed)}"
    known = np.isfinite(origin.residual_s)
    near = np.abs(origin.residual_s[known]) < FAR_OFF_S
    if near.mean() < _LEAST_AGREEING:
        words = f"only {int(near.sum())} of {len(near)} onsets agree on one within {FAR_OFF_S:g} s."
        return blank, f"The event has no epicentre, and none can be fitted: {words}"
    distance_km = origin.distance_km(*(placed[name].to_numpy() for name in names))
    after_s = (onsets["time"] - origin.time).dt.total_seconds()
    return onsets.assign(distance_km=distance_km, after_s=after_s, residual_s=origin.residual_s), ""


def _measured(
    event: Event | None, onsets: pd.DataFrame, stations: pd.DataFrame, model: VelocityModel
) -> tuple[pd.DataFrame, str]:
    blank = onsets.assign(distance_km=np.nan, after_s=np.nan, residual_s=np.nan)
    if onsets.empty:
        return blank, "There are no onsets of P or S."
    assert event is not None, "onsets without an event are held against a fitted origin"
    way = distances(event, stations).set_index("station")["distance_km"]
    distance_km = onsets["station"].map(way).to_numpy(float)
    if not np.isfinite(distance_km).any():
        return blank, _NO_PLACES
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


def _wadati(onsets: pd.DataFrame) -> tuple[pd.DataFrame, float, tuple[float, float], pd.Timestamp]:
    """Pairs of P and S, Vp/Vs with its interval and the origin time by Theil and Sen's line.

    A few wrong pairs do not bend it.
    """
    p, s = (onsets[onsets["phase"] == phase].set_index("station")["time"] for phase in "PS")
    times = pd.DataFrame({"P": p, "S": s.reindex(p.index)}).dropna().sort_values("P", kind="stable")
    first = times["P"].min() if len(times) else pd.Timestamp(0)
    after_s = (times["P"] - first).dt.total_seconds().to_numpy(float)
    s_minus_p_s = (times["S"] - times["P"]).dt.total_seconds().to_numpy(float)
    found = {"station": list(times.index), "p_time": times["P"].to_numpy(), "after_s": after_s}
    misfit_s = np.full(len(times), np.nan)
    pairs = pd.DataFrame({**found, "s_minus_p_s": s_minus_p_s, "misfit_s": misfit_s}, columns=list(_PAIRS))
    unknown = (float("nan"), float("nan"))
    if len(times) < LEAST_PAIRS or np.ptp(after_s) < _LEAST_SPREAD_S:
        return pairs, float("nan"), unknown, pd.NaT
    from scipy.stats import theilslopes

    slope, _, low, high = (float(value) for value in theilslopes(s_minus_p_s, after_s, alpha=_CONFIDENCE))
    # SciPy's own intercept runs through the medians of both, which few stations move.
    intercept = float(np.median(s_minus_p_s - slope * after_s))
    pairs = pairs.assign(misfit_s=s_minus_p_s - intercept - slope * after_s)
    if slope <= 0:
        return pairs, float("nan"), unknown, pd.NaT
    # The slopes of three pairs leave no room for 95 %.
    interval = (1.0 + low, 1.0 + high) if len(times) >= _LEAST_PAIRS_OF_INTERVAL else unknown
    return pairs, 1.0 + slope, interval, first - pd.Timedelta(round(intercept / slope * 1e9), "ns")
