"""``Placing``: bring a station and a time to the screen, once their recording is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import param

from workbench.session.session import Session

__all__ = ["Placing", "Spot"]


@dataclass(frozen=True)
class Spot:
    """Where to look.

    Parameters
    ----------
    station
        Empty for the one that is open.
    view
        Start and end; None is the whole recording.
    in_hand
        label_id or pick_id.
    """

    recording_id: str
    station: str = ""
    view: tuple[pd.Timestamp, pd.Timestamp] | None = None
    in_hand: str = ""


class Placing:
    """Opens recordings of a session; the last spot that was asked for is the one that is shown."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._wanted: Spot | None = None
        self._then: Callable[[], None] = _nothing
        # Not at once: the views hear of the recording first, for a station of it means nothing to them before.
        self._watcher = session.param.watch(lambda *_: session.schedule(self._place), ["recording", "labels"])

    @property
    def waits(self) -> bool:
        """Whether a spot was asked for that is not on the screen yet."""
        return self._wanted is not None

    def go(self, spot: Spot, then: Callable[[], None] | None = None) -> None:
        """Bring a spot to the screen, and then call the function."""
        self._wanted, self._then = spot, then or _nothing
        if spot.recording_id != self._session.recording_id:
            self._session.open(spot.recording_id)
        self._place()

    def _place(self) -> None:
        spot, session = self._wanted, self._session
        if spot is None or session.recording is None or session.loading:
            return
        if session.recording.attrs["recording_id"] != spot.recording_id:
            return
        self._wanted = None
        with session.hold(), param.parameterized.batch_call_watchers(session):
            if spot.station and spot.station in session.recording["station"].values:
                session.station = spot.station
            session.view = spot.view
            session.in_hand = spot.in_hand
        self._then()

    def close(self) -> None:
        """Listen to the session no more."""
        self._session.param.unwatch(self._watcher)


def _nothing() -> None:
    """What follows a spot that nothing follows."""
