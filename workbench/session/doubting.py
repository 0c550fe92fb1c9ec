"""``Doubting``: the queue of doubted onsets of a session's source, which grows in the background."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pandas as pd
import param

from workbench.compute.queue import JobQueue
from workbench.errors import LabelStoreError, WorkbenchError
from workbench.labels.doubt.finding import KeptDoubts, is_labelled
from workbench.labels.doubt.ranking import check_weights, rank
from workbench.session.notice import Notice
from workbench.session.session import Session

__all__ = ["OUTCOMES", "OUTCOME_OF", "Doubting"]

OUTCOMES = ("kept", "fixed", "rejected", "flagged", "skipped")
"""What may have become of an item of the queue."""

OUTCOME_OF = {"accept": "kept", "move": "fixed", "add": "fixed", "reject": "rejected", "edit": "flagged"}
"""Decision of the journal to what it makes of an item."""

_LOOK = "workbench.labels.doubt.finding:look_at"
_KEY = ["recording_id", "station", "phase", "kind", "identity"]


class Doubting(param.Parameterized):
    """The part of a review that finds what is to be reviewed.

    Parameters
    ----------
    session
        Whose source, pickers and journal are used.
    """

    queue = param.DataFrame(pd.DataFrame(), doc="Doubted onsets, the most doubtful first, with the column ``key``.")
    weights = param.Dict({}, doc="Reason to how much it counts, 0 to 1.")
    reason = param.String("", doc="Only onsets with that reason are in the queue; empty for any.")
    item = param.String("", doc="Key of the onset that is on the screen; empty for none.")
    outcomes = param.Dict({}, doc="Key to one of OUTCOMES.")
    looked = param.Integer(0, doc="Recordings that were looked at.")
    job = param.Parameter(doc="The Job in hand, or the last one, or None.")
    problem = param.String("", doc="Why there is no queue; empty where there is one.")
    paused = param.Boolean(False, doc="Whether no further recording is looked at.")

    def __init__(self, session: Session, **params: Any) -> None:
        self._doubts: dict[str, pd.DataFrame] = {}
        """By recording."""
        self._whole = pd.DataFrame()
        """The queue of all reasons."""
        super().__init__(**params)
        self.session = session
        self.weights = check_weights(self.weights)
        self._kept: KeptDoubts | None = None
        self._looks = JobQueue(
            session.here,
            schedule=lambda function: session.schedule(function),
            on_job=lambda job: setattr(self, "job", job),
            on_error=self._miss,
        )
        self._looking_at = ""
        self._asked: tuple[Any, ...] = ()
        self._labelled = False
        self._waiting: Iterator[str] = iter(())
        self._watchers = [session.param.watch(lambda *_: self._begin(), ["recordings", "runs"])]

    @property
    def pickers(self) -> list[tuple[str, str]]:
        """Name and weights of those that are on."""
        return [self.session.named(key) for key, run in self.session.runs.items() if run.on]

    def counts(self) -> dict[str, int]:
        """Onsets of each reason, also of those that are not looked for now."""
        lists = self._whole["reasons"].str.split(",").explode() if len(self._whole) else pd.Series(dtype=str)
        return {str(name): int(n) for name, n in lists.value_counts().items()}

    def set_weight(self, reason: str, weight: float) -> None:
        """Let a reason count more or less; the order follows, the onset on the screen stays."""
        self.weights = check_weights({**self.weights, reason: weight})

    def next(self) -> None:
        """Open the most doubtful onset without an outcome."""
        raise NotImplementedError

    def _begin(self) -> None:
        """Look at the source that is open with the pickers that are on, from where that was left."""
        session, pickers = self.session, self.pickers
        asked = (id(session.source), tuple(pickers))
        if asked == self._asked:
            return
        self._asked = asked
        self._looks.cancel()
        self._kept, self._doubts, self._looking_at = None, {}, ""
        self._whole = pd.DataFrame()
        with param.parameterized.batch_call_watchers(self):
            self.queue, self.looked, self.item, self.outcomes, self.problem = pd.DataFrame(), 0, "", {}, ""
        if session.source is None or not pickers or not len(session.recordings):
            return
        names = [str(name) for name in session.index]
        self._labelled = is_labelled(session.source, names)
        place = f"{session.source.kind}:{session.source.location}"
        try:
            self._kept = KeptDoubts(
                session.settings.cache_folder / "doubts", pickers, of=place, labelled=self._labelled,
                labels=session.settings.labels_url,
            )  # fmt: skip
        except LabelStoreError as error:
            self.problem = str(error)
            return
        self._waiting = (name for name in names if self._kept is not None and name not in self._kept)
        if known := [name for name in names if name in self._kept]:
            self._recall(known)
        self._look()

    def _recall(self, known: list[str]) -> None:
        """The queue as it was left: doubts from the cache, what became of them from the journal."""
        assert self._kept is not None
        table = self._kept.table(known)
        self._doubts = {str(name): own for name, own in table.groupby("recording_id", sort=False)}
        since = {name: self._kept.looked_at(name) for name in known}
        decided: dict[tuple[str, str], str] = {}
        for label in self.session.journal.labels(known).itertuples():
            flagged = label.onset_quality == "questionable"
            outcome = "flagged" if flagged else OUTCOME_OF.get(label.decision, "kept")
            if label.pick_id:
                decided[label.recording_id, label.pick_id] = outcome
            if label.decided_at > since[label.recording_id]:
                decided[label.recording_id, label.label_id] = outcome
        rows = table[_KEY].drop_duplicates().to_dict("records")
        found = {_key(row): decided.get((row["recording_id"], row["identity"]), "") for row in rows}
        self.looked, self.outcomes = len(known), {key: outcome for key, outcome in found.items() if outcome}
        self._rank_again()

    def _look(self) -> None:
        if self._kept is None or self.paused or self._looking_at:
            return
        name = next(self._waiting, None)
        if name is None:
            return
        self._looking_at = name
        self._looks.add(
            _LOOK,
            title=f"Looking at {name}",
            done=partial(self._take, self._asked, name),
            source=self.session.source,
            recording_id=name,
            labels=self.session.journal.labels([name]),
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
        self.looked += 1
        self.session.schedule(self._look)

    def _miss(self, error: WorkbenchError) -> None:
        name, self._looking_at = self._looking_at, ""
        self.looked += 1
        self.session.notice = Notice("warn", f"{name} could not be looked at: {error}")
        self.session.schedule(self._look)

    def _join(self, more: pd.DataFrame) -> None:
        more = _with_keys(more)
        if len(more):
            both = pd.concat([self._whole, more], ignore_index=True) if len(self._whole) else more
            self._whole = both.sort_values("doubt", ascending=False, kind="stable", ignore_index=True)
            self._choose()

    @param.depends("weights", watch=True)
    def _rank_again(self) -> None:
        tables = list(self._doubts.values())
        if tables:
            self._whole = _with_keys(rank(pd.concat(tables, ignore_index=True), self.weights))
            self._choose()

    @param.depends("reason", watch=True)
    def _choose(self) -> None:
        whole = self._whole
        if self.reason and len(whole):
            whole = whole[whole["reasons"].str.split(",").map(lambda names: self.reason in names)]
        self.queue = whole.reset_index(drop=True)
        if not self.item:
            self.next()

    @param.depends("paused", watch=True)
    def _go_on(self) -> None:
        self._look()

    def close(self) -> None:
        """Stop the work, and listen to the session no more."""
        self._looks.cancel()
        for watcher in self._watchers:
            self.session.param.unwatch(watcher)
        self._watchers = []


def _with_keys(queue: pd.DataFrame) -> pd.DataFrame:
    return queue.assign(key=[_key(row) for row in queue[_KEY].to_dict("records")])


def _key(row: Mapping[str, Any]) -> str:
    return "\x1f".join(str(row[name]) for name in _KEY)
