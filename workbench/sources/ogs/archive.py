"""``EventArchive``: waveforms of a folder or SDS archive, found by time and by station code."""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from workbench.schema import Report
from workbench.sources.ogs.reading import format_of, is_named_so
from workbench.sources.paths import is_inside, open_refusal, walk_files
from workbench.sources.waveforms_headers import Segment
from workbench.sources.waveforms_scanning import Scanned, look_at

__all__ = ["EventArchive", "days_of", "scan_folders"]

_SDS = re.compile(r"[^.]*\.[^.]+\.[^.]*\.[^.]+\.D\.(?P<year>\d{4})\.(?P<day>\d{3})", re.ASCII)
_DAY_NS = 86_400 * 10**9


def scan_folders(
    folders: Mapping[Path, bool], days: frozenset[int], roots: Sequence[Path] | None, report: Report
) -> Scanned:
    """Headers of all waveforms, and all tables of stations, in some folders; nothing twice.

    A folder outside `roots` is the workbench's own cache, and is read as it is.

    Parameters
    ----------
    folders
        Each with whether what lies below it counts too.
    days
        Since 1970, on which there are events: an SDS file of another day is not opened.
    """
    found = Scanned()
    seen: set[Path] = set()
    for folder, below in folders.items():
        limit = roots if is_inside(folder, roots) else None
        files = walk_files(folder, limit, found.notices.append) if below else _readable_in(folder, limit)
        for number, file in enumerate(files):
            if file in seen or not _may_matter(file, days):
                continue
            seen.add(file)
            report(float("nan"), f"header {number + 1}: {file.name}")
            look_at(file, str(file.relative_to(folder)), found)
    return found


def _readable_in(folder: Path, roots: Sequence[Path] | None) -> list[Path]:
    inside = (path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith("."))
    return [path for path in inside if is_inside(path, roots or [folder]) and not open_refusal(path)]


def _may_matter(file: Path, days: frozenset[int]) -> bool:
    sds = _SDS.fullmatch(file.name)
    if sds:
        day = (dt.date(int(sds["year"]), 1, 1) - dt.date(1970, 1, 1)).days + int(sds["day"]) - 1
        return day in days
    # A catalogue is no waveform, and no table of stations.
    return not is_named_so(file) or not format_of(file)


class EventArchive:
    """Segments of channels, by time and by the code of their station.

    Parameters
    ----------
    segments
        In any order.
    """

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = sorted(segments, key=lambda segment: segment.start_ns)
        self._starts_ns = [segment.start_ns for segment in self._segments]
        self._longest_ns = max((segment.end_ns - segment.start_ns for segment in segments), default=0)
        self._by_code: dict[str, set[str]] = defaultdict(set)
        for segment in segments:
            self._by_code[segment.station.split(".")[1]].add(segment.station)

    def add(self, segments: Sequence[Segment]) -> None:
        """Take further segments, which are best those of one event: what lies between them in time is sorted anew."""
        if not segments:
            return
        times_ns = [segment.start_ns for segment in segments]
        first, last = bisect_left(self._starts_ns, min(times_ns)), bisect_right(self._starts_ns, max(times_ns))
        between = sorted([*self._segments[first:last], *segments], key=lambda segment: segment.start_ns)
        self._segments[first:last] = between
        self._starts_ns[first:last] = [segment.start_ns for segment in between]
        self._longest_ns = max(self._longest_ns, *(segment.end_ns - segment.start_ns for segment in segments))
        for segment in segments:
            self._by_code[segment.station.split(".")[1]].add(segment.station)

    def without(self, file: Path) -> EventArchive:
        """Another archive of all segments but those of a file."""
        return EventArchive([segment for segment in self._segments if segment.path != file])

    def between(self, start_ns: int, end_ns: int) -> list[Segment]:
        """Segments with samples between two times."""
        first = bisect_left(self._starts_ns, start_ns - self._longest_ns)
        last = bisect_right(self._starts_ns, end_ns)
        return [segment for segment in self._segments[first:last] if segment.end_ns >= start_ns]

    def stations_of(self, code: str) -> list[str]:
        """All ``"NET.STA.LOC"`` with a station code, sorted."""
        return sorted(self._by_code.get(code, ()))


def days_of(windows_ns: Iterable[tuple[int, int]]) -> frozenset[int]:
    """Days since 1970 that some windows touch, and the day before each: an SDS file may run past midnight."""
    return frozenset(day for start, end in windows_ns for day in range(start // _DAY_NS - 1, end // _DAY_NS + 1))
