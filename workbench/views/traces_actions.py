"""Every action of the action table, done: by a key, a button, or a gesture in the browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from workbench.errors import UnknownNameError, WorkbenchError
from workbench.processing.filtering import FILTERS
from workbench.session import Session
from workbench.views.keys import ACTIONS, UNCERTAINTY_CLASSES_S

__all__ = ["ABOUT_PICKS", "Actions", "Where"]

ABOUT_PICKS = frozenset(
    (
        *("phase", "set", "set_next", "move", "nudge", "delete", "reject", "accept", "refine", "undo", "redo", "why"),
        *("polarity", "onset", "weight", "uncertainty", "width"),
    )
)
"""Actions that mean the recording that whoever asks for them sees; the others mean the same on any."""

_ALL = ("Z", "N", "E")
_LARGER = 1.25


@dataclass(frozen=True)
class Where:
    """What an action is about; empty fields stand for the pick in hand, the cursor and the open station.

    Parameters
    ----------
    identity
        label_id or pick_id.
    time
        Of the cursor, or where a pick is moved to.
    """

    identity: str = ""
    time: pd.Timestamp | None = None
    station: str = ""


class Stage(Protocol):
    """The part of the trace view that actions change."""

    cursor: Mapping[str, Any]
    phase: str
    loudness: float
    armed: bool
    help: bool
    why: str

    @property
    def stations(self) -> list[str]:
        """All stations, in the order on the screen."""
        ...


class Actions:
    """Does actions by name."""

    def __init__(self, session: Session, stage: Stage) -> None:
        self._session = session
        self._stage = stage
        self._filter_before = ""

    def do(self, action: str, where: Where = Where()) -> None:
        """Do one action.

        Raises
        ------
        UnknownNameError
            If the table has no such action.
        WorkbenchError
            If it needs a pick in hand or a cursor and there is none.
        """
        name, _, value = action.partition(":")
        method = getattr(self, f"_do_{name}", None)
        if method is None or not (action in ACTIONS or name in ("phase", "move", "width", "nudge")):
            raise UnknownNameError("action", action, ACTIONS)
        method(value, where)

    # ---- picks

    def _do_phase(self, phase: str, where: Where) -> None:
        self._stage.phase = phase
        time, station = self._time(where), where.station or self._session.station
        self._session.decide(lambda desk: desk.set(station, phase, time))

    def _do_set(self, _: str, where: Where) -> None:
        self._do_phase(self._stage.phase, where)

    def _do_set_next(self, _: str, where: Where) -> None:
        self._do_set("", where)
        self._do_station("1", where)

    def _do_switch(self, _: str, _where: Where) -> None:
        self._stage.phase = "P" if self._stage.phase == "S" else "S"

    def _do_move(self, _: str, where: Where) -> None:
        time, identity = self._time(where), self._identity(where)
        self._session.decide(lambda desk: desk.move(identity, time))

    def _do_nudge(self, samples: str, where: Where) -> None:
        identity = self._identity(where)
        time = where.time
        if time is None:
            step_s = int(samples) / self._session.recording.attrs["sampling_rate_hz"]
            time = self._row(identity)["time"] + pd.Timedelta(step_s, unit="s")
        self._session.decide(lambda desk: desk.move(identity, time))

    def _do_delete(self, _: str, where: Where) -> None:
        self._do_reject("", where)

    def _do_reject(self, _: str, where: Where) -> None:
        identity = self._identity(where)
        self._session.decide(lambda desk: desk.reject(identity))

    def _do_accept(self, _: str, where: Where) -> None:
        identity = self._identity(where)
        self._session.decide(lambda desk: desk.accept(identity))

    def _do_polarity(self, polarity: str, where: Where) -> None:
        self._edit(where, polarity=polarity)

    def _do_onset(self, quality: str, where: Where) -> None:
        self._edit(where, onset_quality=quality)

    def _do_weight(self, weight: str, where: Where) -> None:
        self._edit(where, weight=float(weight))

    def _do_uncertainty(self, name: str, where: Where) -> None:
        if name == "cursor":
            offset_s = (self._time(where) - self._row(self._identity(where))["time"]).total_seconds()
            side = "uncertainty_minus_s" if offset_s < 0 else "uncertainty_plus_s"
            self._edit(where, **{side: abs(offset_s)})
        else:
            seconds = UNCERTAINTY_CLASSES_S[name]
            self._edit(where, uncertainty_minus_s=seconds, uncertainty_plus_s=seconds)

    def _do_width(self, sides: str, where: Where) -> None:
        """Both sides of the uncertainty in ms, as dragged: ``"width:60,90"``."""
        minus_ms, plus_ms = (float(side) for side in sides.split(","))
        self._edit(where, uncertainty_minus_s=minus_ms / 1e3, uncertainty_plus_s=plus_ms / 1e3)

    def _do_refine(self, _: str, where: Where) -> None:
        if where.station and where.station != self._session.station:
            self._session.station = where.station
        component = "Z" if self._stage.phase.startswith("P") else "N"
        refined = self._session.refine(self._time(where), component)
        self._stage.cursor = {"time": refined.value / 1e6, "station": self._session.station}

    # ---- where to look

    def _do_station(self, by: str, _where: Where) -> None:
        stations = self._stage.stations
        if self._session.station in stations:
            here = stations.index(self._session.station) + int(by)
            self._session.station = stations[min(max(here, 0), len(stations) - 1)]

    def _do_recording(self, by: str, _where: Where) -> None:
        self._session.step(int(by))

    def _do_filter(self, how: str, _where: Where) -> None:
        names = list(FILTERS)
        if how != "toggle":
            here = names.index(self._session.filter)
            self._session.filter = names[(here + int(how)) % len(names)]
        elif self._session.filter == "none":
            self._session.filter = self._filter_before or names[1]
        else:
            self._filter_before, self._session.filter = self._session.filter, "none"

    def _do_components(self, _: str, _where: Where) -> None:
        present = [str(name) for name in self._session.recording["component"].values]
        turns = [present, *([name] for name in present)]
        now = [name for name in self._session.components if name in present]
        here = turns.index(now) if now in turns else -1
        self._session.components = turns[(here + 1) % len(turns)] if len(present) > 1 else present

    def _do_amplitude(self, how: str, _where: Where) -> None:
        self._stage.loudness = float(np.clip(self._stage.loudness * _LARGER ** float(how), 0.05, 200.0))

    def _do_whole(self, _: str, _where: Where) -> None:
        self._session.view = None

    def _do_undo(self, _: str, _where: Where) -> None:
        self._session.undo()

    def _do_redo(self, _: str, _where: Where) -> None:
        self._session.redo()

    def _do_why(self, how: str, where: Where) -> None:
        self._session.in_hand = self._identity(where)
        self._stage.why = how or "tab"

    def _do_help(self, _: str, _where: Where) -> None:
        self._stage.help = True

    def _do_disarm(self, _: str, _where: Where) -> None:
        self._stage.armed = False

    # ---- what an action is about

    def _edit(self, where: Where, **changes: Any) -> None:
        identity = self._identity(where)
        self._session.decide(lambda desk: desk.edit(identity, **changes))

    def _identity(self, where: Where) -> str:
        identity = where.identity or self._session.in_hand
        if not identity:
            raise WorkbenchError("No pick is in hand: click one, or put the cursor on it.")
        return identity

    def _time(self, where: Where) -> pd.Timestamp:
        if where.time is not None:
            return where.time
        if not self._stage.cursor:
            raise WorkbenchError("The cursor is not on the plot: point at the onset first.")
        return pd.Timestamp(round(self._stage.cursor["time"] * 1e6), unit="ns")

    def _row(self, identity: str) -> Mapping[str, Any]:
        labels = self._session.labels
        for table, column in ((labels, "label_id"), (labels, "pick_id"), (self._session.picks, "pick_id")):
            found = table[table[column] == identity]
            if len(found):
                return dict(found.iloc[-1].to_dict())
        raise UnknownNameError("pick or label on this recording", identity)
