"""``EventWindow``: an event of the catalogue with the stretch of time and the stations that are read for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from workbench.schema import make_recording
from workbench.sources.ogs.archive import EventArchive
from workbench.sources.ogs.catalogue import CatalogueEvent
from workbench.sources.ogs.station_codes import StationCodes
from workbench.sources.stations import StationBook
from workbench.sources.waveforms_grid import common_rate
from workbench.sources.waveforms_grouping import Interval
from workbench.sources.waveforms_headers import Segment
from workbench.sources.waveforms_reading import read_interval
from workbench.sources.waveforms_scanning import Scanned

__all__ = ["NO_WAVEFORMS", "EventWindow", "make_windows", "read_window", "recording_row"]

NO_WAVEFORMS = (
    "No traces: the catalogue has no waveforms of this event here. Its picks, map and travel times are shown. To see "
    "traces, open it with a folder or SDS archive of that time: field Waveforms under Open…, or workbench serve "
    "--source CATALOGUE --waveforms FOLDER."
)
"""Said in place of the traces."""

_SHORTEST_S = 90.0
_BLANK_HZ = 100.0
_NO_STATION = ".NONE."
_SHOWN = 4
_NAN = float("nan")


@dataclass(eq=False)
class EventWindow:
    """What one recording is made of.

    Parameters
    ----------
    span_ns
        First and last time, nanoseconds since 1970.
    segments
        Of the archive, with samples in the window.
    station_of
        The catalogue's ``".STA."`` to the SEED id that it means here.
    doubtful
        Codes that could mean several stations, one sentence each.
    """

    known: CatalogueEvent
    span_ns: tuple[int, int]
    segments: list[Segment] = field(default_factory=list)
    station_of: dict[str, str] = field(default_factory=dict)
    doubtful: list[str] = field(default_factory=list)

    def join(self, archive: EventArchive, codes: StationCodes) -> None:
        """Take the segments of an archive, and the SEED ids of the stations that were picked."""
        self.segments, self.doubtful = archive.between(*self.span_ns), []
        for named in dict.fromkeys(str(pick["station"]) for pick in self.known.picks):
            code = named.strip(".")
            station = self.station_of[named] = codes.resolve(code, self.segments)
            choices = codes.choices(code, self.segments)
            if len(choices) > 1:
                self.doubtful.append(
                    f"{code} of the catalogue can be {', '.join(choices)}; its picks are on {station}."
                )

    @property
    def recorded(self) -> list[str]:
        """Stations with samples, sorted."""
        return sorted({segment.station for segment in self.segments})

    @property
    def stations(self) -> list[str]:
        """All stations of the recording, sorted; a placeholder where an event has neither picks nor waveforms."""
        return sorted({*self.recorded, *self.station_of.values()}) or [_NO_STATION]

    def pick_rows(self) -> list[dict[str, Any]]:
        """The picks, for :func:`workbench.schema.make_picks`, on the stations that their codes mean."""
        names = ("phase", "time", "uncertainty_s", "polarity")
        return [
            {"station": self.station_of[pick["station"]]} | {name: pick[name] for name in names}
            for pick in self.known.picks
        ]


def make_windows(events: Sequence[CatalogueEvent], before_s: float, after_s: float) -> list[EventWindow]:
    """A window for each event: from before its origin (or first pick) to after its last pick, at least 90 s long."""
    windows = []
    for known in events:
        times_ns = [known.event.time.value, *(pick["time"].value for pick in known.picks)]
        start_ns = min(times_ns) - round(before_s * 1e9)
        end_ns = max(max(times_ns) + round(after_s * 1e9), start_ns + round(_SHORTEST_S * 1e9))
        windows.append(EventWindow(known, (start_ns, end_ns)))
    return windows


def recording_row(window: EventWindow) -> dict[str, Any]:
    """The row of an event in the table of recordings."""
    event, picks, stations = window.known.event, window.known.picks, window.stations
    phases = Counter(str(pick["phase"]) for pick in picks)
    facts = dict(window.known.facts)
    return {
        "recording_id": event.event_id,
        "group": f"{event.time:%Y-%m-%d}",
        "start": pd.Timestamp(window.span_ns[0]),
        "duration_s": (window.span_ns[1] - window.span_ns[0]) / 1e9,
        "n_stations": len(stations),
        "stations": ",".join(stations[:_SHOWN]) + ("…" if len(stations) > _SHOWN else ""),
        "sampling_rate_hz": common_rate(window.segments) if window.segments else _BLANK_HZ,
        "category": facts.pop("event_type"),
        "magnitude": event.magnitude,
        "distance_km": min(
            (pick["distance_km"] for pick in picks if pick["distance_km"] == pick["distance_km"]), default=_NAN
        ),
        "magnitude_type": event.magnitude_type,
        "origin_time": event.time if window.known.located else pd.NaT,
        "origin_latitude_deg": event.latitude_deg,
        "origin_longitude_deg": event.longitude_deg,
        "origin_depth_km": event.depth_km,
        "n_picks": len(picks),
        "n_p": phases["P"],
        "n_s": phases["S"],
        "n_with_waveforms": len(window.recorded),
        "time_of": window.known.time_of,
        **facts,
    }


def read_window(
    window: EventWindow,
    span_ns: tuple[int, int],
    found: Scanned,
    book: StationBook,
    source: str,
    absent: str = NO_WAVEFORMS,
) -> xr.Dataset:
    """The recording of a window, or of a part of it.

    Parameters
    ----------
    absent
        Said in place of the traces where there are none.

    Raises
    ------
    SourceError
        If it has waveforms and none of them can be read.
    """
    event_id = window.known.event.event_id
    there = [one for one in window.segments if one.start_ns <= span_ns[1] and one.end_ns >= span_ns[0]]
    if not there:
        return _blank(window, span_ns, book, source, absent)
    interval = replace(Interval.around(there), start_ns=span_ns[0], end_ns=span_ns[1])
    recording = read_interval(
        interval,
        event_id,
        book=book,
        inventories=found.inventories,
        source=source,
        event_id=event_id,
        notices=[*found.guesses, *window.doubtful],
    )
    return _with_stations(recording, window, book)


def _blank(window: EventWindow, span_ns: tuple[int, int], book: StationBook, source: str, absent: str) -> xr.Dataset:
    stations = window.stations
    places = [book.find(station, span_ns[0]) for station in stations]
    n_samples = int((span_ns[1] - span_ns[0]) * 1e-9 * _BLANK_HZ) + 1
    recording = make_recording(
        np.full((len(stations), 3, n_samples), np.nan, dtype=np.float32),
        stations=stations,
        components=list("ZNE"),
        start=np.datetime64(span_ns[0], "ns"),
        sampling_rate_hz=_BLANK_HZ,
        recording_id=window.known.event.event_id,
        source=source,
        event_id=window.known.event.event_id,
        notices=[absent],
        latitude_deg=[place.latitude_deg for place in places],
        longitude_deg=[place.longitude_deg for place in places],
        elevation_m=[place.elevation_m for place in places],
    )
    return recording.assign_attrs(without_waveforms=absent)


def _with_stations(recording: xr.Dataset, window: EventWindow, book: StationBook) -> xr.Dataset:
    """The recording with a row of missing samples for each station that was picked and has no waveform."""
    here = [str(name) for name in recording["station"].values]
    lacking = sorted(set(window.stations) - set(here))
    if not lacking:
        return recording
    stations = sorted([*here, *lacking])
    rows = [here.index(name) if name in here else -1 for name in stations]
    shape = (len(stations), *recording["waveform"].shape[1:])
    waveform = np.full(shape, np.nan, dtype=np.float32)
    channels = np.full(shape[:2], "", dtype=recording["channel"].dtype)
    rate_hz = float(recording.attrs["sampling_rate_hz"])
    native = np.full(len(stations), rate_hz)
    for row, old in enumerate(rows):
        if old >= 0:
            waveform[row], channels[row] = recording["waveform"].values[old], recording["channel"].values[old]
            native[row] = recording["native_sampling_rate_hz"].values[old]
    attrs = recording.attrs
    start = recording["time"].values[0]
    places = [book.find(station, int(start.astype("int64"))) for station in stations]
    words = f"Picked, and without waveforms here: {', '.join(lacking)}."
    return make_recording(
        waveform,
        stations=stations,
        components=[str(name) for name in recording["component"].values],
        start=start,
        sampling_rate_hz=rate_hz,
        recording_id=attrs["recording_id"],
        source=attrs["source"],
        units=attrs["units"],
        event_id=attrs["event_id"],
        native_sampling_rate_hz=native.tolist(),
        channels=channels,
        history=[line for line in attrs["history"].split("\n") if line],
        notices=[*(line for line in attrs["notices"].split("\n") if line), words],
        latitude_deg=[place.latitude_deg for place in places],
        longitude_deg=[place.longitude_deg for place in places],
        elevation_m=[place.elevation_m for place in places],
    )
