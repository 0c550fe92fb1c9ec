"""A window of stations becomes a graph: samples standardised, amplitudes apart, labels never filled."""

import numpy as np
import torch
from torch_geometric.data import Batch

from workbench.networks.station_graph import station_graph
from workbench.networks.xiaonet import standardise
from workbench.training.network_data import NetworkWindow, Onset, network_data

LATITUDE = np.array([46.0, 46.1, 46.2])


def window(waveform=None, **changes):
    rng = np.random.default_rng(0)
    waveform = rng.normal(size=(3, 3, 500)).astype(np.float32) if waveform is None else waveform
    n_stations = len(waveform)
    known = {
        "stations": [f"XX.S{number}." for number in range(n_stations)],
        "latitude_deg": LATITUDE[:n_stations],
        "longitude_deg": np.full(n_stations, 13.0),
        "elevation_m": np.full(n_stations, np.nan),
        "onsets": [Onset(0, "P", 100.25), Onset(0, "S", 150.0), Onset(2, "P", 120.0)],
        "labelled": np.tile([0.0, 500.0], (n_stations, 1)),
        "event": 1.0,
        "magnitude": 2.5,
        "event_id": "id0",
    }
    return NetworkWindow(waveform, **(known | changes))


def test_the_graph_is_that_of_the_stations():
    data = network_data(window(), neighbours=1, radius_km=30.0)
    graph = station_graph(data.station, LATITUDE, [13.0] * 3, neighbours=1, radius_km=30.0)
    assert data.num_nodes == 3
    np.testing.assert_array_equal(data.edge_index, graph.edge_index)
    np.testing.assert_array_equal(data.edge_attr, graph.edge_attr)
    assert (data.x.dtype, data.edge_index.dtype, data.edge_attr.dtype) == (torch.float32, torch.int64, torch.float32)


def test_scale_is_taken_out_and_told():
    plain = window().waveform
    louder = (plain + 5.0) * np.array([1.0, 1e6, 1e-9], np.float32)[:, None, None]
    quiet, loud = network_data(window(plain)), network_data(window(louder))
    torch.testing.assert_close(loud.x, quiet.x, atol=2e-3, rtol=0)
    torch.testing.assert_close(loud.log_amplitude - quiet.log_amplitude, torch.tensor([0.0, 6.0, -9.0]))
    expected = np.log10([station.std() for station in plain - plain.mean(axis=-1, keepdims=True)])
    np.testing.assert_allclose(quiet.log_amplitude, expected, atol=1e-5)


def test_samples_are_standardised_as_the_encoder_does_it():
    waveform = window().waveform.copy()
    waveform[0, 1] = np.nan
    waveform[1, :, 100:300] = np.nan
    waveform *= 300.0
    data = network_data(window(waveform))
    assert torch.isnan(data.x[0, 1]).all()
    assert torch.isnan(data.x[1, :, 100:300]).all()
    torch.testing.assert_close(torch.nan_to_num(data.x), standardise(torch.from_numpy(waveform)), atol=1e-4, rtol=0)


def test_onsets_are_those_of_the_event_and_all_that_are_known():
    onsets = [
        Onset(0, "P", 100.25),
        Onset(0, "S", 150.0),
        Onset(1, "S", -3.0),
        Onset(2, "P", 80.0, of_event=False),
        Onset(2, "P", 499.5),
        Onset(2, "S", 500.0),
    ]
    data = network_data(window(onsets=onsets))
    np.testing.assert_array_equal(data.p_sample, [100.25, np.nan, 499.5])
    np.testing.assert_array_equal(data.s_sample, [150.0, np.nan, np.nan])
    assert data.onset_sample.tolist() == [80.0, 100.25, 150.0, 499.5]
    assert data.onset_index.tolist() == [2, 0, 0, 2]
    assert data.onset_phase.tolist() == [0, 0, 1, 0]


def test_what_is_not_known_stays_nan():
    data = network_data(window(onsets=[], labelled=np.full((3, 2), np.nan), magnitude=float("nan"), event=float("nan")))
    for name in ("p_sample", "s_sample", "labelled_from", "labelled_to", "magnitude", "event", "snr_db", "elevation_m"):
        assert torch.isnan(data[name]).all(), name
    assert len(data.onset_sample) == 0


def test_stations_without_a_usable_sample_are_left_out():
    waveform = window().waveform.copy()
    waveform[1] = 7.0
    data = network_data(window(waveform, onsets=[Onset(1, "P", 50.0), Onset(2, "P", 120.0)]))
    assert data.station == ["XX.S0.", "XX.S2."]
    assert data.onset_index.tolist() == [1]
    np.testing.assert_array_equal(data.p_sample, [np.nan, 120.0])
    assert data.edge_index.max() == 1


def test_when_all_are_dead_nothing_is_labelled():
    data = network_data(window(np.full((2, 3, 500), np.nan, np.float32), onsets=[Onset(0, "P", 50.0)]))
    assert data.num_nodes == 2
    assert torch.isnan(data.x).all()
    for name in ("event", "magnitude", "p_sample", "labelled_from"):
        assert torch.isnan(data[name]).all(), name
    assert len(data.onset_sample) == 0
    assert torch.isfinite(data.log_amplitude).all()


def test_one_station_and_unknown_places_are_single_nodes():
    alone = network_data(window(window().waveform[:1], onsets=[]))
    assert (alone.num_nodes, alone.edge_index.shape) == (1, (2, 0))
    lost = network_data(window(latitude_deg=np.array([46.0, np.nan, 46.2])))
    assert 1 not in lost.edge_index.flatten().tolist()
    assert lost.edge_index.shape[1] == 2


def test_a_batch_counts_stations_of_onsets_on():
    first, second = network_data(window()), network_data(window(event=0.0, onsets=[Onset(1, "P", 3.0)], event_id=""))
    batch = Batch.from_data_list([first, second])
    assert batch.onset_index.tolist() == [0, 2, 0, 4]
    assert batch.onset_sample.tolist() == [100.25, 120.0, 150.0, 3.0]
    assert batch.event.tolist() == [1.0, 0.0]
    assert batch.event_id == ["id0", ""]
    assert batch.edge_index.max() == 5
    assert batch.station == [first.station, second.station]
