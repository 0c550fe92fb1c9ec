"""``Origin``: where a decision comes from: the screen it was made on and, for a pick, the run that gave it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.inference.runs import origin_of
from workbench.schema import waveform_hash

__all__ = ["Origin"]


class Origin:
    """Called with a row of a picker's picks, or None; gives what goes into the journal beside the decision.

    Parameters
    ----------
    session
        Whose open recording is decided about; its waveform is hashed once.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self._hash = ("", "")

    def __call__(self, pick: Mapping[str, Any] | None) -> dict[str, Any]:
        """Of a decision about the recording that is open."""
        session = self._session
        if self._hash[0] != session.recording_id:
            self._hash = (session.recording_id, waveform_hash(session.recording))
        screen = {
            "source": f"{session.source.kind}:{session.source.title}",
            "filter": session.filter,
            "waveform_hash": self._hash[1],
            **({"blind": session.blind} if session.blind else {}),
        }
        return screen | (origin_of(pick, session.runs.values()) if pick is not None else {})
