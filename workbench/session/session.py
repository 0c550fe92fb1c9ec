"""What one user has open: source, recording, picks, labels, jobs. State and actions, no widget.

Views read the parameters and call the methods; what a method changes, the parameters tell before it returns.
Work longer than a moment goes to a reader thread or a compute backend, and comes back through :attr:`Session.schedule`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import param
import xarray as xr

from workbench.compute import BACKENDS
from workbench.compute.base import Backend
from workbench.compute.queue import JobQueue
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.labels.desk import Desk
from workbench.labels.journal import Journal
from workbench.processing.refine import refine_on_station
from workbench.schema import empty_labels, empty_picks
from workbench.session.ahead import PickedAhead
from workbench.session.blind import BlindPicking
from workbench.session.colleagues import Colleagues
from workbench.session.fetching import Fetching
from workbench.session.filtered import Filtered
from workbench.session.kernels import Kernels
from workbench.session.notice import Notice
from workbench.session.opened import Opened, read_opened
from workbench.session.origin import Origin
from workbench.session.scene import NeighbourScene
from workbench.session.turns import in_turn
from workbench.session.visitor import OWNER, Visitor
from workbench.settings import Settings, load_settings
from workbench.sources import open_source
from workbench.sources.base import Source
from workbench.sources.fetched import is_here
from workbench.sources.shelf import Shelf

__all__ = ["Session"]

_AUTO_RUN_SAMPLES = 20_000_000
_STATUSES = "workbench.labels.reading:all_recordings"


class Session(BlindPicking):
    """What one user has open."""

    source = param.Parameter(doc="The open Source, or None.")
    recordings = param.DataFrame(pd.DataFrame(), doc="The source's table of recordings.")
    listed = param.Parameter(doc="Row numbers of the recordings in the order of the list; None is that of the table.")
    shown = param.Parameter(doc="The open Recording as filtered for the screen, or None.")
    event = param.Parameter(doc="The Event of the open recording, or None.")
    theory = param.DataFrame(pd.DataFrame(), doc="Theoretical arrivals: station, phase, time.")
    station = param.String("", doc="The open (focus) station.")
    view = param.Parameter(doc="(start, end) of the time on the screen as Timestamps; None is the whole recording.")
    filter = param.String("none", doc="Name of the filter on the screen.")
    align = param.Selector(default="time", objects=["time", "P", "S", "origin"])
    amplitude = param.Selector(default="trace", objects=["trace", "common"])
    components = param.List(["Z", "N", "E"], doc="Shown of the open station.")
    order = param.Selector(default="distance", objects=["distance", "arrival", "name"])
    spectrogram = param.Boolean(False)
    errand = param.Parameter(doc="The Job in hand that is no picker's (scan, download, export), or the last, or None.")
    neighbours = param.Event(doc="A neighbour of the open recording has come into memory.")

    def __init__(
        self,
        *,
        settings: Settings | None = None,
        backend: Any = None,
        schedule: Callable[[Callable[[], None]], None] | None = None,
        hold: Callable[[], AbstractContextManager[Any]] = nullcontext,
        roots: tuple[Path, ...] | None = None,
        visitor: Visitor = OWNER,
        **params: Any,
    ) -> None:
        """Start with nothing open.

        Parameters
        ----------
        settings
            Label journal, cache, analyst; from the environment if not given.
        backend
            Where pickers run; this process if not given.
        schedule
            Calls a function on the thread that owns the views; between cells in a notebook, else at once, if not given.
        hold
            Makes a context in which several changes reach the screen as one.
        roots
            Folders that paths from the browser may not leave; None is no limit.
        visitor
            Who has the page open, and what the server lets them do; whoever sits at their own computer, if not given.
        """
        self.settings = settings or load_settings()
        # Who is logged in is who decided: no parameter, setting or page says otherwise.
        who = {"analyst": visitor.name, "analyst_fixed": True} if visitor.name else {}
        params = {"analyst": self.settings.analyst_name} | params | who
        super().__init__(**params)
        self.schedule = schedule or in_turn()
        # The same, so many seconds from now, for a browser draws meanwhile; None where nothing need wait for one.
        self.pause: Callable[[float, Callable[[], None]], None] | None = None
        self.hold, self.roots, self.visitor = hold, roots, visitor
        self.journal = Journal(self.settings.labels_url, self.analyst, or_read_only=True, shut=visitor.read_only)
        if not self.journal.writable:
            self.notice = Notice("warn", self.journal.read_only_words)
        self._colleagues: Colleagues | None = None
        self.index = pd.Index([], dtype=str)
        self._shelf: Shelf[Opened] | None = None
        self._filtered = Filtered()
        self._provenance = Origin(self)
        self._labels_ahead: dict[str, pd.DataFrame] = {}
        self._on_listing: Notice | None = None
        self._travel = 1
        self.kernels = Kernels.of(self, backend, self._use)
        self._runs = self._queue(self.kernels.backend, "job")
        self._ahead = PickedAhead(
            self,
            self.kernels,
            schedule=lambda function: self.schedule(function),
            on_picked=partial(self.param.trigger, "neighbours"),
        )
        # Scans, downloads and exports touch this computer's files, wherever pickers run.
        self._local = BACKENDS.create("local")
        self._errands = self._queue(self._local, "errand")
        self._fetching = Fetching(partial(self._queue, self._local, "errand"))
        self._asks = self._queue(self._local, "_asked", self._miss_all_statuses)

    def _queue(self, backend: Any, name: str, on_error: Callable[[WorkbenchError], None] | None = None) -> JobQueue:
        return JobQueue(
            backend,
            schedule=lambda function: self.schedule(function),
            on_job=lambda job: setattr(self, name, job),
            on_error=on_error or (lambda error: setattr(self, "notice", Notice("error", str(error)))),
        )

    def send(self, function: str, /, *, title: str, done: Callable[[Any], None], **arguments: Any) -> None:
        """Run ``"module:function"`` on this computer in the background; `done` gets what it returned."""
        self._errands.add(function, title=title, done=lambda value, _: done(value), **arguments)

    def _request_all_statuses(self, done: Callable[[tuple[pd.DataFrame, dict[str, int]]], None]) -> None:
        self._asks.cancel()
        self._asks.add(_STATUSES, title="Reading statuses", done=lambda found, _: done(found), journal=self.journal)

    @property
    def here(self) -> Backend:
        """Where work on this computer's files runs, wherever pickers do."""
        return self._local

    def cancel_errand(self) -> None:
        """Stop the scan, download or export in hand and those after it."""
        self._errands.cancel()
        self._fetching.cancel()

    # ---- source and recording

    def open_source(self, place: str | Path | Source, kind: str | None = None) -> None:
        """Open a source, list its recordings, and open the first; returns when they are listed."""
        if isinstance(place, (str, Path)):
            source = open_source(place, kind, roots=self._folders_for(str(place)))
        else:
            source = place
        table = source.scan()
        self._take_source(source, table, pd.Index(table["recording_id"]), "")

    def request_source(self, place: str, kind: str | None = None, recording_id: str = "") -> None:
        """Open a source in the background, then that recording, or the first."""
        self.send(
            "workbench.sources.opening:open_and_scan",
            title=f"Listing {place}",
            done=lambda found: self._take_source(found[0], found[1], found[2], recording_id),
            place=place, kind=kind, roots=self._folders_for(place),
        )  # fmt: skip

    def _folders_for(self, place: str) -> tuple[Path, ...] | None:
        """Folders that a source may read from; the visitor may open it."""
        self.visitor.check_may_open(place)
        # A service that the server was started with reads no folder of a page's choice.
        return None if place.startswith("fdsn:") and self.visitor.is_served(place) else self.roots

    def request_dataset(self, name: str) -> None:
        """Open a dataset that SeisBench names, in the background; downloaded first where it is not here."""
        if self.visitor.is_served(f"seisbench:{name}"):
            self.request_source(f"seisbench:{name}")
            return
        self.visitor.check_may_fetch(f"The dataset {name}")
        self.send(
            "workbench.sources.opening:download_and_scan",
            title=f"Opening {name} by SeisBench",
            done=lambda found: self._take_source(found[0], found[1], found[2], ""),
            name=name,
        )

    def _take_source(self, source: Source, table: pd.DataFrame, index: pd.Index, recording_id: str) -> None:
        # What still runs is about the recordings of the last source, and this one may give others the same ids.
        self._ahead.cancel()
        self.cancel()
        self._fetching.drop()
        if self._shelf is not None:
            self._shelf.close()
        self._shelf = Shelf(partial(read_opened, source))
        self.index, self.listed = index, None
        with self.hold(), param.parameterized.batch_call_watchers(self):
            self.source, self.recordings = source, table
            self._curves.clear()
            self._filtered.clear()
            self._on_listing = None
            self._listed_ids = index
            self._read_statuses()
            self._clear()
        if notices := table.attrs.get("notices", []):
            words = f"There are {len(notices)} remarks on the files of this source: see the details."
            one = Notice("warn", notices[0])
            self.notice = self._on_listing = one if len(notices) == 1 else Notice("warn", words, "\n".join(notices))
        if recording_id:
            self.open(recording_id)
        elif len(table):
            self.open(str(table["recording_id"].iloc[0]))

    def open(self, recording_id: str) -> None:
        """Open a recording of the source: at once if it is in memory, else as soon as it has been read."""
        if self._shelf is None or self.row(recording_id) < 0:
            raise UnknownNameError("recording", recording_id, self._some_ids())
        to_fetch = self._fetching.turn_to(self.source, recording_id)
        # What was read before its waveforms came is read anew: they may be here by now, on another's request.
        if (held := self._shelf.held(recording_id)) is not None and held.is_bare:
            self._shelf.drop(recording_id)
        future = None if to_fetch else self._shelf.fetch(recording_id)
        self.cancel()
        # What is picked ahead would compete with it, and those that are wanted next are other ones.
        self._ahead.cancel()
        self.recording_id = recording_id
        if future is not None and future.done():
            self._arrive(recording_id, future)
            return
        # What is on the screen until then is the last recording's, and nothing is decided about it any more.
        self._desk, self.loading = None, True
        if future is not None:
            future.add_done_callback(lambda done: self.schedule(lambda: self._arrive(recording_id, done)))
        else:
            self._fetching.ask(self._shelf, then=partial(self.open, recording_id))

    def row(self, recording_id: str) -> int:
        """Where a recording stands in the table of the source, -1 if nowhere."""
        return int(self.index.get_loc(recording_id)) if recording_id in self.index else -1

    def step(self, by: int) -> None:
        """Open the recording that many rows further down the list; stops at either end."""
        if (there := self._near(by)) is not None and there != self.recording_id:
            self._travel = 1 if by > 0 else -1
            self.open(there)

    def _near(self, by: int, *, stop: bool = True) -> str | None:
        """The recording that many rows further down the list, or at its end; None where there is none."""
        here = self.row(self.recording_id)
        if self.listed is not None:
            found = np.flatnonzero(self.listed == here)
            here = int(found[0]) if len(found) else -1 if by > 0 else 0
        n = len(self.index) if self.listed is None else len(self.listed)
        if n == 0 or not (stop or 0 <= here + by < n):
            return None
        there = min(max(here + by, 0), n - 1)
        return str(self.index[there if self.listed is None else self.listed[there]])

    def _arrive(self, recording_id: str, future: Future[Opened]) -> None:
        if recording_id != self.recording_id or future.cancelled():
            return
        try:
            opened = self._seen(future.result())
        except WorkbenchError as error:
            with self.hold(), param.parameterized.batch_call_watchers(self):
                self._clear(keep_id=True)
                self.notice, self.loading = Notice("error", str(error)), False
            return
        with self.hold(), param.parameterized.batch_call_watchers(self):
            self._clear(keep_id=True)
            self.recording, self.event = opened.recording, opened.event
            self.reference, self.theory = opened.reference, opened.theory
            self._refilter()
            self.station = opened.first_station
            self._desk = Desk(
                self.journal,
                opened.recording,
                labels=lambda: self.labels,
                picks=lambda: self.picks,
                provenance=self._provenance,
                seen=lambda: self._head,
            )
            self.runs = self._runs_of(recording_id)
            # What the journal said when this was still a neighbour; it is asked again in a moment.
            self.labels = self._labels_ahead.pop(recording_id, self.labels)
            # Last: whoever waits for a recording in another thread finds all of it.
            self._unread, self.loading = True, False
        # The journal takes longer than all else here: the traces go to the screen first.
        self.schedule(self._read_labels)
        if opened.recording["waveform"].size <= _AUTO_RUN_SAMPLES:
            self.run()
        self._fetch_neighbours()

    def _clear(self, *, keep_id: bool = False) -> None:
        if not keep_id:
            self.recording_id, self.loading = "", False
        self.recording = self.shown = self.event = self.view = None
        # What the listing of the source had to say holds for each of its recordings, until it is closed.
        self.notice = self.notice if self.notice is self._on_listing else None
        self.theory, self.reference, self.labels = pd.DataFrame(), empty_picks(), empty_labels()
        self.in_hand = self.station = ""
        self._desk = None
        self._unread = False

    def _forget_neighbours(self) -> None:
        self._labels_ahead = {}

    def _fetch_neighbours(self) -> None:
        self._forget_neighbours()
        if self._shelf is None:
            return

        def near(by: int) -> str | None:
            # No service is asked for a neighbour of what is wanted.
            name = self._near(by * self._travel, stop=False)
            return name if name and is_here(self.source, name) else None

        first, back, second = (near(by) for by in (1, -1, 2))
        self._shelf.fetch_ahead(filter(None, (self.recording_id, first, back, second)))
        tell = partial(self.param.trigger, "neighbours")
        for name in filter(None, (first, back)):
            self._shelf.fetch(name).add_done_callback(lambda _: self.schedule(tell))
        self._ahead.want(near, self._shelf.fetch)

    def _use(self, backend: Backend) -> None:
        self._runs.use(backend)
        self._ahead.use(backend)

    def neighbour(self, by: int) -> NeighbourScene | None:
        """The recording that many rows further down the list as it would be shown, if all of that is in memory."""
        name = self._near(by, stop=False) if self.recording is not None else None
        held = self._shelf.held(name) if self._shelf is not None and name else None
        opened = None if held is None else self._seen(held)
        shown = self._filtered.at_once(name, self.filter, opened.recording) if name and opened else None
        if name is None or opened is None or shown is None:
            return None
        labels = self._labels_ahead[name] = self.journal.labels([name])
        own = {"recording_id": name, "shown": shown, "labels": labels, "runs": self._runs_of(name)}
        return NeighbourScene.beside(self, opened, **own)

    def _some_ids(self) -> list[str]:
        # Suggestions are looked for among a few thousand ids: difflib over a million takes minutes.
        return [str(name) for name in self.recordings.get("recording_id", pd.Series(dtype=str)).head(5000)]

    # ---- what is shown of it

    @param.depends("filter", watch=True)
    def _refilter(self) -> None:
        if self.recording is None:
            return
        shown = self._filtered.at_once(self.recording_id, self.filter, self.recording)
        self.shown = self.recording if shown is None else shown
        if shown is None:
            self.send(
                "workbench.processing.filtering:apply_filter", title=f"Filtering {self.filter}",
                done=partial(self._keep_filtered, self.recording_id, self.filter),
                recording=self.recording, filter_or_name=self.filter,
            )  # fmt: skip

    def _keep_filtered(self, recording_id: str, name: str, filtered: xr.Dataset) -> None:
        self._filtered.keep(recording_id, name, filtered)
        if (recording_id, name) == (self.recording_id, self.filter):
            self.shown = filtered

    # ---- what a decision needs

    def refine(self, time: pd.Timestamp, component: str = "Z") -> pd.Timestamp:
        """The onset nearest to a time on the open station, by AIC on the filtered trace; changes no label."""
        return refine_on_station(self.shown, self.station, time, component)

    def watch_colleagues(self) -> None:
        """Look now and then what others write to the journal, until the session is closed."""
        if self._colleagues is None:
            self._colleagues = Colleagues(self)

    def close(self) -> None:
        """Stop all work and let go of the journal."""
        if self._colleagues is not None:
            self._colleagues.close()
        self._fetching.drop()
        for work in (self, self._ahead, self._errands, self._asks):
            work.cancel()
        if self._shelf is not None:
            self._shelf.close()
            self._shelf = None
        self.kernels.close()
        self._local.close()
        self.journal.close()
