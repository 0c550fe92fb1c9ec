"""Real recordings bundled with ObsPy: the demo that needs neither files nor the internet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import SourceError, UnknownNameError
from workbench.schema import Event, Report, Station, check_recordings_table, empty_picks, make_recording, silent
from workbench.sources.stations import StationBook
from workbench.sources.waveforms_grouping import Interval
from workbench.sources.waveforms_headers import read_headers
from workbench.sources.waveforms_reading import read_interval

__all__ = ["ExamplesSource"]


@dataclass(frozen=True)
class _Example:
    """Files of one recording in ObsPy's folder ``signal/tests/data``; none stands for :func:`obspy.read` itself."""

    what: str
    files: tuple[str, ...] = ()


_EXAMPLES: Mapping[str, _Example] = {
    "BW.RJOB_20090824T002003": _Example("local earthquake at Jochberg, Bavaria, 2009"),
    "BW.UH1-UH4_20100527T162403": _Example(
        "several local earthquakes at Unterhaching, Bavaria, 2010, four stations",
        (
            "BW.UH1._.SHZ.D.2010.147.cut.slist.gz",
            "BW.UH2._.SHZ.D.2010.147.cut.slist.gz",
            "BW.UH3._.SHE.D.2010.147.cut.slist.gz",
            "BW.UH3._.SHN.D.2010.147.cut.slist.gz",
            "BW.UH3._.SHZ.D.2010.147.cut.slist.gz",
            "BW.UH4._.EHZ.D.2010.147.cut.slist.gz",
        ),
    ),
}

# RJOB: ObsPy's example inventory. UH1 to UH4: from the Gauss-Krueger coordinates (zone 4) in the bulletin
# io/nlloc/tests/data/nlloc_custom.hyp that ObsPy also ships, laid around the hypocentre that nlloc_custom.qml gives in
# degrees; good to about 0.001 degrees. That bulletin gives all four stations one elevation, so it is left open here.
_STATIONS = (
    Station("BW.RJOB.", 47.737167, 12.795714, 860.0),
    Station("BW.UH1.", 48.0815, 11.6363),
    Station("BW.UH2.", 48.0578, 11.6820),
    Station("BW.UH3.", 48.0308, 11.6386),
    Station("BW.UH4.", 48.0327, 11.5352),
)


class ExamplesSource:
    """Local earthquakes recorded in Bavaria, from ObsPy's own package."""

    kind = "examples"
    title = "Real recordings bundled with ObsPy"
    location = "examples"

    def __init__(self) -> None:
        self._intervals: dict[str, Interval] = {}

    def scan(self, report: Report = silent) -> pd.DataFrame:
        """One row per recording, with the column ``what``; what this copy of ObsPy lacks is in the notices."""
        rows, notices = [], []
        for number, (recording_id, example) in enumerate(_EXAMPLES.items()):
            report(number / len(_EXAMPLES), recording_id)
            try:
                recording = self.read(recording_id)
            except SourceError as error:
                notices.append(str(error))
                continue
            stations = recording["station"].values
            rows.append(
                {
                    "recording_id": recording_id,
                    "group": self.title,
                    "start": recording["time"].values[0],
                    "duration_s": (recording.sizes["time"] - 1) / recording.attrs["sampling_rate_hz"],
                    "n_stations": stations.size,
                    "stations": ",".join(stations),
                    "sampling_rate_hz": recording.attrs["sampling_rate_hz"],
                    "category": "earthquake",
                    "what": example.what,
                }
            )
        report(1.0, "listed")
        table = check_recordings_table(pd.DataFrame(rows, columns=None if rows else ["recording_id"]))
        table.attrs["notices"] = notices
        return table

    def read(self, recording_id: str) -> xr.Dataset:
        """One recording."""
        example = self._example(recording_id)
        book = StationBook(_STATIONS)
        if not example.files:
            return _obspy_example(recording_id, book)
        if recording_id not in self._intervals:
            self._intervals[recording_id] = _interval(example)
        return read_interval(
            self._intervals[recording_id],
            recording_id,
            book=book,
            inventories=[],
            source=self.title,
        )

    def reference_picks(self, recording_id: str) -> pd.DataFrame:
        """No picks: ObsPy ships none for these recordings."""
        self._example(recording_id)
        return empty_picks()

    def event(self, recording_id: str) -> Event | None:
        """None: ObsPy ships no origin for these earthquakes."""
        self._example(recording_id)
        return None

    @staticmethod
    def _example(recording_id: str) -> _Example:
        if recording_id not in _EXAMPLES:
            raise UnknownNameError("recording", recording_id, _EXAMPLES)
        return _EXAMPLES[recording_id]


def _interval(example: _Example) -> Interval:
    import obspy

    folder = Path(obspy.__file__).parent / "signal" / "tests" / "data"
    segments = []
    for name in example.files:
        if not (folder / name).is_file():
            raise SourceError(f"This copy of ObsPy was installed without its test data; {name} is missing.")
        segments += read_headers(folder / name)[0]
    return Interval.around(segments)


def _obspy_example(recording_id: str, book: StationBook) -> xr.Dataset:
    """What :func:`obspy.read` returns without arguments."""
    import obspy

    by_component = {trace.stats.channel[-1]: trace for trace in obspy.read()}
    first = by_component["Z"].stats
    station = book.find(f"{first.network}.{first.station}.{first.location}")
    return make_recording(
        np.stack([by_component[letter].data for letter in "ZNE"])[np.newaxis],
        stations=[station.station],
        components=list("ZNE"),
        start=np.datetime64(first.starttime.ns, "ns"),
        sampling_rate_hz=first.sampling_rate,
        recording_id=recording_id,
        source=ExamplesSource.title,
        latitude_deg=[station.latitude_deg],
        longitude_deg=[station.longitude_deg],
        elevation_m=[station.elevation_m],
        channels=np.array([[by_component[letter].stats.channel for letter in "ZNE"]]),
    )
