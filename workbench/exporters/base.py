"""What an exporter is: labels in, files in a new folder out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

import pandas as pd
import xarray as xr

from workbench.schema import Event, Report, silent

__all__ = ["Exporter", "ReadEvent", "ReadRecording"]

ReadRecording = Callable[[str], xr.Dataset]
"""The recording with an id, as :meth:`workbench.sources.base.Source.read`."""

ReadEvent = Callable[[str], Event | None]
"""The event of the recording with an id, if one is known."""


@runtime_checkable
class Exporter(Protocol):
    """Writes labels in one format; never asks and never prints."""

    def export(
        self,
        labels: pd.DataFrame,
        recordings: ReadRecording,
        folder: Path,
        report: Report = silent,
        events: ReadEvent | None = None,
    ) -> list[Path]:
        """The files that were written.

        Parameters
        ----------
        labels
            Of the form of :func:`workbench.schema.check_labels`.
        recordings
            Reads one recording; called once for each that is needed, one after the other.
        folder
            Made by the export; may be there if it is empty.
        events
            Gives the event of a recording.

        Raises
        ------
        SchemaError
            If there is no label to export.
        SourceError
            If the folder is in use or cannot be written, or a recording cannot be read; nothing is left then.
        """
        ...
