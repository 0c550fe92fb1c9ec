"""What an exporter is: labels in, files in a new folder out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import pandas as pd
import xarray as xr

from workbench.errors import SchemaError
from workbench.exporters.account import Account
from workbench.exporters.label_table import check_exportable, write_label_table
from workbench.exporters.manifest import write_manifest
from workbench.exporters.target import new_folder
from workbench.schema import Event, JournalPosition, Report, silent

__all__ = ["LABEL_TABLE", "Batch", "EventRows", "Exporter", "FolderExporter", "ReadEvent", "ReadRecording"]

ReadRecording = Callable[[str], xr.Dataset]
"""The recording with an id, as :meth:`workbench.sources.base.Source.read`."""

ReadEvent = Callable[[str], Event | None]
"""The event of the recording with an id, if one is known."""

LABEL_TABLE = "labels.csv"


@runtime_checkable
class Exporter(Protocol):
    """Writes labels in one format; never asks and never prints.

    Its settings are the keyword arguments of its constructor, from which the form in the app is made. ``title`` says
    in a few words what it writes, ``cannot_hold`` what is lost with it, one phrase each.
    """

    title: ClassVar[str]
    cannot_hold: ClassVar[tuple[str, ...]]

    def export(
        self,
        labels: pd.DataFrame,
        recordings: ReadRecording,
        folder: Path,
        report: Report = silent,
        events: ReadEvent | None = None,
        position: JournalPosition | None = None,
        source: str = "",
        held_back: Mapping[str, str] | None = None,
    ) -> list[Path]:
        """The files that were written, ``export.json`` among them: see :mod:`workbench.exporters.manifest`.

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
        position
            Where in a journal the labels stood.
        source
            What the labels are of, without a path.
        held_back
            Labels that are not to be written, by label_id, with why; a table of all labels holds them all the same.

        Raises
        ------
        SchemaError
            If there is no label to export, or the format can hold none of them.
        SourceError
            If the folder is in use or cannot be written, or a recording cannot be read; nothing is left then.
        """
        ...


@dataclass(frozen=True, eq=False)
class EventRows:
    """Labels of one event, as the named tuples of a table.

    Parameters
    ----------
    name
        The event's id, or that of the recording of which no event is known.
    """

    name: str
    event: Event | None
    rows: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Batch:
    """One export while it is made.

    Parameters
    ----------
    place
        An empty folder to write in.
    account
        Is told of every label that is left out.
    events
        None where no events are known.
    """

    labels: pd.DataFrame
    recordings: ReadRecording
    place: Path
    account: Account
    report: Report
    events: ReadEvent | None

    def by_recording(self, labels: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame, Event | None]]:
        """Labels of one recording after the other, by name, with its event."""
        groups = list(labels.groupby("recording_id", sort=True))
        for number, (name, rows) in enumerate(groups):
            self.report(number / len(groups), f"recording {number + 1} of {len(groups)}")
            recording_id = str(name)
            yield recording_id, rows, self.events(recording_id) if self.events is not None else None

    def by_event(self, labels: pd.DataFrame) -> list[EventRows]:
        """The rows of a table, in its order, for each event; a recording without a known event is one of its own."""
        groups: dict[str, EventRows] = {}
        of_recording: dict[str, EventRows] = {}
        n_labels = len(labels)
        # Plain rows: catalogues have thousands of events, and a table for each of them takes a minute.
        for number, row in enumerate(labels.itertuples(index=False, name="Row")):
            recording_id = str(row.recording_id)
            group = of_recording.get(recording_id)
            if group is None:
                self.report(number / n_labels, f"label {number + 1} of {n_labels}")
                event = self.events(recording_id) if self.events is not None else None
                key = f"event {event.event_id}" if event is not None else f"recording {recording_id}"
                group = groups.setdefault(key, EventRows(event.event_id if event else recording_id, event))
                of_recording[recording_id] = group
            group.rows.append(row)
        return list(groups.values())


@dataclass(frozen=True)
class FolderExporter(ABC):
    """An :class:`Exporter` whose subclass only writes its own files; its fields are its settings.

    Beside them stand the table of labels with what became of each (``labels.csv``), and ``export.json``.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    cannot_hold: ClassVar[tuple[str, ...]] = ()
    own_table: ClassVar[bool] = False
    """Whether the table of labels is what this exporter writes, so that no other stands beside it."""

    @abstractmethod
    def write(self, batch: Batch) -> None:
        """Write the files of the format."""

    def export(
        self,
        labels: pd.DataFrame,
        recordings: ReadRecording,
        folder: Path,
        report: Report = silent,
        events: ReadEvent | None = None,
        position: JournalPosition | None = None,
        source: str = "",
        held_back: Mapping[str, str] | None = None,
    ) -> list[Path]:
        """The files that were written: see :class:`Exporter`."""
        check_exportable(labels)
        # In an order of their own, so that the same labels give the same files however they came.
        labels = labels.sort_values(["recording_id", "station", "time", "label_id"], kind="stable", ignore_index=True)
        account = Account(labels)
        written = labels if self.own_table else _without(labels, held_back or {}, account)
        with new_folder(folder) as place:
            self.write(Batch(written, recordings, place, account, report, events))
            if not account.n_written:
                reasons = "; ".join(each["why"] for each in account.left_out())
                raise SchemaError(f"There is no label to export in this format ({self.name}): {reasons}.")
            if not self.own_table:
                write_label_table(account.table(), place / LABEL_TABLE)
            write_manifest(place, self.name, asdict(self), account, len(labels), position, source)
            names = sorted(path.name for path in place.iterdir())
        report(1.0, f"{account.n_written} labels")
        return [Path(folder) / name for name in names]


def _without(labels: pd.DataFrame, held_back: Mapping[str, str], account: Account) -> pd.DataFrame:
    for label_id in labels["label_id"]:
        if label_id in held_back:
            account.leave_out([label_id], held_back[label_id])
    return labels[~labels["label_id"].isin(list(held_back))]
