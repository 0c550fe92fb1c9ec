"""``Doubting``: the queue of doubted onsets of a session's source, which grows in the background."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
import param

from workbench.compute.queue import JobQueue
from workbench.errors import LabelStoreError, WorkbenchError
from workbench.labels.doubt.finding import KeptDoubts, is_labelled
from workbench.labels.doubt.ranking import check_weights, rank
from workbench.session.notice import Notice
from workbench.session.outcomes import KEY_COLUMNS, onset_key, what_became
from workbench.session.session import Session
from workbench.sources.fetched import is_here

__all__ = ["Doubting"]

_LOOK = "workbench.labels.doubt.finding:look_at"
_BECAME = "workbench.session.outcomes:what_became"
_NO_DOUBT = "No doubt was found; it was opened from the travel times"
_AT_ONCE = 300
"""Recordings whose outcomes are read in one go: the journal answers in a few hundredths of a second."""


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
    outcomes = param.Dict({}, doc="Key to one of workbench.session.outcomes.OUTCOMES.")
    looked = param.Integer(0, doc="Recordings that were looked at.")
    job = param.Parameter(doc="The Job in hand, or the last one, or None.")
    problem = param.String("", doc="Why there is no queue; empty where there is one.")
    active = param.Boolean(True, doc="Whether this queue decides what is on the screen.")
    paused = param.Boolean(False, doc="Whether no further recording is looked at.")

    def __init__(self, session: Session, **params: Any) -> None:
        self._doubts: dict[str, pd.DataFrame] = {}
        """By recording."""
        self._whole = pd.DataFrame()
        """The queue of all reasons."""
        self._brought: dict[str, dict[str, Any]] = {}
        """Key to the row of an onset without a doubt that was asked for all the same."""
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
        self._recalls = JobQueue(
            session.here,
            schedule=lambda function: session.schedule(function),
            on_job=lambda _: None,
            on_error=self._miss_outcomes,
        )
        self._unknown = False
        """Whether it is not known yet of any onset that nothing was decided about it."""
        self._touched: set[str] = set()
        """Recordings that were decided about while outcomes are read in the background."""
        self._looking_at = ""
        self._asked: tuple[Any, ...] = ()
        self._labelled = False
        self._waiting: Iterator[str] = iter(())
        self._watchers = [
            session.param.watch(lambda *_: self._begin(), ["recordings", "runs", "blind", "analyst"]),
            session.param.watch(lambda *_: self._touch(), "saved"),
        ]

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
        # Whoever picks blind has doubts of her own labels only.
        whose = {"analyst": session.analyst} if session.blind else {}
        asked = (id(session.source), tuple(pickers), *whose.values())
        if asked == self._asked:
            return
        self._asked = asked
        self._looks.cancel()
        self._recalls.cancel()
        self._kept, self._doubts, self._looking_at, self._unknown = None, {}, "", False
        self._whole, self._brought = pd.DataFrame(), {}
        with param.parameterized.batch_call_watchers(self):
            self.queue, self.looked, self.item, self.outcomes, self.problem = pd.DataFrame(), 0, "", {}, ""
        if session.source is None or not pickers or not len(session.recordings):
            return
        # Never all names as a list: of a million that takes a third of a second.
        index = session.index
        self._labelled = is_labelled(session.source, index)
        place = f"{session.source.kind}:{session.source.location}"
        try:
            self._kept = KeptDoubts(
                session.settings.cache_folder / "doubts", pickers, of=place, labelled=self._labelled,
                labels=session.settings.labels_url, **whose,
            )  # fmt: skip
        except LabelStoreError as error:
            self.problem = str(error)
            return
        self._waiting = (name for name in map(str, index) if self._kept is not None and name not in self._kept)
        rows = index.get_indexer(pd.Index(self._kept.recordings(), dtype=index.dtype))
        if known := index[np.sort(rows[rows >= 0])].tolist():
            self._recall(known)
        self._look()

    def _recall(self, known: list[str]) -> None:
        """The queue as it was left: doubts from the cache, what became of them from the journal."""
        assert self._kept is not None
        table = self._kept.table(known)
        self._doubts = {str(name): own for name, own in table.groupby("recording_id", sort=False)}
        self.looked = len(known)
        if not self._doubts:
            return
        self._whole = _with_keys(rank(table, self.weights))
        self._read_outcomes(table, list(dict.fromkeys([*self._whole["recording_id"], *self._doubts])))
        self._choose()

    def _read_outcomes(self, doubts: pd.DataFrame, names: list[str]) -> None:
        """Take what became of the most doubtful onsets from the journal; of the others it is read in the background.

        Until an onset is known about which nothing was decided there is nothing to show.
        """
        first, rest = names[:_AT_ONCE], names[_AT_ONCE:]
        at_once = doubts["recording_id"].isin(first)
        try:
            became = what_became(self.session.journal, doubts[at_once], self._looked_at(first))
        except LabelStoreError as error:
            self.session.notice = Notice("error", str(error))
            return
        self._keep_outcomes(became)
        if rest:
            self._unknown, self._touched = all(became.values()), set()
            self._recalls.add(
                _BECAME, title="Reading what was decided", done=partial(self._take_outcomes, self._asked),
                journal=self.session.journal, doubts=doubts[~at_once], looked_at=self._looked_at(rest),
            )  # fmt: skip

    def _looked_at(self, names: Sequence[str]) -> dict[str, pd.Timestamp]:
        assert self._kept is not None
        return {name: self._kept.looked_at(name) for name in names}

    def _take_outcomes(self, asked: tuple[Any, ...], became: dict[str, str], _: Any) -> None:
        if asked != self._asked:
            return
        # What was decided or taken back while they were read is read once more.
        touched = sorted(self._touched & self._doubts.keys())
        if touched:
            again = pd.concat([self._doubts[name] for name in touched], ignore_index=True)
            try:
                became |= what_became(self.session.journal, again, self._looked_at(touched))
            except LabelStoreError as error:
                # Of those few what was read before is kept, as of the others.
                self.session.notice = Notice("error", str(error))
        self._keep_outcomes(became)
        self._unknown = False
        self._choose()

    def _keep_outcomes(self, became: dict[str, str]) -> None:
        # What was decided here meanwhile stands last, for undo.
        old = {key: outcome for key, outcome in became.items() if outcome and key not in self.outcomes}
        self.outcomes = old | self.outcomes

    def _miss_outcomes(self, error: WorkbenchError) -> None:
        self.session.notice, self._unknown = Notice("error", str(error)), False
        self._choose()

    def _touch(self) -> None:
        if self._recalls.busy and self.session.saved is not None:
            self._touched.add(self.session.saved.recording_id)

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
        said = f"{name} could not be looked at: {error}"
        if self.session.source is not None and not is_here(self.session.source, name):
            # A service that does not answer now would be asked for one recording after the other, all in vain; one that
            # refuses this recording only, and always, does not keep the others from being looked at.
            self._waiting = chain(self._waiting, [name])
            self.session.notice = Notice("warn", f"{said} The queue waits: Go on asks again.")
            self.paused = True
            return
        self.looked += 1
        self.session.notice = Notice("warn", said)
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
        known = set(whole["key"]) if len(whole) else set()
        brought = [row for key, row in self._brought.items() if key not in known]
        if brought:
            whole = pd.concat([table for table in (whole, pd.DataFrame(brought)) if len(table)], ignore_index=True)
        self.queue = whole.reset_index(drop=True)
        if not self.item and self.active and not self._unknown:
            self.next()

    def _bring_row(self, recording_id: str, kind: str, identity: str, onset: Mapping[str, Any]) -> str:
        """Put an onset without a doubt at the end of the queue; its key."""
        row = {
            "recording_id": recording_id, "station": str(onset["station"]), "phase": str(onset["phase"])[:1],
            "time": pd.Timestamp(onset["time"]), "kind": kind, "identity": identity, "doubt": 0.0, "reasons": "",
            "words": _NO_DOUBT,
        }  # fmt: skip
        self._brought[onset_key(row)] = row | {"key": onset_key(row)}
        self._choose()
        return onset_key(row)

    @param.depends("paused", watch=True)
    def _go_on(self) -> None:
        self._look()

    def close(self) -> None:
        """Stop the work, and listen to the session no more."""
        self._looks.cancel()
        self._recalls.cancel()
        for watcher in self._watchers:
            self.session.param.unwatch(watcher)
        self._watchers = []


def _with_keys(queue: pd.DataFrame) -> pd.DataFrame:
    return queue.assign(key=[onset_key(row) for row in queue[KEY_COLUMNS].to_dict("records")])
