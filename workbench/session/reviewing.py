"""``Reviewing``: a queue of doubted onsets over all recordings of the open source, and what became of each.

The queue grows in the background, recording by recording; what is on the screen stays there while it grows.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import param

from workbench.compute.queue import JobQueue
from workbench.errors import LabelStoreError, WorkbenchError
from workbench.labels.doubt.finding import KeptDoubts
from workbench.labels.doubt.ranking import check_weights, rank
from workbench.session.notice import Notice
from workbench.session.session import Session

__all__ = ["OUTCOMES", "Reviewing"]

OUTCOMES = ("kept", "fixed", "rejected", "flagged", "skipped")
"""What may have become of an item of the queue."""

_LOOK = "workbench.labels.doubt.finding:look_at"
_AROUND = pd.Timedelta(2, "s")
_NEAR_S = 3.0
_PAUSE_S = 300.0
_OF_DECISION = {"accept": "kept", "move": "fixed", "add": "fixed", "reject": "rejected", "edit": "flagged"}


class Reviewing(param.Parameterized):
    """What one user reviews of a session's source.

    Parameters
    ----------
    session
        Whose source, pickers, journal and open recording are used.
    """

    queue = param.DataFrame(pd.DataFrame(), doc="Doubted onsets, the most doubtful first, with the column ``key``.")
    weights = param.Dict({}, doc="Reason to how much it counts, 0 to 1.")
    reason = param.String("", doc="Only onsets with that reason are in the queue; empty for any.")
    item = param.String("", doc="Key of the onset that is on the screen; empty for none.")
    outcomes = param.Dict({}, doc="Key to one of OUTCOMES.")
    looked = param.Integer(0, doc="Recordings that were looked at.")
    job = param.Parameter(doc="The Job in hand, or the last one, or None.")
    paused = param.Boolean(False, doc="Whether no further recording is looked at.")

    def __init__(self, session: Session, **params: Any) -> None:
        self._doubts: dict[str, pd.DataFrame] = {}
        """Doubts by recording."""
        super().__init__(**params)
        self.session = session
        self.weights = check_weights(self.weights)
        self.seconds: list[float] = []
        """How long each decision took, without those that a pause lies in."""
        self._since = time.monotonic()
        self._kept: KeptDoubts | None = None
        self._failed: set[str] = set()
        self._looks = JobQueue(
            session.here,
            schedule=lambda function: session.schedule(function),
            on_job=lambda job: setattr(self, "job", job),
            on_error=self._miss,
        )
        self._looking_at = ""
        self._asked: tuple[Any, ...] = ()
        self._undo_on_arrival = self._labelled = self._flagging = False
        self._wanted = ""
        self._watchers = [
            session.param.watch(lambda *_: self._begin(), ["recordings", "runs"]),
            # Not at once: the views hear of the recording first, for a station of it means nothing to them before.
            session.param.watch(lambda *_: session.schedule(self._place), "recording"),
            session.param.watch(lambda *_: self._note(), "saved"),
        ]
        self._begin()

    # ---- what is asked

    @property
    def pickers(self) -> list[tuple[str, str]]:
        """Name and weights of those that are on."""
        return [self.session.named(key) for key, run in self.session.runs.items() if run.on]

    @property
    def row(self) -> pd.Series | None:
        """The onset on the screen."""
        found = self.queue[self.queue["key"] == self.item] if len(self.queue) else self.queue
        return found.iloc[0] if len(found) else None

    @property
    def left(self) -> int:
        """Items of the queue without an outcome."""
        return int((~self.queue["key"].isin(self.outcomes)).sum()) if len(self.queue) else 0

    def counts(self) -> dict[str, int]:
        """Items of each reason."""
        lists = self.queue["reasons"].str.split(",").explode() if len(self.queue) else pd.Series(dtype=str)
        return {str(name): int(n) for name, n in lists.value_counts().items()}

    def set_weight(self, reason: str, weight: float) -> None:
        """Let a reason count more or less; the order follows, the onset on the screen stays."""
        self.weights = check_weights({**self.weights, reason: weight})

    def open(self, key: str) -> None:
        """Bring an onset of the queue to the screen, with two seconds on either side."""
        self.item, self._since = key, time.monotonic()
        row = self.row
        if row is None:
            return
        self._wanted = key
        if row["recording_id"] != self.session.recording_id:
            self.session.open(row["recording_id"])
        self._place()

    def step(self, by: int) -> None:
        """Open the onset that many further down the queue; stops at either end."""
        keys = list(self.queue["key"]) if len(self.queue) else []
        if keys:
            here = keys.index(self.item) if self.item in keys else -1 if by > 0 else 0
            self.open(keys[min(max(here + by, 0), len(keys) - 1)])

    def next(self) -> None:
        """Open the most doubtful onset without an outcome; stays where none is left."""
        keys = list(self.queue["key"]) if len(self.queue) else []
        here = keys.index(self.item) if self.item in keys else -1
        following = [key for key in [*keys[here + 1 :], *keys[: here + 1]] if key not in self.outcomes]
        if following:
            self.open(following[0])

    # ---- what is decided

    def keep(self) -> None:
        """The onset is right as it is: it becomes a label, or stays one."""
        row = self._here()
        self.session.decide(lambda desk: desk.accept(row["identity"]))

    def reject(self) -> None:
        """There is no onset."""
        row = self._here()
        self.session.decide(lambda desk: desk.reject(row["identity"]))

    def use_model(self) -> None:
        """The onset is where the surest picker has it.

        Raises
        ------
        WorkbenchError
            If no picker has one near.
        """
        row = self._here()
        picks = pd.concat([run.picks for run in self.session.runs.values() if run.on], ignore_index=True)
        family = picks["phase"].str[:1] == row["phase"]
        away_s = (picks["time"] - row["time"]).abs().dt.total_seconds()
        near = picks[(picks["station"] == row["station"]) & family & (away_s <= _NEAR_S)]
        if near.empty:
            raise WorkbenchError(
                f"No picker has {row['phase']} within {_NEAR_S:.0f} s on {row['station']}: "
                "lower a threshold, or drag the pick."
            )
        best = near.loc[near["probability"].idxmax()]
        if row["kind"] == "pick":
            self.session.decide(lambda desk: desk.accept(best["pick_id"]))
        else:
            self.session.decide(lambda desk: desk.move(row["identity"], best["time"]))
            self.next()

    def flag(self) -> None:
        """The onset is questionable: it stays as it is, and says so."""
        row = self._here()
        self._flagging = True
        try:
            self.session.decide(lambda desk: desk.edit(row["identity"], onset_quality="questionable"))
        finally:
            self._flagging = False

    def skip(self) -> None:
        """Leave the onset for later, if nothing was decided, and go on."""
        if self.item and self.item not in self.outcomes:
            self._end("skipped")
        self.next()

    def undo(self) -> None:
        """Take back the last decision of this queue, and show it again."""
        if not self.outcomes:
            raise WorkbenchError("Nothing was decided in this queue yet.")
        key, outcome = list(self.outcomes.items())[-1]
        self.outcomes = {name: what for name, what in self.outcomes.items() if name != key}
        self.open(key)
        if outcome == "skipped":
            return
        if self._wanted:
            self._undo_on_arrival = True
        else:
            self._take_back()

    def _take_back(self) -> None:
        self.session.undo()
        row = self.row
        if row is not None:
            # The label that was made of it has gone, and with it what was in hand.
            self.session.in_hand = row["identity"]

    def _here(self) -> pd.Series:
        row = self.row
        if row is None:
            raise WorkbenchError("No onset of the queue is on the screen; choose one from the list.")
        return row

    def _end(self, outcome: str) -> None:
        took = time.monotonic() - self._since
        if took < _PAUSE_S:
            self.seconds = [*self.seconds[-49:], took]
        # The last one decided stands last, for undo.
        others = {key: what for key, what in self.outcomes.items() if key != self.item}
        self.outcomes = others | {self.item: outcome}

    def _note(self) -> None:
        """What was decided about the onset on the screen, by whatever means, is its outcome."""
        entry, row = self.session.saved, self.row
        if entry is None or row is None or entry.recording_id != row["recording_id"]:
            return
        near = abs((entry.time - row["time"]).total_seconds()) <= _NEAR_S if entry.time == entry.time else False
        if entry.station != row["station"] or entry.phase[:1] != row["phase"] or not near:
            return
        # A pick that becomes a label with a flag is accepted, for the journal.
        outcome = "flagged" if self._flagging else _OF_DECISION.get(entry.decision)
        if outcome is None:
            self.outcomes = {key: what for key, what in self.outcomes.items() if key != self.item}
            return
        self._end(outcome)
        if outcome in ("kept", "rejected", "flagged"):
            # A pick that was moved stays on the screen: its place is looked at once more. The rest of what this
            # decision changes reaches the screen before the next onset does.
            self.session.schedule(self.next)

    # ---- the screen

    def _place(self) -> None:
        """Show the onset that is wanted, once its recording is there."""
        row, session = self.row, self.session
        if row is None or not self._wanted or session.recording is None or session.loading:
            return
        if session.recording.attrs["recording_id"] != row["recording_id"]:
            return
        self._wanted = ""
        with session.hold(), param.parameterized.batch_call_watchers(session):
            session.station = row["station"]
            session.view = (row["time"] - _AROUND, row["time"] + _AROUND)
            session.in_hand = row["identity"]
        if self._undo_on_arrival:
            self._undo_on_arrival = False
            self._take_back()

    # ---- the queue

    def _begin(self) -> None:
        """Look at the source that is open with the pickers that are on, from where that was left."""
        session, pickers = self.session, self.pickers
        asked = (id(session.source), tuple(pickers))
        if asked == self._asked:
            return
        self._asked = asked
        self._looks.cancel()
        self._kept, self._doubts, self._failed, self._looking_at = None, {}, set(), ""
        with param.parameterized.batch_call_watchers(self):
            self.queue, self.looked, self.item, self.outcomes = pd.DataFrame(), 0, "", {}
        if session.source is None or not pickers or not len(session.recordings):
            return
        place = f"{session.source.kind}:{session.source.location}"
        name = hashlib.blake2b(f"{place}|{pickers}".encode(), digest_size=8).hexdigest()
        folder = session.settings.cache_folder / "doubts"
        self._labelled = self._is_labelled()
        try:
            self._kept = KeptDoubts(folder / f"{name}.jsonl", pickers, labelled=self._labelled, of=place)
        except LabelStoreError as error:
            session.notice = Notice("error", str(error))
            return
        known = [name for name in session.index if name in self._kept]
        if known:
            table = self._kept.table(known)
            self._doubts = {str(name): own for name, own in table.groupby("recording_id", sort=False)}
            self.looked = len(known)
            self._rank_again()
        self._look()

    def _is_labelled(self) -> bool:
        """Whether the source's first recordings have picks of their own."""
        source = self.session.source
        return any(len(source.reference_picks(name)) for name in list(self.session.index[:20]))

    def _look(self) -> None:
        if self._kept is None or self.paused or self._looking_at:
            return
        waiting = (name for name in self.session.index if name not in self._kept and name not in self._failed)
        name = next(waiting, None)
        if name is None:
            return
        self._looking_at = str(name)
        self._looks.add(
            _LOOK,
            title=f"Looking at {name}",
            done=partial(self._take, self._asked, str(name)),
            source=self.session.source,
            recording_id=str(name),
            labels=self.session.journal.labels([str(name)]),
            pickers=self.pickers,
            labelled=self._labelled,
        )

    def _take(self, asked: tuple[Any, ...], recording_id: str, doubts: pd.DataFrame, _: Any) -> None:
        if asked != self._asked or self._kept is None:
            return
        self._looking_at = ""
        try:
            self._kept.keep(recording_id, doubts)
        except LabelStoreError as error:
            self.session.notice = Notice("error", str(error))
            self.paused = True
            return
        self._doubts[recording_id] = doubts
        self._join(rank(doubts, self.weights))
        self.looked = len(self._kept) + len(self._failed)
        self.session.schedule(self._look)

    def _miss(self, error: WorkbenchError) -> None:
        name, self._looking_at = self._looking_at, ""
        self._failed.add(name)
        self.looked += 1
        self.session.notice = Notice("warn", f"{name} could not be looked at: {error}")
        self.session.schedule(self._look)

    def _join(self, more: pd.DataFrame) -> None:
        more = self._chosen(more)
        if len(more):
            both = pd.concat([self.queue, more], ignore_index=True) if len(self.queue) else more
            self.queue = both.sort_values("doubt", ascending=False, kind="stable", ignore_index=True)
            if not self.item:
                self.next()

    @param.depends("weights", "reason", watch=True)
    def _rank_again(self) -> None:
        tables = list(self._doubts.values())
        self.queue = (
            self._chosen(rank(pd.concat(tables, ignore_index=True), self.weights)) if tables else pd.DataFrame()
        )
        if not self.item:
            self.next()

    def _chosen(self, queue: pd.DataFrame) -> pd.DataFrame:
        if self.reason:
            queue = queue[queue["reasons"].str.split(",").map(lambda names: self.reason in names)]
        return queue.assign(key=[_key(row) for row in queue.to_dict("records")]).reset_index(drop=True)

    @param.depends("paused", watch=True)
    def _go_on(self) -> None:
        self._look()

    def close(self) -> None:
        """Stop the work, and listen to the session no more."""
        self._looks.cancel()
        for watcher in self._watchers:
            self.session.param.unwatch(watcher)
        self._watchers = []


def _key(row: Mapping[str, Any]) -> str:
    return "\x1f".join(str(row[name]) for name in ("recording_id", "station", "phase", "kind", "identity"))
