"""STEAD's native layout: which files belong together, the 35 columns, the components, onsets and events."""

import os
import pickle
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np
import pandas as pd
import pytest

from workbench.errors import JobCancelledError, SourceError, UnknownNameError
from workbench.schema import RECORDING_COLUMNS, check_recording, check_recordings_table
from workbench.sources import open_source
from workbench.sources.stead import SteadSource
from workbench.sources.stead_index import NUMBERS, STEAD_COLUMNS, TIMES

from .dataset_files import NOISE_ROW, STEAD_ROW, stead_samples, write_rows, write_stead


def test_a_pair_gives_all_35_columns_with_their_types(tmp_path):
    write_stead(tmp_path)
    table = open_source(tmp_path).scan()
    assert len(STEAD_COLUMNS) == 35
    assert set(STEAD_COLUMNS) <= set(table.columns)
    for name in STEAD_COLUMNS:
        expected = "datetime64[ns]" if name in TIMES else "float64" if name in NUMBERS else "str"
        assert str(table[name].dtype) == expected, name
    pd.testing.assert_frame_equal(check_recordings_table(table), table)
    assert list(table.columns)[: len(RECORDING_COLUMNS)] == list(RECORDING_COLUMNS)


def test_columns_to_filter_on_are_those_of_the_metadata(tmp_path):
    write_stead(tmp_path)
    quake, noise = open_source(tmp_path).scan().to_dict("records")
    assert (quake["recording_id"], quake["category"], quake["stations"]) == ("A_EV", "earthquake_local", "TA.109C.")
    assert (quake["magnitude"], quake["distance_km"], quake["snr_db"]) == (3.6, 102.09, 53.0)
    assert (quake["snr_e_db"], quake["snr_n_db"], quake["snr_z_db"]) == (56.5, 55.5, 47.0)
    assert quake["coda_end_sample"] == 2896.0
    assert quake["start"] == pd.Timestamp("2006-07-23T15:59:00.96")
    assert (quake["duration_s"], quake["sampling_rate_hz"], quake["group"]) == (60.0, 100.0, "chunk1")
    assert noise["category"] == "noise"
    assert all(np.isnan(noise[name]) for name in ("magnitude", "distance_km", "snr_db", "p_arrival_sample"))
    assert noise["source_magnitude_type"] == "" == noise["p_status"]
    assert pd.isna(noise["source_origin_time"])


def test_the_published_metadata_are_read_as_pandas_reads_them(shared_data):
    path = shared_data / "stead" / "stead_100samples_metadata.csv"
    table = SteadSource(path).scan()
    expected = pd.read_csv(path, na_values=["None"], keep_default_na=True, dtype={"source_id": str})
    for name in sorted(NUMBERS - {"snr_db", "coda_end_sample"}):
        np.testing.assert_array_equal(table[name], expected[name].astype(float), err_msg=name)
    ratios = np.array([np.fromstring(text.strip("[]"), sep=" ") for text in expected["snr_db"]])
    np.testing.assert_array_equal(table[["snr_e_db", "snr_n_db", "snr_z_db"]], ratios)
    np.testing.assert_allclose(table["snr_db"], ratios.mean(axis=1), rtol=1e-12)
    np.testing.assert_array_equal(table["coda_end_sample"], expected["coda_end_sample"].str.strip("[]").astype(float))
    assert list(table["source_id"]) == list(expected["source_id"])
    for name in TIMES:
        pd.testing.assert_series_equal(
            table[name], pd.to_datetime(expected[name], format="ISO8601").astype("datetime64[ns]")
        )


def test_components_stored_as_enz_become_zne(tmp_path):
    samples = write_stead(tmp_path)
    source = SteadSource(tmp_path / "chunk1.hdf5")
    recording = check_recording(source.read("A_EV"))
    assert list(recording["component"].values) == ["Z", "N", "E"]
    np.testing.assert_array_equal(recording["waveform"].values[0], samples["A_EV"].T[::-1])
    assert recording["channel"].values.tolist() == [["BHZ", "BHN", "BHE"]]
    assert recording["time"].values[0] == np.datetime64("2006-07-23T15:59:00.960")
    assert float(recording["latitude_deg"][0]) == 32.8889
    assert (recording.attrs["event_id"], recording.attrs["units"]) == ("8556349", "counts")
    assert recording.attrs["notices"] == ""


