"""``find_doubts``: the doubts of a whole source, recording by recording, kept on disk as they come."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pandas as pd

from workbench.errors import LabelStoreError, WorkbenchError
from workbench.labels.doubt.evidence import gather_evidence
from workbench.labels.doubt.ranking import QUEUE_COLUMNS, doubt_table
from workbench.pickers import open_picker
from workbench.schema import Report, silent
from workbench.sources.base import Source
from workbench.sources.shelf import Shelf

__all__ = ["KeptDoubts", "find_doubts", "look_at"]

_FORM = 1


class KeptDoubts:
    """Doubts of the recordings looked at so far, a line of JSON each, so that a run that is stopped goes on.

    Parameters
    ----------
    path
        Made if it is not there.
    pickers
        Names and weights. A file that other pickers made is refused: their doubts would stand side by side.
    settings
        What else decides what is found; plain values.

    Raises
    ------
    LabelStoreError
        If the file is of another kind, or of other pickers or settings, or cannot be read or written.
    """

    def __init__(self, path: Path, pickers: Sequence[tuple[str, str]], **settings: object) -> None:
        self.path = path
        asked = [f"{name}/{open_picker(name, weights).card.weights_hash}" for name, weights in pickers]
        self._head = {"doubts": _FORM, "pickers": asked, "settings": settings}
        self._by_recording: dict[str, list[list[object]]] = {}
        self.failures: dict[str, str] = {}
        """Why a recording could not be looked at; it is tried again by the next run."""
        self._read()

    def __contains__(self, recording_id: str) -> bool:
        return recording_id in self._by_recording

    def __len__(self) -> int:
        return len(self._by_recording)

    def keep(self, recording_id: str, doubts: pd.DataFrame) -> None:
        """Add a recording's doubts, on disk when this returns."""
        times = doubts["time"].astype("int64").tolist()
        columns = [doubts[name].tolist() if name != "time" else times for name in QUEUE_COLUMNS]
        rows = [list(row) for row in zip(*columns, strict=True)]
        self._write(json.dumps({"recording_id": recording_id, "rows": rows}))
        self._by_recording[recording_id] = rows

    def table(self, recording_ids: Iterable[str] | None = None) -> pd.DataFrame:
        """The doubts of recordings (all that were looked at), as :func:`~.ranking.doubt_table` gives them."""
        names = self._by_recording if recording_ids is None else [name for name in recording_ids if name in self]
        rows = [row for name in names for row in self._by_recording[name]]
        table = pd.DataFrame(rows, columns=list(QUEUE_COLUMNS))
        return table.assign(time=pd.to_datetime(table["time"])).astype(dict(QUEUE_COLUMNS))

    def _read(self) -> None:
        try:
            text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise LabelStoreError(f"The file of doubts {self.path} cannot be read: {error}.") from error
        lines = text.split("\n")
        if not text:
            self._write(json.dumps(self._head))
            return
        head = _parsed(lines[0])
        if "doubts" not in head:
            raise LabelStoreError(f"{self.path} is no file of doubts; name another, or a new one.")
        if head != self._head:
            raise LabelStoreError(
                f"{self.path} was made with {', '.join(head.get('pickers', []))} and {head.get('settings')}; now it is "
                f"{', '.join(self._head['pickers'])} and {self._head['settings']}. Name another file, or delete it."  # type: ignore[arg-type]
            )
        for line in lines[1:]:
            # The last line of a run that was killed may be half there: its recording is looked at again.
            if found := _parsed(line):
                self._by_recording[found["recording_id"]] = found["rows"]
        if not text.endswith("\n"):
            self._write("")

    def _write(self, line: str) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise LabelStoreError(f"{self.path} cannot be written: {error.strerror}. Choose another place.") from error


def _parsed(line: str) -> dict:  # type: ignore[type-arg]
    try:
        found = json.loads(line) if line else {}
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def find_doubts(
    source: Source,
    recording_ids: Sequence[str],
    pickers: Sequence[tuple[str, str]],
    kept: KeptDoubts,
    *,
    labels_of: Callable[[str], pd.DataFrame] | None = None,
    labelled: bool = True,
    shifts: bool = True,
    report: Report = silent,
) -> None:
    """Look at recordings that were not looked at before, and keep what was found; one that fails is noted.

    Parameters
    ----------
    labels_of
        Recording id to its labels; the picks that came with the source if not given.
    labelled, shifts
        As for :func:`~.evidence.gather_evidence`.
    """
    labels_of = labels_of or source.reference_picks
    wanted = [name for name in recording_ids if name not in kept]
    n_before = len(recording_ids) - len(wanted)
    shelf = Shelf(source.read)
    try:
        for number, name in enumerate(wanted):
            report((n_before + number) / len(recording_ids), name)
            shelf.fetch_ahead(wanted[number : number + 2])
            try:
                evidence = gather_evidence(
                    shelf.fetch(name).result(), labels_of(name), pickers, event=source.event(name), labelled=labelled,
                    shifts=shifts,
                )  # fmt: skip
            except WorkbenchError as error:
                kept.failures[name] = str(error)
                continue
            kept.keep(name, doubt_table([evidence]))
    finally:
        shelf.close()
    report(1.0, "done")


def look_at(
    source: Source,
    recording_id: str,
    labels: pd.DataFrame,
    pickers: Sequence[tuple[str, str]],
    labelled: bool = True,
    report: Report = silent,
) -> pd.DataFrame:
    """The doubts of one recording; what a queue that grows in the background submits.

    Parameters
    ----------
    labels
        That stand on it in the journal: each replaces the source's pick that it was made from.
    """
    reference = source.reference_picks(recording_id)
    kept = reference[~reference["pick_id"].isin(labels["pick_id"])]
    standing = labels[labels["decision"] != "reject"]
    told = [
        kept[["station", "phase", "time"]].assign(label_id=kept["pick_id"]),
        standing[["station", "phase", "time", "label_id"]],
    ]
    together = pd.concat([table for table in told if len(table)] or told[:1], ignore_index=True)
    evidence = gather_evidence(
        source.read(recording_id), together, pickers, event=source.event(recording_id), labelled=labelled, report=report
    )
    return doubt_table([evidence])
