"""``DoublePicking``: the stations that several analysts pick without seeing each other, and how far this one is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import param

from workbench.errors import WorkbenchError
from workbench.labels.double_picking import DoubleItem, choose_share
from workbench.session.placing import Placing, Spot
from workbench.session.session import Session

__all__ = ["DoublePicking", "item_key"]

_LONG_S = 180.0
_PART_S = 60.0


def item_key(item: DoubleItem) -> str:
    """What stands for an item of the list."""
    return f"{item.recording_id}\x1f{item.station}"


class DoublePicking(param.Parameterized):
    """The list of a session's source, for the analyst of that session.

    Parameters
    ----------
    session
        Whose source and journal are used. Opening an item hides what its analyst may not see: `hides`.
    """

    items = param.List([], doc="DoubleItem for each station to pick, in the order in which they were sent.")
    done = param.List([], doc="Keys of those that this analyst has done with, the last one last.")
    item = param.String("", doc="Key of the one on the screen; empty for none.")
    hides = param.Selector(default="all", objects=["colleagues", "all"], doc="What is hidden while one picks.")

    def __init__(self, session: Session, **params: object) -> None:
        super().__init__(**params)
        self.session = session
        self._placing = Placing(session)
        self._watcher = session.param.watch(lambda *_: self.refresh(), ["recordings", "analyst"])
        self.refresh()

    @property
    def shown(self) -> DoubleItem | None:
        """The item on the screen."""
        return next((item for item in self.items if item_key(item) == self.item), None)

    @property
    def left(self) -> int:
        """Items that this analyst has not done with."""
        return sum(item_key(item) not in self.done for item in self.items)

    def refresh(self) -> None:
        """Read the list anew."""
        session = self.session
        if session.source is None:
            return
        items = [item for item in session.journal.double_items() if item.recording_id in session.index]
        looks = session.journal.looks([item.recording_id for item in items])
        own = looks[looks["analyst"] == session.analyst]
        looked = set(zip(own["recording_id"], own["station"], strict=True))
        is_done = {item_key(item): (item.recording_id, item.station) in looked for item in items}
        # Those done here keep their order, for undo.
        kept = [key for key in self.done if is_done.get(key)]
        self.param.update(
            items=items, done=[*(key for key, done in is_done.items() if done and key not in kept), *kept]
        )
        if self.shown is None:
            self.item = ""

    def open(self, key: str) -> None:
        """Bring an item to the screen, with nothing of the others to be seen."""
        item = next((item for item in self.items if item_key(item) == key), None)
        if item is None:
            return
        if not self.session.blind:
            self.session.set_blind(self.hides)
        self.item = key
        view = None if pd.isna(item.start) or pd.isna(item.end) else (item.start, item.end)
        self._placing.go(Spot(item.recording_id, item.station, view))

    def choose_hides(self, hides: str) -> None:
        """Hide more or less while one picks."""
        self.hides = hides
        if self.session.blind:
            self.session.set_blind(hides)
            self.open(self.item)

    def step(self, by: int) -> None:
        """Open the item that many further down the list; stops at either end."""
        keys = [item_key(item) for item in self.items]
        if keys:
            here = keys.index(self.item) if self.item in keys else -1 if by > 0 else 0
            self.open(keys[min(max(here + by, 0), len(keys) - 1)])

    def next(self) -> None:
        """Open the next item that is not done; stays where none is left."""
        keys = [item_key(item) for item in self.items]
        here = keys.index(self.item) if self.item in keys else -1
        following = [key for key in [*keys[here + 1 :], *keys[: here + 1]] if key not in self.done]
        if following:
            self.open(following[0])

    def finish(self) -> None:
        """All onsets that this analyst sees on the item are set, none or many; go on to the next."""
        item = self.shown
        if item is None or not self.session.blind:
            raise WorkbenchError("Open a station of the list first: it is done when you have picked it blind.")
        self._look(item, done=True)
        self.next()

    def undo(self) -> None:
        """The item that was done last is not done after all; it is on the screen again."""
        if not self.done:
            raise WorkbenchError("Nothing of this list is done yet.")
        key = self.done[-1]
        self._look(next(item for item in self.items if item_key(item) == key), done=False)
        self.open(key)

    def _look(self, item: DoubleItem, *, done: bool) -> None:
        self.session.saved = self.session.journal.set_looked(item.recording_id, item.station, done)
        key = item_key(item)
        self.done = [*(other for other in self.done if other != key), *([key] if done else [])]

    # ---- the curator's side

    def send(self, places: Sequence[tuple[str, str, pd.Timestamp | None]], share: float, seed: int, of: str) -> int:
        """Put a share of places on the list; returns how many.

        Parameters
        ----------
        places
            Recording, station (empty: all) and the time of the onset that is asked about, or None. A station is sent
            once, however many of its onsets are named.
        share
            0 to 1.
        seed
            The same one chooses the same places.
        of
            What they are a share of, in words, for the record.

        Raises
        ------
        WorkbenchError
            If there is nothing to send.
        """
        wanted = list({(recording_id, station): time for recording_id, station, time in reversed(places)}.items())[::-1]
        chosen = [wanted[at] for at in choose_share(len(wanted), share, seed)]
        if not chosen:
            raise WorkbenchError("There is nothing to send to double picking: the list that it is a share of is empty.")
        sent = f"{100 * share:.4g} % of {of}, seed {seed}"
        rng = np.random.default_rng(seed)
        items = [
            DoubleItem(recording_id, station, *self._part(recording_id, time, rng), sent)
            for (recording_id, station), time in chosen
        ]
        self.session.journal.send_to_double_picking(items)
        self.refresh()
        return len(items)

    def withdraw(self, items: Iterable[DoubleItem]) -> None:
        """Take items off the list; what was picked on them stays."""
        self.session.journal.send_to_double_picking(items, withdrawn=True)
        self.refresh()

    def _part(
        self, recording_id: str, time: pd.Timestamp | None, rng: np.random.Generator
    ) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Of a long recording a minute that holds the onset, anywhere but at its ends; else all of it."""
        row = self.session.recordings.iloc[self.session.row(recording_id)]
        if time is None or not row["duration_s"] > _LONG_S:
            return pd.NaT, pd.NaT
        # Where the onset lies in it is left to chance: in its middle it would be found without looking.
        start = (time - pd.Timedelta(rng.uniform(0.15, 0.85) * _PART_S, "s")).floor("s")
        return start, start + pd.Timedelta(_PART_S, "s")

    def close(self) -> None:
        """Listen to the session no more."""
        self._placing.close()
        self.session.param.unwatch(self._watcher)
