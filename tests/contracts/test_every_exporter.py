"""Every exporter: written, read back by somebody else's reader, equal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import obspy
import pandas as pd
import pytest
import xarray as xr

from workbench.errors import SchemaError, SourceError
from workbench.exporters import EXPORTERS
from workbench.exporters.base import Exporter
from workbench.exporters.exported import read_exported
from workbench.exporters.manifest import read_manifest
from workbench.exporters.settings import export_settings
from workbench.labels.journal import Journal
from workbench.schema import LABEL_COLUMNS, Decision, Event, JournalPosition, make_recording

from ..exporters.others_readers import picks_located_with, read_markers

# SeisBench 0.12 with pandas 3.1.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")

START = pd.Timestamp("2023-12-31T23:59:48.990")
"""The onsets below lie on both sides of midnight and of the new year."""
STATIONS = {"r1": ("BW.RJOB.", "BW.UH1.00"), "Höfn 2": ("XX.A.",)}
RATE_HZ = 100.0
ANALYST = "Zoë Ünal, 地震"
MICROSECOND = pd.Timedelta(1, "us")

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


@pytest.fixture(params=["1965-06-30T23:59:48.990", "2024-02-28T23:59:49.120"])
def another_start(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before 1970, and the end of the day before a leap day."""
    monkeypatch.setitem(globals(), "START", pd.Timestamp(request.param))


@pytest.fixture
def labels(tmp_path: Path) -> pd.DataFrame:
    """Labels as a journal gives them: of three stations, one of them moved, one rejected."""
    with Journal(tmp_path / "labels.sqlite", ANALYST) as journal:
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


P_AND_S_ONLY = {"ogs", "stead"}
NO_NETWORK = {"ogs", "nonlinloc"}
NO_POLARITY = {"stead"}


def expected(name: str, labels: pd.DataFrame) -> set[Onset]:
    """What a format can hold of the labels."""
    standing = labels[labels["decision"] != "reject"]
    if name in P_AND_S_ONLY:
        standing = standing[standing["phase"].isin(["P", "S"])]
    found = set()
    for row in standing.itertuples():
        network, code = row.station.split(".")[:2]
        polarity = "" if name in NO_POLARITY else row.polarity
        station = code if name in NO_NETWORK else f"{network}.{code}"
        found.add(onset(station, row.phase, polarity, (row.time - START).total_seconds() * 1e6))
    return found


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


def read_stead(folder: Path) -> set[Onset]:
    """As those who train on STEAD do: with pandas and h5py."""
    table = pd.read_csv(folder / "merged.csv")
    found = set()
    with h5py.File(folder / "merged.hdf5") as file:
        for row in table.to_dict("records"):
            dataset = file[f"data/{row['trace_name']}"]
            assert (dataset.shape, dataset.dtype) == ((6000, 3), np.float32)
            assert dataset.attrs["p_arrival_sample"] == row["p_arrival_sample"]
            start = pd.Timestamp(row["trace_start_time"]) - START
            for phase in ("P", "S"):
                after_s = start.total_seconds() + row[f"{phase.lower()}_arrival_sample"] / RATE_HZ
                found.add(onset(f"{row['network_code']}.{row['receiver_code']}", phase, "", after_s * 1e6))
    return found


def read_sc3ml(folder: Path) -> set[Onset]:
    """ObsPy reads picks by the arrivals that name them; a pick that stands by itself is read from the XML."""
    from lxml import etree
    from obspy.io.seiscomp.core import validate

    assert validate(str(folder / "labels.xml"))
    names = {"s": "http://geofon.gfz-potsdam.de/ns/seiscomp3-schema/0.12"}
    start = obspy.UTCDateTime(ns=START.value)
    found = set()
    for pick in etree.parse(str(folder / "labels.xml")).findall(".//s:EventParameters/s:pick", names):
        if pick.findtext("s:evaluationStatus", namespaces=names) != "rejected":
            stream = pick.find("s:waveformID", names)
            time = obspy.UTCDateTime(pick.findtext("s:time/s:value", namespaces=names))
            polarity = pick.findtext("s:polarity", namespaces=names)
            phase = pick.findtext("s:phaseHint", namespaces=names)
            code = f"{stream.get('networkCode')}.{stream.get('stationCode')}"
            found.add(onset(code, phase, polarity, (time.ns - start.ns) / 1e3))
    return found


def read_nonlinloc(folder: Path) -> set[Onset]:
    """By ObsPy's reader of NonLinLoc's results, whose phase lines begin with those of the phase file."""
    return {
        onset(pick.waveform_id.station_code, pick.phase_hint, pick.polarity, (pick.time.ns - START.value) / 1e3)
        for file in folder.glob("*.obs")
        for pick in picks_located_with(file)
    }


def read_ogs(folder: Path) -> set[Onset]:
    from workbench.sources.ogs.reading import read_catalog

    (text,) = read_catalog([folder / "labels.dat"])
    assert (text.unread, text.odd) == ([], {})
    return {onset(pick.station, pick.phase, pick.polarity, (pick.time_ns - START.value) / 1e3) for pick in text.picks}


def read_pyrocko(folder: Path) -> set[Onset]:
    words = {1: "positive", -1: "negative", 0: "undecidable", None: ""}
    return {
        onset(
            ".".join(marker.channels[0][:2]), marker.phase, words[marker.polarity], (marker.time - START) / MICROSECOND
        )
        for marker in read_markers(folder / "markers.txt")
        if marker.what == "phase:"
    }


