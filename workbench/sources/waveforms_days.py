"""A folder of waveforms as (station, day) pieces, each of which any process that sees the disk can read by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr

from workbench.errors import SourceError
from workbench.schema import Report, silent
from workbench.sources.paths import open_refusal, walk_files
from workbench.sources.stations import StationBook
from workbench.sources.waveforms_grouping import Interval
from workbench.sources.waveforms_headers import Segment
from workbench.sources.waveforms_reading import read_interval
from workbench.sources.waveforms_scanning import Scanned, look_at

__all__ = ["StationDay", "list_station_days", "read_station_day"]

_DAY_NS = 86_400 * 10**9
_LEAST_NS = 10**9
_STATION_FILES = frozenset({".xml", ".stationxml", ".staxml"})


@dataclass(frozen=True)
class StationDay:
    """One station over one day (UTC).

    Parameters
    ----------
    station
        ``"NET.STA.LOC"``.
    day
        ``"2014-05-01"``.
    files
        That hold samples of it, or of a little before or after; sorted.
    station_files
        StationXML of the folder, for the directions of components 1 and 2.
    seconds
        How much of the day the longest channel covers.
    """

    station: str
    day: str
    files: tuple[str, ...]
    station_files: tuple[str, ...] = ()
    seconds: float = 0.0


def list_station_days(
    folder: str | Path, margin_s: float, report: Report = silent
) -> tuple[list[StationDay], list[str]]:
    """Every (station, day) of a folder, from headers alone, sorted; and what was left out, one sentence each.

    Parameters
    ----------
    margin_s
        What is wanted of the day before and the day after.

    Raises
    ------
    SourceError
        If the folder cannot be read or holds no waveforms.
    """
    place = Path(folder).expanduser().resolve()
    refusal = open_refusal(place)
    if refusal:
        raise SourceError(f"{place} {refusal}.")
    found = Scanned()
    files = list(walk_files(place, None, found.notices.append, follow_links=True)) if place.is_dir() else [place]
    for number, file in enumerate(files):
        report(number / len(files), f"header {number + 1} of {len(files)}: {file.name}")
        look_at(file, file.name, found)
    if not found.segments:
        raise SourceError(f"{place} holds no file with waveforms that ObsPy reads (miniSEED, SAC, GSE2, ...).")
    xml = tuple(str(file) for file in files if file.suffix.lower() in _STATION_FILES)
    return _days(found.segments, round(margin_s * 1e9), xml if found.inventories else ()), found.notices


def read_station_day(shard: StationDay, margin_s: float) -> xr.Dataset:
    """The recording of a station's day, with that much of its neighbours where there is any.

    Raises
    ------
    SourceError
        If none of its files can be read.
    """
    found = Scanned()
    for file in (*shard.files, *shard.station_files):
        look_at(Path(file), Path(file).name, found)
    margin_ns = round(margin_s * 1e9)
    begin_ns, end_ns = _edges(shard.day)
    segments = [
        segment
        for segment in found.segments
        if segment.station == shard.station
        and segment.start_ns < end_ns + margin_ns
        and segment.end_ns >= begin_ns - margin_ns
    ]
    if not segments:
        said = f" {found.notices[0]}" if found.notices else ""
        raise SourceError(f"No file of {shard.station} holds samples of {shard.day} any more.{said}")
    interval = Interval.around(segments)
    interval = replace(
        interval,
        start_ns=max(interval.start_ns, begin_ns - margin_ns),
        end_ns=min(interval.end_ns, end_ns + margin_ns),
    )
    return read_interval(
        interval,
        f"{shard.station}_{shard.day}",
        book=StationBook(found.stations),
        inventories=found.inventories,
        source=str(Path(shard.files[0]).parent),
        notices=found.guesses,
    )


def _edges(day: str) -> tuple[int, int]:
    begin_ns = int(np.datetime64(day, "ns").astype(np.int64))
    return begin_ns, begin_ns + _DAY_NS


def _days(segments: Sequence[Segment], margin_ns: int, xml: tuple[str, ...]) -> list[StationDay]:
    files: dict[tuple[str, int], set[str]] = defaultdict(set)
    covered_ns: dict[tuple[str, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for segment in segments:
        first, last = (segment.start_ns - margin_ns) // _DAY_NS, (segment.end_ns + margin_ns) // _DAY_NS
        for day in range(first, last + 1):
            key = (segment.station, day)
            files[key].add(str(segment.path))
            inside_ns = min(segment.end_ns, (day + 1) * _DAY_NS) - max(segment.start_ns, day * _DAY_NS)
            covered_ns[key][segment.channel] += max(0, inside_ns)
    return [
        StationDay(
            station,
            str(np.datetime64(day, "D")),
            tuple(sorted(files[station, day])),
            xml,
            max(covered_ns[station, day].values()) / 1e9,
        )
        for station, day in sorted(files)
        # The sample before midnight with which a file of the next day begins is no day.
        if max(covered_ns[station, day].values()) >= _LEAST_NS
    ]
