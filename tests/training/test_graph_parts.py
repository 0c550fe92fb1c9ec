"""Losses that do not count what is not known, edges of the controls, scores, and windows without labels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch_geometric.loader import DataLoader

from workbench.errors import SchemaError
from workbench.schema import make_recording
from workbench.training.event_scores import detection_scores, magnitude_scores
from workbench.training.graph_edges import edges_for, hide_amplitudes
from workbench.training.graph_losses import anchor_loss, curve_loss, detection_loss, magnitude_loss, onset_curves
from workbench.training.network_data import NetworkWindow, Onset, network_data
from workbench.training.network_unlabelled import UnlabelledWindows


def window(n_stations: int = 4, labelled: tuple[float, float] = (0.0, 3000.0), seed: int = 0) -> NetworkWindow:
    rng = np.random.default_rng(seed)
    return NetworkWindow(
        rng.normal(size=(n_stations, 3, 3000)).astype(np.float32),
        [f"XX.S{number}." for number in range(n_stations)],
        46 + 0.2 * rng.random(n_stations),
        13 + 0.2 * rng.random(n_stations),
        np.zeros(n_stations),
        onsets=[Onset(0, "P", 1000.0), Onset(0, "S", 1400.0), Onset(1, "P", 1100.0), Onset(1, "P", 2000.0, False)],
        labelled=np.tile(labelled, (n_stations, 1)),
        event=1.0,
        magnitude=1.5,
    )


def batch_of(*windows: NetworkWindow):
    return next(iter(DataLoader([network_data(each) for each in windows], batch_size=len(windows))))


def test_curves_peak_at_every_onset_and_add_up_to_one():
    batch = batch_of(window(), window(seed=1))
    curves, known = onset_curves(batch, 3000)
    assert curves.shape == (8, 3, 3000)
    torch.testing.assert_close(curves.sum(dim=1), torch.ones(8, 3000))
    assert curves[0, 0].argmax() == 1000
    assert curves[4, 1].argmax() == 1400
    assert curves[5, 0, 1100] == curves[5, 0, 2000] == 1
    assert (curves[2:4, 2] == 1).all()
    assert (known == 1).all()


def test_curves_count_only_where_onsets_are_known_and_samples_were_recorded():
    held = window(labelled=(500.0, 1500.0))
    held.waveform[0, :, 600:700] = np.nan
    batch = batch_of(held)
    logits = torch.zeros(4, 3, 3000)
    before = curve_loss(logits, batch, 10.0)
    changed = logits.clone()
    changed[:, 0, :500] = changed[:, 0, 1500:] = 5.0
    changed[0, 0, 600:700] = 5.0
    torch.testing.assert_close(curve_loss(changed, batch, 10.0), before)
    changed[2, 0, 1000] = 5.0
    assert curve_loss(changed, batch, 10.0) > before


def test_anchor_counts_only_where_nobody_has_labelled():
    batch = batch_of(window(labelled=(500.0, 1500.0)))
    alone = torch.randn(4, 3, 3000)
    lowest = anchor_loss(alone, alone, batch, 10.0)
    other = alone.clone()
    other[:, 0, 500:1500] += 3.0
    torch.testing.assert_close(anchor_loss(other, alone, batch, 10.0), lowest)
    other[:, 0, 100] += 3.0
    assert anchor_loss(other, alone, batch, 10.0) > lowest


def test_event_and_magnitude_that_are_not_known_do_not_count():
    nan = float("nan")
    event = torch.tensor([1.0, nan, 0.0])
    torch.testing.assert_close(
        detection_loss(torch.tensor([2.0, 99.0, -2.0]), event),
        detection_loss(torch.tensor([2.0, -2.0]), torch.tensor([1.0, 0.0])),
    )
    logit = torch.tensor([1.0, 1.0], requires_grad=True)
    loss = magnitude_loss(logit, torch.tensor([nan, 2.0])) + magnitude_loss(torch.tensor([nan]), torch.tensor([1.0]))
    loss.backward()
    assert logit.grad.tolist()[0] == 0
    assert logit.grad.tolist()[1] < 0
    assert detection_loss(torch.tensor([3.0]), torch.tensor([nan])) == 0


def test_controls_take_edges_away_or_lay_them_elsewhere():
    rng = np.random.default_rng(0)
    whole = batch_of(window(5), window(5, seed=1))
    n_edges = whole.edge_index.shape[1]
    assert edges_for(batch_of(window(5), window(5, seed=1)), "none", rng, 0.0).edge_index.shape == (2, 0)
    same = edges_for(batch_of(window(5), window(5, seed=1)), "graph", rng, 0.0)
    assert torch.equal(same.edge_index, whole.edge_index)
    shuffled = edges_for(batch_of(window(5), window(5, seed=1)), "shuffled", rng, 0.0)
    assert shuffled.edge_index.shape == (2, n_edges)
    assert torch.equal(shuffled.edge_attr, whole.edge_attr)
    assert not torch.equal(shuffled.edge_index, whole.edge_index)
    assert torch.equal(shuffled.edge_index[0] // 5, shuffled.edge_index[1] // 5)


def test_stations_are_left_alone_in_both_directions():
    batch = edges_for(batch_of(*(window(5, seed=seed) for seed in range(8))), "graph", np.random.default_rng(0), 0.3)
    joined = set(batch.edge_index[0].tolist())
    assert joined == set(batch.edge_index[1].tolist())
    assert 0 < len(joined) < 40


def test_magnitude_scores_leave_out_what_is_not_known():
    nan = float("nan")
    scores = magnitude_scores(np.array([1.0, 2.5, nan, 3.0]), np.array([1.5, 2.0, 1.0, nan]))
    assert scores["magnitude_n"] == 2
    assert scores["magnitude_mae"] == pytest.approx(0.5)
    assert scores["magnitude_bias"] == pytest.approx(0.0)
    assert scores["magnitude_constant_mae"] == pytest.approx(0.25)
    assert magnitude_scores(np.array([nan]), np.array([1.0])) == {"magnitude_n": 0.0}


def test_detection_scores_of_no_known_window_are_nan():
    scores = detection_scores(np.array([0.5]), np.array([np.nan]))
    assert scores["detection_n"] == 0
    assert np.isnan(scores["detection_auc"])
    assert np.isnan(scores["detection_f1"])


class TestUnlabelledWindows:
    def recording(self, n_samples: int = 4000, rate_hz: float = 100.0):
        samples = np.random.default_rng(0).normal(size=(2, 3, n_samples)).astype(np.float32)
        return make_recording(
            samples,
            stations=["XX.A.", "XX.B."],
            components=list("ZNE"),
            start="2024-01-01",
            sampling_rate_hz=rate_hz,
            recording_id="r",
            source="test",
            latitude_deg=[46.0, 46.1],
            longitude_deg=[13.0, 13.1],
        )

    def test_nothing_is_known_of_them(self):
        windows = UnlabelledWindows([self.recording()], 3, training=True, seed=1)
        graph = windows[0]
        assert len(windows) == 3
        assert graph.x.shape == (2, 3, 3000)
        assert torch.isnan(graph.labelled_from).all()
        assert torch.isnan(graph.event).all()
        assert graph.edge_index.shape == (2, 2)
        before = graph.x
        windows.epoch = 1
        assert not torch.equal(windows[0].x, before)

    def test_short_ones_and_other_rates_are_refused(self):
        with pytest.raises(SchemaError, match="2000 samples at 100 Hz"):
            UnlabelledWindows([self.recording(2000)], 1)
        with pytest.raises(SchemaError, match="at 50 Hz"):
            UnlabelledWindows([self.recording(rate_hz=50.0)], 1)


def test_amplitudes_are_hidden_of_whole_graphs_and_of_no_more_than_asked():
    rng = np.random.default_rng(0)
    batch = batch_of(*(window(5, seed=seed) for seed in range(8)))
    before = batch.log_amplitude.clone()
    assert torch.equal(hide_amplitudes(batch, rng, 0.0).log_amplitude, before)
    hidden = torch.isnan(hide_amplitudes(batch, rng, 0.5).log_amplitude).reshape(8, 5)
    assert torch.equal(hidden.any(dim=1), hidden.all(dim=1))
    assert 0 < int(hidden.all(dim=1).sum()) < 8
