"""Traces grouped by earthquake: how many stations each event has, how many events keep enough, and splits by event."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from workbench.errors import SchemaError
from workbench.sources.split import ROLES, RecordingSet, Split
from workbench.sources.trace_table import site_of

__all__ = ["LEAST_STATIONS", "event_groups", "events_by_stations", "noise_groups", "split_by_event", "split_of_events"]

LEAST_STATIONS = (1, 3, 5, 8)
"""What the report counts events by."""

_CELL_DEG = 2.0


def event_groups(traces: pd.DataFrame) -> pd.DataFrame:
    """One row per event, in the order of the traces, with what its traces say of it.

    Columns: ``event_id``, ``n_traces``, ``n_stations`` (sites: two instruments at one place count once),
    ``n_with_p``, ``n_with_s``, ``start`` (the earliest), ``origin_time``, ``latitude_deg``, ``longitude_deg``,
    ``depth_km`` and ``magnitude`` (the first that is known).

    Parameters
    ----------
    traces
        As :func:`workbench.sources.trace_table.trace_table` gives them; those of no event are left out.
    """
    of_events = traces[traces["event_id"] != ""].assign(site=lambda table: site_of(table["station"]))
    grouped = of_events.groupby("event_id", sort=False)
    groups = grouped.agg(
        n_traces=("recording_id", "size"),
        n_stations=("site", "nunique"),
        n_with_p=("p_sample", "count"),
        n_with_s=("s_sample", "count"),
        start=("start", "min"),
        origin_time=("origin_time", "first"),
        latitude_deg=("event_latitude_deg", "first"),
        longitude_deg=("event_longitude_deg", "first"),
        depth_km=("event_depth_km", "first"),
        magnitude=("magnitude", "first"),
    )
    return groups.reset_index()


def events_by_stations(
    traces: pd.DataFrame, kept: pd.DataFrame | None = None, least: Sequence[int] = LEAST_STATIONS
) -> pd.DataFrame:
    """How many events have at least so many stations, and how many still have them after cleaning.

    One row per number in `least`: ``at_least``, ``events`` and ``traces`` of them; with `kept`, ``events_kept``,
    ``traces_kept`` and ``share_kept`` (NaN where there was none).
    """
    rows = []
    for number in least:
        n_events, n_traces = _count(traces, number)
        row: dict[str, float] = {"at_least": number, "events": n_events, "traces": n_traces}
        if kept is not None:
            row["events_kept"], row["traces_kept"] = _count(kept, number)
            row["share_kept"] = row["events_kept"] / n_events if n_events else float("nan")
        rows.append(row)
    return pd.DataFrame(rows)


def _count(traces: pd.DataFrame, least: int) -> tuple[int, int]:
    groups = event_groups(traces)
    enough = groups[groups["n_stations"] >= least]
    return len(enough), int(enough["n_traces"].sum())


def noise_groups(traces: pd.DataFrame, rng: np.random.Generator, most_stations: int = 8) -> list[np.ndarray]:
    """Rows of noise traces that may stand for a network without an event: different sites of one region each.

    The region is a cell of two degrees; stations without coordinates go together by network. The traces of a group
    need not be of the same time, so what they have in common is their region's noise, not one moment of it.
    """
    noise = np.flatnonzero((traces["category"] == "noise").to_numpy())
    noise = rng.permutation(noise)
    own = traces.iloc[noise]
    cells = [(own[name] / _CELL_DEG).round().astype("str") for name in ("latitude_deg", "longitude_deg")]
    known = own["latitude_deg"].notna() & own["longitude_deg"].notna()
    region = (cells[0] + "/" + cells[1]).where(known, own["station"].str.split(".").str[0])
    # The n-th trace of each site goes to the n-th layer of its region: no group holds a site twice.
    layer = own.assign(region=region, site=site_of(own["station"])).groupby(["region", "site"]).cumcount()
    place = pd.DataFrame({"row": noise, "region": region.to_numpy(), "layer": layer.to_numpy()})
    place["part"] = place.groupby(["region", "layer"]).cumcount() // most_stations
    parts = place.groupby(["region", "layer", "part"], sort=False)["row"]
    return [rows.to_numpy() for _, rows in parts]


def split_by_event(traces: pd.DataFrame, shares: Mapping[str, float], *, seed: int = 0, own: bool = True) -> pd.Series:
    """The role of each trace: all traces of an event have the same, and it does not depend on the other events.

    Events of one continuous recording stay together, as a recording has one role. Noise goes by station, so that no
    site's noise is both trained on and tested on.

    Parameters
    ----------
    shares
        Role (of :data:`workbench.sources.split.ROLES`) to its share; they add up to one.
    own
        Whether a dataset's own split counts where it has one (``dev`` is ``validation``). An event whose traces are
        in several parts goes, whole, to the most careful: test before validation before train.

    Raises
    ------
    SchemaError
        If a role is unknown, or the shares do not add up to one.
    """
    strange = sorted(set(shares) - set(ROLES))
    if strange or not np.isclose(sum(shares.values()), 1.0) or min(shares.values(), default=0) < 0:
        raise SchemaError(f"Shares of the roles {list(ROLES)} add up to 1; these are {dict(shares)}.")
    keys = traces["event_id"].where(traces["event_id"] != "", "station " + site_of(traces["station"]))
    several = traces.groupby("recording_id")["event_id"].transform("nunique") > 1
    keys = keys.mask(several, "recording " + traces["recording_id"])
    edges = np.cumsum(list(shares.values()))
    drawn = {key: _fraction(key, seed) for key in keys.unique()}
    places = np.minimum(np.searchsorted(edges, keys.map(drawn).to_numpy(float), side="right"), len(shares) - 1)
    roles = pd.Series(np.array(list(shares))[places], index=traces.index, name="role")
    return _with_own(roles, traces["split"], keys) if own else roles


def split_of_events(
    traces: pd.DataFrame, roles: pd.Series, *, name: str, path: str, kind: str, labels: str = "analyst"
) -> Split:
    """A split that names each recording of some traces in its role.

    Parameters
    ----------
    roles
        As :func:`split_by_event` gives them.
    name, path, kind, labels
        Of the source; see :class:`workbench.sources.split.RecordingSet`.
    """
    recordings = traces["recording_id"].groupby(roles).unique()
    named = {role: tuple(map(str, recordings[role])) for role in ROLES if role in recordings}
    return Split((RecordingSet(name, path, kind, labels, named),))


def _fraction(key: str, seed: int) -> float:
    """A number from 0 to 1 that only the key and the seed fix."""
    digest = hashlib.blake2b(f"{seed}\x1f{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _with_own(roles: pd.Series, split: pd.Series, keys: pd.Series) -> pd.Series:
    stated = split.str.lower().replace({"dev": "validation", "val": "validation"})
    care = stated.map({"train": 0, "validation": 1, "test": 2})
    most_careful = care.groupby(keys).transform("max")
    return roles.where(most_careful.isna(), most_careful.map({0.0: "train", 1.0: "validation", 2.0: "test"}))
