"""``Gather``: the onsets of one event on all stations of a recording, and how they lie on one moveout."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from workbench.inference.runs import PickerRun
from workbench.processing.common_origin import CommonOrigin
from workbench.processing.onset_groups import OnsetGroup, onsets_of_group
from workbench.schema import Event

__all__ = ["OFF_MOVEOUT_S", "Gather", "candidate_onsets", "make_gather", "on_moveout"]

OFF_MOVEOUT_S = 0.2
"""An onset this far from the fitted moveout, or farther, is called off it."""

_LEAST_AGREEING = 0.5
_BEFORE_S = 0.8
_AFTER = 1.6
_LEAST_AFTER_S = 4.0
_IN_PHASES = ("P", "S")


@dataclass(frozen=True, eq=False)
class Gather:
    """What map, record section and tables show of one group of onsets.

    Parameters
    ----------
    stations
        One row per station of the recording, in its order: ``station``, ``code``, ``latitude_deg``, ``longitude_deg``,
        ``elevation_m``, ``distance_km`` and ``azimuth_deg`` (from the origin, or from the station of the first onset;
        NaN where not known), and ``alive``.
    onsets
        One per station and phase (``"P"``, ``"S"``): ``station``, ``phase``, ``time``, ``who``, ``probability``,
        ``residual_s`` (observed minus moveout; NaN without one).
    origin
        None where none could be fitted; `problem` says why.
    measured_from
        What distances are measured from, in words.
    start, end
        Of the time that is shown.
    zero
        Where its axis has its zero: the origin, or the first onset.
    """

    stations: pd.DataFrame
    onsets: pd.DataFrame
    origin: CommonOrigin | None
    problem: str
    measured_from: str
    start: pd.Timestamp
    end: pd.Timestamp
    zero: pd.Timestamp

    def onset(self, station: str, phase: str) -> pd.Series | None:
        """The onset of a phase at a station, or None."""
        found = self.onsets[(self.onsets["station"] == station) & (self.onsets["phase"] == phase)]
        return found.iloc[0] if len(found) else None

    def by_station(self, phase: str, column: str) -> np.ndarray:
        """A number of the onsets of a phase in the order of the stations, NaN where there is none."""
        own = self.onsets[self.onsets["phase"] == phase].set_index("station")[column]
        return self.stations["station"].map(own).to_numpy(float)

    def off_moveout(self, phase: str) -> list[str]:
        """Stations whose onset of a phase is off the moveout, the farthest first."""
        own = self.onsets[(self.onsets["phase"] == phase) & (self.onsets["residual_s"].abs() >= OFF_MOVEOUT_S)]
        order = own["residual_s"].abs().sort_values(ascending=False, kind="stable").index
        return [str(name) for name in own.loc[order, "station"]]


def candidate_onsets(run: PickerRun | None, reference: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """P and S onsets of a picker and of the analyst: ``station``, ``phase``, ``time``, ``who``, ``probability``.

    Parameters
    ----------
    reference
        Picks that came with the source: they stand in where there is no picker.
    labels
        That stand on the recording; what the analyst rejected takes the picker's onset away as well.
    """
    picks = run.picks if run is not None else reference
    rejected = set(labels.loc[labels["decision"] == "reject", "pick_id"])
    kept = labels[labels["decision"] != "reject"]
    replaced = rejected | set(kept["pick_id"])
    own = picks[~picks["pick_id"].isin(replaced)]
    tables = [
        own[["station", "phase", "time", "probability"]].assign(who="model"),
        kept[["station", "phase", "time"]].assign(probability=np.nan, who="human"),
    ]
    onsets = pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)
    onsets = onsets[onsets["phase"].str[:1].isin(_IN_PHASES)]
    return onsets.assign(phase=onsets["phase"].str[:1])


def make_gather(recording: xr.Dataset, onsets: pd.DataFrame, group: OnsetGroup | None, spread: float) -> Gather:
    """The stations of a recording and the onsets of a group, before an origin is fitted.

    Parameters
    ----------
    onsets
        As :func:`candidate_onsets` gives them.
    group
        None where there is no onset: the whole recording is shown then.
    """
    stations = _stations(recording)
    first, last = (pd.Timestamp(recording["time"].values[row]) for row in (0, -1))
    if group is None:
        empty = onsets.iloc[:0].assign(residual_s=np.empty(0))
        words = "There are no onsets: run a picker, or lower its threshold."
        return Gather(stations, empty, None, words, "", first, last, first)
    own = onsets_of_group(onsets, group, spread).assign(residual_s=np.nan)
    places = stations.set_index("station")
    own = own.assign(**{name: own["station"].map(places[name]) for name in ("latitude_deg", "longitude_deg")})
    start, end = _interval(own, own["time"].min(), first, last)
    stations, words = _from_first(stations, own)
    return Gather(stations, own, None, "", words, start, end, own["time"].min())


def on_moveout(gather: Gather, origin: CommonOrigin | None, problem: str, event: Event | None = None) -> Gather:
    """The gather measured against a fitted origin, if at least half of the onsets agree with it.

    Parameters
    ----------
    problem
        Why there is no origin.
    event
        Of the source: its distances are used where there is a place but no fit.
    """
    if origin is None:
        return replace(gather, problem=problem)
    near = np.abs(origin.residual_s) < OFF_MOVEOUT_S
    if near.mean() < _LEAST_AGREEING:
        words = f"Only {int(near.sum())} of {len(near)} onsets agree within {1e3 * OFF_MOVEOUT_S:.0f} ms on one origin."
        return replace(gather, problem=f"{words} These may be onsets of several events.")
    place = gather.stations["latitude_deg"].to_numpy(), gather.stations["longitude_deg"].to_numpy()
    stations = gather.stations.assign(distance_km=origin.distance_km(*place), azimuth_deg=origin.azimuth_deg(*place))
    zero, start = origin.time, min(gather.start, origin.time - pd.Timedelta(0.3, "s"))
    words = f"the epicentre of event {event.event_id}" if event is not None and origin.given else "the fitted epicentre"
    return replace(
        gather, stations=stations, onsets=gather.onsets.assign(residual_s=origin.residual_s), origin=origin,
        problem="", measured_from=words, start=start, zero=zero,
    )  # fmt: skip


def _stations(recording: xr.Dataset) -> pd.DataFrame:
    names = [str(name) for name in recording["station"].values]
    # A trace is dead where it does not move; a gap is NaN and says nothing.
    samples = recording["waveform"].values
    alive = [bool(np.nanmax(own, initial=-np.inf) > np.nanmin(own, initial=np.inf)) for own in samples]
    codes = [name.split(".")[1] if name.count(".") >= 1 else name for name in names]
    doubled = {code for code in codes if codes.count(code) > 1}
    return pd.DataFrame(
        {
            "station": names,
            "code": [name.strip(".") if code in doubled else code for name, code in zip(names, codes, strict=True)],
            **{name: recording[name].values.astype(float) for name in ("latitude_deg", "longitude_deg", "elevation_m")},
            "distance_km": np.nan,
            "azimuth_deg": np.nan,
            "alive": alive,
        }
    )


def _from_first(stations: pd.DataFrame, onsets: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Distances from the first station that has an onset and coordinates."""
    placed = onsets[np.isfinite(onsets["latitude_deg"])].sort_values("time", kind="stable")
    if placed.empty:
        return stations, ""
    first = placed.iloc[0]
    zero = CommonOrigin(
        first["latitude_deg"], first["longitude_deg"], 0.0, first["time"], {}, given=True, residual_s=np.empty(0)
    )  # fmt: skip
    place = stations["latitude_deg"].to_numpy(), stations["longitude_deg"].to_numpy()
    found = stations.assign(distance_km=zero.distance_km(*place), azimuth_deg=zero.azimuth_deg(*place))
    code = stations.loc[stations["station"] == first["station"], "code"].iloc[0]
    return found, f"{code}, the station of the first onset"


def _interval(
    onsets: pd.DataFrame, zero: pd.Timestamp, first: pd.Timestamp, last: pd.Timestamp
) -> tuple[pd.Timestamp, pd.Timestamp]:
    length = (onsets["time"].max() - zero).total_seconds()
    start = zero - pd.Timedelta(max(_BEFORE_S, 0.25 * length), "s")
    end = zero + pd.Timedelta(max(_AFTER * length, length + 1.5, _LEAST_AFTER_S), "s")
    return max(start, first), min(end, last)
