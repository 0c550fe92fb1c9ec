"""STEAD's layout, read back by our own source and as those who train on it do; what it demands is done, or told."""

from __future__ import annotations

from types import SimpleNamespace

import h5py
import numpy as np
import pandas as pd
import pytest

from workbench.exporters.manifest import read_manifest
from workbench.exporters.stead import SteadExporter
from workbench.schema import Event
from workbench.sources import open_source
from workbench.sources.stead import SteadSource
from workbench.sources.stead_index import STEAD_COLUMNS

from .conftest import START

EVENT = Event("ev1", START + pd.Timedelta(2, "s"), 46.2, 13.1, 8.0, 2.5, "ML")


@pytest.fixture
def export(tmp_path, reader):
    def run(labels, *recordings, events=lambda name: EVENT, **settings):
        SteadExporter(**settings).export(labels, reader(*recordings), tmp_path / "out", events=events)
        return tmp_path / "out", read_manifest(tmp_path / "out")

    return run


def test_our_own_source_reads_it_back(export, labels, recording):
    whole = recording(n_samples=30_000, stations=("XX.A.", "YY.B.00"), components=("Z", "N", "E"))
    table = labels(
        {"at_s": 100.123456, "weight": 1.0},
        {"phase": "S", "at_s": 104.5, "uncertainty_minus_s": 0.2, "uncertainty_plus_s": 0.2},
        {"station": "YY.B.00", "at_s": 3.0},
    )
    folder, manifest = export(table, whole)
    source = open_source(folder)
    assert isinstance(source, SteadSource)
    rows = source.scan().set_index("stations")
    assert set(STEAD_COLUMNS) <= set(rows.columns)
    first = rows.loc["XX.A."]
    assert first["recording_id"] == "A.XX_20240101000133_EV"
    assert (first["p_weight"], first["s_weight"], first["p_status"]) == (0.75, 0.5, "manual")
    assert first["p_travel_sec"] == pytest.approx(98.123456, abs=1e-6)
    assert first["receiver_type"] == "HH"
    assert (first["source_magnitude"], first["source_depth_km"]) == (2.5, 8.0)
    assert first["source_distance_km"] == pytest.approx(23.5, abs=1.0)
    event = source.event(first["recording_id"])
    assert (event.event_id, event.latitude_deg, event.magnitude_type) == ("ev1", 46.2, "ML")
    picks = source.reference_picks(first["recording_id"])
    wanted = [START + pd.Timedelta(seconds=at_s) for at_s in (100.123456, 104.5)]
    assert all(abs(picks["time"] - wanted) <= pd.Timedelta(2, "us"))
    found = source.read(first["recording_id"])
    begin = round((pd.Timestamp(found["time"].values[0]) - START).total_seconds() * 100)
    assert begin == 10_012 - 700
    expected = whole["waveform"].sel(station="XX.A.", component=list("ZNE")).values[:, begin : begin + 6000]
    np.testing.assert_array_equal(found["waveform"].sel(component=list("ZNE")).values[0], expected)
    # A recording that begins 3 s before the onset begins the trace.
    assert rows.loc["YY.B.", "p_arrival_sample"] == 300.0
    assert {"what": "the trace has P or S alone, where STEAD has both", "n_labels": 1} in manifest.changed


def test_the_layout_is_that_of_the_published_files(export, labels, shared_data):
    folder, _ = export(labels({}, {"phase": "S", "at_s": 12.0}))
    published = pd.read_csv(shared_data / "stead" / "stead_100samples_metadata.csv", nrows=0)
    table = pd.read_csv(folder / "merged.csv")
    assert list(table) == list(published)
    with h5py.File(folder / "merged.hdf5") as own, h5py.File(shared_data / "stead" / "sample.hdf5") as other:
        assert list(own) == list(other) == ["data"]
        (name,), theirs = own["data"], next(iter(other["data"]))
        mine, example = own["data"][name], other["data"][theirs]
        assert (mine.shape, mine.dtype) == (example.shape, example.dtype)
        assert set(example.attrs) <= set(mine.attrs) == set(STEAD_COLUMNS)
        # As EQTransformer reads a trace.
        assert (int(mine.attrs["p_arrival_sample"]), int(mine.attrs["s_arrival_sample"])) == (1000, 1200)
        assert mine.attrs["trace_name"] == name == table["trace_name"][0]


