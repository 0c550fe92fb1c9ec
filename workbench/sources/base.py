"""What a source is: it lists its recordings from headers alone, then reads one."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import pandas as pd
import xarray as xr

from workbench.schema import Event, Report, silent

__all__ = ["Source"]


@runtime_checkable
class Source(Protocol):
    """Files or a service that hold recordings.

    A class that reads a path also has ``recognises(path: Path) -> bool``, a static method that looks at names and first
    bytes only.
    """

    kind: str
    """Its name in the registry."""

    title: str
    """For people: a folder's or dataset's name."""

    location: str
    """The path or name that opens it again."""

    def scan(self, report: Report = silent) -> pd.DataFrame:
        """One row per recording, of the form of :func:`workbench.schema.check_recordings_table`; reads no waveform.

        What could not be listed stands, one sentence each, in ``table.attrs["notices"]`` (a list).
        """
        ...

    def read(self, recording_id: str) -> xr.Dataset:
        """One recording.

        Raises
        ------
        UnknownNameError
            If the source holds no such recording.
        SourceError
            If it cannot be read.
        """
        ...

    def reference_picks(self, recording_id: str) -> pd.DataFrame:
        """Picks that came with the source, with `CATALOG` in the column ``picker``; may be empty."""
        ...

    def event(self, recording_id: str) -> Event | None:
        """The event that the recording belongs to, if the source knows one."""
        ...