def test_onsets_become_catalogue_picks_and_noise_has_none(tmp_path):
    write_stead(tmp_path)
    source = SteadSource(tmp_path)
    picks = source.reference_picks("A_EV")
    assert list(zip(picks["phase"], picks["station"], picks["picker"], strict=True)) == [
        ("P", "TA.109C.", "catalog"),
        ("S", "TA.109C.", "catalog"),
    ]
    assert list(picks["time"]) == [pd.Timestamp("2006-07-23T15:59:07.96"), pd.Timestamp("2006-07-23T15:59:19.90")]
    assert picks["probability"].isna().all()
    assert source.reference_picks("B_NO").empty


def test_codes_and_ids_that_stand_as_numbers_in_hdf5_attributes_are_whole(tmp_path):
    with h5py.File(tmp_path / "a.hdf5", "w") as file:
        trace = file.create_dataset("data/A_EV", data=stead_samples(0))
        trace.attrs.update(network_code="YM", receiver_code=9.0, source_id=8556349.0, p_arrival_sample=700.0)
        trace.attrs.update(trace_start_time="2006-07-23 15:59:00.960000", source_mechanism_strike_dip_rake="None")
    source = SteadSource(tmp_path)
    row = source.scan().iloc[0]
    assert (row["stations"], row["source_id"], row["source_mechanism_strike_dip_rake"]) == ("YM.9.", "8556349", "")
    assert source.read("A_EV").attrs["event_id"] == "8556349"


def test_the_event_is_that_of_the_source_columns_and_noise_has_none(tmp_path):
    write_stead(tmp_path)
    source = SteadSource(tmp_path)
    event = source.event("A_EV")
    assert (event.event_id, event.time) == ("8556349", pd.Timestamp("2006-07-23T15:58:50.88"))
    assert (event.latitude_deg, event.longitude_deg, event.depth_km) == (33.7496, -117.4938, 0.45)
    assert (event.magnitude, event.magnitude_type) == (3.6, "ml")
    assert source.event("B_NO") is None


def test_chunks_of_a_folder_are_one_source_in_the_order_of_their_numbers(tmp_path):
    for number in (10, 2, 1):
        write_stead(tmp_path, f"chunk{number}", (f"X{number}_EV",))
    table = SteadSource(tmp_path).scan()
    assert list(table["recording_id"]) == ["X1_EV", "X2_EV", "X10_EV"]
    assert list(table["group"]) == ["chunk1", "chunk2", "chunk10"]
    assert SteadSource(tmp_path).read("X10_EV").attrs["recording_id"] == "X10_EV"


def test_stead_under_the_file_names_of_seisbench_is_stead(tmp_path):
    samples = write_stead(tmp_path, "waveforms")
    (tmp_path / "waveforms.csv").rename(tmp_path / "metadata.csv")
    for source in (open_source(tmp_path), open_source(tmp_path / "metadata.csv"), open_source(tmp_path, "stead")):
        assert source.kind == "stead"
        np.testing.assert_array_equal(source.read("A_EV")["waveform"].values[0], samples["A_EV"].T[::-1])


def test_chunks_in_folders_of_their_own_are_found(tmp_path):
    for number in (1, 2):
        write_stead(tmp_path / f"chunk{number}", f"chunk{number}", (f"X{number}_EV",))
    source = open_source(tmp_path)
    assert (source.kind, list(source.scan()["recording_id"])) == ("stead", ["X1_EV", "X2_EV"])


