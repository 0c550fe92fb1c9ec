"""Datasets in SeisBench's format: equal to SeisBench's own reading, every phase, and downloads only when asked."""

import functools
import http.server
import pickle
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np
import pandas as pd
import pytest

from workbench.errors import JobCancelledError, SourceError, UnknownNameError
from workbench.schema import check_recording, check_recordings_table
from workbench.sources import open_source
from workbench.sources.opening import download_and_scan
from workbench.sources.seisbench_datasets import SeisBenchSource

from .dataset_files import SEISBENCH_ROW, write_seisbench

# SeisBench itself uses what pandas is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in")

DATASETS = ("dummydataset", "chunkeddummydataset")


@pytest.fixture
def seisbench_folder(tmp_path, monkeypatch):
    """An empty cache folder of SeisBench."""
    import seisbench

    monkeypatch.setattr(seisbench, "cache_data_root", tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A folder served as SeisBench's repository."""
    import seisbench

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            """Not to the screen."""

    served = tmp_path / "served"
    (served / "datasets").mkdir(parents=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=served))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setattr(seisbench, "remote_data_root", f"http://127.0.0.1:{server.server_port}/datasets/")
    yield served / "datasets"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("name", DATASETS)
def test_waveforms_and_order_are_those_of_seisbench(shared_data, name):
    from seisbench.data import WaveformDataset

    source = open_source(shared_data / "seisbench-datasets" / name)
    table = check_recordings_table(source.scan())
    theirs = WaveformDataset(shared_data / "seisbench-datasets" / name, component_order="ZNE")
    assert source.kind == "seisbench"
    assert list(table["trace_name"]) == list(theirs.metadata["trace_name"])
    assert list(table["trace_chunk"]) == list(theirs.metadata["trace_chunk"])
    for column in ("source_magnitude", "source_depth_km", "split", "station_elevation_m"):
        assert list(table[column]) == list(theirs.metadata[column])
    expected = theirs.get_waveforms()
    for row, recording_id in enumerate(table["recording_id"]):
        recording = source.read(recording_id)
        np.testing.assert_array_equal(recording["waveform"].values[0], expected[row].astype(np.float32))
        assert recording.attrs["sampling_rate_hz"] == 20.0


def test_traces_of_one_name_in_two_chunks_have_the_chunk_in_their_id(shared_data):
    table = SeisBenchSource(shared_data / "seisbench-datasets" / "chunkeddummydataset").scan()
    assert len(table) == 200
    assert list(table["recording_id"].iloc[[0, 100]]) == ["bucket0$0,:3,:1200", "bucket0$0,:3,:1200@1"]
    assert (table["duration_s"] == 60.0).all()


@pytest.mark.parametrize("order", ["ZNE", "ENZ", "NEZ", "Z12", "Z12H", "Z", "NE"])
@pytest.mark.parametrize("dimensions", ["CW", "WC"])
def test_components_come_in_one_order_whatever_the_file_has(tmp_path, order, dimensions):
    samples = write_seisbench(tmp_path, order=order, dimensions=dimensions)
    recording = check_recording(SeisBenchSource(tmp_path).read("t1"))
    components = sorted(order, key="ZNE12H".index)
    assert list(recording["component"].values) == components
    for component in components:
        expected = samples["t1"][order.index(component)]
        np.testing.assert_array_equal(recording["waveform"].sel(component=component).values[0], expected)
    assert recording["channel"].values.tolist() == [[f"HH{component}" for component in components]]
    assert recording.attrs["units"] == "m/s"


@pytest.mark.parametrize("dimensions", ["CW", "WC"])
def test_without_a_data_format_the_shorter_dimension_holds_the_components(tmp_path, dimensions):
    samples = write_seisbench(tmp_path, dimensions=dimensions)
    with h5py.File(tmp_path / "waveforms.hdf5", "a") as file:
        del file["data_format"]
    recording = SeisBenchSource(tmp_path).read("t1")
    np.testing.assert_array_equal(recording["waveform"].values[0], samples["t1"])
    assert "does not name its components; ZNE is assumed" in recording.attrs["notices"]


@pytest.mark.parametrize(
    ("order", "dimensions"),
    [("enz", "cw"), (list("ENZ"), list("CW")), ('["E", "N", "Z"]', "NCW"), ("E,N,Z", "CW")],
)
def test_an_order_in_another_spelling_is_the_same_order(tmp_path, order, dimensions):
    samples = write_seisbench(tmp_path, order="ENZ")
    with h5py.File(tmp_path / "waveforms.hdf5", "a") as file:
        for name, value in (("component_order", order), ("dimension_order", dimensions)):
            del file[f"data_format/{name}"]
            file[f"data_format/{name}"] = value
    recording = SeisBenchSource(tmp_path).read("t1")
    np.testing.assert_array_equal(recording["waveform"].values[0], samples["t1"][[2, 1, 0]])


