"""Where stations stand, from StationXML and from tables in the many spellings that people use."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.errors import SourceError
from workbench.schema import Station
from workbench.sources.text_columns import MOST_COLUMNS
from workbench.sources.waveforms_headers import ask_obspy

__all__ = ["StationBook", "read_station_table", "read_stationxml"]

_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "network": ("network", "net", "netcode", "networkcode", "stationnetworkcode", "knetwk"),
    # A name or number of its own may stand beside the code, and then is not it.
    "station": ("station", "sta", "stationcode", "statcode", "kstnm", "stnm", "receivercode", "code", "seedid",
                "traceid", "nslc", "netsta", "stationid", "id", "stationname", "stname", "name"),
    "location": ("location", "loc", "locationcode", "stationlocationcode", "khole"),
    "latitude": ("latitude", "lat", "latitudedeg", "stationlatitudedeg", "stationlatitude", "receiverlatitude", "stla"),
    "longitude": ("longitude", "lon", "long", "lng", "longitudedeg", "stationlongitudedeg", "stationlongitude",
                  "receiverlongitude", "stlo"),
    "elevation": ("elevation", "elev", "ele", "altitude", "alt", "height", "stel", "stationelevation"),
    "elevation_m": ("elevationm", "elevm", "stationelevationm", "altitudem", "heightm", "receiverelevationm"),
    "elevation_km": ("elevationkm", "elevkm", "altitudekm", "heightkm"),
}  # fmt: skip
_COLUMN_OF = {spelling: column for column, spellings in _SPELLINGS.items() for spelling in spellings}
_FAR_NS = 1 << 63


@dataclass(frozen=True)
class StationEpoch(Station):
    """Where a station stood for a time, nanoseconds since 1970: some are moved and keep their code."""

    start_ns: int = -_FAR_NS
    end_ns: int = _FAR_NS


class StationBook:
    """Stations by code; one known by its station code alone, or without location, is found too.

    Parameters
    ----------
    stations
        Whose `station` is ``"NET.STA.LOC"``, ``"NET.STA"`` or ``"STA"``. Of two with the same code the one that stood
        at the time asked for counts, else the first.
    """

    def __init__(self, stations: Iterable[Station] = ()) -> None:
        self._by_code: dict[str, list[Station]] = {}
        for station in stations:
            parts = station.station.split(".")
            keys = {station.station, ".".join(parts[:2]), parts[min(1, len(parts) - 1)]}
            for key in keys:
                self._by_code.setdefault(key, []).append(station)

    def find(self, station: str, time_ns: int | None = None) -> Station:
        """The station with a code ``"NET.STA.LOC"``; coordinates are NaN if it is in no table.

        Parameters
        ----------
        time_ns
            At which it is asked for, nanoseconds since 1970.
        """
        network, _, rest = station.partition(".")
        code = rest.partition(".")[0]
        for key in (station, f"{network}.{code}", code):
            fitting = [one for one in self._by_code.get(key, ()) if self._networks_agree(one.station, network)]
            if fitting:
                found = next((one for one in fitting if _stood(one, time_ns)), fitting[0])
                return Station(station, found.latitude_deg, found.longitude_deg, found.elevation_m)
        return Station(station)

    @staticmethod
    def _networks_agree(known: str, network: str) -> bool:
        """Whether a code can be of this network: two networks may use the same station code."""
        listed = known.split(".")[0] if "." in known else ""
        return not listed or not network or listed == network


def _stood(station: Station, time_ns: int | None) -> bool:
    """Whether a station stood where it did at a time; one that is in a table without times always did."""
    return time_ns is None or not isinstance(station, StationEpoch) or station.start_ns <= time_ns <= station.end_ns


def read_stationxml(path: Path) -> tuple[list[Station], Any]:
    """Stations of a StationXML file, one per location and time that it stood there, and ObsPy's inventory.

    Raises
    ------
    SourceError
        If it is not StationXML that ObsPy can read.
    """
    import obspy

    try:
        inventory = ask_obspy(obspy.read_inventory, str(path), format="STATIONXML")
    except SourceError as error:
        raise SourceError(f"{path.name} is not StationXML that ObsPy can read: it {error}.") from error
    stations = []
    for network in inventory:
        for station in network:
            code = f"{network.code}.{station.code}"
            # First, so that it also stands for a location that the file does not know.
            stations.append(_epoch(code, station))
            stations += [_epoch(f"{code}.{channel.location_code}", channel) for channel in station]
    return list(dict.fromkeys(stations)), inventory


def _epoch(code: str, place: Any) -> StationEpoch:
    start_ns, end_ns = (None if date is None else date.ns for date in (place.start_date, place.end_date))
    return StationEpoch(
        code,
        float(place.latitude),
        float(place.longitude),
        float(place.elevation or 0.0),
        -_FAR_NS if start_ns is None else start_ns,
        _FAR_NS if end_ns is None else end_ns,
    )


def read_station_table(path: Path) -> tuple[list[Station], str]:
    """Stations of a text table, and what had to be guessed (empty if nothing).

    Separated by commas, semicolons, bars, tabs or blanks; the first line names the columns, in any order and any of the
    usual spellings (``lat``, ``station_latitude_deg``, ``Elevation (km)``, ...). Elevations are metres unless the
    column says km, or all are below 10 and most are given to a hundredth or finer: those are taken as km, and that is
    said.

    Raises
    ------
    SourceError
        If it has no columns for station, latitude and longitude, or holds something else where numbers should be.
    """
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror}") from error
    rows = _rows(text)
    if rows and len(rows[0]) > MOST_COLUMNS:
        raise SourceError(f"{path.name} has {len(rows[0]):,} columns, which no table of stations has; it was left out.")
    names = _columns(rows[0]) if rows else []
    lacking = [name for name in ("station", "latitude", "longitude") if name not in names]
    if lacking:
        raise SourceError(_lacks(path, lacking, rows[0] if rows else []))
    table = pd.DataFrame(
        [dict(zip(names, (cell.strip() for cell in row), strict=False)) for row in rows[1:]], columns=sorted(set(names))
    ).fillna("")
    try:
        numbers = {name: _floats(table[name]) for name in table if name[:5] in ("latit", "longi", "eleva")}
    except ValueError as error:
        raise SourceError(f"{path.name} holds text where numbers should be: {error}.") from error
    elevation_m, guess = _elevation_m(table, numbers)
    codes = [_code(row) for row in table.to_dict("records")]
    places = zip(codes, numbers["latitude"], numbers["longitude"], elevation_m, strict=True)
    return [Station(*place) for place in places if place[0]], f"{path.name}: {guess}" if guess else ""


def _lacks(path: Path, lacking: list[str], head: list[str]) -> str:
    names = {re.sub(r"[^a-z]", "", name.partition("(")[0].lower()) for name in head}
    if {"x", "y"} <= names or "easting" in names:
        return (
            f"{path.name} gives places on a plane ({', '.join(head)}), which are no places on the Earth without their "
            "projection; it was left out. Expected are columns latitude and longitude, in degrees."
        )
    return f"{path.name} is no table of stations: it has no column for {', '.join(lacking)}."


def _rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return []
    head = lines[0].lstrip("# ")
    body = [line for line in lines[1:] if not line.startswith("#")]
    separator = next((mark for mark in "|;\t," if mark in head), None)
    if separator is None:
        return [line.split() for line in (head, *body)]
    return list(csv.reader([head, *body], delimiter=separator, skipinitialspace=True))


def _columns(head: list[str]) -> list[str]:
    """What each column is; where several could be the same thing, the spelling that is listed first is it."""
    spellings = [re.sub(r"[^a-z]", "", name.lower()) for name in head]
    names = []
    for name, spelling in zip(head, spellings, strict=True):
        column = _COLUMN_OF.get(spelling)
        best = next((one for one in _SPELLINGS[column] if one in spellings), "") if column else ""
        names.append(column if column and spelling == best else f"other {name}")
    return names


def _floats(column: pd.Series) -> list[float]:
    return [float(cell) if cell not in ("", "None", "nan", "NaN") else float("nan") for cell in column]


def _code(row: Mapping[str, str]) -> str:
    station, network, location = row["station"], row.get("network", ""), row.get("location", "")
    location = "" if location in ("--", "nan", "None") else location
    if not network and len(station.split()) in (2, 3):
        # "NET STA" in one column, with the location behind it or not.
        station = ".".join(station.split())
    if "." in station:
        return ".".join([*station.split("."), ""][:3])
    if network:
        return f"{network}.{station}.{location}" if location else f"{network}.{station}"
    return station


def _elevation_m(table: pd.DataFrame, numbers: Mapping[str, list[float]]) -> tuple[list[float], str]:
    if "elevation_m" in numbers:
        return numbers["elevation_m"], ""
    if "elevation_km" in numbers:
        return [1000.0 * value for value in numbers["elevation_km"]], ""
    if "elevation" not in numbers:
        return [float("nan")] * len(table), ""
    values = numbers["elevation"]
    fine = [cell for cell in table["elevation"] if len(cell.partition(".")[2].rstrip("0")) >= 2]
    small = [abs(value) < 10 for value in values if value == value]
    if small and all(small) and len(fine) * 2 > len(small):
        guess = "the column of elevations names no unit; all are below 10 with decimals, so they are taken as km"
        return [1000.0 * value for value in values], guess
    return values, ""