@pytest.mark.parametrize("title", ["merge", "merged"])
def test_a_merged_pair_is_taken_without_the_chunks_beside_it(tmp_path, title):
    write_stead(tmp_path, "chunk1", ("A_EV",))
    write_stead(tmp_path, title, ("A_EV", "B_NO"))
    table = SteadSource(tmp_path).scan()
    assert list(table["recording_id"]) == ["A_EV", "B_NO"]
    assert table.attrs["notices"] == [f"{title} is taken alone; the 1 chunks beside it are left out."]


def test_one_csv_and_one_hdf5_of_other_names_belong_together(tmp_path):
    write_stead(tmp_path, "traces", ("A_EV",))
    (tmp_path / "traces.csv").rename(tmp_path / "labels.csv")
    for place in (tmp_path, tmp_path / "labels.csv", tmp_path / "traces.hdf5"):
        source = SteadSource(place)
        assert source.scan()["has_waveform"].all()
        assert source.read("A_EV").sizes["time"] == 6000
        assert len(source.reference_picks("A_EV")) == 2


@pytest.mark.parametrize("content", [b"", b"no HDF5"])
def test_a_folder_is_not_taken_for_its_stray_hdf5_files(tmp_path, content):
    (tmp_path / "model.hdf5").write_bytes(content)
    assert not SteadSource.recognises(tmp_path)
    with h5py.File(tmp_path / "result.h5", "w") as file:
        file["data"] = np.zeros(5)
    assert not SteadSource.recognises(tmp_path)
    write_stead(tmp_path, "chunk1", ("A_EV",))
    assert list(SteadSource(tmp_path).scan()["recording_id"]) == ["A_EV"]


def test_a_trace_in_two_chunks_has_two_ids(tmp_path):
    write_stead(tmp_path, "chunk1", ("A_EV", "B_NO"))
    samples = stead_samples(99)
    write_stead(tmp_path, "chunk2", ("A_EV",), traces={"A_EV": samples})
    source = SteadSource(tmp_path)
    table = source.scan()
    assert list(table["recording_id"]) == ["A_EV", "B_NO", "A_EV#2"]
    assert list(table["trace_name"]) == ["A_EV", "B_NO", "A_EV"]
    assert "more than once" in table.attrs["notices"][0]
    np.testing.assert_array_equal(source.read("A_EV#2")["waveform"].values[0, 0], samples[:, 2])


def test_without_csv_the_attributes_of_the_traces_count(tmp_path, shared_data):
    (tmp_path / "sample.hdf5").symlink_to(shared_data / "stead" / "sample.hdf5")
    source = open_source(tmp_path)
    table = source.scan()
    assert len(table) == 56
    assert table["category"].value_counts().to_dict() == {"earthquake_local": 37, "noise": 19}
    row = table.set_index("recording_id").loc["SS48.XW_20161027191201_NO"]
    assert row["start"] == pd.Timestamp("2016-10-27T19:12:00")
    picks = source.reference_picks("09.YM_20090209002657_EV")
    start = pd.Timestamp("2009-02-09T00:26:57.2208")
    assert list(picks["time"]) == [start + pd.Timedelta(seconds=9.77), start + pd.Timedelta(seconds=18.06)]


def test_with_its_csv_the_same_traces_are_read(shared_data):
    source = open_source(shared_data / "stead")
    table = source.scan()
    assert len(table) == 56
    assert table["has_waveform"].all()
    assert table["snr_db"].notna().sum() == 37
    name = "SS48.XW_20161027191201_NO"
    assert table.set_index("recording_id").loc[name, "start"] == pd.Timestamp("2016-10-27T19:12:00")
    with h5py.File(shared_data / "stead" / "sample.hdf5") as file:
        np.testing.assert_array_equal(source.read(name)["waveform"].values[0], file["data"][name][()].T[::-1])


