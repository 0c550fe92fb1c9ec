"""Every exporter: written, read back by somebody else's reader, equal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import obspy
import pandas as pd
import pytest
import xarray as xr

from workbench.errors import SchemaError, SourceError
from workbench.exporters import EXPORTERS
from workbench.exporters.base import Exporter
from workbench.labels.journal import Journal
from workbench.schema import Decision, Event, make_recording

# SeisBench 0.12 with pandas 3.1.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")

START = pd.Timestamp("2024-01-01T00:00:00")
STATIONS = {"r1": ("BW.RJOB.", "BW.UH1.00"), "Höfn 2": ("XX.A.",)}
RATE_HZ = 100.0

Onset = tuple[str, str, str, int]
"""Network and station, phase, polarity, microseconds since `START`."""


def read_recording(recording_id: str) -> xr.Dataset:
    stations = STATIONS[recording_id]
    chance = np.random.default_rng(len(stations))
    return make_recording(
        chance.normal(size=(len(stations), 3, 6000)),
        stations=stations,
        components=("Z", "N", "E"),
        start=START.to_datetime64(),
        sampling_rate_hz=RATE_HZ,
        recording_id=recording_id,
        source="test",
    )


def read_event(recording_id: str) -> Event | None:
    return Event("ev1", START, 46.0, 13.0, 8.0, 2.5, "ML") if recording_id == "r1" else None


@pytest.fixture
def labels(tmp_path: Path) -> pd.DataFrame:
    """Labels as a journal gives them: of three stations, one of them moved, one rejected."""
    with Journal(tmp_path / "labels.sqlite", "Ada") as journal:
        for recording_id, stations in STATIONS.items():
            for number, station in enumerate(stations):
                for phase, at_s in (("P", 10.0 + number), ("S", 14.0 + number), ("Pn", 9.0 + number)):
                    time = START + pd.Timedelta(seconds=at_s)
                    entry = journal.record(
                        Decision(
                            "add",
                            recording_id,
                            station,
                            phase,
                            time,
                            uncertainty_minus_s=0.05,
                            uncertainty_plus_s=0.2,
                            polarity="positive" if phase == "P" else "",
                        )
                    )
        moved = START + pd.Timedelta(seconds=9.37)
        journal.record(Decision("move", "Höfn 2", "XX.A.", "Pn", moved, label_id=entry.label_id))
        rejected = START + pd.Timedelta(seconds=30.0)
        journal.record(Decision("reject", "r1", "BW.RJOB.", "P", rejected, pick_id="0123456789abcdef"))
        return journal.labels()


def onset(station: str, phase: str, polarity: object, microseconds: float) -> Onset:
    return station, phase, polarity if isinstance(polarity, str) else "", round(microseconds)


def expected(labels: pd.DataFrame) -> set[Onset]:
    standing = labels[labels["decision"] != "reject"]
    return {
        onset(".".join(row.station.split(".")[:2]), row.phase, row.polarity, (row.time - START).total_seconds() * 1e6)
        for row in standing.itertuples()
    }


def read_seisbench(folder: Path) -> set[Onset]:
    from seisbench.data import WaveformDataset

    dataset = WaveformDataset(folder, component_order="ZNE")
    found = set()
    for number, row in enumerate(dataset.metadata.to_dict("records")):
        whole = read_recording(row["trace_recording_id"])
        code = f"{row['station_network_code']}.{row['station_code']}"
        station = next(name for name in whole["station"].values if str(name).startswith(f"{code}."))
        np.testing.assert_array_equal(dataset.get_waveforms(number), whole["waveform"].sel(station=station).values)
        start = pd.Timestamp(row["trace_start_time"]).tz_localize(None)
        for phase in ("P", "S", "Pn"):
            name = {"P": "p", "S": "s"}.get(phase, phase)
            sample = row[f"trace_{name}_arrival_sample"]
            after_s = (start - START).total_seconds() + sample / RATE_HZ
            found.add(onset(code, phase, row.get(f"trace_{name}_polarity"), after_s * 1e6))
    return found


def read_quakeml(folder: Path) -> set[Onset]:
    catalog = obspy.read_events(str(folder / "labels.xml"), format="QUAKEML")
    start = obspy.UTCDateTime(ns=START.value)
    return {
        onset(
            f"{pick.waveform_id.network_code}.{pick.waveform_id.station_code}",
            pick.phase_hint,
            pick.polarity,
            (pick.time.ns - start.ns) / 1e3,
        )
        for event in catalog
        for pick in event.picks
        if pick.evaluation_status != "rejected"
    }


def read_csv(folder: Path) -> set[Onset]:
    table = pd.read_csv(folder / "labels.csv", keep_default_na=False)
    table = table[table["decision"] != "reject"]
    times = pd.to_datetime(table["time"]).dt.tz_localize(None)
    return {
        onset(".".join(station.split(".")[:2]), phase, polarity, (time - START).total_seconds() * 1e6)
        for station, phase, polarity, time in zip(
            table["station"], table["phase"], table["polarity"], times, strict=True
        )
    }


READERS: dict[str, Callable[[Path], set[Onset]]] = {
    "seisbench": read_seisbench,
    "quakeml": read_quakeml,
    "csv": read_csv,
}


@pytest.fixture(params=sorted(EXPORTERS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def exporter(name: str) -> Exporter:
    made = EXPORTERS.create(name)
    assert isinstance(made, Exporter)
    return made


def test_has_a_reader_here(name):
    assert name in READERS


def test_written_read_back_equal(name, exporter, labels, tmp_path):
    exporter.export(labels, read_recording, tmp_path / "out", events=read_event)
    assert READERS[name](tmp_path / "out") == expected(labels)


def test_needs_no_events(name, exporter, labels, tmp_path):
    exporter.export(labels, read_recording, tmp_path / "out")
    assert READERS[name](tmp_path / "out") == expected(labels)


def test_names_the_files_that_it_wrote(exporter, labels, tmp_path):
    paths = exporter.export(labels, read_recording, tmp_path / "out")
    assert sorted(paths) == sorted((tmp_path / "out").iterdir())
    assert all(path.stat().st_size for path in paths)


def test_does_not_change_the_labels(exporter, labels, tmp_path):
    before = labels.copy(deep=True)
    exporter.export(labels, read_recording, tmp_path / "out", events=read_event)
    pd.testing.assert_frame_equal(labels, before)


def test_the_same_labels_give_the_same_tables(name, exporter, labels, tmp_path):
    for folder in ("a", "b"):
        exporter.export(labels, read_recording, tmp_path / folder, events=read_event)
    assert READERS[name](tmp_path / "a") == READERS[name](tmp_path / "b")
    for path in (tmp_path / "a").glob("*.csv"):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_reports_and_never_prints(exporter, labels, tmp_path, capfd):
    said: list[tuple[float, str]] = []
    exporter.export(
        labels, read_recording, tmp_path / "out", report=lambda fraction, step: said.append((fraction, step))
    )
    fractions = [fraction for fraction, _ in said]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert capfd.readouterr() == ("", "")


def test_overwrites_nothing(exporter, labels, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("1")
    with pytest.raises(SourceError, match="already holds 'mine'"):
        exporter.export(labels, read_recording, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


def test_no_labels_are_told_and_leave_nothing(exporter, labels, tmp_path):
    with pytest.raises(SchemaError, match="no label to export"):
        exporter.export(labels.iloc[:0], read_recording, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_says_what_it_gives_in_its_first_line(name):
    assert (EXPORTERS[name].__doc__ or "").splitlines()[0].startswith("``")
