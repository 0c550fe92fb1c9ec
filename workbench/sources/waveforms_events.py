"""Picks and events that lie beside the waveforms: QuakeML files and SAC headers."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench.errors import SourceError
from workbench.schema import Event, Station
from workbench.sources.samples import time_after
from workbench.sources.waveforms_headers import ask_obspy, joined_codes, station_of

__all__ = ["CatalogEvent", "EventBook", "read_quakeml", "read_sac_header"]

_NAN = float("nan")
# A recording may begin this long after the origin and still be of that event.
_LATEST_START_NS = 120 * 10**9
_DEEPEST_KM = 800.0
_HYPO71 = re.compile(r"[IE]?\s*(?P<phase>[PS])\s*(?P<motion>[UDC+-]?)\s*[0-4]?")
_MOTIONS = {"U": "positive", "C": "positive", "+": "positive", "D": "negative", "-": "negative"}


@dataclass(frozen=True)
class CatalogEvent:
    """An event, where known, with the picks that belong to it.

    Parameters
    ----------
    picks
        Rows for :func:`workbench.schema.make_picks`; the station may lack its network.
    file_stem
        Name without suffix of the file that it comes from.
    """

    event: Event | None
    picks: Sequence[Mapping[str, Any]] = ()
    file_stem: str = ""


def read_quakeml(path: Path) -> list[CatalogEvent]:
    """Events of a QuakeML file, with their preferred origin and magnitude.

    Raises
    ------
    SourceError
        If it is not QuakeML that ObsPy can read.
    """
    import obspy

    try:
        catalog = ask_obspy(obspy.read_events, str(path), format="QUAKEML")
    except SourceError as error:
        raise SourceError(f"{path.name} is not QuakeML that ObsPy can read: it {error}.") from error
    return [CatalogEvent(_event(found), tuple(_quakeml_picks(found)), path.stem) for found in catalog]


def _event(found: Any) -> Event | None:
    origin = found.preferred_origin() or (found.origins[0] if found.origins else None)
    if origin is None or origin.time is None or (time := time_after(origin.time.ns)) is None:
        return None
    magnitude = found.preferred_magnitude() or (found.magnitudes[0] if found.magnitudes else None)
    return Event(
        event_id=str(found.resource_id.id),
        time=time,
        latitude_deg=_NAN if origin.latitude is None else float(origin.latitude),
        longitude_deg=_NAN if origin.longitude is None else float(origin.longitude),
        depth_km=_NAN if origin.depth is None else float(origin.depth) / 1000.0,
        magnitude=_NAN if magnitude is None or magnitude.mag is None else float(magnitude.mag),
        magnitude_type=(magnitude.magnitude_type or "") if magnitude is not None else "",
    )


def _quakeml_picks(found: Any) -> Iterator[dict[str, Any]]:
    arrivals = (arrival for origin in found.origins for arrival in origin.arrivals)
    phase_of = {arrival.pick_id.id: arrival.phase for arrival in arrivals if arrival.pick_id}
    for pick in found.picks:
        phase = pick.phase_hint or phase_of.get(pick.resource_id.id, "")
        time, where = None if pick.time is None else time_after(pick.time.ns), pick.waveform_id
        if time is None or not phase or where is None or pick.evaluation_status == "rejected":
            continue
        yield {
            "station": joined_codes(where.network_code, where.station_code, where.location_code),
            "phase": str(phase),
            "time": time,
            "uncertainty_s": _uncertainty_s(pick.time_errors),
            "polarity": pick.polarity or "",
        }


def _uncertainty_s(errors: Any) -> float:
    if errors.uncertainty is not None:
        return float(errors.uncertainty)
    if errors.lower_uncertainty is not None and errors.upper_uncertainty is not None:
        return (float(errors.lower_uncertainty) + float(errors.upper_uncertainty)) / 2.0
    return _NAN


def read_sac_header(path: Path, stats: Any) -> tuple[Station, CatalogEvent]:
    """Station, event and picks in the header of a SAC trace, as far as they are set.

    Origin time ``o``, picks ``a`` (P unless ``ka`` names another phase) and ``t0`` to ``t9`` where ``kt0`` to ``kt9``
    name one; ``t0`` beside ``a`` is S if it has no name, as SAC's own picking sets them. Names may be those of Hypo71
    that SAC writes: ``IPU0`` (impulsive P, up, weight 0), ``ES  2``.
    """
    sac = stats.sac
    code = station_of(path, stats)
    station = Station(code, *(float(sac.get(name, _NAN)) for name in ("stla", "stlo", "stel")))
    reference_ns = stats.starttime.ns - round(float(sac.get("b", 0.0)) * 1e9)
    picks = []
    for name in ("a", *(f"t{number}" for number in range(10))):
        written = str(sac.get(f"k{name}", "")).strip()
        if not written and name == "t0" and "a" in sac:
            written = "S"
        hypo = _HYPO71.fullmatch(written)
        phase, motion = (hypo["phase"], hypo["motion"]) if hypo else (written, "")
        phase = "P" if name == "a" and phase[:1].upper() not in ("P", "S") else phase
        time = time_after(reference_ns, float(sac.get(name, _NAN)))
        if time is not None and phase[:1].upper() in ("P", "S"):
            picks.append({"station": code, "phase": phase, "time": time, "polarity": _MOTIONS.get(motion, "")})
    return station, CatalogEvent(_sac_event(sac, reference_ns), tuple(picks), path.stem)


def _sac_event(sac: Mapping[str, Any], reference_ns: int) -> Event | None:
    time = time_after(reference_ns, float(sac.get("o", _NAN)))
    if time is None:
        return None
    depth = float(sac.get("evdp", _NAN))
    return Event(
        event_id=str(sac.get("kevnm", "")).strip() or f"sac {time.round('s').isoformat()}",
        time=time,
        latitude_deg=float(sac.get("evla", _NAN)),
        longitude_deg=float(sac.get("evlo", _NAN)),
        # Kilometres by the manual; metres in files of older programs.
        depth_km=depth / 1000.0 if depth > _DEEPEST_KM else depth,
        magnitude=float(sac.get("mag", _NAN)),
    )


class EventBook:
    """Events and picks of a folder, found by time and station.

    A pick whose location code, or network, is empty or another one belongs to the station with the same code.

    Parameters
    ----------
    entries
        In any order; the same event may stand in several (each file of SAC has its own header).
    """

    def __init__(self, entries: Iterable[CatalogEvent] = ()) -> None:
        self._entries = list(entries)
        numbered = list(enumerate(self._entries))
        picks = [(row["time"].value, number, row) for number, entry in numbered for row in entry.picks]
        self._picks = sorted(picks, key=lambda pick: pick[:2])
        self._pick_times_ns = [pick[0] for pick in self._picks]
        events = [(entry.event.time.value, number) for number, entry in numbered if entry.event is not None]
        self._event_times = sorted(events)

    def replace(self, number: int, entry: CatalogEvent) -> None:
        """Take another reading of the entry of that number: the same picks at the same times, on other stations.

        Places and times stay, so that whoever reads meanwhile finds each pick once, as it was or as it is now.

        Raises
        ------
        ValueError
            If its picks are at other times.
        """
        picks = sorted(((row["time"].value, number, row) for row in entry.picks), key=lambda pick: pick[:2])
        if [pick[0] for pick in picks] != sorted(row["time"].value for row in self._entries[number].picks):
            raise ValueError(f"entry {number} had picks at other times.")
        self._entries[number] = entry
        at = -1
        for pick in picks:
            # Several picks of an entry may be at one time: they stand one after the other.
            at = bisect_left(self._picks, pick[:2], lo=at + 1, key=lambda known: known[:2])
            self._picks[at] = pick

    def picks(self, stations: Sequence[str], start_ns: int, end_ns: int, event_id: str = "") -> list[dict[str, Any]]:
        """Picks on these stations between two times, each once; the station is written as in `stations`.

        With `event_id` only those that stand with this event.
        """
        found: dict[tuple[str, str, int], dict[str, Any]] = {}
        for number, station, row in self._found(stations, start_ns, end_ns):
            event = self._entries[number].event
            if event_id and (event is None or event.event_id != event_id):
                continue
            found.setdefault((station, row["phase"], row["time"].value), {**row, "station": station})
        return list(found.values())

    def event(
        self, stations: Sequence[str], start_ns: int, end_ns: int, file_stems: Set[str] = frozenset()
    ) -> Event | None:
        """The event of a recording: the one beside its file, else the one with most picks in it, else the largest.

        An event without picks there must have its origin in the recording or up to two minutes before.
        """
        candidates = self._candidates(stations, start_ns, end_ns, file_stems)
        return max(candidates, key=lambda candidate: candidate[:3])[3] if candidates else None

    def events(self, stations: Sequence[str], start_ns: int, end_ns: int) -> list[tuple[Event, int]]:
        """All events with picks on these stations between two times, each with their number, sorted by time."""
        found = [(event, n_picks) for _, n_picks, _, event in self._candidates(stations, start_ns, end_ns) if n_picks]
        return sorted(found, key=lambda candidate: candidate[0].time)

    def _candidates(
        self, stations: Sequence[str], start_ns: int, end_ns: int, file_stems: Set[str] = frozenset()
    ) -> list[tuple[bool, int, float, Event]]:
        """Events that a recording may be of: whether one stands beside its file, number of picks, magnitude, event."""
        n_picks = Counter(number for number, _, _ in self._found(stations, start_ns, end_ns))
        first = bisect_left(self._event_times, (start_ns - _LATEST_START_NS, -1))
        last = bisect_right(self._event_times, (end_ns, len(self._entries)))
        candidates: dict[str, tuple[bool, int, float, Event]] = {}
        for number in sorted(n_picks.keys() | {number for _, number in self._event_times[first:last]}):
            entry = self._entries[number]
            if entry.event is not None:
                beside, before, _, _ = candidates.get(entry.event.event_id, (False, 0, 0.0, entry.event))
                beside = beside or entry.file_stem in file_stems
                size = float(np.nan_to_num(entry.event.magnitude, nan=-9.0))
                candidates[entry.event.event_id] = (beside, before + n_picks[number], size, entry.event)
        return list(candidates.values())

    def _found(
        self, stations: Sequence[str], start_ns: int, end_ns: int
    ) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
        """Entry, station and row of each pick on these stations between two times."""
        begin, end = bisect_left(self._pick_times_ns, start_ns), bisect_right(self._pick_times_ns, end_ns)
        if begin == end:
            return
        known = _by_code(stations)
        for _, number, row in self._picks[begin:end]:
            network, code, _ = row["station"].split(".")
            station = known.get(row["station"]) or known.get(f"{network}.{code}" if network else code)
            if station:
                yield number, station, row


def _by_code(stations: Sequence[str]) -> dict[str, str]:
    known: dict[str, str] = {}
    for station in stations:
        network, code, _ = station.split(".")
        for key in (station, f"{network}.{code}", code):
            known.setdefault(key, station)
    return known
