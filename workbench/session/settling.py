"""``Settling``: onsets on which analysts differ, the worst first, and what they are settled to."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pandas as pd
import param

from workbench.compute.queue import JobQueue
from workbench.errors import WorkbenchError
from workbench.labels.settlement import settlement
from workbench.schema import DISAGREEMENT_COLUMNS
from workbench.session.notice import Notice
from workbench.session.placing import Placing, Spot
from workbench.session.session import Session

__all__ = ["Settling"]

_AROUND = pd.Timedelta(2, "s")
_FIND = "workbench.labels.disagreements:find_disagreements"
_MIDWAY = "workbench.labels.settlement:settle_midway"
_EMPTY = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in DISAGREEMENT_COLUMNS.items()}).assign(key="")


class Settling(param.Parameterized):
    """What one user settles of a session's source.

    Parameters
    ----------
    session
        Whose source, journal and open recording are used.
    """

    onsets = param.DataFrame(_EMPTY, doc="Disagreements, the worst first, with the column ``key``.")
    item = param.String("", doc="Key of the onset on the screen; empty for none.")
    outcomes = param.Dict({}, doc="Key to how it was settled here, or 'left', the last one last.")
    looking = param.Boolean(False, doc="Whether the list is being made.")
    job = param.Parameter(doc="The Job in hand, or the last one, or None.")

    def __init__(self, session: Session, **params: Any) -> None:
        super().__init__(**params)
        self.session = session
        self._placing = Placing(session)
        self.opens = False
        """Whether the worst onset comes to the screen when the list is there."""
        self._settled: dict[str, str] = {}
        """Key to the label that settled it."""
        self._taken_back: dict[str, tuple[str, str]] = {}
        """Label that settled an onset and was taken back, to the key of that onset and how it was settled."""
        self._entries: dict[int, str] = {}
        """What was written in this session about labels that settle, by entry."""
        self._work = JobQueue(
            session.here,
            schedule=lambda function: session.schedule(function),
            on_job=lambda job: setattr(self, "job", job),
            on_error=self._miss,
        )
        self._hidden = False
        """Whether the list was taken away because its analyst picks blind."""
        self._watchers = [
            session.param.watch(lambda *_: self._follow(), "saved"),
            session.param.watch(lambda *_: self._hide_or_show(), "blind"),
            session.param.watch(lambda *_: self._begin_anew(), "analyst"),
        ]

    @property
    def row(self) -> pd.Series | None:
        """The onset on the screen."""
        found = self.onsets[self.onsets["key"] == self.item]
        return found.iloc[0] if len(found) else None

    @property
    def left(self) -> int:
        """Onsets that differ and are not settled here."""
        differ = self.onsets["severity"] >= 1
        return int((differ & ~self.onsets["key"].isin(self.outcomes)).sum())

    @property
    def agreeing(self) -> pd.DataFrame:
        """Onsets of which all have a mark, that agree within their uncertainties, and are not settled yet."""
        onsets = self.onsets
        return onsets[(onsets["severity"] < 1) & (onsets["kinds"] == "") & ~onsets["key"].isin(self.outcomes)]

    def marks(self) -> list[tuple[str, str]]:
        """Analyst and label_id of those who marked the onset on the screen, the earliest first."""
        row = self.row
        return [] if row is None else list(zip(json.loads(row["analysts"]), json.loads(row["label_ids"]), strict=True))

    def refresh(self) -> None:
        """Make the list anew, in the background.

        Raises
        ------
        WorkbenchError
            If this analyst picks blind: the list would show what is hidden.
        """
        session = self.session
        if session.source is None:
            return
        self._check_sees()
        self.looking = True
        self._work.cancel()
        self._work.add(
            _FIND, title="Comparing analysts", done=lambda found, _: self._take(found),
            journal=session.journal, recording_ids=session.index,
        )  # fmt: skip

    def _take(self, found: pd.DataFrame) -> None:
        if self.session.blind:
            # It was on its way already when the work was stopped.
            return
        keys = [f"{row.recording_id}\x1f{row.label_ids}" for row in found.itertuples()]
        with param.parameterized.batch_call_watchers(self):
            onsets = found.assign(key=keys)
            onsets.attrs = found.attrs
            self.onsets = onsets
            self._settled, self._taken_back, self.outcomes = {}, {}, {}
            if self.row is None:
                self.item = ""
            self.looking = False
        if not self.item and self.opens:
            self.opens = False
            self.next()

    def _hide_or_show(self) -> None:
        """Keep nothing of a list that was made before its analyst began to pick blind: it says what others have."""
        if self.session.blind:
            self._hidden = self._forget() or self._hidden
        elif self._hidden:
            self._hidden = False
            self.refresh()

    def _begin_anew(self) -> None:
        """Another analyst has settled nothing on the list that the last one had, and can take nothing of it back."""
        if self._forget():
            self.refresh()

    def _forget(self) -> bool:
        """Keep nothing of the list; whether there was one, or one was on its way."""
        self._work.cancel()
        there = self.looking or len(self.onsets) > 0
        with param.parameterized.batch_call_watchers(self):
            self.onsets, self.item, self.outcomes, self.looking = _EMPTY, "", {}, False
        self._settled, self._taken_back, self._entries = {}, {}, {}
        return there

    def _miss(self, error: WorkbenchError) -> None:
        self.looking = False
        self.session.notice = Notice("error", str(error))

    # ---- which one

    def open(self, key: str) -> None:
        """Bring an onset to the screen, with two seconds on either side."""
        self._check_sees()
        self.item = key
        row = self.row
        if row is not None:
            spread = pd.Timedelta(row["difference_s"] / 2, "s")
            view = (row["time"] - spread - _AROUND, row["time"] + spread + _AROUND)
            # Nothing in hand: what is said of a pick in hand would lie over the flag of the other one.
            self._placing.go(Spot(row["recording_id"], row["station"], view))

    def step(self, by: int) -> None:
        """Open the onset that many further down the list; stops at either end."""
        keys = list(self.onsets["key"])
        if keys:
            here = keys.index(self.item) if self.item in keys else -1 if by > 0 else 0
            self.open(keys[min(max(here + by, 0), len(keys) - 1)])

    def next(self) -> None:
        """Open the worst onset that was not settled or left; stays where none is."""
        keys = list(self.onsets["key"])
        here = keys.index(self.item) if self.item in keys else -1
        following = [key for key in [*keys[here + 1 :], *keys[: here + 1]] if key not in self.outcomes]
        if following:
            self.open(following[0])

    # ---- what is decided

    def take(self, position: int) -> None:
        """The onset is as the analyst at that position of `marks` has it; go on."""
        marks = self.marks()
        if not 0 <= position < len(marks):
            raise WorkbenchError(f"There are {len(marks)} marks of this onset; {position + 1} is none of them.")
        self._settle("taken", taken=marks[position][1])
        self.next()

    def none(self) -> None:
        """There is no onset; go on."""
        self._settle("none")
        self.next()

    def between(self) -> None:
        """The onset is midway between the earliest and the latest mark; it stays on the screen, to be moved on."""
        self._settle("midway")

    def own(self, time: pd.Timestamp) -> None:
        """The onset is at another time; it stays on the screen."""
        self._settle("own", time=time)

    def nudge(self, samples: int) -> None:
        """The onset that was settled here is a few samples later, or earlier."""
        label_id = self._settled.get(self.item, "")
        labels = self.session.labels
        found = labels[labels["label_id"] == label_id]
        if found.empty:
            raise WorkbenchError("Settle the onset first, by B (between) or O (at the cursor); then it can be moved.")
        step = pd.Timedelta(samples / self.session.recording.attrs["sampling_rate_hz"], "s")
        self.session.decide(lambda desk: desk.move(label_id, found["time"].iloc[0] + step))

    def leave(self) -> None:
        """Leave the onset as it is and go on."""
        if self.item and self.item not in self.outcomes:
            self.outcomes = {**self.outcomes, self.item: "left"}
        self.next()

    def settle_agreeing(self) -> None:
        """Settle midway, in the background, all onsets whose marks agree within their uncertainties."""
        self._check_sees()
        rows = self.agreeing
        if rows.empty:
            raise WorkbenchError("No onset is left whose marks agree.")
        self.looking = True
        self._work.add(
            _MIDWAY, title=f"Settling {len(rows)} onsets that agree", done=lambda *_: self._after_many(),
            journal=self.session.journal, onsets=[json.loads(ids) for ids in rows["label_ids"]],
            recording_ids=sorted(set(rows["recording_id"])),
        )  # fmt: skip

    def undo(self) -> None:
        """Take back what was decided on this list last, and show that onset again."""
        if not self.outcomes:
            raise WorkbenchError("Nothing was settled on this list yet.")
        key = list(self.outcomes)[-1]
        if self.outcomes[key] == "left":
            self._drop(key)
            self.open(key)
        elif key == self.item and not self._placing.waits:
            self._take_back(key)
        else:
            self.open(key)
            row = self.row
            assert row is not None
            view = (row["time"] - _AROUND, row["time"] + _AROUND)
            self._placing.go(Spot(row["recording_id"], row["station"], view), then=partial(self._take_back, key))

    def _take_back(self, key: str) -> None:
        row = self.row
        if row is None or key not in self._settled:
            raise WorkbenchError(
                "The list was made anew meanwhile: what was settled before is taken back by Ctrl+Z on the traces."
            )
        if self._entries.get(self.session.journal.next_undo(row["recording_id"]) or 0) != self._settled[key]:
            raise WorkbenchError(
                "Something else was decided on this recording since: what came last is taken back first, by Ctrl+Z on "
                "the traces."
            )
        self.session.undo()

    def _settle(self, how: str, **more: Any) -> None:
        self._check_sees()
        row = self.row
        if row is None:
            raise WorkbenchError("No onset of the list is on the screen; choose one.")
        if self._placing.waits:
            raise WorkbenchError("The recording of this onset is on its way: settle it once its traces are there.")
        if self.outcomes.get(self.item, "left") != "left":
            raise WorkbenchError("This onset is settled: Z takes that back, or drag the label to where it should be.")
        ids = json.loads(row["label_ids"])
        here = [row["recording_id"]]
        journal = self.session.journal
        known = pd.concat([journal.marks(here), journal.labels(here)], ignore_index=True).drop_duplicates("label_id")
        marks = known[known["label_id"].isin(ids)]
        if len(marks) < len(ids):
            raise WorkbenchError("A mark of this onset was taken back meanwhile: make the list anew.")
        decision = settlement(marks, how, json.loads(row["absent"]), **more)
        entry = self.session.settle(decision, ids)
        self._settled[self.item] = self._entries[entry.entry] = entry.label_id
        self._note(self.item, how)

    def _note(self, key: str, how: str) -> None:
        others = {name: what for name, what in self.outcomes.items() if name != key}
        self.outcomes = others | {key: how}

    def _drop(self, key: str) -> None:
        how = self.outcomes[key]
        self.outcomes = {name: what for name, what in self.outcomes.items() if name != key}
        if label_id := self._settled.pop(key, ""):
            self._taken_back[label_id] = key, how

    def _follow(self) -> None:
        """A settled label that was taken back, or put back, by whatever key: its onset is settled no more, or again."""
        entry = self.session.saved
        if entry is None:
            return
        if entry.decision != "restore":
            if entry.label_id in self._settled.values():
                self._entries[entry.entry] = entry.label_id
            return
        if entry.label_id in self._taken_back and entry.restores is not None:
            key, how = self._taken_back.pop(entry.label_id)
            self._settled[key] = entry.label_id
            self._note(key, how)
        for key, label_id in list(self._settled.items()):
            if label_id == entry.label_id and entry.undoes is not None and entry.restores is None:
                self._drop(key)

    def _after_many(self) -> None:
        session = self.session
        session.look_anew()
        self.refresh()

    def _check_sees(self) -> None:
        if self.session.blind:
            raise WorkbenchError("You are picking blind: leave that first, then see what the others have.")

    def close(self) -> None:
        """Stop the work, and listen to the session no more."""
        self._work.cancel()
        self._placing.close()
        for watcher in self._watchers:
            self.session.param.unwatch(watcher)