def test_the_order_of_a_single_trace_overrides_that_of_the_file(tmp_path):
    rows = [
        {**SEISBENCH_ROW, "trace_name": name, "trace_component_order": order}
        for name, order in (("a", "ENZ"), ("b", ""))
    ]
    written = {name: np.arange(9.0).reshape(3, 3).astype(np.float32) for name in "ab"}
    write_seisbench(tmp_path, rows=rows, samples=written)
    source = SeisBenchSource(tmp_path)
    np.testing.assert_array_equal(source.read("a")["waveform"].values[0], written["a"][::-1])
    np.testing.assert_array_equal(source.read("b")["waveform"].values[0], written["b"])


def test_metadata_become_the_table_of_recordings(tmp_path):
    write_seisbench(tmp_path)
    table = SeisBenchSource(tmp_path).scan()
    pd.testing.assert_frame_equal(check_recordings_table(table), table)
    row = table.iloc[0]
    assert (row["recording_id"], row["group"], row["stations"]) == ("t0", "train", "CH.0042.")
    assert (row["duration_s"], row["sampling_rate_hz"], row["category"]) == (30.0, 100.0, "earthquake")
    assert (row["magnitude"], row["distance_km"], row["snr_db"]) == (2.5, 58.7, 20.0)
    assert row["start"] == pd.Timestamp("2013-01-01T00:00:10.5")
    assert set(SEISBENCH_ROW) <= set(table.columns)


def test_every_phase_becomes_a_pick_with_uncertainty_and_polarity(tmp_path):
    write_seisbench(tmp_path)
    source = SeisBenchSource(tmp_path)
    picks = source.reference_picks("t0")
    start = pd.Timestamp("2013-01-01T00:00:10.5")
    assert list(picks["phase"]) == ["P", "Sg"]
    assert list(picks["time"]) == [start + pd.Timedelta("10s"), start + pd.Timedelta("17.505s")]
    assert picks["uncertainty_s"].iloc[0] == 0.05
    assert np.isnan(picks["uncertainty_s"].iloc[1])
    assert list(picks["polarity"]) == ["positive", ""]
    event = source.event("t0")
    assert (event.event_id, event.time) == ("smi:ch/1", pd.Timestamp("2013-01-01T00:00:00.25"))
    assert (event.magnitude, event.magnitude_type, event.depth_km) == (2.5, "MLhc", 7.5)


def test_a_depth_phase_keeps_its_small_letter(tmp_path):
    write_seisbench(tmp_path, rows=[{**SEISBENCH_ROW, "trace_name": "t0", "trace_pP_arrival_sample": 1200}])
    assert list(SeisBenchSource(tmp_path).reference_picks("t0")["phase"]) == ["P", "pP", "Sg"]


def test_a_phase_in_two_spellings_is_one_pick(tmp_path):
    both = {"trace_P_arrival_sample": 1000, "trace_p_arrival_sample": 1001, "trace_s_arrival_sample": 1500}
    write_seisbench(tmp_path, rows=[{**SEISBENCH_ROW, "trace_name": "t0", **both}])
    picks = SeisBenchSource(tmp_path).reference_picks("t0")
    assert list(picks["phase"]) == ["P", "S", "Sg"]
    assert picks["time"].iloc[0] == pd.Timestamp("2013-01-01T00:00:20.5")


