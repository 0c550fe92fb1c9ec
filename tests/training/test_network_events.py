"""Events of any source as graphs: all stations on one axis of time, read on demand, split by event."""

import json
import os
import pickle
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from torch_geometric.loader import DataLoader

from tests.sources.event_files import made_traces, write_seisbench_events, write_stead_events
from tests.sources.waveform_files import write_station
from workbench.errors import SchemaError, SourceError
from workbench.sources import open_source
from workbench.sources.cleaning import clean_source
from workbench.sources.cleaning_rules import Limits
from workbench.sources.split import read_split
from workbench.sources.trace_table import trace_table
from workbench.sources.waveforms import WaveformSource
from workbench.training.network_events import NetworkEvents, events_of_split

WRITERS = {"stead": write_stead_events, "seisbench": write_seisbench_events}


def jump(samples, before=100, after=100):
    """Ratio of amplitudes after and before a sample in the middle."""
    middle = samples.shape[-1] // 2
    return np.nanstd(samples[..., middle : middle + after]) / np.nanstd(samples[..., middle - before : middle])


@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_one_item_is_one_event_with_all_its_stations(kind, tmp_path):
    traces = made_traces(3, 4)
    dataset = NetworkEvents(WRITERS[kind](tmp_path, traces))
    assert len(dataset) == 3
    assert dataset.event_ids == ["id0", "id1", "id2"]
    for number, item in enumerate(dataset):
        assert item.x.shape == (4, 3, 3000)
        assert item.station == [f"XX.S{station}." for station in range(4)]
        assert (item.event_id, float(item.magnitude), float(item.event)) == (f"id{number}", number + 1.0, 1.0)
        assert item.edge_index.shape[1] == 12


@pytest.mark.parametrize("training", [False, True])
def test_onsets_lie_where_the_energy_begins(training, tmp_path):
    dataset = NetworkEvents(write_stead_events(tmp_path, made_traces(4, 3)), training=training)
    found = 0
    for item in dataset:
        for station, sample in zip(item.onset_index, item.onset_sample, strict=True):
            first = round(float(sample))
            around = item.x[station][:, max(first - 50, 0) : first + 50].numpy()
            if around.shape[-1] == 100 and np.isfinite(around).all() and item.onset_phase[0] == 0:
                found += 1
                assert jump(around, 50, 50) > 1.0
    assert found > 10


def test_stations_share_one_axis_of_time(tmp_path):
    traces = made_traces(1, 4)
    item = NetworkEvents(write_stead_events(tmp_path, traces))[0]
    times = [(trace.start - traces[0].start).total_seconds() + trace.p_sample / 100 for trace in traces]
    moveout = np.diff(times) * 100
    # Traces begin at any time, samples stand at whole ones.
    np.testing.assert_allclose(np.diff(item.p_sample), moveout, atol=1.0)


def test_amplitudes_are_those_of_the_recording(tmp_path):
    traces = made_traces(3, 1)
    items = list(NetworkEvents(write_stead_events(tmp_path, traces)))
    growth = 10 ** np.diff([float(item.log_amplitude[0]) for item in items])
    np.testing.assert_allclose(growth, [2.0, 1.5], rtol=0.1)
    begin = round(traces[0].p_sample) - 500
    part = traces[0].samples[:, begin : begin + 3000]
    assert float(items[0].log_amplitude[0]) == pytest.approx(np.log10(part.std(axis=-1).mean()), abs=0.02)
    centred = part - part.mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(items[0].x[0], centred / np.sqrt(np.mean(centred**2)), atol=1e-4)


def test_where_a_trace_begins_does_not_tell_where_p_is(tmp_path):
    # All traces are cut 8 s before P: far stations begin within the window, that much before their onset.
    dataset = NetworkEvents(write_stead_events(tmp_path, made_traces(1, 8)), training=True)
    leads = []
    for epoch in range(40):
        dataset.epoch = epoch
        item = dataset[0]
        begin = torch.isfinite(item.x[:, 0]).int().argmax(dim=-1)
        leads += (item.p_sample - begin)[(begin > 0) & torch.isfinite(item.p_sample)].tolist()
    assert len(leads) > 50
    assert min(leads) >= 99
    assert max(leads) <= 801
    assert np.std(leads) > 150


def test_windows_move_in_training_only_and_repeat_by_seed(tmp_path):
    folder = write_stead_events(tmp_path, made_traces(3, 3))
    still, moving = NetworkEvents(folder), NetworkEvents(folder, training=True)
    again, other = NetworkEvents(folder, training=True), NetworkEvents(folder, training=True, seed=1)
    for index in range(3):
        torch.testing.assert_close(moving[index].p_sample, again[index].p_sample, equal_nan=True)
    firsts = [float(dataset[0].onset_sample[0]) for dataset in (still, moving, other)]
    assert len(set(firsts)) == 3
    for dataset in (still, moving):
        dataset.epoch = 1
    assert float(still[0].onset_sample[0]) == firsts[0] == pytest.approx(500, abs=1)
    assert float(moving[0].onset_sample[0]) != firsts[1]


