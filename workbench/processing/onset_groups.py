"""Onsets of several stations that can belong to one event: close enough in time for a wave to have crossed them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["OnsetGroup", "group_onsets", "onsets_of_group", "spread_km"]

_SLOWEST_P_KM_S = 3.5
_SLOWEST_S_KM_S = 2.0
_SLACK_S = 0.6
_LEAST_P_TIME_S = 1.0
_SPREAD_IF_UNKNOWN_KM = 20.0


@dataclass(frozen=True)
class OnsetGroup:
    """A burst of onsets.

    Parameters
    ----------
    start, end
        Of its P onsets (of all, where no station has a P), UTC.
    n_stations
        That have an onset in it.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    n_stations: int


def spread_km(latitude_deg: np.ndarray, longitude_deg: np.ndarray) -> float:
    """The longest distance between two stations, roughly; 20 where fewer than two have coordinates.

    Across the antimeridian too: longitudes are taken relative to the mean direction.
    """
    known = np.isfinite(latitude_deg) & np.isfinite(longitude_deg)
    if known.sum() < 2:
        return _SPREAD_IF_UNKNOWN_KM
    latitude = np.radians(np.asarray(latitude_deg, float)[known])
    longitude = np.radians(np.asarray(longitude_deg, float)[known])
    points = np.stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)], axis=-1
    )
    reach = points.max(axis=0) - points.min(axis=0)
    return float(6371.0 * 2 * np.arcsin(min(1.0, float(np.linalg.norm(reach)) / 2)))


def group_onsets(onsets: pd.DataFrame, spread: float) -> list[OnsetGroup]:
    """Groups in time order, each of as many stations as can be had; those of the most stations are taken first.

    No onset is in two groups. Where the table has three stations or more a group has three at least (two where there
    are none of three); where it has one station, a group has that one.

    Parameters
    ----------
    onsets
        With the columns ``station``, ``phase`` and ``time``.
    spread
        Longest distance between two stations in km: how long a wave may take from the first to the last.
    """
    leading = onsets[onsets["phase"].str.startswith("P")]
    leading = (leading if len(leading) else onsets).sort_values("time", kind="stable")
    if leading.empty:
        return []
    seconds = (leading["time"] - leading["time"].iloc[0]).dt.total_seconds().to_numpy()
    stations = leading["station"].to_numpy()
    span = max(spread / _SLOWEST_P_KM_S, _LEAST_P_TIME_S)
    after = span * _SLOWEST_P_KM_S / _SLOWEST_S_KM_S
    found = _greedy(seconds, stations, span, after)
    wanted = 3 if any(count >= 3 for _, _, count in found) else 2 if any(count == 2 for _, _, count in found) else 1
    first = leading["time"].iloc[0]
    return [
        OnsetGroup(first + pd.Timedelta(seconds[low], "s"), first + pd.Timedelta(seconds[high], "s"), count)
        for low, high, count in sorted(found)
        if count >= wanted
    ]


def _greedy(seconds: np.ndarray, stations: np.ndarray, span: float, after: float) -> list[tuple[int, int, int]]:
    """(first row, last row, stations) of windows `span` long, the fullest first, none within another's S waves."""
    last = np.searchsorted(seconds, seconds + span, side="right") - 1
    counts = np.array([len(set(stations[low : high + 1])) for low, high in enumerate(last)])
    free = np.ones(len(seconds), bool)
    found = []
    for low in np.lexsort((seconds, -counts)):
        rows = np.arange(low, last[low] + 1)
        rows = rows[free[rows]]
        if not free[low] or len(rows) == 0:
            continue
        found.append((int(rows[0]), int(rows[-1]), len(set(stations[rows]))))
        near = (seconds >= seconds[rows[0]] - 0.5 * span) & (seconds <= seconds[rows[-1]] + 0.5 * after)
        free &= ~near
    return found


def onsets_of_group(onsets: pd.DataFrame, group: OnsetGroup, spread: float) -> pd.DataFrame:
    """One onset for each station and phase: an analyst's before a picker's, then the surest, then the earliest.

    An S is looked for from the station's own P on, or from the beginning of the group where it has none.

    Parameters
    ----------
    onsets
        With the columns ``station``, ``phase``, ``time``, ``who`` (``"human"`` or ``"model"``) and ``probability``.
    """
    slack = pd.Timedelta(_SLACK_S, "s")
    near_p = onsets["time"].between(group.start - slack, group.end + slack)
    p = _best(onsets[near_p & onsets["phase"].str.startswith("P")])
    others = onsets[onsets["phase"].str.startswith("S")]
    # A group may have no P at all: an empty table of times is not one that pandas can map with.
    own = p.set_index("station")["time"].reindex(others["station"])
    earliest = pd.to_datetime(own.fillna(group.start)).set_axis(others.index)
    latest = group.end + pd.Timedelta(max(spread / _SLOWEST_S_KM_S, 1.5), "s") + slack
    s = _best(others[(others["time"] > earliest) & (others["time"] <= latest)])
    return pd.concat([p, s], ignore_index=True)


def _best(onsets: pd.DataFrame) -> pd.DataFrame:
    ranked = onsets.assign(_rank=(onsets["who"] != "human").astype(int))
    ranked = ranked.sort_values(
        ["_rank", "probability", "time"], ascending=[True, False, True], kind="stable", na_position="last"
    )
    return ranked.drop_duplicates(["station", "phase"]).drop(columns="_rank").sort_values("time", kind="stable")
