"""What a catalogue file gives, whatever its format: events, picks, and the lines that could not be read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["CatalogText", "EventRecord", "PickRecord", "UnreadLine"]

_NAN = float("nan")
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One row about one event; NaN, or an empty string, where the file does not say.

    Parameters
    ----------
    key
        The number that this file gives the event: ``"2024_00001"``; the same event has others in other files.
    time_ns
        Nanoseconds since 1970, UTC.
    time_of
        ``"origin"``; ``"minute"`` of an event that was not located; ``"first pick"`` where the file holds picks alone.
    md, ml
        Duration and local magnitude.
    erh_km, erz_km
        Horizontal and vertical error.
    location_method
        ``"hypo71"``, ``"nonlinloc"``, or empty where the file does not show it.
    line
        Counted from 1; of a parquet file the row.
    """

    format: str
    file: str
    line: int
    time_ns: int
    key: str = ""
    time_of: str = "origin"
    located: bool = True
    latitude_deg: float = _NAN
    longitude_deg: float = _NAN
    depth_km: float = _NAN
    md: float = _NAN
    ml: float = _NAN
    rms_s: float = _NAN
    erh_km: float = _NAN
    erz_km: float = _NAN
    gap_deg: float = _NAN
    nearest_station_km: float = _NAN
    n_arrivals: int | None = None
    n_md_stations: int | None = None
    quality: str = ""
    place: str = ""
    region: str = ""
    event_type: str = ""
    zone: str = ""
    location_method: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class PickRecord:
    """One onset at one station; NaN, or an empty string, where the file does not say.

    Parameters
    ----------
    station
        The code alone: the files name no network.
    key
        Of the event, as in :class:`EventRecord`.
    weight_class
        HYPO71's: 0 full, 1 75 %, 2 50 %, 3 25 %, 4 not used; 5 also stands with S. None in files that give none.
    weight
        What the location gave the arrival.
    onset_quality, polarity
        By the names of QuakeML.
    duration_s, magnitude
        Of the signal at this station, and the duration magnitude from it; they stand with the first pick of a line.
    """

    format: str
    file: str
    line: int
    station: str
    phase: str
    time_ns: int
    key: str = ""
    onset_quality: str = ""
    polarity: str = ""
    weight_class: int | None = None
    residual_s: float = _NAN
    distance_km: float = _NAN
    azimuth_deg: float = _NAN
    takeoff_deg: float = _NAN
    travel_time_s: float = _NAN
    weight: float = _NAN
    duration_s: float = _NAN
    magnitude: float = _NAN


@dataclass(frozen=True, slots=True)
class UnreadLine:
    """A line that could not be read, and why."""

    file: str
    line: int
    reason: str
    text: str

    def __str__(self) -> str:
        shown = self.text if len(self.text) <= _SHOWN else f"{self.text[:_SHOWN]}…"
        end = "" if self.reason.endswith("?") else "."
        return f"{self.file}, line {self.line}: {self.reason}{end} It reads {shown!r}."


@dataclass
class CatalogText:
    """All that one file gave.

    Parameters
    ----------
    format
        ``"dat"``, ``"hpl"``, ``"pun"``, ``"txt"``, or one of these with ``.parquet``.
    kinds
        How many lines were what ("event", "station", "separator", "blank", "unread", ...): every line is one of them.
    odd
        What was met that is not in the description, and the lines that hold it; these were read all the same.
    """

    path: Path
    format: str
    events: list[EventRecord] = field(default_factory=list)
    picks: list[PickRecord] = field(default_factory=list)
    unread: list[UnreadLine] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    odd: dict[str, list[int]] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """The path as text, as it stands in every record."""
        return str(self.path)

    def leave_unread(self, line: int, text: str, reason: str) -> None:
        """Report a line that could not be read."""
        self.kinds["unread"] += 1
        self.unread.append(UnreadLine(self.file, line, reason, text))

    def note_odd(self, what: str, line: int) -> None:
        """Remember a line that was read although it holds something unexpected."""
        lines = self.odd.setdefault(what, [])
        if line not in lines[-1:]:
            lines.append(line)

    def remarks(self) -> list[str]:
        """One sentence for each thing that is odd."""
        return [
            f"{self.path.name}: {what} ({f'{len(lines):,} lines, the first is' if lines[1:] else 'line'} {min(lines)})."
            for what, lines in self.odd.items()
        ]
