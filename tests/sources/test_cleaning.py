"""Planted faults are found, each with its reason, figure and limit, and nothing else is dropped."""

import copy

import numpy as np
import pandas as pd
import pytest

from workbench.errors import SchemaError, SourceError
from workbench.sources import open_source
from workbench.sources.cleaning import DROPPED_COLUMNS, REASONS, clean_source, clean_traces, read_traces
from workbench.sources.cleaning_rules import FAULT_COLUMNS, Limits, faults_of
from workbench.sources.cleaning_samples import clipped_samples, flat_share, onset_snr_db
from workbench.sources.trace_table import TRACE_COLUMNS

from .event_files import made_traces, write_seisbench_events, write_stead_events

WRITERS = {"stead": write_stead_events, "seisbench": write_seisbench_events}
COLUMNS = {
    "stead": {
        "magnitude": "source_magnitude",
        "distance": "source_distance_km",
        "latitude": "receiver_latitude",
        "longitude": "receiver_longitude",
        "depth": "source_depth_km",
        "network": "network_code",
        "station": "receiver_code",
        "p": "p_arrival_sample",
        "s": "s_arrival_sample",
        "origin": "source_origin_time",
        "snr": "snr_db",
        "start": "trace_start_time",
    },
    "seisbench": {
        "magnitude": "source_magnitude",
        "distance": "path_ep_distance_km",
        "latitude": "station_latitude_deg",
        "longitude": "station_longitude_deg",
        "depth": "source_depth_km",
        "network": "station_network_code",
        "station": "station_code",
        "p": "trace_P_arrival_sample",
        "s": "trace_S_arrival_sample",
        "origin": "source_origin_time",
        "snr": "trace_snr_db",
        "start": "trace_start_time",
    },
}
WRONG_FIELDS = {
    "s_before_p": {"p": 1200.0, "s": 900.0},
    "onset_before_origin": {"origin": "2020-01-01 00:00:30"},
    "impossible_travel_time": {"p": 3000.0, "s": 5900.0},
    "impossible_distance": {"distance": -4.0},
    "distance_disagrees": {"distance": 300.0},
    "impossible_magnitude": {"magnitude": 99.0},
    "impossible_depth": {"depth": -9999.0},
    "impossible_place": {"latitude": 146.1},
    "low_snr": {"snr": "[-3.0 -2.0 -4.0]"},
    "missing_place": {"longitude": ""},
    "missing_station": {"network": "", "station": ""},
    "missing_onset": {"p": "", "s": ""},
    "missing_origin": {"origin": ""},
    "missing_start": {"start": ""},
}


def cleaned(folder, traces, kind="stead", limits=None, **settings):
    return clean_source(open_source(WRITERS[kind](folder, traces)), limits, **settings)


@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_sound_traces_are_all_kept(kind, tmp_path):
    result = cleaned(tmp_path, made_traces(3, 4, n_noise=4), kind)
    assert result.dropped.empty
    assert list(result.dropped.columns) == list(DROPPED_COLUMNS)
    assert result.counts().empty
    assert len(result.kept) == 16
    assert result.events()["events_kept"].tolist() == [3, 3, 0, 0]
    assert result.kept["distance_km"].dropna().between(11, 45).all()


@pytest.mark.parametrize("kind", sorted(WRITERS))
@pytest.mark.parametrize("reason", sorted(WRONG_FIELDS))
def test_a_wrong_field_is_dropped_for_its_reason_alone(reason, kind, tmp_path):
    traces = made_traces(2, 3, n_noise=1)
    # Where it is not stated it is measured, and at a wrong onset there is no signal.
    wrong = {"snr": "[30.0 31.0 32.0]"} | WRONG_FIELDS[reason]
    traces[1].row = {COLUMNS[kind][name]: value for name, value in wrong.items()}
    result = cleaned(tmp_path, traces, kind)
    assert result.dropped["recording_id"].unique().tolist() == [traces[1].name]
    assert result.dropped["reason"].unique().tolist() == [reason]
    assert sorted(result.kept["recording_id"]) == sorted(trace.name for trace in traces if trace is not traces[1])
    assert result.dropped["words"].str.len().min() > 10
    assert result.counts().to_dict("records") == [{"reason": reason, "traces": 1, "only": 1}]