@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_seisbench_turns_it_into_its_own_form(export, labels, tmp_path, monkeypatch):
    import seisbench.util
    from seisbench.data import STEAD, WaveformDataset, WaveformDataWriter

    folder, _ = export(labels({}, {"phase": "S", "at_s": 12.0, "weight": 3.0}))
    made = tmp_path / "seisbench"
    # It fetches which traces are for tests; of these none is.
    monkeypatch.setattr(seisbench.util, "download_http", lambda url, path, **more: np.save(path, np.array(["x"])))
    with WaveformDataWriter(made / "metadata.csv", made / "waveforms.hdf5") as writer:
        STEAD._download_dataset(SimpleNamespace(path=made), writer, basepath=folder)
    dataset = WaveformDataset(made)
    (row,) = dataset.metadata.to_dict("records")
    assert (row["trace_p_arrival_sample"], row["trace_s_arrival_sample"], row["trace_s_weight"]) == (1000, 1200, 0.25)
    assert (row["station_network_code"], row["station_code"]) == ("XX", "A")
    assert (row["source_magnitude"], row["path_back_azimuth_deg"]) == (2.5, pytest.approx(19.2, abs=0.5))
    np.testing.assert_array_equal(dataset.get_waveforms(0), np.arange(18_000, dtype=np.float32).reshape(3, 6000))


@pytest.mark.parametrize("rate_hz", [20.0, 50.0, 200.0])
def test_other_rates_are_resampled_and_told(export, labels, recording, rate_hz):
    made = recording(n_samples=round(80 * rate_hz), rate_hz=rate_hz)
    slow = np.sin(2 * np.pi * 0.5 * np.arange(made.sizes["time"]) / rate_hz).astype(np.float32)
    made["waveform"][:] = slow
    folder, manifest = export(labels({"at_s": 12.345}), made)
    source = open_source(folder)
    (name,) = source.scan()["recording_id"]
    found = source.read(name)
    assert found.sizes["time"] == 6000
    (pick,) = source.reference_picks(name)["time"]
    assert abs(pick - START - pd.Timedelta(12.345, "s")) < pd.Timedelta(2, "us")
    since = (found["time"].values - START.to_datetime64()).astype("int64") / 1e9
    inner = slice(500, 5500)
    np.testing.assert_allclose(found["waveform"].values[0, 0, inner], np.sin(np.pi * since[inner]), atol=0.02)
    assert {"what": "the waveform was resampled to 100 Hz", "n_labels": 1} in manifest.changed


def test_gaps_and_missing_components_are_zeros_and_told(export, labels, recording):
    made = recording(components=("Z", "1"))
    made["waveform"][0, 0, 2000:2100] = np.nan
    folder, manifest = export(labels({}), made)
    with h5py.File(folder / "merged.hdf5") as file:
        (waveform,) = (dataset[()] for dataset in file["data"].values())
    assert not waveform[:, 0].any()
    assert not waveform[2000:2100, 2].any()
    assert waveform[1:2000, 2].all()
    assert waveform[:, 1].any()
    assert {"what": "gaps or missing components of the waveform are zeros", "n_labels": 1} in manifest.changed


def test_two_events_on_a_station_are_two_traces(export, labels, recording):
    onsets = (("P", 100.0), ("S", 104.0), ("P", 120.0), ("S", 127.0))
    table = labels(*({"phase": phase, "at_s": at_s} for phase, at_s in onsets))
    folder, manifest = export(table, recording(n_samples=30_000))
    rows = open_source(folder).scan().sort_values("start")
    assert rows["s_arrival_sample"].sub(rows["p_arrival_sample"]).tolist() == pytest.approx([400.0, 700.0])
    assert rows["recording_id"].nunique() == 2
    assert manifest.n_written == 4


def test_what_a_trace_cannot_hold_is_left_out_and_told(export, labels, recording):
    table = labels(
        {"at_s": 100.0},
        {"at_s": 100.3},
        {"phase": "S", "at_s": 170.0},
        {"phase": "Sn", "at_s": 103.0},
        {"at_s": -5.0},
        {"station": "XX.NONE."},
        {"recording_id": "short", "at_s": 10.0},
        {"phase": "S", "decision": "reject"},
    )
    _, manifest = export(table, recording(n_samples=30_000), recording("short", n_samples=5_000))
    assert manifest.n_written == 1
    assert sum(each["n_labels"] for each in manifest.left_out) == 7
    said = " ".join(manifest.in_words())
    for words in ("P and S only", "60 s of its trace", "outside of its recording", "recording is shorter", "rejected"):
        assert words in said


def test_nothing_is_known_of_an_event_that_is_not_known(export, labels):
    folder, _ = export(labels({}, {"phase": "S", "at_s": 14.0}), events=lambda name: None)
    row = open_source(folder).scan().iloc[0]
    assert pd.isna(row["source_origin_time"])
    assert np.isnan(row["source_magnitude"])
    assert row["source_id"] == ""
