"""What is wrong with a trace by its metadata alone, each fault with its figure and the limit that it breaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.errors import SchemaError
from workbench.sources.catalogued import FASTEST_KM_S

__all__ = ["FAULT_COLUMNS", "NEEDS", "Limits", "epicentral_km", "faults_of", "metadata_faults"]

FAULT_COLUMNS = ("row", "reason", "value", "limit", "words")
"""Of a table of faults; `row` counts the traces from 0."""

_MEAN_RADIUS_KM = 6371.0
_FAR_KM = 2000.0
"""Beyond, waves run through the mantle, faster than these limits."""

_SLOWEST_KM_S = {"P": 1.5, "S": 0.8}
_CLOCK_S = 1.0
_SLACK_S = 15.0


@dataclass(frozen=True)
class Limits:
    """Beyond what a trace is dropped.

    Parameters
    ----------
    most_distance_km
        From the epicentre. Half the way around the Earth by default: what is farther is impossible, not only useless.
    distance_tolerance_km, distance_tolerance
        By how much the distance stated may differ from that of the coordinates: so many km and this share of it.
    least_magnitude, most_magnitude
        What can be: -9 and 99 stand for "not known" in some catalogues.
    least_depth_km, most_depth_km
        Of the hypocentre; above sea level it is negative.
    least_snr_db
        As the metadata state it, or else as measured at the onset.
    most_flat
        Share of a component that may be missing or stand still for a second or more; 1 is a dead one.
    most_clipped
        Samples that may stand in pairs or longer at the highest or lowest value of a component.
    need
        Of :data:`NEEDS`: what has to be known. None: what at least one trace of the source knows, but magnitudes.

    Raises
    ------
    SchemaError
        If `need` holds an unknown name, or a least is above its most.
    """

    most_distance_km: float = 20_038.0
    distance_tolerance_km: float = 20.0
    distance_tolerance: float = 0.1
    least_magnitude: float = -3.0
    most_magnitude: float = 9.9
    least_depth_km: float = -10.0
    most_depth_km: float = 800.0
    least_snr_db: float = 0.0
    most_flat: float = 0.5
    most_clipped: int = 5
    need: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if strange := sorted(set(self.need or ()) - set(NEEDS)):
            raise SchemaError(f"A trace can need {', '.join(NEEDS)}; {strange[0]!r} is none of them.")
        if self.least_magnitude > self.most_magnitude or self.least_depth_km > self.most_depth_km:
            raise SchemaError("A least magnitude or depth is above the most; exchange them.")


def _is_event(traces: pd.DataFrame) -> pd.Series:
    return traces["category"] == "event"


NEEDS: Mapping[str, tuple[str, Callable[[pd.DataFrame], pd.Series]]] = {
    "station": ("the station's code", lambda traces: traces["station"].str.strip(".").eq("")),
    "place": ("the station's coordinates", lambda traces: traces[["latitude_deg", "longitude_deg"]].isna().any(axis=1)),
    "start": ("the start time", lambda traces: traces["start"].isna()),
    "rate": ("the sampling rate", lambda traces: ~(traces["sampling_rate_hz"] > 0)),
    "onset": (
        "an onset of P or S",
        lambda traces: _is_event(traces) & traces[["p_sample", "s_sample"]].isna().all(axis=1),
    ),
    "origin": (
        "the time and place of the event",
        lambda traces: (
            _is_event(traces) & traces[["origin_time", "event_latitude_deg", "event_longitude_deg"]].isna().any(axis=1)
        ),
    ),
    "magnitude": ("the magnitude", lambda traces: _is_event(traces) & traces["magnitude"].isna()),
}
"""What a trace can lack: its words, and where it is lacking. Onset, origin and magnitude are asked of events only."""


def metadata_faults(traces: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """All faults that the columns of a table of traces show, one row each, with :data:`FAULT_COLUMNS`."""
    distance_km = epicentral_km(traces)
    parts = [
        *_missing(traces, limits),
        *_onsets(traces),
        *_distances(traces, limits, distance_km),
        *_travel_times(traces, _hypocentral_km(traces)),
        *_figures(traces, limits),
    ]
    return pd.concat(parts, ignore_index=True)


def faults_of(
    wrong: pd.Series | np.ndarray, reason: str, value: pd.Series | float, limit: pd.Series | float, words: str
) -> pd.DataFrame:
    """Faults of the traces that are wrong; `words` is a template with ``{value}`` and ``{limit}``."""
    rows = np.flatnonzero(np.asarray(wrong, bool))
    values, bounds = (
        np.broadcast_to(np.asarray(each, float), np.shape(wrong))[rows].astype(float) for each in (value, limit)
    )
    said = [words.format(value=f"{one:.6g}", limit=f"{two:.6g}") for one, two in zip(values, bounds, strict=True)]
    columns = {"row": rows, "reason": reason, "value": values, "limit": bounds, "words": said}
    return pd.DataFrame(columns, columns=list(FAULT_COLUMNS)).astype({"reason": "str", "words": "str"})


def _missing(traces: pd.DataFrame, limits: Limits) -> list[pd.DataFrame]:
    lacking = {name: find(traces) for name, (_, find) in NEEDS.items()}
    if limits.need is None:
        asked = {name: _is_event(traces) if name in ("onset", "origin") else True for name in NEEDS}
        # What a source never tells is no fault of one trace of it.
        need = [name for name in NEEDS if name != "magnitude" and (~lacking[name] & asked[name]).any()]
    else:
        need = list(limits.need)
    found = [
        faults_of(lacking[name], f"missing_{name}", np.nan, np.nan, f"Not known: {NEEDS[name][0]}.") for name in need
    ]
    lost = ~traces["has_waveform"]
    return [*found, faults_of(lost, "missing_waveform", np.nan, np.nan, "The metadata list it; no file holds it.")]


def _onsets(traces: pd.DataFrame) -> list[pd.DataFrame]:
    rate = traces["sampling_rate_hz"]
    ahead_s = (traces["p_sample"] - traces["s_sample"]) / rate
    found = [faults_of(ahead_s >= 0, "s_before_p", -ahead_s, 0.0, "S comes {value} s after P; it comes later than P.")]
    for phase in "PS":
        sample, length = traces[f"{phase.lower()}_sample"], traces["n_samples"]
        outside = (sample < 0) | (sample >= length)
        words = f"{phase} stands at sample {{value}}, outside the trace of {{limit}} samples."
        found.append(faults_of(outside, "onset_outside_trace", sample, length, words))
    return found


def _distances(traces: pd.DataFrame, limits: Limits, epicentral_km: pd.Series) -> list[pd.DataFrame]:
    stated = traces["distance_km"]
    impossible = (stated < 0) | (stated > limits.most_distance_km)
    too_far = epicentral_km > limits.most_distance_km
    # Some data sets state the way to the hypocentre: anything between the two is right.
    hypocentre_km = np.hypot(epicentral_km, traces["event_depth_km"].fillna(0.0))
    apart = np.maximum(epicentral_km - stated, stated - hypocentre_km)
    tolerated = limits.distance_tolerance_km + limits.distance_tolerance * epicentral_km
    disagrees = (apart > tolerated) & ~impossible
    return [
        faults_of(
            impossible | too_far,
            "impossible_distance",
            stated.where(impossible, epicentral_km),
            np.where(stated < 0, 0.0, limits.most_distance_km),
            "The epicentre is {value} km away; the limit is {limit} km.",
        ),
        faults_of(
            disagrees,
            "distance_disagrees",
            stated,
            epicentral_km,
            "The distance stated is {value} km; that of the coordinates is {limit} km.",
        ),
    ]


def _travel_times(traces: pd.DataFrame, distance_km: pd.Series) -> list[pd.DataFrame]:
    found = []
    begun_s = (traces["start"] - traces["origin_time"]).dt.total_seconds()
    for phase in "PS":
        travel_s = begun_s + traces[f"{phase.lower()}_sample"] / traces["sampling_rate_hz"]
        early = travel_s < -_CLOCK_S
        words = f"{phase} comes {{value}} s after the origin; it cannot come before it."
        found.append(faults_of(early, "onset_before_origin", travel_s, 0.0, words))
        least_s = distance_km / FASTEST_KM_S[phase]
        fast = (travel_s + _CLOCK_S < least_s) & (distance_km < _FAR_KM) & ~early
        most_s = distance_km / _SLOWEST_KM_S[phase] + _SLACK_S
        slow = travel_s > most_s
        for wrong, bound, word in ((fast, least_s, "at least"), (slow, most_s, "at most")):
            words = f"{phase} travels for {{value}} s; from there it takes {word} {{limit}} s."
            found.append(faults_of(wrong, "impossible_travel_time", travel_s, bound, words))
    return found


def _figures(traces: pd.DataFrame, limits: Limits) -> list[pd.DataFrame]:
    """Magnitudes, depths, places and ratios of signal to noise that cannot be, or are below what is asked."""
    found = []
    for name, column, least, most in (
        ("magnitude", "magnitude", limits.least_magnitude, limits.most_magnitude),
        ("depth", "event_depth_km", limits.least_depth_km, limits.most_depth_km),
    ):
        value = traces[column]
        for wrong, bound in ((value < least, least), (value > most, most)):
            words = f"The {name} is {{value}}; the limit is {{limit}}."
            found.append(faults_of(wrong, f"impossible_{name}", value, bound, words))
    for whose, prefix in (("station", ""), ("event", "event_")):
        latitude, longitude = traces[f"{prefix}latitude_deg"], traces[f"{prefix}longitude_deg"]
        for value, bound, word in ((latitude, 90.0, "latitude"), (longitude, 360.0, "longitude")):
            words = f"The {whose}'s {word} is {{value}}; it is at most {{limit}} either way."
            found.append(faults_of(value.abs() > bound, "impossible_place", value, bound, words))
        nowhere = (latitude == 0) & (longitude == 0)
        words = f"The {whose} stands at 0, 0: that is said where coordinates are not known."
        found.append(faults_of(nowhere, "impossible_place", 0.0, 0.0, words))
    low = traces["snr_db"] < limits.least_snr_db
    words = "The signal is {value} dB above the noise; asked are {limit} dB."
    return [*found, faults_of(low, "low_snr", traces["snr_db"], limits.least_snr_db, words)]


def epicentral_km(traces: pd.DataFrame) -> pd.Series:
    """From the coordinates, on a sphere (within 0.6 % of the ellipsoid); NaN where they are not known or no places."""
    names = ("latitude_deg", "longitude_deg", "event_latitude_deg", "event_longitude_deg")
    known = traces["latitude_deg"].abs().le(90) & traces["event_latitude_deg"].abs().le(90)
    north, east, event_north, event_east = (np.radians(traces[name].where(known)) for name in names)
    half = np.sin((north - event_north) / 2) ** 2
    half += np.cos(north) * np.cos(event_north) * np.sin((east - event_east) / 2) ** 2
    return 2 * _MEAN_RADIUS_KM * np.arcsin(np.sqrt(half.clip(0, 1)))


def _hypocentral_km(traces: pd.DataFrame) -> pd.Series:
    """From the coordinates, or else the distance stated, and the depth; NaN where there are neither."""
    along = epicentral_km(traces)
    along = along.where(along.notna(), traces["distance_km"])
    return np.hypot(along, traces["event_depth_km"].fillna(0.0).clip(lower=0.0))
