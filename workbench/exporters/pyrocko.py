"""Labels as markers of Pyrocko's Snuffler."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from workbench.exporters.base import Batch, FolderExporter
from workbench.schema import Event

__all__ = ["PyrockoExporter"]

_HEADER = "# Snuffler Markers File Version 0.2"
_PLAIN, _REJECTED = 0, 2
_POLARITIES = {"positive": 1, "negative": -1, "undecidable": 0}
_PHASE_WIDTHS = (6, 10, 15, 2, 15, 14, 12, 12, 8, 4, 5)
_EVENT_WIDTHS = (6, 10, 15, 2, 14, 12, 12, 12, 4, 5, 0, 0)
_CODE = re.compile(r"[^\s.,'\"\\]*")
"""Commas and points part stations in a marker, quotes and backslashes would be read as marks."""


@dataclass(frozen=True)
class PyrockoExporter(FolderExporter):
    """``markers.txt``: a phase marker for each label, on all channels of its station, and a marker for each event.

    Times are written to the microsecond. A phase marker names the event of its recording, if one is known.

    Parameters
    ----------
    rejected
        Write rejected onsets too, in another colour (kind 2).
    """

    name: ClassVar[str] = "pyrocko"
    title: ClassVar[str] = "Pyrocko markers, for Snuffler"
    cannot_hold: ClassVar[tuple[str, ...]] = (
        "times finer than a microsecond",
        "uncertainties, classes of weight and onset qualities",
        "analysts and provenance",
    )

    rejected: bool = False

    def write(self, batch: Batch) -> None:
        """Write ``markers.txt``."""
        account = batch.account
        labels = batch.labels if self.rejected else account.standing(batch.labels)
        fits = labels["station"].map(lambda name: all(map(_CODE.fullmatch, name.split(".")))).astype(bool)
        labels = account.keep(labels, fits, "a station's name has a comma, a quote or a blank")
        events: dict[str, Event] = {}
        rows = []
        for group in batch.by_event(labels):
            if group.event is not None:
                events[group.event.event_id] = group.event
            rows += [(row.time, _phase_row(row, group.event)) for row in group.rows]
        _note(batch, labels)
        # Events come first, as Snuffler needs them to tie phases to.
        lines = [_HEADER, *(_line(_event_row(event), _EVENT_WIDTHS) for event in _by_time(events.values()))]
        lines += [_line(row, _PHASE_WIDTHS) for _, row in sorted(rows, key=lambda pair: pair[0])]
        (batch.place / "markers.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _note(batch: Batch, labels: pd.DataFrame) -> None:
    known = labels[["uncertainty_minus_s", "uncertainty_plus_s", "weight"]].notna().any(axis=1)
    batch.account.note("uncertainty and weight are not in the markers", int(known.sum()))


def _by_time(events: Iterable[Event]) -> list[Event]:
    return sorted((event for event in events if pd.notna(event.time)), key=lambda event: (event.time, event.event_id))


def _phase_row(row: Any, event: Event | None) -> list[Any]:
    parts = [*row.station.split("."), "", ""][:3] if "." in row.station else ["", row.station, ""]
    of_event = [_hash(event.event_id), *_stamp(event.time)] if event is not None else [None, None, None]
    kind = _REJECTED if row.decision == "reject" else _PLAIN
    channels = ".".join([*parts[:2], parts[2].replace("--", ""), "*"])
    automatic = row.decision == "reject" and bool(row.pick_id)
    phase = re.sub(r"[\x00-\x1f\x7f]", "?", row.phase)
    return ["phase:", *_stamp(row.time), kind, channels, *of_event, phase, _POLARITIES.get(row.polarity), automatic]


def _event_row(event: Event) -> list[Any]:
    numbers = [event.latitude_deg, event.longitude_deg, event.depth_km * 1000.0, event.magnitude]
    known = [None if math.isnan(value) else round(value, 6) for value in numbers]
    name = re.sub(r"[\x00-\x1f\x7f]", "?", event.event_id)
    return ["event:", *_stamp(event.time), 0, _hash(event.event_id), *known, None, name, None]


def _stamp(time: pd.Timestamp) -> list[Any]:
    """Date and time of day to the microsecond."""
    if pd.isna(time):
        return [None, None]
    rounded = pd.Timestamp(int(np.rint(pd.Timestamp(time).as_unit("ns").value / 1000)), unit="us")
    return [f"{rounded:%Y-%m-%d}", f"{rounded:%H:%M:%S.%f}"]


def _hash(event_id: str) -> str:
    """What ties a phase to its event; Snuffler compares it and makes nothing of it."""
    digest = hashlib.blake2b(event_id.encode("utf-8", "replace"), digest_size=20).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii")


def _line(row: Iterable[Any], widths: Iterable[int]) -> str:
    """Cells parted by blanks: text quoted where it has blanks and padded on the right, numbers on the left."""
    cells = []
    for value, width in zip(row, widths, strict=True):
        if value is None or value == "":
            cells.append("None".ljust(width))
        elif isinstance(value, str):
            quoted = value.replace("\\", "\\\\").replace("'", "\\'")
            cells.append((f"'{quoted}'" if re.search(r"[\s'\"\\]", value) else value).ljust(width))
        else:
            cells.append(str(value).rjust(width))
    return " ".join(cells).rstrip()