def test_a_phase_that_is_not_known_is_masked(tmp_path):
    traces = made_traces(1, 4)
    traces[1].row = {"s_arrival_sample": "None"}
    traces[2].row = {"p_arrival_sample": "None", "s_arrival_sample": "None"}
    for trace in traces:
        trace.row["source_magnitude"] = "None"
    item = NetworkEvents(write_stead_events(tmp_path, traces))[0]
    assert torch.isnan(item.s_sample).tolist() == [False, True, True, False]
    assert torch.isnan(item.p_sample).tolist() == [False, False, True, False]
    assert torch.isnan(item.magnitude).all()
    # All is known of a trace with both phases, of one with P what lies around it, of one with neither nothing.
    np.testing.assert_array_equal(item.labelled_from[[0, 2, 3]], [0, np.nan, 0])
    np.testing.assert_array_equal(item.labelled_to[[0, 2, 3]], [3000, np.nan, 3000])
    around = float(item.p_sample[1])
    assert (float(item.labelled_from[1]), float(item.labelled_to[1])) == pytest.approx((around - 50, around + 30))


def test_without_onsets_nobody_knows_whether_the_event_is_in_the_window(tmp_path):
    traces = made_traces(1, 2)
    for trace in traces:
        trace.row = {"p_arrival_sample": "None", "s_arrival_sample": "None"}
    folder = write_stead_events(tmp_path, traces)
    part, whole = NetworkEvents(folder)[0], NetworkEvents(folder, n_samples=9000)[0]
    assert torch.isnan(part.event).all()
    assert torch.isnan(part.magnitude).all()
    assert (float(whole.event), float(whole.magnitude)) == (1.0, 1.0)


def test_a_trace_without_a_start_is_joined_to_no_other(tmp_path):
    traces = made_traces(1, 3)
    traces[2].row = {"trace_start_time": "None"}
    items = list(NetworkEvents(write_stead_events(tmp_path, traces)))
    assert [item.station for item in items] == [["XX.S0.", "XX.S1."], ["XX.S2."]]
    assert float(items[1].p_sample[0]) == pytest.approx(500, abs=1)


def test_traces_of_unknown_length_and_short_ones_are_read(tmp_path):
    traces = made_traces(2, 2, n_noise=1)
    for trace in traces:
        trace.samples = trace.samples[:, :1100]
    folder = write_seisbench_events(tmp_path, traces, columns=["trace_npts"])
    dataset = NetworkEvents(folder, training=True)
    assert dataset.traces["n_samples"].tolist() == [6000.0] * 5
    for item in dataset:
        assert 0 < torch.isfinite(item.x[:, 0]).sum() <= 1100 * item.num_nodes


def test_noise_makes_items_without_event(tmp_path):
    folder = write_stead_events(tmp_path, made_traces(2, 4, n_noise=6))
    dataset = NetworkEvents(folder)
    events = [float(item.event) for item in dataset]
    assert events[:2] == [1.0, 1.0]
    assert set(events[2:]) == {0.0}
    noise = [item for item in dataset if item.event == 0]
    assert sum(item.num_nodes for item in noise) == 6
    for item in noise:
        assert len(set(item.station)) == item.num_nodes
        assert (item.event_id, len(item.onset_sample)) == ("", 0)
        assert torch.isnan(item.magnitude).all()
        assert torch.isnan(item.p_sample).all()
        assert item.labelled_to.tolist() == [3000.0] * item.num_nodes
    assert len(NetworkEvents(folder, noise=False)) == 2


def test_events_with_few_stations_are_left_out(tmp_path):
    traces = [trace for trace in made_traces(3, 4) if trace.event != 1 or trace.station == "S0"]
    folder = write_stead_events(tmp_path, traces)
    assert NetworkEvents(folder, least_stations=3).event_ids == ["id0", "id2"]
    with pytest.raises(SourceError, match="at least 8 stations"):
        NetworkEvents(folder, least_stations=8)