def test_an_onset_outside_the_trace_is_named_so(tmp_path):
    traces = made_traces(1, 2)
    traces[0].row = {"s_arrival_sample": 6000.0}
    dropped = cleaned(tmp_path, traces).dropped
    # It is also later than a wave from there can be.
    assert dropped["reason"].tolist() == ["onset_outside_trace", "impossible_travel_time"]
    assert dropped.loc[0, ["value", "limit"]].tolist() == [6000.0, 6000.0]


def test_figure_and_limit_stand_beside_the_reason(tmp_path):
    traces = made_traces(1, 4)
    traces[0].row = {"source_magnitude": 99.0}
    traces[1].row = {"source_distance_km": 25000.0}
    traces[2].row = {"p_arrival_sample": 1500.0, "s_arrival_sample": 1400.0}
    dropped = cleaned(tmp_path, traces).dropped.set_index("reason")
    assert dropped.loc["impossible_magnitude", ["value", "limit"]].tolist() == [99.0, 9.9]
    assert dropped.loc["impossible_distance", ["value", "limit"]].tolist() == [25000.0, 20038.0]
    assert dropped.loc["s_before_p", ["value", "limit"]].tolist() == [-1.0, 0.0]
    assert dropped.loc["s_before_p", "words"] == "S comes -1 s after P; it comes later than P."
    assert dropped.loc["impossible_magnitude", "event_id"] == "id0"


def test_a_trace_with_two_faults_has_two_rows(tmp_path):
    traces = made_traces(1, 2)
    traces[0].row = {"source_magnitude": -9.0, "receiver_latitude": "None"}
    result = cleaned(tmp_path, traces)
    assert result.dropped["reason"].tolist() == ["impossible_magnitude", "missing_place"]
    assert result.counts().to_dict("list") == {
        "reason": ["impossible_magnitude", "missing_place"],
        "traces": [1, 1],
        "only": [0, 0],
    }


@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_clipped_and_dead_traces_are_found_in_their_samples(kind, tmp_path):
    traces = made_traces(1, 5)
    traces[0].samples[2] = np.clip(traces[0].samples[2], -40, 40)
    traces[1].samples[:] = 0
    traces[2].samples[1] = 17
    traces[3].samples[:, 2500:] = 0
    result = cleaned(tmp_path, traces, kind)
    found = result.dropped.groupby("recording_id")["reason"].first().to_dict()
    expected = {traces[0].name: "clipped", traces[1].name: "dead", traces[2].name: "dead", traces[3].name: "dead"}
    assert found == expected
    assert result.kept["recording_id"].tolist() == [traces[4].name]
    assert result.dropped.set_index("recording_id").loc[traces[3].name, "value"] == pytest.approx(3500 / 6000)


def test_a_signal_that_is_not_stated_is_measured(tmp_path):
    traces = made_traces(1, 3)
    for trace in traces:
        trace.row = {"snr_db": "None"}
    traces[0].samples[:] = np.random.default_rng(1).normal(size=(3, 6000))
    result = cleaned(tmp_path, traces, limits=Limits(least_snr_db=10.0))
    assert result.dropped["reason"].tolist() == ["low_snr"]
    assert abs(result.dropped["value"].iloc[0]) < 3
    # Bursts of 100 times the noise, falling to a fifth in the five seconds that are looked at.
    assert result.kept["snr_db"].between(35, 45).all()


