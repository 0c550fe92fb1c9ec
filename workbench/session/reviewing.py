"""``Reviewing``: a queue of doubted onsets over all recordings of the open source, and what became of each.

The queue grows in the background, recording by recording; what is on the screen stays there while it grows.
"""

from __future__ import annotations

import time
from typing import Any

import pandas as pd
import param

from workbench.errors import UnknownNameError, WorkbenchError
from workbench.session.doubting import Doubting
from workbench.session.outcomes import OUTCOME_OF
from workbench.session.session import Session

__all__ = ["Reviewing"]

_AROUND = pd.Timedelta(2, "s")
_NEAR_S = 3.0
_PAUSE_S = 300.0


class Reviewing(Doubting):
    """What one user reviews of a session's source: the queue, the onset on the screen, and what is decided about it.

    Parameters
    ----------
    session
        Whose source, pickers, journal and open recording are used.
    """

    def __init__(self, session: Session, **params: Any) -> None:
        super().__init__(session, **params)
        self.seconds: list[float] = []
        """How long each decision took, without those that a pause lies in."""
        self._since = time.monotonic()
        self._flagging = False
        self._entries: dict[str, int] = {}
        """Key to the row of the journal that its outcome is."""
        self._to_undo = self._wanted = ""
        self._watchers += [
            # Not at once: the views hear of the recording first, for a station of it means nothing to them before.
            session.param.watch(lambda *_: session.schedule(self._place), "recording"),
            session.param.watch(lambda *_: self._note(), "saved"),
            session.param.watch(lambda *_: self._hand_over(), "analyst"),
        ]
        self._begin()

    # ---- what is asked

    @property
    def row(self) -> pd.Series | None:
        """The onset on the screen."""
        found = self.queue[self.queue["key"] == self.item] if len(self.queue) else self.queue
        return found.iloc[0] if len(found) else None

    @property
    def left(self) -> int:
        """Items of the queue without an outcome."""
        return int((~self.queue["key"].isin(self.outcomes)).sum()) if len(self.queue) else 0

    def open(self, key: str) -> None:
        """Bring an onset of the queue to the screen, with two seconds on either side."""
        self.item, self._since, self._to_undo = key, time.monotonic(), ""
        row = self.row
        if row is None:
            return
        self._wanted = key
        if row["recording_id"] != self.session.recording_id:
            self.session.open(row["recording_id"])
        self._place()

    def bring(self, identity: str) -> None:
        """Bring an onset of the open recording to the screen; one without a doubt joins the end of the queue.

        Raises
        ------
        UnknownNameError
            If the open recording has no such pick or label.
        """
        session = self.session
        recording_id, queue, labels = session.recording_id, self.queue, session.labels
        # The queue knows the pick that a label was made of.
        names = {identity, *labels.loc[labels["label_id"] == identity, "pick_id"]} - {""}
        if len(queue):
            found = queue[(queue["recording_id"] == recording_id) & queue["identity"].isin(names)]
            if len(found):
                self.open(found["key"].iloc[0])
                return
        told = [(labels, "label_id", "label"), (session.reference, "pick_id", "label")]
        told += [(run.picks, "pick_id", "pick") for run in session.runs.values() if run.on]
        for table, name, kind in told:
            found = table[table[name] == identity]
            if len(found):
                self.open(self._bring_row(recording_id, kind, identity, found.iloc[0]))
                return
        raise UnknownNameError("pick or label on this recording", identity)

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

    @property
    def last_here(self) -> str:
        """Key of the item that this analyst decided or skipped last since the queue was opened; empty for none."""
        here = [key for key, what in self.outcomes.items() if what == "skipped" or key in self._entries]
        return here[-1] if here else ""

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
        key = self.last_here
        if not key:
            raise WorkbenchError(
                "Nothing was decided in this queue since it was opened. What you decided before is taken back by "
                "Ctrl+Z on the traces of its recording."
            )
        outcome = self.outcomes[key]
        self.open(key)
        if outcome == "skipped":
            self._drop(key)
        elif self._wanted:
            self._to_undo = key
        else:
            self._take_back(key)

    def _take_back(self, key: str) -> None:
        row = self._here()
        entry = self._entries.get(key)
        if entry is None or self.session.journal.next_undo(row["recording_id"]) != entry:
            raise WorkbenchError(
                "Something else was decided on this recording since: what came last is taken back first, by Ctrl+Z on "
                "the traces."
            )
        self.session.undo()
        self._drop(key)
        # The label that was made of it has gone, and with it what was in hand.
        self.session.in_hand = row["identity"]

    def _hand_over(self) -> None:
        """Another analyst has skipped nothing, and takes back nothing that the last one decided."""
        self._entries, self._to_undo, self.seconds = {}, "", []
        self.outcomes = {key: what for key, what in self.outcomes.items() if what != "skipped"}

    def _drop(self, key: str) -> None:
        self._entries.pop(key, None)
        self.outcomes = {name: what for name, what in self.outcomes.items() if name != key}

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
        outcome = "flagged" if self._flagging else OUTCOME_OF.get(entry.decision)
        if outcome is None:
            self._drop(self.item)
            return
        self._entries[self.item] = entry.entry
        self._end(outcome)
        if outcome in ("kept", "rejected", "flagged") and self.active:
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
        if self._to_undo == self.item:
            self._to_undo = ""
            self._take_back(self.item)