def test_the_folder_above_several_datasets_names_them(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_seisbench(tmp_path / name)
    (tmp_path / "notes").mkdir()
    with pytest.raises(SourceError, match=r"one \(seisbench\), two \(seisbench\)\. Open one of them"):
        open_source(tmp_path)


def test_what_seisbench_writes_is_read_back(tmp_path):
    from seisbench.data import WaveformDataWriter

    samples = [np.random.default_rng(n).normal(size=(3, 400 + 10 * n)) for n in range(6)]
    with WaveformDataWriter(tmp_path / "metadata.csv", tmp_path / "waveforms.hdf5") as writer:
        writer.data_format = {"dimension_order": "CW", "component_order": "ZNE", "sampling_rate": 50, "unit": "counts"}
        writer.bucket_size = 4
        for number, values in enumerate(samples):
            metadata = {"trace_start_time": f"2020-01-0{number + 1}T00:00:00", "trace_S_arrival_sample": 100 + number}
            writer.add_trace({**metadata, "station_network_code": "XX", "station_code": "A"}, values)
    source = SeisBenchSource(tmp_path)
    table = source.scan()
    assert table["trace_name"].str.contains("$", regex=False).all()
    for recording_id, start in zip(table["recording_id"], table["start"], strict=True):
        number = start.day - 1
        recording = source.read(recording_id)
        np.testing.assert_array_equal(recording["waveform"].values[0], samples[number].astype(np.float32))
        offset = source.reference_picks(recording_id)["time"].iloc[0] - start
        assert offset == pd.Timedelta((100 + number) / 50, "s")
    lengths = [samples[start.day - 1].shape[1] for start in table["start"]]
    np.testing.assert_allclose(table["duration_s"] * 50, lengths)


def test_columns_of_one_chunk_only_are_empty_in_the_other(tmp_path):
    write_seisbench(tmp_path, "a", names=("t0",))
    row = {"trace_name": "t9", "trace_start_time": "2020-01-01", "trace_sampling_rate_hz": 100, "remark": "good"}
    write_seisbench(tmp_path, "b", names=("t9",), rows=[row])
    table = SeisBenchSource(tmp_path).scan()
    assert list(table["remark"]) == ["", "good"]
    assert np.isnan(table["source_magnitude"].iloc[1])
    assert list(table["trace_chunk"]) == ["a", "b"]


def test_a_source_works_in_threads_and_after_pickling(tmp_path):
    names = [f"t{number}" for number in range(8)]
    samples = write_seisbench(tmp_path, names=names)
    source = SeisBenchSource(tmp_path)
    for opened in (source, pickle.loads(pickle.dumps(source))):
        with ThreadPoolExecutor(4) as pool:
            for recording in pool.map(opened.read, names * 4):
                expected = samples[recording.attrs["recording_id"]]
                np.testing.assert_array_equal(recording["waveform"].values[0], expected)


def test_a_missing_file_of_a_chunk_is_named(tmp_path):
    write_seisbench(tmp_path, "0")
    (tmp_path / "chunks").write_text("0\n1\n")
    with pytest.raises(SourceError, match=r"metadata1\.csv does not exist"):
        SeisBenchSource(tmp_path).scan()


def test_a_chunk_named_outside_the_folder_is_refused(tmp_path):
    write_seisbench(tmp_path, "0")
    (tmp_path / "chunks").write_text("/../../etc/passwd\n")
    with pytest.raises(SourceError, match="outside its folder"):
        SeisBenchSource(tmp_path).scan()


def test_metadata_without_trace_name_say_so(tmp_path):
    write_seisbench(tmp_path, rows=[SEISBENCH_ROW])
    with pytest.raises(SourceError, match="lacks the column 'trace_name'"):
        SeisBenchSource(tmp_path).scan()


def test_rows_without_waveform_are_listed_and_said(tmp_path):
    rows = [{**SEISBENCH_ROW, "trace_name": name} for name in ("t0", "gone$0,:3,:3000")]
    write_seisbench(tmp_path, names=("t0",), rows=rows)
    source = SeisBenchSource(tmp_path)
    table = source.scan()
    assert list(table["has_waveform"]) == [True, False]
    assert table.attrs["notices"][0].startswith("1 of 2 rows of metadata.csv have no waveform in waveforms.hdf5")
    with pytest.raises(SourceError, match="holds no trace 'gone'"):
        source.read("gone$0,:3,:3000")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("b$0,1", "two dimensions"),
        ("b$9,:3,:10", "damaged"),
        ("b$x,:3,:10", "location 'x,:3,:10'"),
        ("b$0,:3,:0", "empty"),
        ("b$0,:2,:10", "2 components"),
        ("b", "two dimensions"),
    ],
)
def test_a_trace_name_that_does_not_fit_its_block_says_so(tmp_path, name, message):
    write_seisbench(tmp_path, rows=[{**SEISBENCH_ROW, "trace_name": name}], samples={"b": np.zeros((2, 3, 10))})
    with pytest.raises(SourceError, match=message):
        SeisBenchSource(tmp_path).read(name)


def test_a_trace_without_sampling_rate_says_what_is_missing(tmp_path):
    write_seisbench(tmp_path, rows=[{"trace_name": "t0", "trace_start_time": "2020-01-01"}])
    with pytest.raises(SourceError, match="trace_sampling_rate_hz or"):
        SeisBenchSource(tmp_path).read("t0")


