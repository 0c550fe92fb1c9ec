"""A SeisBench dataset of labels: opened by SeisBench, with the samples where the labels are."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.errors import SchemaError, SourceError
from workbench.exporters.seisbench_dataset import SeisBenchExporter
from workbench.schema import Event

# SeisBench 0.12 with pandas 3.1.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")

START = pd.Timestamp("2024-01-01T00:00:00.123456789")


def opened(folder: Path):
    """The dataset as SeisBench sees it; its warnings about the dataset are errors."""
    import seisbench
    from seisbench.data import WaveformDataset

    said: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: said.append(record.getMessage())
    seisbench.logger.addHandler(handler)
    try:
        dataset = WaveformDataset(folder, component_order="ZNE")
    finally:
        seisbench.logger.removeHandler(handler)
    assert said == []
    return dataset


@pytest.fixture
def export(tmp_path):
    def run(labels, recordings, **more):
        SeisBenchExporter().export(labels, recordings, tmp_path / "out", **more)
        return tmp_path / "out"

    return run


def test_corrected_samples_and_waveforms_are_those_of_the_recording(export, labels, recording, reader):
    dataset = opened(export(labels({"at_s": 10.004}, {"at_s": 12.0, "phase": "S"}), reader()))
    waveform, row = dataset.get_sample(0)
    np.testing.assert_array_equal(waveform, recording()["waveform"].values[0])
    assert (row["trace_name"], row["trace_p_arrival_sample"], row["trace_s_arrival_sample"]) == ("r1", 1000, 1200)
    assert row["trace_start_time"] == "2024-01-01T00:00:00.123456789Z"
    assert (row["trace_sampling_rate_hz"], row["trace_npts"]) == (100.0, 6000)
    assert dataset.data_format["component_order"] == "ZNE"
    assert dataset.data_format["dimension_order"] == "CW"


def test_what_the_analyst_said_of_an_onset_is_in_its_columns(export, labels, reader):
    folder = export(
        labels(
            {
                "uncertainty_minus_s": 0.1,
                "uncertainty_plus_s": 0.3,
                "polarity": "negative",
                "onset_quality": "impulsive",
                "weight": 1.0,
            },
            {"phase": "Pn", "at_s": 8.0},
        ),
        reader(),
    )
    row = opened(folder).metadata.iloc[0]
    assert row["trace_p_status"] == "manual"
    assert row["trace_p_uncertainty_s"] == pytest.approx(0.2)
    assert (row["trace_p_uncertainty_minus_s"], row["trace_p_uncertainty_plus_s"]) == (0.1, 0.3)
    assert (row["trace_p_polarity"], row["trace_p_onset"], row["trace_p_weight_class"]) == (
        "negative",
        "impulsive",
        1.0,
    )
    assert row["trace_Pn_arrival_sample"] == 800


def test_rejected_onsets_are_kept_but_are_no_arrivals(export, labels, recording, reader):
    table = labels({"decision": "reject"}, {"phase": "S"}, {"recording_id": "r2", "decision": "reject"})
    folder = export(table, reader(recording("r1")))
    metadata = opened(folder).metadata
    assert metadata["trace_name"].tolist() == ["r1"]
    assert "trace_p_arrival_sample" not in metadata
    kept = pd.read_csv(folder / "labels.csv", keep_default_na=False)
    assert kept["decision"].tolist() == ["reject", "add", "reject"]
    assert kept["trace_name"].tolist() == ["", "r1", ""]


def test_only_labelled_stations_become_traces(export, labels, recording, reader):
    source = recording(stations=("XX.A.", "XX.B.00", "YY.A.--"))
    folder = export(labels({"station": "XX.B.00"}, {"station": "YY.A.--", "phase": "S"}), reader(source))
    dataset = opened(folder)
    table = pd.read_csv(folder / "metadata.csv", dtype=str, keep_default_na=False)
    assert table["trace_name"].tolist() == ["r1_XX.B.00", "r1_YY.A.--"]
    assert table["station_network_code"].tolist() == ["XX", "YY"]
    assert table["station_code"].tolist() == ["B", "A"]
    assert table["station_location_code"].tolist() == ["00", ""]
    assert dataset.metadata["station_latitude_deg"].tolist() == [47.0, 48.0]
    assert table["trace_channel"].tolist() == ["HH", "HH"]
    np.testing.assert_array_equal(dataset.get_waveforms(1), source["waveform"].values[2])


def test_all_traces_of_an_event_are_in_one_split(export, labels, recording, reader):
    stations = ("XX.A.", "XX.B.")
    sources = [recording(f"r{number}", stations=stations) for number in range(40)]
    table = labels(*({"recording_id": f"r{number}", "station": name} for number in range(40) for name in stations))
    event_of = {f"r{number}": f"event{number // 4}" for number in range(40)}
    folder = export(table, reader(*sources), events=lambda name: Event(event_of[name], START))
    metadata = opened(folder).metadata
    assert len(metadata) == 80
    assert metadata.groupby("source_id")["split"].nunique().tolist() == [1] * 10
    assert set(metadata["split"]) > {"train"}


def test_without_an_event_all_traces_of_a_recording_are_in_one_split(export, labels, recording, reader):
    stations = tuple(f"XX.{letter}." for letter in "ABCDEFGH")
    table = labels(*({"station": name} for name in stations))
    metadata = opened(export(table, reader(recording(stations=stations)))).metadata
    assert len(set(metadata["split"])) == 1


def test_event_that_the_recording_names_is_used_where_no_other_is_known(export, labels, recording, reader):
    folder = export(labels({}), reader(recording(event_id="ev7")), events=lambda name: None)
    assert opened(folder).metadata["source_id"].tolist() == ["ev7"]


def test_figures_of_the_event_are_in_the_source_columns(export, labels, reader):
    event = Event("ev1", START, 46.5, 13.1, 8.2, 3.4, "ML")
    row = opened(export(labels({}), reader(), events=lambda name: event)).metadata.iloc[0]
    assert (row["source_latitude_deg"], row["source_longitude_deg"], row["source_depth_km"]) == (46.5, 13.1, 8.2)
    assert (row["source_magnitude"], row["source_magnitude_type"]) == (3.4, "ML")
    assert pd.Timestamp(row["source_origin_time"]).tz_localize(None) == START


def test_gaps_are_zeros_and_told(export, labels, recording, reader):
    source = recording()
    source["waveform"][0, :, 100:200] = np.nan
    folder = export(labels({}), reader(source))
    waveform, row = opened(folder).get_sample(0)
    assert not waveform[:, 100:200].any()
    assert np.isfinite(waveform).all()
    assert row["trace_n_gap_samples"] == 100
    assert row["trace_completeness"] == pytest.approx(1 - 100 / 6000, abs=1e-6)


def test_other_components_go_to_the_places_where_networks_look_for_them(export, labels, recording, reader):
    source = recording(components=("E", "Z", "N"))
    np.testing.assert_array_equal(
        opened(export(labels({}), reader(source))).get_waveforms(0), source["waveform"].values[0][[1, 2, 0]]
    )


def test_unoriented_and_missing_components_are_told(export, labels, recording, reader):
    source = recording(components=("2", "Z"))
    folder = export(labels({}), reader(source))
    waveform, row = opened(folder).get_sample(0)
    np.testing.assert_array_equal(waveform[0], source["waveform"].values[0, 1])
    assert not waveform[1].any()
    np.testing.assert_array_equal(waveform[2], source["waveform"].values[0, 0])
    assert row["trace_recorded_components"] == "Z2"
    assert row["trace_n_gap_samples"] == 0


def test_a_day_is_cut_around_its_labels_with_the_samples_right(export, labels, recording, reader):
    source = recording(n_samples=86_400 * 20, rate_hz=20.0)
    table = labels({"at_s": 40_000.0}, {"at_s": 40_010.0, "phase": "S"}, {"at_s": 80_000.0})
    dataset = opened(export(table, reader(source)))
    assert dataset.metadata["trace_name"].tolist() == ["r1", "r1_2"]
    assert dataset.metadata["trace_npts"].tolist() == [130 * 20 + 1, 120 * 20 + 1]
    whole = source["waveform"].values[0]
    for number, at_s in enumerate((40_000, 80_000)):
        waveform, row = dataset.get_sample(number)
        sample = int(row["trace_p_arrival_sample"])
        np.testing.assert_array_equal(waveform[:, sample], whole[:, at_s * 20])
        start = pd.Timestamp(row["trace_start_time"]).tz_localize(None)
        assert start + pd.Timedelta(seconds=sample / 20) == START + pd.Timedelta(seconds=at_s)


def test_several_events_in_one_record_become_traces_of_their_own(export, labels, reader):
    table = labels(*({"at_s": at_s, "phase": phase} for at_s, phase in ((5, "P"), (8, "S"), (30, "P"), (34, "S"))))
    metadata = opened(export(table, reader())).metadata
    starts = pd.to_datetime(metadata["trace_start_time"]).dt.tz_localize(None)
    for column, expected in (("trace_p_arrival_sample", [5, 30]), ("trace_s_arrival_sample", [8, 34])):
        times = starts + pd.to_timedelta(metadata[column] / 100, unit="s")
        assert ((times - START).dt.total_seconds().round(2)).tolist() == expected


def test_labels_outside_their_recording_are_kept_in_the_table_only(export, labels, reader):
    table = labels({}, {"at_s": -1.0}, {"at_s": 60.0, "phase": "S"}, {"station": "XX.OTHER."})
    folder = export(table, reader())
    assert "trace_s_arrival_sample" not in opened(folder).metadata
    assert pd.read_csv(folder / "labels.csv")["trace_name"].notna().sum() == 1


@pytest.mark.parametrize("name", ["x" * 3000, "Höfn/日本 $1", "0012", "NA"])
def test_awkward_recording_names_can_be_read_back(export, labels, recording, reader, name):
    folder = export(labels({"recording_id": name}), reader(recording(name)))
    dataset = opened(folder)
    np.testing.assert_array_equal(dataset.get_waveforms(0), recording()["waveform"].values[0])
    table = pd.read_csv(folder / "metadata.csv", dtype=str, keep_default_na=False)
    assert table["trace_recording_id"].tolist() == [name]


def test_rates_that_differ_stand_with_each_trace(export, labels, recording, reader):
    sources = reader(recording("r1"), recording("r2", rate_hz=50.0))
    metadata = opened_with_mixed_rates(export(labels({}, {"recording_id": "r2"}), sources))
    assert metadata["trace_sampling_rate_hz"].tolist() == [100.0, 50.0]
    assert metadata["trace_p_arrival_sample"].tolist() == [1000, 500]


def opened_with_mixed_rates(folder: Path) -> pd.DataFrame:
    from seisbench.data import WaveformDataset

    return WaveformDataset(folder, component_order="ZNE", sampling_rate=100).metadata.assign(
        trace_sampling_rate_hz=pd.read_csv(folder / "metadata.csv")["trace_sampling_rate_hz"]
    )


def test_a_station_that_was_resampled_keeps_its_native_rate_beside_that_of_the_trace(export, labels, recording, reader):
    resampled = recording(stations=("XX.A.", "XX.B."))
    resampled["native_sampling_rate_hz"].values[:] = (100.0, 40.0)
    folder = export(labels({}, {"station": "XX.B."}), reader(resampled))
    metadata = pd.read_csv(folder / "metadata.csv")
    assert metadata["trace_native_sampling_rate_hz"].tolist() == [100.0, 40.0]
    assert metadata["trace_sampling_rate_hz"].tolist() == [100.0, 100.0]


def test_nothing_to_export_is_told_and_leaves_nothing(tmp_path, labels, reader):
    for table, words in (
        (labels({}).iloc[:0], "no label"),
        (labels({"decision": "reject"}), "rejected"),
        (labels({"at_s": -5.0}), "outside of its recording"),
    ):
        with pytest.raises(SchemaError, match=words):
            SeisBenchExporter().export(table, reader(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_recording_that_cannot_be_read_leaves_nothing(tmp_path, labels, recording):
    def read(name):
        if name == "r2":
            raise SourceError("r2 is cut short")
        return recording(name)

    with pytest.raises(SourceError, match="cut short"):
        SeisBenchExporter().export(labels({}, {"recording_id": "r2"}), read, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
