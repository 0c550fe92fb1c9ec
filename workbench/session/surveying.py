"""``Surveying``: all stations of the open recording seen together: one event, its moveout, and the edges between them.

Views read the parameters and call the methods. What takes longer than a moment goes to a background thread or to the
session's kernel; what comes back for something that is no longer asked is dropped.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import param

from workbench.errors import UnknownNameError, WorkbenchError
from workbench.inference.runs import PickerRun
from workbench.processing.common_origin import CommonOrigin, origin_needs
from workbench.processing.onset_groups import OnsetGroup, group_onsets, spread_km
from workbench.schema import Check, Job
from workbench.session.edge_work import EdgeWork
from workbench.session.gather import Gather, candidate_onsets, make_gather, on_moveout
from workbench.session.notice import Notice
from workbench.session.session import Session

__all__ = ["EDGES", "Surveying"]

EDGES = ("attention", "attribution", "similarity", "off")
"""What an edge of the map may show."""

_GRAPH_PICKER = "station_graph"
_FIT = "workbench.processing.common_origin:fit_common_origin"


class Surveying(param.Parameterized):
    """What one user looks at across the stations of a session's recording.

    Parameters
    ----------
    session
        Whose open recording, pickers, labels, focus station and kernel are used.
    """

    # ---- what is looked at
    picker = param.String("", doc="Key of the picker on the session's list whose onsets are shown; empty for none.")
    phase = param.Selector(default="P", objects=["P", "S"])
    group = param.Integer(-1, doc="Which of the groups is shown; -1 where there is none.")
    edges = param.Selector(default="similarity", objects=list(EDGES))
    above = param.Number(0.4, bounds=(0, 1), doc="Edges weaker than that share of the range are not drawn.")
    nodes = param.Selector(default="onset", objects=["onset", "residual", "probability"])
    order = param.Selector(default="distance", objects=["distance", "azimuth", "arrival"])
    reduce = param.Selector(default="off", objects=["off", "P", "S"])
    component = param.String("Z", doc="Of the record section.")

    # ---- what was found
    groups = param.List([], item_type=OnsetGroup, doc="Bursts of onsets that several stations share, in time order.")
    gather = param.Parameter(doc="The Gather that is shown, or None where no recording is open.")
    edge_weights = param.Parameter(doc="Edges of the kind that is wanted (``explain.graph.edges``), or None.")
    edge_seconds = param.Parameter(doc="Which seconds of the neighbours moved the pick: a Dataset by station and time.")
    left_out = param.Parameter(
        doc="What becomes of the pick without each neighbour (``explain.graph.left_out``), or None."
    )
    checks = param.List([], item_type=Check, doc="Of what is said of the neighbours of the pick.")
    checking = param.Boolean(False, doc="Whether they are being made.")
    job = param.Parameter(doc="The Job in hand, or the last one, or None.")

    def __init__(self, session: Session, **params: Any) -> None:
        super().__init__(**params)
        self.session = session
        self._spread = 0.0
        self._wanted: pd.Timestamp | None = None
        self._brought = ""
        self._made: tuple[Any, ...] = ()
        self._edge_work = EdgeWork(self)
        self._watchers = [
            session.param.watch(lambda *_: self._open(), "recording"),
            session.param.watch(lambda *_: self._ask_for_edges(), "station"),
            session.param.watch(lambda *_: self._look_at_onsets(), ["runs", "labels", "reference"]),
        ]
        self._open()

    @property
    def run(self) -> PickerRun | None:
        """The picker whose onsets are shown; None where they are those of the source."""
        return self.session.runs.get(self.picker)

    @property
    def graph_picker(self) -> str:
        """Key of a picker on the list that looks at neighbours; empty if there is none."""
        return next((key for key, run in self.session.runs.items() if run.card.name == _GRAPH_PICKER), "")

    @property
    def sees_all(self) -> bool:
        """Whether the picker that is shown looks at all stations together, so that it can be asked who moved a pick."""
        return self.run is not None and self.run.card.name == _GRAPH_PICKER

    @property
    def waits_for(self) -> str:
        """Which work the onsets are waited for from, in words; empty where none is on its way."""
        session = self.session
        picking, errand = (_active(job) for job in (session.job, session.errand))
        if picking and self.run is not None and self.run.annotations is None:
            return f"{self.run.card.title} is running on this recording: onsets come when it is done."
        if errand and not session.runs:
            return f"{errand}: onsets come when it has run."
        return f"{picking}: onsets come when it is done." if picking else ""

    @property
    def problem(self) -> str:
        """Why there is no moveout, or no onset; empty where there is one."""
        if self.gather is None:
            return ""
        return (self.gather.onsets.empty and self.waits_for) or self.gather.problem

    # ---- asking

    def check(self) -> None:
        """Check what is said of the neighbours of the pick."""
        self._edge_work.check()

    def focus(self, station: str) -> None:
        """Make a station the open one.

        Raises
        ------
        UnknownNameError
            If the recording has no such station.
        """
        names = [] if self.gather is None else list(self.gather.stations["station"])
        if station not in names:
            raise UnknownNameError("station", station, names)
        self.session.station = station

    def step_station(self, by: int) -> None:
        """Open the station that many rows further down the record section; stops at either end."""
        names = self.station_order()
        if names:
            here = names.index(self.session.station) if self.session.station in names else 0
            self.session.station = names[min(max(here + by, 0), len(names) - 1)]

    def step_group(self, by: int) -> None:
        """Show the group of onsets that many further on; stops at either end."""
        if self.groups:
            self.group = min(max(self.group + by, 0), len(self.groups) - 1)

    def expect(self, time: pd.Timestamp) -> None:
        """Show the group nearest to a time, once there are groups."""
        self._wanted = pd.Timestamp(time)
        self._look_at_onsets()

    def expect_picker(self, key: str) -> None:
        """Show the onsets of that picker as soon as it is on the list."""
        self._brought = key
        self._look_at_onsets()

    def bring(self, name: str, weights: str = "") -> None:
        """Load a picker onto the list in the background, then show its onsets."""
        self._brought = f"{name}/{weights}" if weights else name
        self.session.request_picker(name, weights)

    def station_order(self) -> list[str]:
        """Stations as they stand in the record section, from the top; what is not known stands last, by name."""
        if self.gather is None:
            return []
        table = self.gather.stations
        first = self.gather.onsets.groupby("station")["time"].min().reindex(table["station"])
        arrival = pd.Series((first - self.gather.zero).dt.total_seconds().to_numpy(float), index=table.index)
        key = {
            "distance": table["distance_km"],
            "azimuth": table["azimuth_deg"],
            "arrival": arrival,
        }[self.order]
        if key.isna().all():
            key = arrival
        ordered = table.assign(_key=key).sort_values(["_key", "station"], kind="stable", na_position="last")
        return [str(name) for name in ordered["station"]]

    def tell_error(self, error: WorkbenchError) -> None:
        """Make an error a notice of the session."""
        self.session.notice = Notice("error", str(error))

    def cancel(self) -> None:
        """Stop all work on the edges; what has come stays."""
        self._edge_work.cancel()

    def close(self) -> None:
        """Stop all work, and listen to the session no more."""
        self.cancel()
        for watcher in self._watchers:
            self.session.param.unwatch(watcher)
        self._watchers = []

    # ---- the work

    @param.depends("edges", "component", "gather", "phase", "picker", watch=True)
    def _ask_for_edges(self) -> None:
        self._edge_work.ask()

    def _open(self) -> None:
        recording = self.session.recording
        self._made = ()
        if recording is None:
            with param.parameterized.batch_call_watchers(self):
                self.groups, self.group, self.gather = [], -1, None
            return
        self._spread = spread_km(recording["latitude_deg"].values, recording["longitude_deg"].values)
        if self.component not in recording["component"].values:
            self.component = str(recording["component"].values[0])
        self._look_at_onsets()

    def _look_at_onsets(self) -> None:
        session, brought = self.session, self._brought
        if found := [key for key in session.runs if brought and brought in (key, key.partition("/")[0])]:
            self._brought, self.picker = "", found[-1]
        if session.recording is None:
            return
        if self.picker not in session.runs:
            self.picker = next(iter(session.runs), "")
        self._regroup()

    @param.depends("picker", watch=True)
    def _regroup(self) -> None:
        session = self.session
        if session.recording is None:
            return
        onsets = candidate_onsets(self.run, session.reference, session.labels)
        groups = group_onsets(onsets, self._spread)
        wanted = self._wanted
        if wanted is None and self.gather is not None and self.gather.onsets.size:
            wanted = self.gather.onsets["time"].min()
        found = _nearest(groups, wanted) if wanted is not None else _fullest(groups, onsets)
        if groups:
            self._wanted = None
        with session.hold(), param.parameterized.batch_call_watchers(self):
            self.groups, self.group = groups, found
        self._gather(onsets)

    @param.depends("group", watch=True)
    def _regather(self) -> None:
        session = self.session
        if session.recording is not None:
            self._gather(candidate_onsets(self.run, session.reference, session.labels))

    def _gather(self, onsets: pd.DataFrame) -> None:
        """Fit an origin to the group in the background, then show it; until then the screen stays as it is."""
        session = self.session
        group = self.groups[self.group] if 0 <= self.group < len(self.groups) else None
        made = make_gather(session.recording, onsets, group, self._spread)
        asked = (session.recording_id, group, tuple(made.onsets["time"]), tuple(made.onsets["who"]))
        if asked == self._made:
            return
        self._made = asked
        problem = made.problem or origin_needs(made.onsets, session.event)
        if problem:
            self._take(asked, on_moveout(made, None, problem))
            return
        session.send(
            _FIT,
            title="Fitting a common origin",
            done=partial(self._fitted, asked, made),
            onsets=made.onsets,
            event=session.event,
        )

    def _fitted(self, asked: tuple[Any, ...], made: Gather, origin: CommonOrigin | None) -> None:
        self._take(asked, on_moveout(made, origin, "", self.session.event))

    def _take(self, asked: tuple[Any, ...], gather: Gather) -> None:
        if asked == self._made:
            with self.session.hold():
                self.gather = gather


def _active(job: Job | None) -> str:
    """What a job that waits or runs is; empty for another."""
    return job.title if job is not None and not job.ended else ""


def _nearest(groups: list[OnsetGroup], time: pd.Timestamp) -> int:
    """The group that begins nearest to a time; -1 if there is none."""
    return int(np.argmin([abs((group.start - time).total_seconds()) for group in groups])) if groups else -1


def _fullest(groups: list[OnsetGroup], onsets: pd.DataFrame) -> int:
    """The group of the most stations, of several the surest; -1 if there is none."""
    if not groups:
        return -1
    sure = [onsets.loc[onsets["time"].between(group.start, group.end), "probability"].sum() for group in groups]
    return max(range(len(groups)), key=lambda row: (groups[row].n_stations, sure[row]))