def test_a_named_dataset_is_not_fetched_before_it_is_asked_for(seisbench_folder):
    source = open_source("seisbench:ETHZ")
    assert (source.kind, source.title, source.location) == ("seisbench", "ETHZ", "seisbench:ETHZ")
    with pytest.raises(SourceError, match=r"ETHZ is not on this computer.*Download it first"):
        source.scan()
    assert not seisbench_folder.exists()


@pytest.mark.parametrize("name", ["STEAD", "stead", "INSTANCE", "InstanceCountsCombined", "GEOFON", "PNW", "OBS"])
def test_datasets_that_seisbench_names_are_known(seisbench_folder, name):
    with pytest.raises(SourceError, match="Download it first"):
        SeisBenchSource(name=name).scan()


@pytest.mark.parametrize("name", ["ETZH", "../../etc", "WaveformDataset", "WaveformBenchmarkDataset"])
def test_a_name_that_seisbench_does_not_know_is_refused(seisbench_folder, name):
    with pytest.raises(UnknownNameError, match="There is no SeisBench dataset"):
        SeisBenchSource(name=name).scan()


def test_a_download_by_seisbench_reports_progress_and_can_be_opened(seisbench_folder, repository):
    write_seisbench(repository / "dummydataset")
    steps = []
    source = SeisBenchSource(name="DummyDataset")
    source.download(lambda fraction, step: steps.append((fraction, step)))
    assert steps[0][0] == 0.0
    assert any("waveforms.hdf5" in step and fraction == 1.0 for fraction, step in steps)
    assert list(source.scan()["recording_id"]) == ["t0", "t1"]
    assert source.read("t0").attrs["source"] == "seisbench:DummyDataset"


def test_what_a_user_asks_for_by_name_is_fetched_once_and_listed(seisbench_folder, repository):
    write_seisbench(repository / "dummydataset")
    steps = []
    for _ in range(2):
        _, table, index = download_and_scan("DummyDataset", lambda fraction, step: steps.append(step))
        assert list(table["recording_id"]) == list(index) == ["t0", "t1"]
    assert sum(step.startswith("asking") for step in steps) == 1


def test_a_cancelled_download_can_be_taken_up_again(seisbench_folder, repository):
    write_seisbench(repository / "dummydataset")

    def stop(fraction, step):
        if "waveforms" in step:
            raise JobCancelledError("stopped")

    source = SeisBenchSource(name="DummyDataset")
    with pytest.raises(JobCancelledError):
        source.download(stop)
    with pytest.raises(SourceError, match="Download it first"):
        source.scan()
    source.download()
    assert len(source.scan()) == 2


def test_without_a_connection_the_download_says_so(seisbench_folder, repository, monkeypatch):
    import seisbench

    monkeypatch.setattr(seisbench, "remote_data_root", "http://127.0.0.1:9/datasets/")
    with pytest.raises(SourceError, match=r"no connection to http://127\.0\.0\.1:9"):
        SeisBenchSource(name="ETHZ").download()


def test_a_dataset_that_the_repository_does_not_hold_says_so(seisbench_folder, repository):
    with pytest.raises(SourceError, match="DummyDataset is not ready-made"):
        SeisBenchSource(name="DummyDataset").download()


def test_a_folder_is_read_without_seisbench(tmp_path, monkeypatch):
    write_seisbench(tmp_path)
    monkeypatch.setitem(sys.modules, "seisbench", None)
    source = SeisBenchSource(tmp_path)
    assert source.read(source.scan()["recording_id"].iloc[0]).sizes["time"] == 3000


def test_a_file_open_here_can_be_opened_by_seisbench_too(tmp_path):
    write_seisbench(tmp_path)
    source = SeisBenchSource(tmp_path)
    source.read("t0")
    with h5py.File(tmp_path / "waveforms.hdf5") as file:
        assert "t0" in file["data"]


@pytest.mark.parametrize("code", ["NA", "NAN"])
def test_codes_that_read_like_nothing_stay_text(tmp_path, code):
    row = SEISBENCH_ROW | {
        "station_network_code": code,
        "station_code": code,
        "trace_name": "t0",
        "source_magnitude": "NAN",
        "trace_p_status": "NAN",
    }
    write_seisbench(tmp_path, names=("t0",), rows=[row])
    source = SeisBenchSource(tmp_path)
    table = source.scan()
    assert table["station_network_code"].tolist() == table["station_code"].tolist() == [code]
    assert np.isnan(table["source_magnitude"].iloc[0])
    assert table["trace_p_status"].tolist() == [""]
    assert source.read("t0")["station"].values[0].startswith(f"{code}.{code}.")