def test_no_more_stations_than_asked_and_each_site_once(tmp_path):
    traces = made_traces(1, 6)
    for number, trace in enumerate(traces):
        trace.row = {"snr_db": f"{10 + number}"}
    traces[0].row |= {"receiver_code": "S5"}
    folder = write_stead_events(tmp_path, traces)
    assert NetworkEvents(folder)[0].station == [f"XX.S{number}." for number in range(1, 6)]
    clearest = NetworkEvents(folder, most_stations=2)[0]
    assert clearest.station == ["XX.S4.", "XX.S5."]
    moving = NetworkEvents(folder, most_stations=2, training=True)
    seen = set()
    for epoch in range(12):
        moving.epoch = epoch
        seen |= set(moving[0].station)
    assert len(seen) > 2


def test_only_what_a_cleaning_kept_is_read(tmp_path):
    traces = made_traces(2, 3)
    traces[0].row = {"source_magnitude": 99.0}
    traces[4].samples[:] = 0
    folder = write_stead_events(tmp_path, traces)
    items = list(NetworkEvents(folder, traces=clean_source(open_source(folder)).kept))
    assert [item.station for item in items] == [["XX.S1.", "XX.S2."], ["XX.S0.", "XX.S2."]]
    assert [float(item.magnitude) for item in items] == [1.0, 2.0]


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_are_the_same_with_workers_and_without(workers, tmp_path):
    dataset = NetworkEvents(write_stead_events(tmp_path, made_traces(5, 3)))
    expected = [dataset[index] for index in range(5)]
    batches = list(DataLoader(dataset, batch_size=2, num_workers=workers))
    assert [batch.num_graphs for batch in batches] == [2, 2, 1]
    together, one_by_one = (torch.cat([part.x for part in parts]) for parts in (batches, expected))
    torch.testing.assert_close(together, one_by_one, equal_nan=True)
    assert [name for batch in batches for name in batch.event_id] == [item.event_id for item in expected]


def test_a_copy_opens_its_own_files(tmp_path):
    dataset = NetworkEvents(write_stead_events(tmp_path, made_traces(2, 2)))
    expected = dataset[1].x
    copy = pickle.loads(pickle.dumps(dataset))
    torch.testing.assert_close(copy[1].x, expected)


def test_few_files_are_open_however_many_chunks_there_are(tmp_path):
    for chunk in range(9):
        traces = made_traces(1, 1, seed=chunk)
        traces[0].name, traces[0].row = f"S{chunk}_EV", {"source_id": f"id{chunk}"}
        written = write_stead_events(tmp_path / "one", traces)
        for ending in ("csv", "hdf5"):
            (written / f"chunk1.{ending}").rename(tmp_path / f"chunk{chunk}.{ending}")
    written.rmdir()
    dataset = NetworkEvents(tmp_path)
    assert len([item.num_nodes for item in dataset]) == 9
    opened = [file.path for file in psutil.Process(os.getpid()).open_files() if file.path.startswith(str(tmp_path))]
    assert 0 < len(opened) <= 4


def test_a_folder_with_a_catalogue(tmp_path):
    lines = ["station,latitude,longitude,elevation_m"]
    for number, station in enumerate(("XX.A.", "XX.B.", "XX.C.")):
        write_station(tmp_path, station)
        lines.append(f"{station},{46 + number / 10},13,100")
    (tmp_path / "stations.csv").write_text("\n".join(lines))
    start = open_source(tmp_path).scan()["start"].iloc[0]
    _write_quakeml(tmp_path / "event.xml", start)
    item = NetworkEvents(tmp_path, least_stations=3, n_samples=500)[0]
    assert item.num_nodes == 3
    assert float(item.magnitude) == pytest.approx(2.2)
    assert item.latitude_deg.tolist() == pytest.approx([46.0, 46.1, 46.2])
    differences = (item.s_sample - item.p_sample)[:2]
    np.testing.assert_allclose(differences, [100, 100], atol=0.01)
    assert torch.isnan(item.p_sample[2])
    assert torch.isnan(item.labelled_from[2])


def _write_quakeml(path: Path, start, after_s=(0,)) -> None:
    """Events at those times, each picked on A and B, their magnitudes 2.2, 3.2, ..."""
    from obspy import UTCDateTime
    from obspy.core.event import Catalog, Event, Magnitude, Origin, Pick, WaveformStreamID

    events = []
    for place, gone_s in enumerate(after_s):
        begin = UTCDateTime(str(start)) + gone_s
        picks = [
            Pick(time=begin + 3 + number + later, phase_hint=phase, waveform_id=WaveformStreamID("XX", code))
            for number, code in enumerate("AB")
            for phase, later in (("P", 0.0), ("S", 1.0))
        ]
        origin = Origin(time=begin + 1, latitude=46.0, longitude=13.0, depth=8000.0)
        events.append(Event(origins=[origin], magnitudes=[Magnitude(mag=2.2 + place)], picks=picks))
    Catalog(events).write(str(path), format="QUAKEML")