@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_of_doubled_traces_the_sound_one_stays(kind, tmp_path):
    traces = made_traces(2, 2)
    again = copy.deepcopy(traces[0])
    again.name, again.samples = "again_EV", again.samples + 1
    traces[0].row = {COLUMNS[kind]["magnitude"]: 99.0}
    copied = copy.deepcopy(traces[3])
    copied.name, copied.station, copied.start = "copied_EV", "S9", copied.start + pd.Timedelta(20, "ms")
    result = cleaned(tmp_path, [*traces, again, copied], kind)
    doubles = result.dropped[result.dropped["reason"] == "duplicate"].set_index("recording_id")
    assert sorted(doubles.index) == sorted([traces[0].name, "copied_EV"])
    assert "again_EV" in doubles.loc[traces[0].name, "words"]
    assert traces[3].name in doubles.loc["copied_EV", "words"]
    assert "again_EV" in set(result.kept["recording_id"])


def test_one_station_may_record_two_events_in_a_minute(tmp_path):
    traces = made_traces(2, 1)
    near = {"trace_start_time": str(traces[0].start), "source_origin_time": "2020-01-01 00:00:00"}
    traces[1].row = near | {"p_arrival_sample": traces[0].p_sample + 50, "s_arrival_sample": traces[0].s_sample + 50}
    assert cleaned(tmp_path, traces).dropped.empty


def test_what_a_source_never_tells_is_no_fault_of_its_traces(tmp_path):
    traces = made_traces(2, 2)
    for trace in traces:
        trace.row = {"receiver_latitude": "None", "receiver_longitude": "None", "source_magnitude": "None"}
    assert cleaned(tmp_path / "a", traces).dropped.empty
    asked = cleaned(tmp_path / "b", traces, limits=Limits(need=("place", "magnitude")))
    assert asked.dropped["reason"].value_counts().to_dict() == {"missing_place": 4, "missing_magnitude": 4}


def test_traces_without_waveform_and_unreadable_ones_are_told_apart(tmp_path):
    traces = made_traces(1, 3)
    traces[1].samples = np.zeros((3, 0), np.float32)
    folder = write_stead_events(tmp_path, traces)
    text = (folder / "chunk1.csv").read_text().replace(traces[2].name, "gone_EV")
    (folder / "chunk1.csv").write_text(text)
    reasons = clean_source(open_source(folder)).dropped.set_index("recording_id")["reason"].to_dict()
    assert reasons["gone_EV"] == "missing_waveform"
    assert reasons[traces[1].name] == "unreadable"


def test_metadata_alone_can_be_cleaned(tmp_path):
    traces = made_traces(1, 2)
    traces[0].samples[:] = 0
    traces[1].row = {"source_magnitude": 99.0}
    result = cleaned(tmp_path, traces, waveforms=False)
    assert result.dropped["reason"].tolist() == ["impossible_magnitude"]


def test_limits_can_be_moved(tmp_path):
    traces = made_traces(3, 2)
    result = cleaned(tmp_path, traces, limits=Limits(most_magnitude=2.5, most_distance_km=15.0))
    assert result.counts().set_index("reason")["traces"].to_dict() == {
        "impossible_distance": 3,
        "impossible_magnitude": 2,
    }
    with pytest.raises(SchemaError, match="'azimuth' is none of them"):
        Limits(need=("azimuth",))
    with pytest.raises(SchemaError, match="exchange them"):
        Limits(least_magnitude=5.0, most_magnitude=1.0)


def test_cleaning_what_was_kept_drops_nothing(tmp_path):
    traces = made_traces(2, 3)
    traces[0].row = {"source_magnitude": 99.0}
    kept = cleaned(tmp_path, traces).kept
    assert clean_traces(kept).dropped.empty


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_kept_traces_are_read_back_as_they_were(ending, tmp_path):
    kept = cleaned(tmp_path / "source", made_traces(2, 2, n_noise=1)).kept
    path = tmp_path / f"kept.{ending}"
    kept.to_csv(path, index=False) if ending == "csv" else kept.to_parquet(path, index=False)
    pd.testing.assert_frame_equal(read_traces(path), kept[list(TRACE_COLUMNS)])
    with pytest.raises(SourceError, match="cannot be read"):
        read_traces(tmp_path / f"none.{ending}")


def test_another_table_is_no_table_of_traces(tmp_path):
    (tmp_path / "dropped.csv").write_text("recording_id,reason\na,dead\n")
    with pytest.raises(SchemaError, match=r"kept\.csv"):
        read_traces(tmp_path / "dropped.csv")


