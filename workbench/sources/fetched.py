"""``Fetched``: a source that asks a service for a recording's waveforms when they are wanted, and keeps them."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from workbench.schema import Report, silent

__all__ = ["Fetched", "fetch_recording", "is_here"]


@runtime_checkable
class Fetched(Protocol):
    """A source whose recordings come from a service one by one; ``read`` of one that is not here asks for it, too."""

    def is_here(self, recording_id: str) -> bool:
        """Whether reading it asks nobody: its waveforms came before, or the service holds none of it."""
        ...

    def fetch(self, recording_id: str, report: Report = silent) -> None:
        """Ask the service for what is not here.

        Raises
        ------
        SourceError
            If it does not answer as it should.
        """
        ...

    def read_bare(self, recording_id: str) -> Any:
        """The recording of what is here: stations without samples, where its waveforms did not come."""
        ...


def is_here(source: object, recording_id: str) -> bool:
    """Whether a recording of any source can be read without asking a service."""
    return not isinstance(source, Fetched) or source.is_here(recording_id)


def fetch_recording(source: object, recording_id: str, report: Report = silent) -> None:
    """Have the waveforms of a recording here, of whatever source; nothing to do for most.

    Raises
    ------
    SourceError
        If the service does not answer as it should.
    """
    if isinstance(source, Fetched):
        source.fetch(recording_id, report)