def test_each_event_of_a_continuous_recording_is_an_item_and_only_its_part_is_read(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    for station in ("XX.A.", "XX.B.", "XX.C."):
        write_station(tmp_path, station, components="Z", n=150_000, samples=rng.integers(-500, 500, 150_000))
    start = open_source(tmp_path).scan()["start"].iloc[0]
    _write_quakeml(tmp_path / "events.xml", start, after_s=(100, 700, 712))
    dataset = NetworkEvents(tmp_path)
    lengths = []
    whole = WaveformSource.read_between
    monkeypatch.setattr(
        WaveformSource,
        "read_between",
        lambda *given: (lengths.append((found := whole(*given)).sizes["time"]), found)[1],
    )
    monkeypatch.setattr(WaveformSource, "read", lambda *_: pytest.fail("a whole recording was read"))
    items = list(dataset)
    assert [round(float(item.magnitude), 1) for item in items] == [2.2, 3.2, 4.2]
    assert max(lengths) <= 3000 + 2 * 2 * 100 + 2
    for item in items:
        assert item.station == ["XX.A.", "XX.B.", "XX.C."]
        np.testing.assert_allclose(item.p_sample[:2], [500, 600], atol=1.5)
        assert torch.isfinite(item.x[:, 0]).all()
    # The third event follows the second within its window: its onsets are known there too, but are not the event's.
    assert [len(item.onset_sample) for item in items] == [4, 8, 4]
    kept = clean_source(open_source(tmp_path), Limits(need=("onset",), least_snr_db=-99)).kept
    assert kept.groupby("event_id").size().tolist() == [2, 2, 2]


def test_real_events_of_a_swarm(shared_data):
    dataset = NetworkEvents(shared_data / "iceland", labels="automatic", least_stations=8)
    assert len(dataset) == 20
    item = dataset[0]
    assert item.num_nodes == 12
    assert item.edge_index.shape[1] >= 12 * 8
    assert 0 < float(item.magnitude) < 3
    # The automatic picks of the windows hold those of other events too; onsets of the event are among them.
    known = item.onset_sample.numpy()
    for sample in (*item.p_sample[torch.isfinite(item.p_sample)], *item.s_sample[torch.isfinite(item.s_sample)]):
        assert np.abs(known - float(sample)).min() == 0
    assert torch.isfinite(item.labelled_from).sum() >= torch.isfinite(item.p_sample).sum()


def test_single_traces_of_real_stead_are_events_of_one_station(shared_data):
    dataset = NetworkEvents(shared_data / "stead" / "sample.hdf5")
    items = [dataset[index] for index in (0, 36, 37, len(dataset) - 1)]
    assert [float(item.event) for item in items] == [1.0, 1.0, 0.0, 0.0]
    assert items[0].num_nodes == 1
    assert items[0].edge_index.shape == (2, 0)


def test_traces_at_other_rates_are_resampled(shared_data):
    dataset = NetworkEvents(shared_data / "seisbench-datasets" / "dummydataset")
    item = dataset[0]
    assert item.x.shape == (1, 3, 3000)
    assert torch.isfinite(item.x).all()
    assert torch.isnan(item.labelled_from).all()


@pytest.fixture
def study(tmp_path):
    """A folder of data, and a function that writes a split of it by trace names."""
    folder = write_stead_events(tmp_path / "data" / "made", made_traces(4, 2))

    def write(roles):
        entry = {"name": "made", "path": "made", "kind": "stead", "labels": "analyst", "recordings": roles}
        path = tmp_path / "split.json"
        path.write_text(json.dumps({"sets": [entry]}))
        return read_split(path), folder.parent

    return write


def test_a_split_gives_the_events_of_a_role(study):
    split, folder = study({"train": ["*_E0_EV", "*_E1_EV"], "test": ["*_E3_EV"]})
    train = events_of_split(split, folder, "train", training=True)
    assert [item.event_id for item in train] == ["id0", "id1"]
    assert [item.event_id for item in events_of_split(split, folder, "test")] == ["id3"]
    with pytest.raises(SourceError, match="'validation'"):
        events_of_split(split, folder, "validation")


def test_a_split_that_tears_an_event_is_refused(study):
    split, folder = study({"train": ["S0*"], "test": ["S1*"]})
    with pytest.raises(SchemaError, match="'id0'"):
        events_of_split(split, folder, "train")


def test_settings_that_make_no_sense_are_refused(tmp_path):
    folder = write_stead_events(tmp_path, made_traces(1, 1))
    with pytest.raises(SchemaError, match="'labels'"):
        NetworkEvents(folder, labels="maybe")
    with pytest.raises(SchemaError, match="at least one sample"):
        NetworkEvents(folder, n_samples=0)
    assert len(trace_table(open_source(folder))) == 1
