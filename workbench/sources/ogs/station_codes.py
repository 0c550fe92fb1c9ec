"""``StationCodes``: the bare station codes of a catalogue as SEED ids, and where those stations stand."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from workbench.schema import Station
from workbench.sources.ogs.archive import EventArchive
from workbench.sources.ogs.catalogue import CatalogueEvent
from workbench.sources.waveforms_headers import Segment

__all__ = ["StationCodes", "estimated_stations"]

_KM_PER_DEG = 111.195


class StationCodes:
    """Which ``"NET.STA.LOC"`` a code such as ``"ABTA"`` means.

    Parameters
    ----------
    archive
        Stations with waveforms come first: a pick belongs on its trace.
    stations
        Of tables and StationXML; they name the network of a station without waveforms.
    """

    def __init__(self, archive: EventArchive, stations: Iterable[Station]) -> None:
        self._archive = archive
        self._listed: dict[str, set[str]] = defaultdict(set)
        for station in stations:
            parts = station.station.split(".") if "." in station.station else ["", station.station]
            self._listed[parts[1]].add(parts[0])

    def resolve(self, code: str, there: Sequence[Segment]) -> str:
        """The id of a station that has samples at the time if any has, then of the archive, then of the tables.

        Of several ids with samples the one with most channels there, then the first by name.

        Parameters
        ----------
        there
            Segments at the time of the pick.
        """
        channels: Mapping[str, set[str]] = defaultdict(set)
        for segment in there:
            if segment.station.split(".")[1] == code:
                channels[segment.station].add(segment.channel)
        if channels:
            return min(channels, key=lambda station: (-len(channels[station]), station))
        elsewhere = self._archive.stations_of(code)
        if elsewhere:
            return elsewhere[0]
        networks = sorted(network for network in self._listed.get(code, ()) if network)
        return f"{networks[0] if networks else ''}.{code}."

    def choices(self, code: str, there: Sequence[Segment]) -> list[str]:
        """All ids with samples at a time that a code can mean, sorted."""
        return sorted({segment.station for segment in there if segment.station.split(".")[1] == code})


def estimated_stations(events: Iterable[CatalogueEvent]) -> list[Station]:
    """Where stations stand by the distances and azimuths that listings give from each epicentre, the median of all.

    A listing gives 0.1 km and a degree, so an estimate from one event at 50 km is good to about a kilometre.
    """
    places: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for one in events:
        event = one.event
        if not (math.isfinite(event.latitude_deg) and math.isfinite(event.longitude_deg)):
            continue
        # One of P and S may lack them.
        ways = {
            str(pick["station"]): (pick["distance_km"], pick["azimuth_deg"])
            for pick in one.picks
            if math.isfinite(pick["distance_km"]) and math.isfinite(pick["azimuth_deg"])
        }
        for station, (distance_km, azimuth_deg) in ways.items():
            north = distance_km * math.cos(math.radians(azimuth_deg)) / _KM_PER_DEG
            per_deg = _KM_PER_DEG * math.cos(math.radians(event.latitude_deg))
            east = distance_km * math.sin(math.radians(azimuth_deg)) / max(per_deg, 1.0)
            places[station].append((event.latitude_deg + north, event.longitude_deg + east))
    return [Station(name, *(float(value) for value in np.median(found, axis=0))) for name, found in places.items()]
