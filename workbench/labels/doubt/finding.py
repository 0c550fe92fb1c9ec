"""``find_doubts``: the doubts of a whole source, recording by recording, kept on disk as they come."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.errors import LabelStoreError, WorkbenchError
from workbench.labels.doubt.evidence import REACH_S, gather_evidence
from workbench.labels.doubt.ranking import QUEUE_COLUMNS, doubt_table
from workbench.pickers import open_picker
from workbench.schema import Report, silent
from workbench.sources.base import Source
from workbench.sources.fetched import fetch_recording
from workbench.sources.shelf import Shelf

__all__ = ["KeptDoubts", "find_doubts", "is_labelled", "look_at"]

_FORM = 2
_LOOKED_AT_FIRST = 20


class KeptDoubts:
    """Doubts of the recordings looked at so far, a line of JSON each, so that a run that is stopped goes on.

    Parameters
    ----------
    path
        Of the file, made if it is not there; or of a folder in which it gets a name of its own.
    pickers
        Names and weights. A file that other pickers made is refused: their doubts would stand side by side.
    settings
        What else decides what is found: the source, the labels; plain values.

    Raises
    ------
    LabelStoreError
        If the file is of another kind, or of other pickers or settings, or cannot be read or written.
    """

    def __init__(self, path: Path, pickers: Sequence[tuple[str, str]], **settings: object) -> None:
        asked = [f"{name}/{open_picker(name, weights).card.weights_hash}" for name, weights in pickers]
        self._head = {"doubts": _FORM, "pickers": asked, "settings": settings}
        if path.suffix == "":
            # A folder: the file in it is named by all that decides what is found, so it is never another's.
            path = path / f"{blake2b(json.dumps(self._head).encode(), digest_size=8).hexdigest()}.jsonl"
        self.path = path
        self._by_recording: dict[str, list[list[object]]] = {}
        self._of_labels: dict[str, str] = {}
        self._looked_at_ns: dict[str, int] = {}
        self.failures: dict[str, str] = {}
        """Why a recording could not be looked at; it is tried again by the next run."""
        self._read()

    def __contains__(self, recording_id: str) -> bool:
        return recording_id in self._by_recording

    def __len__(self) -> int:
        return len(self._by_recording)

    def recordings(self) -> list[str]:
        """Those that were looked at."""
        return list(self._by_recording)

    def holds(self, recording_id: str, labels: pd.DataFrame) -> bool:
        """Whether a recording was looked at with these very labels."""
        return recording_id in self and self._of_labels[recording_id] == _hash_of(labels)

    def looked_at(self, recording_id: str) -> pd.Timestamp:
        """When a recording was looked at, UTC."""
        return pd.Timestamp(self._looked_at_ns[recording_id], unit="ns")

    def keep(self, recording_id: str, doubts: pd.DataFrame, labels: pd.DataFrame | None = None) -> None:
        """Add a recording's doubts, and the labels that they are of; on disk when this returns."""
        times = doubts["time"].astype("int64").tolist()
        columns = [doubts[name].tolist() if name != "time" else times for name in QUEUE_COLUMNS]
        rows = [list(row) for row in zip(*columns, strict=True)]
        line = {"recording_id": recording_id, "rows": rows, "of": _hash_of(labels), "at_ns": time.time_ns()}
        self._write(json.dumps(line))
        self._take(line)

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
        if "\n" not in text:
            # Not there, or killed within the first line: nothing is lost.
            if text and not text.startswith('{"doubts"'):
                raise LabelStoreError(f"{self.path} is no file of doubts; name another, or a new one.")
            self._write(json.dumps(self._head), anew=True)
            return
        lines = text.split("\n")
        head = _parsed(lines[0])
        if "doubts" not in head:
            raise LabelStoreError(f"{self.path} is no file of doubts; name another, or a new one.")
        if head != json.loads(json.dumps(self._head)):
            raise LabelStoreError(
                f"{self.path} was made with {', '.join(head.get('pickers', []))} and {head.get('settings')}; now it is "
                f"{', '.join(self._head['pickers'])} and {self._head['settings']}. Name another file, or delete it."  # type: ignore[arg-type]
            )
        for line in lines[1:]:
            # The last line of a run that was killed may be half there: its recording is looked at again.
            found = _parsed(line)
            if {"recording_id", "rows", "of", "at_ns"} <= set(found):
                self._take(found)
        if not text.endswith("\n"):
            self._write("")

    def _take(self, line: Mapping[str, Any]) -> None:
        name = line["recording_id"]
        self._by_recording[name], self._of_labels[name] = line["rows"], line["of"]
        self._looked_at_ns[name] = line["at_ns"]

    def _write(self, line: str, *, anew: bool = False) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("w" if anew else "a", encoding="utf-8") as file:
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


def _hash_of(labels: pd.DataFrame | None) -> str:
    if labels is None or labels.empty:
        return ""
    columns = [labels[name].astype(str) for name in ("station", "phase", "time")]
    rows = sorted("|".join(row) for row in zip(*columns, strict=True))
    return blake2b("\n".join(rows).encode(), digest_size=8).hexdigest()


def is_labelled(source: Source, recording_ids: Sequence[str] | pd.Index) -> bool:
    """Whether any of the source's first recordings has picks of its own; one that cannot be read has none."""
    for name in recording_ids[:_LOOKED_AT_FIRST]:
        try:
            if len(source.reference_picks(str(name))):
                return True
        except WorkbenchError:
            continue
    return False


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
    shelf = Shelf(source.read)
    try:
        for number, name in enumerate(recording_ids):
            report(number / len(recording_ids), name)
            try:
                labels = labels_of(name)
                if kept.holds(name, labels):
                    continue
                shelf.fetch_ahead([other for other in recording_ids[number : number + 2] if other not in kept])
                evidence = gather_evidence(
                    shelf.fetch(name).result(), labels, pickers, event=source.event(name), labelled=labelled,
                    shifts=shifts,
                )  # fmt: skip
            except WorkbenchError as error:
                kept.failures[name] = str(error)
                continue
            kept.keep(name, doubt_table([evidence]), labels)
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
    # First: its picks stand on the stations that its waveforms are of.
    fetch_recording(source, recording_id, report)
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
    return _without(doubt_table([evidence]), labels[labels["decision"] == "reject"])


def _without(doubts: pd.DataFrame, rejected: pd.DataFrame) -> pd.DataFrame:
    """Doubts but those of picks where an analyst has said that there is no onset."""
    gone = pd.Series(data=False, index=doubts.index)
    for label in rejected.itertuples():
        near = (doubts["time"] - label.time).abs().dt.total_seconds() <= REACH_S
        gone |= near & (doubts["station"] == label.station) & (doubts["phase"] == str(label.phase)[:1])
    return doubts[~(gone & (doubts["kind"] == "pick"))].reset_index(drop=True)