def test_attributes_fill_what_the_csv_lacks(tmp_path):
    short = ["trace_name", "trace_start_time", "network_code", "receiver_code", "p_arrival_sample", "s_arrival_sample"]
    write_stead(tmp_path, names=("A_EV",), columns=short)
    with h5py.File(tmp_path / "chunk1.hdf5", "a") as file:
        more = {"receiver_latitude": 12.5, "source_origin_time": "2006-07-23 15:58:50.88", "source_magnitude": "2.5"}
        file["data/A_EV"].attrs.update(more | {"receiver_type": "HH", "source_id": "q1", "receiver_code": "other"})
    source = SteadSource(tmp_path)
    assert np.isnan(source.scan()["magnitude"].iloc[0])
    recording = source.read("A_EV")
    assert (float(recording["latitude_deg"][0]), recording.attrs["event_id"]) == (12.5, "q1")
    assert (recording["channel"].values[0, 0], recording["station"].values[0]) == ("HHZ", "TA.109C.")
    assert source.event("A_EV").magnitude == 2.5


def test_a_network_named_na_is_not_taken_for_a_missing_value(tmp_path):
    rows = [{**STEAD_ROW, "network_code": "NA", "receiver_code": "0012", "trace_name": "A_EV"}]
    write_stead(tmp_path, rows=rows, names=("A_EV",))
    assert SteadSource(tmp_path).scan()["stations"].tolist() == ["NA.0012."]


def test_rows_without_waveform_and_traces_without_row_are_listed_and_said(tmp_path):
    write_stead(tmp_path, traces={"A_EV": stead_samples(1), "extra": stead_samples(2)})
    with h5py.File(tmp_path / "chunk1.hdf5", "a") as file:
        file["data/extra"].attrs["p_arrival_sample"] = 123.0
        file["data/extra"].attrs["trace_start_time"] = "2011-08-04T17:37:00Z"
    source = SteadSource(tmp_path)
    table = source.scan().set_index("recording_id")
    assert table["has_waveform"].to_dict() == {"A_EV": True, "B_NO": False, "extra": True}
    lost, more = table.attrs["notices"]
    assert lost.startswith("1 of 2 rows of chunk1.csv have no waveform in chunk1.hdf5 (B_NO)")
    assert more.startswith("1 of 2 traces of chunk1.hdf5 are not in chunk1.csv (extra)")
    with pytest.raises(SourceError, match="holds no trace 'B_NO'"):
        source.read("B_NO")
    assert source.reference_picks("extra")["time"].tolist() == [pd.Timestamp("2011-08-04T17:37:01.23")]


def test_where_csv_and_hdf5_disagree_on_an_onset_the_csv_counts_and_it_is_said(tmp_path):
    write_stead(tmp_path, names=("A_EV",))
    with h5py.File(tmp_path / "chunk1.hdf5", "a") as file:
        file["data/A_EV"].attrs.update({"p_arrival_sample": 900.0, "s_arrival_sample": 1894.4})
    source = SteadSource(tmp_path)
    notices = source.read("A_EV").attrs["notices"]
    assert notices == "The CSV file has P at sample 700, the HDF5 file at 900; the CSV file counts."
    assert source.reference_picks("A_EV")["time"].iloc[0] == pd.Timestamp("2006-07-23T15:59:07.96")


def test_a_csv_alone_is_listed_and_says_which_file_is_missing(tmp_path):
    write_stead(tmp_path)
    (tmp_path / "chunk1.hdf5").unlink()
    source = open_source(tmp_path / "chunk1.csv")
    table = source.scan()
    assert (len(table), table["has_waveform"].any()) == (2, False)
    assert "no HDF5 file of the same name" in table.attrs["notices"][0]
    with pytest.raises(SourceError, match=r"chunk1\.hdf5 is not beside"):
        source.read("A_EV")


def test_an_unknown_name_suggests_the_nearest(tmp_path):
    write_stead(tmp_path)
    with pytest.raises(UnknownNameError, match="Did you mean 'A_EV'"):
        SteadSource(tmp_path).read("A_EW")


def test_the_index_is_made_once_and_anew_when_a_file_changes(tmp_path, own_folders):
    write_stead(tmp_path)
    steps = []
    SteadSource(tmp_path).scan(lambda fraction, step: steps.append(step))
    assert steps
    steps.clear()
    SteadSource(tmp_path).scan(lambda fraction, step: steps.append(step))
    assert steps == []
    write_rows(tmp_path / "chunk1.csv", [{**NOISE_ROW, "trace_name": "B_NO"}])
    source = SteadSource(tmp_path)
    assert list(source.scan()["trace_name"]) == ["B_NO", "A_EV"]
    assert len(list((own_folders / "cache" / "indexes").iterdir())) == 1