def read_parquet(folder: Path) -> set[Onset]:
    table = pd.read_parquet(folder / "labels.parquet")
    assert {name: str(kind) for name, kind in table.dtypes.items() if name in LABEL_COLUMNS} == dict(LABEL_COLUMNS)
    table = table[table["decision"] != "reject"]
    return {
        onset(".".join(row.station.split(".")[:2]), row.phase, row.polarity, (row.time - START) / MICROSECOND)
        for row in table.itertuples()
    }


READERS: dict[str, Callable[[Path], set[Onset]]] = {
    "seisbench": read_seisbench,
    "stead": read_stead,
    "quakeml": read_quakeml,
    "sc3ml": read_sc3ml,
    "nonlinloc": read_nonlinloc,
    "ogs": read_ogs,
    "pyrocko": read_pyrocko,
    "csv": read_csv,
    "parquet": read_parquet,
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
    assert READERS[name](tmp_path / "out") == expected(name, labels)


@pytest.mark.usefixtures("another_start")
def test_other_days_are_written_and_read_back_too(name, exporter, labels, tmp_path):
    assert (labels["time"] - START).abs().max() < pd.Timedelta(1, "min")
    exporter.export(labels, read_recording, tmp_path / "out", events=read_event)
    assert READERS[name](tmp_path / "out") == expected(name, labels)


def test_the_table_of_labels_holds_all_that_was_decided(exporter, labels, tmp_path):
    exporter.export(labels, read_recording, tmp_path / "out", events=read_event)
    found = read_exported(tmp_path / "out").set_index("label_id")
    assert set(found["analyst"]) == {ANALYST}
    wanted = labels.set_index("label_id").loc[found.index]
    pd.testing.assert_frame_equal(found, wanted)


def test_needs_no_events(name, exporter, labels, tmp_path):
    exporter.export(labels, read_recording, tmp_path / "out")
    assert READERS[name](tmp_path / "out") == expected(name, labels)


def test_names_the_files_that_it_wrote(exporter, labels, tmp_path):
    paths = exporter.export(labels, read_recording, tmp_path / "out")
    assert sorted(paths) == sorted((tmp_path / "out").iterdir())
    assert all(path.stat().st_size for path in paths)


def test_does_not_change_the_labels(exporter, labels, tmp_path):
    before = labels.copy(deep=True)
    exporter.export(labels, read_recording, tmp_path / "out", events=read_event)
    pd.testing.assert_frame_equal(labels, before)


def test_the_same_labels_give_the_same_bytes(exporter, labels, tmp_path):
    position = JournalPosition("0123456789ab", 11)
    shuffled = labels.sample(frac=1.0, random_state=1).reset_index(drop=True)
    for folder, table in (("a", labels), ("b", shuffled)):
        exporter.export(table, read_recording, tmp_path / folder, events=read_event, position=position, source="x:y")
    written = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    assert written == {path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()}


def test_says_of_which_labels_it_is_and_what_became_of_them(name, exporter, labels, tmp_path):
    position = JournalPosition("0123456789ab", 11)
    exporter.export(labels, read_recording, tmp_path / "out", events=read_event, position=position, source="x:y")
    manifest = read_manifest(tmp_path / "out")
    assert (manifest.exporter, manifest.journal, manifest.entry, manifest.source) == (name, "0123456789ab", 11, "x:y")
    assert EXPORTERS.create(name, **manifest.settings) == exporter
    assert manifest.n_labels == len(labels)
    assert manifest.n_written + sum(each["n_labels"] for each in manifest.left_out) == len(labels)
    assert str(tmp_path) not in (tmp_path / "out" / "export.json").read_text()
    n_rejected = int((labels["decision"] == "reject").sum()) if manifest.settings.get("rejected") else 0
    assert manifest.n_written - n_rejected == len(READERS[name](tmp_path / "out"))


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


def test_labels_that_are_held_back_are_told_and_not_written(name, exporter, labels, tmp_path):
    held = labels["station"] == "XX.A."
    why = dict.fromkeys(labels.loc[held, "label_id"], "nobody settled it")
    exporter.export(labels, read_recording, tmp_path / "out", held_back=why)
    manifest = read_manifest(tmp_path / "out")
    if exporter.own_table:
        assert set(why) <= set(read_exported(tmp_path / "out")["label_id"])
        return
    assert {"why": "nobody settled it", "n_labels": 3} in manifest.left_out
    assert READERS[name](tmp_path / "out") == expected(name, labels[~held])


def test_rejected_onsets_alone_are_no_export_where_they_are_left_out(name, labels, tmp_path):
    settings = {"rejected": False} if "rejected" in export_settings(name) else {}
    with pytest.raises(SchemaError, match="rejected"):
        EXPORTERS.create(name, **settings).export(labels.assign(decision="reject"), read_recording, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_odd_names_are_written_or_told(exporter, labels, tmp_path):
    odd = labels[labels["decision"] != "reject"].copy()
    odd["analyst"] = 'O\'Neill "x", a\nb; ü\t'
    odd.loc[odd.index[0], "phase"] = "P \x01'\""
    odd.loc[odd.index[1], "phase"] = "地震"
    exporter.export(odd, read_recording, tmp_path / "out", events=read_event)
    manifest = read_manifest(tmp_path / "out")
    assert manifest.n_written + sum(each["n_labels"] for each in manifest.left_out) == len(odd)
    assert manifest.n_written > 0
