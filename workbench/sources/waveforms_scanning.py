"""What the files of a folder are: waveforms, stations, picks and events, or something that is left alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.errors import SourceError
from workbench.schema import Station
from workbench.sources.hdf5 import damage_of
from workbench.sources.paths import readable, shown
from workbench.sources.stations import read_station_table, read_stationxml
from workbench.sources.waveforms_events import CatalogEvent, read_quakeml, read_sac_header
from workbench.sources.waveforms_headers import Segment, gathered_warnings, read_headers, waveform_format
from workbench.sources.waveforms_quakemigrate import read_quakemigrate

__all__ = ["Scanned", "is_companion", "look_at", "may_hold_waveforms"]

_XML = frozenset({".xml", ".stationxml", ".staxml", ".quakeml", ".qml"})
_TABLES = frozenset({".csv", ".txt", ".dat", ".tsv", ".sta", ".stations"})
_HDF5 = frozenset({".hdf5", ".h5"})
_QUAKEMIGRATE = ".event"
# What lies beside waveforms and is not worth a notice.
_BESIDE = frozenset({
    ".md", ".rst", ".json", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".log", ".py", ".ipynb", ".sh", ".png",
    ".jpg", ".jpeg", ".pdf", ".svg", ".html", ".htm", ".parquet", ".npy", ".hdf5", ".h5", ".npz", ".sqlite",
    ".db", ".xlsx", ".amps", ".picks", ".resp", ".pz", ".paz", ".nll", ".hyp", ".obs", ".nd", ".tvel",
})  # fmt: skip


@dataclass
class Scanned:
    """What a scan gathers from the files of a folder.

    Parameters
    ----------
    notices
        What was left out, one sentence each.
    guesses
        What was decided and holds for every recording, one sentence each.
    """

    segments: list[Segment] = field(default_factory=list)
    stations: list[Station] = field(default_factory=list)
    inventories: list[Any] = field(default_factory=list)
    catalog: list[CatalogEvent] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    guesses: list[str] = field(default_factory=list)


def may_hold_waveforms(file: Path) -> bool:
    """Whether a file's name leaves it open that it holds waveforms."""
    return file.suffix.lower() not in _BESIDE | _XML | {_QUAKEMIGRATE}


def is_companion(file: Path, waveform_file: Path) -> bool:
    """Whether a file may hold the stations, picks or events of a waveform file in the same folder."""
    suffix = file.suffix.lower()
    if suffix == _QUAKEMIGRATE:
        return file.stem == waveform_file.stem
    return suffix in _XML or (suffix in _TABLES and _is_station_table(file))


def look_at(file: Path, name: str, found: Scanned) -> None:
    """Add what one file holds; if it cannot be read, say so under the given name."""
    suffix = file.suffix.lower()
    try:
        if suffix in _XML:
            _read_xml(file, found)
        elif suffix == _QUAKEMIGRATE:
            if _starts_with(file, b"EventID"):
                found.catalog.append(read_quakemigrate(file))
        elif suffix in _TABLES and _is_station_table(file):
            _read_table(file, found)
        elif suffix in _HDF5:
            if damage_of(file):
                found.notices.append(f"{name} cannot be opened as HDF5, it may be damaged; it was left out.")
        elif suffix not in _BESIDE and not (suffix in _TABLES and not waveform_format(file)):
            _read_waveforms(file, name, found)
    except SourceError as error:
        text = readable(str(error))
        found.notices.append(text if text.startswith(readable(file.name)) else f"{name} {text}.")


def _read_xml(file: Path, found: Scanned) -> None:
    with file.open("rb") as stream:
        head = stream.read(4096)
    with gathered_warnings() as said:
        if b"FDSNStationXML" in head:
            stations, inventory = read_stationxml(file)
            found.stations += stations
            found.inventories.append(inventory)
        elif re.search(rb"quakeml", head, re.IGNORECASE):
            found.catalog += read_quakeml(file)
    found.notices += [f"{shown(file.name)}: {text}." for text in said]


def _starts_with(file: Path, word: bytes) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(word)) == word


def _is_station_table(file: Path) -> bool:
    """Whether the first line is text that names a latitude, or a station with a place on a plane."""
    with file.open("rb") as stream:
        first = stream.read(4096).split(b"\n", 1)[0].lower()
    words = re.split(rb"[^a-z]+", first)
    on_plane = re.search(rb"\bsta", first) and ((b"x" in words and b"y" in words) or b"easting" in words)
    return b"\0" not in first and bool(b"lat" in first or b"stla" in first or on_plane)


def _read_table(file: Path, found: Scanned) -> None:
    stations, guess = read_station_table(file)
    found.stations += stations
    if guess:
        found.guesses.append(guess + ".")


def _read_waveforms(file: Path, name: str, found: Scanned) -> None:
    segments, said, headers = read_headers(file)
    found.segments += segments
    found.notices += [f"{name}: {text}." for text in said]
    for stats in headers:
        if "sac" in stats:
            station, event = read_sac_header(file, stats)
            if station.latitude_deg == station.latitude_deg:
                found.stations.append(station)
            if event.event or event.picks:
                found.catalog.append(event)