def test_real_recordings_lose_only_what_is_wrong(shared_data):
    stead = clean_source(open_source(shared_data / "stead" / "sample.hdf5"))
    # Its metadata state -1 dB for this one.
    assert stead.dropped["recording_id"].tolist() == ["FS16D.7D_20150410070440_EV"]
    ncedc = clean_source(open_source(shared_data / "ncedc"))
    assert ncedc.dropped.set_index("recording_id")["reason"].to_dict() == {
        "NC_CAO_1986022410342875": "clipped",
        "NC_GBD_1985021117290228": "dead",
    }
    iceland = clean_source(open_source(shared_data / "iceland"))
    assert set(iceland.dropped["reason"]) == {"missing_onset", "low_snr"}
    assert iceland.events()["events_kept"].tolist()[0] == 20
    for name in ("dummydataset", "chunkeddummydataset"):
        assert clean_source(open_source(shared_data / "seisbench-datasets" / name)).dropped.empty


def test_published_metadata_of_stead_pass(shared_data):
    result = clean_source(open_source(shared_data / "stead" / "stead_100samples_metadata.csv"), waveforms=False)
    assert set(result.dropped["reason"]) == {"missing_waveform"}


def test_flat_tops_are_counted_but_not_coarse_steps_or_single_peaks():
    rng = np.random.default_rng(0)
    smooth = np.cumsum(rng.normal(size=6000)).astype(np.float32)
    assert clipped_samples(smooth) == 0
    assert clipped_samples(np.round(smooth * 100)) <= 4
    level = float(np.abs(smooth).max()) * 0.6
    expected = int((np.abs(smooth) >= level).sum())
    assert clipped_samples(np.clip(smooth, -level, level)) == pytest.approx(expected, abs=5)
    # An old digitiser at a quiet place: three counts either way.
    assert clipped_samples(np.round(rng.normal(size=6000))) == 0
    assert clipped_samples(np.full(100, 3.0)) == 0
    assert clipped_samples(np.full(100, np.nan)) == 0


def test_gaps_and_stillness_count_as_flat():
    moving = np.random.default_rng(0).normal(size=1000)
    assert flat_share(moving, 100.0) == 0.0
    gaps = moving.copy()
    gaps[100:130] = np.nan
    gaps[500:800] = np.nan
    assert flat_share(gaps, 100.0) == pytest.approx(0.33)
    # Half a second without a change is a quiet moment, two are not.
    still = moving.copy()
    still[100:150] = 0.0
    still[500:700] = 1.0
    assert flat_share(still, 100.0) == pytest.approx(0.2)
    assert flat_share(np.full(1000, np.nan), 100.0) == 1.0
    assert flat_share(np.zeros(1000), 100.0) == 1.0


def test_signal_over_noise_is_that_of_known_amplitudes():
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(3, 6000))
    samples[:, 2000:] *= 10
    assert onset_snr_db(samples, 2000, np.nan, 100.0) == pytest.approx(20, abs=1)
    assert onset_snr_db(samples, 2000, 3000, 100.0) == pytest.approx(20, abs=1)
    assert np.isnan(onset_snr_db(samples, np.nan, np.nan, 100.0))
    assert np.isnan(onset_snr_db(samples, 50, np.nan, 100.0))
    assert np.isnan(onset_snr_db(np.zeros((3, 6000)), 2000, np.nan, 100.0))


def test_every_reason_that_a_rule_gives_is_explained(tmp_path):
    given = set(WRONG_FIELDS) | {"duplicate", "clipped", "dead", "missing_waveform", "unreadable"}
    assert given <= set(REASONS)
    table = faults_of(np.array([False, True]), "dead", pd.Series([0.1, 0.9]), 0.5, "{value} over {limit}")
    assert table.to_dict("records") == [dict(zip(FAULT_COLUMNS, (1, "dead", 0.9, 0.5, "0.9 over 0.5"), strict=True))]