def test_an_open_source_sees_a_change_at_the_next_scan(tmp_path):
    write_stead(tmp_path)
    source = SteadSource(tmp_path)
    assert len(source.scan()) == 2
    write_stead(tmp_path, names=("A_EV", "B_NO", "C_EV"))
    assert len(source.scan()) == 3
    assert source.read("C_EV").attrs["recording_id"] == "C_EV"


def test_a_cancelled_index_leaves_nothing_behind(tmp_path, own_folders):
    write_stead(tmp_path)

    def stop(fraction, step):
        raise JobCancelledError("stopped")

    with pytest.raises(JobCancelledError):
        SteadSource(tmp_path).scan(stop)
    assert list((own_folders / "cache").rglob("*.*")) == []
    assert len(SteadSource(tmp_path).scan()) == 2


def test_a_damaged_index_is_made_anew(tmp_path, own_folders):
    write_stead(tmp_path)
    SteadSource(tmp_path).scan()
    (index,) = (own_folders / "cache" / "indexes").iterdir()
    index.write_bytes(index.read_bytes()[:100])
    assert len(SteadSource(tmp_path).scan()) == 2


def test_without_a_cache_folder_the_source_still_opens(tmp_path):
    write_stead(tmp_path / "stead")
    (tmp_path / "cache").write_text("a file where a folder should be")
    source = SteadSource(tmp_path / "stead", cache=tmp_path / "cache")
    assert len(source.scan()) == 2
    assert source.read("A_EV").sizes["time"] == 6000


def test_a_source_works_in_threads_and_after_pickling(tmp_path):
    names = [f"T{number:02d}_EV" for number in range(20)]
    samples = write_stead(tmp_path, names=names)
    source = SteadSource(tmp_path)
    source.scan()
    for opened in (source, pickle.loads(pickle.dumps(source))):
        with ThreadPoolExecutor(4) as pool:
            read = list(pool.map(opened.read, names * 3))
        for recording in read:
            expected = samples[recording.attrs["recording_id"]]
            np.testing.assert_array_equal(recording["waveform"].values[0], expected.T[::-1])


def test_a_link_that_leaves_the_served_folder_is_refused(tmp_path):
    write_stead(tmp_path / "outside")
    served = tmp_path / "served"
    served.mkdir()
    for name in ("chunk1.csv", "chunk1.hdf5"):
        (served / name).symlink_to(tmp_path / "outside" / name)
    assert len(SteadSource(served).scan()) == 2
    with pytest.raises(SourceError, match="outside the folders that are served"):
        SteadSource(served, roots=[served]).scan()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs on this system")
def test_a_fifo_among_chunks_is_left_out_and_alone_it_is_refused(tmp_path):
    write_stead(tmp_path)
    os.mkfifo(tmp_path / "chunk2.hdf5")
    table = SteadSource(tmp_path).scan()
    assert len(table) == 2
    assert "named pipe" in table.attrs["notices"][0]
    with pytest.raises(SourceError, match="named pipe"):
        SteadSource(tmp_path / "chunk2.hdf5").scan()


@pytest.mark.parametrize("code", ["NA", "NAN"])
def test_codes_that_read_like_nothing_stay_text(tmp_path, code):
    row = STEAD_ROW | {"network_code": code, "receiver_code": code, "trace_name": "A_EV", "source_magnitude": "NAN"}
    write_stead(tmp_path, names=("A_EV",), rows=[row])
    source = SteadSource(tmp_path)
    table = source.scan()
    assert table["stations"].tolist() == [f"{code}.{code}."]
    assert np.isnan(table["source_magnitude"].iloc[0])
    assert source.read("A_EV")["station"].values[0] == f"{code}.{code}."
