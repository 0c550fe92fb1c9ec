"""Neighbours of the open recording, drawn ahead into the browser, which turns to one without waiting for Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from workbench.errors import WorkbenchError
from workbench.session import Session
from workbench.views.traces_drawing import Drawing, Stage

__all__ = ["PagesAhead"]

_LARGEST_BYTES = 4 * 2**20
_STEPS = (1, -1)


class PagesAhead:
    """The next and the previous recording as the browser holds them.

    They hang on everything that the picture of a recording hangs on; whoever changes any of that calls :meth:`drop`.
    The browser asks for one more whenever it has nothing else to do.

    Parameters
    ----------
    send
        Sends values to the browser once, and keeps none of them for one that joins later.
    """

    def __init__(self, session: Session, stage: Stage, send: Callable[..., None]) -> None:
        self._session, self._stage, self._send = session, stage, send
        self._drawn: dict[str, Drawing | None] = {}
        self._number = 0

    def invite(self) -> None:
        """Let the browser ask for neighbours; it may have stopped asking when there were none in memory."""
        self._send(ahead={})

    def drop(self) -> None:
        """Let go of all that was drawn ahead, here and in the browser."""
        self._drawn = {}
        self._send(ahead=None)

    def take(self, recording_id: str) -> Drawing | None:
        """The drawing of a recording, if the browser holds its picture; the others are no neighbours any more."""
        found = self._drawn.get(recording_id)
        self._drawn = {}
        return found

    def draw_one(self) -> None:
        """Draw a neighbour that the browser does not hold, if there is one and all of it is in memory."""
        for by in _STEPS:
            try:
                scene = self._session.neighbour(by)
            except WorkbenchError:
                # What is wrong with the journal is said when the recording is opened.
                return
            if scene is not None and scene.recording_id not in self._drawn:
                self._number += 1
                drawing = Drawing(scene, self._stage, lambda **_: None, f"{self._number} {scene.recording_id}")
                drawing.refresh({"recording"})
                fits = _nbytes(drawing.picture) <= _LARGEST_BYTES
                self._drawn[scene.recording_id] = drawing if fits else None
                if fits:
                    self._send(ahead={"by": by, "page": drawing.page, "picture": drawing.picture})
                return


def _nbytes(told: Any) -> int:
    if isinstance(told, np.ndarray):
        return int(told.nbytes)
    if isinstance(told, Mapping):
        return sum(map(_nbytes, told.values()))
    return sum(map(_nbytes, told)) if isinstance(told, (list, tuple)) else 0
