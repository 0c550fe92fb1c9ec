"""Made networks as graphs: the largest event is the item's, all onsets are known, items repeat by seed."""

import numpy as np
import pytest
import torch
from torch_geometric.loader import DataLoader

from workbench.errors import SchemaError
from workbench.sources.synthetic import SyntheticNetwork
from workbench.training.network_synthetic import SyntheticEvents


def test_items_are_the_examples_of_the_maker():
    maker = SyntheticNetwork(stations=5, events=(0.0, 1.0), gap=0.0, dead=0.0, glitch=0.0)
    dataset = SyntheticEvents(maker, 6)
    for index in range(6):
        item, example = dataset[index], maker.example(np.random.default_rng((0, 0, index)))
        np.testing.assert_allclose(item.p_sample, np.where(example.p_sample[0] < 3000, example.p_sample[0], np.nan))
        np.testing.assert_allclose(item.s_sample, np.where(example.s_sample[0] < 3000, example.s_sample[0], np.nan))
        seen = bool(np.isfinite(np.r_[item.p_sample, item.s_sample]).any())
        assert float(item.event) == seen
        assert float(item.magnitude) == pytest.approx(example.magnitude[0]) if seen else torch.isnan(item.magnitude)
        assert item.labelled_to.tolist() == [3000.0] * item.num_nodes


def test_the_largest_event_that_is_seen_is_the_item_s():
    maker = SyntheticNetwork(stations=4, events=(0.0, 0.0, 1.0), dead=0.0)
    several = 0
    for index, item in enumerate(SyntheticEvents(maker, 8)):
        example = maker.example(np.random.default_rng((0, 0, index)))
        seen = np.isfinite(example.p_sample).any(axis=1) | np.isfinite(example.s_sample).any(axis=1)
        if seen.any():
            assert float(item.magnitude) == pytest.approx(example.magnitude[seen].max(), rel=1e-6)
        several += len(item.onset_sample) > np.isfinite(np.r_[item.p_sample, item.s_sample]).sum()
    assert several > 3


def test_windows_without_an_event_are_noise():
    for item in SyntheticEvents(SyntheticNetwork(stations=3, events=(1.0,), dead=0.0), 3):
        assert float(item.event) == 0.0
        assert torch.isnan(item.magnitude).all()
        assert (len(item.onset_sample), item.event_id) == (0, "")


def test_larger_magnitudes_have_larger_amplitudes():
    loud = {"stations": 6, "events": (0.0, 1.0), "dead": 0.0, "noise_level": None}
    means = []
    for magnitude in (1.0, 2.0, 3.0):
        dataset = SyntheticEvents(SyntheticNetwork(magnitude=(magnitude, magnitude), **loud), 12)
        means.append(np.median([float(item.log_amplitude.mean()) for item in dataset if item.event == 1]))
    assert np.diff(means).min() > 0.5


def test_items_change_by_epoch_in_training_and_not_otherwise():
    maker = SyntheticNetwork(stations=3)
    still, moving = SyntheticEvents(maker, 2), SyntheticEvents(maker, 2, training=True)
    first = still[0].x, moving[0].x
    torch.testing.assert_close(first[0], first[1], equal_nan=True)
    still.epoch = moving.epoch = 1
    torch.testing.assert_close(still[0].x, first[0], equal_nan=True)
    assert moving[0].x.shape != first[1].shape or not torch.allclose(moving[0].x, first[1], equal_nan=True)


def test_batches_come_from_workers():
    dataset = SyntheticEvents(SyntheticNetwork(stations=(2, 6)), 6)
    batches = list(DataLoader(dataset, batch_size=3, num_workers=2))
    expected = torch.cat([dataset[index].x for index in range(6)])
    torch.testing.assert_close(torch.cat([batch.x for batch in batches]), expected, equal_nan=True)


def test_longer_examples_are_cut_and_shorter_ones_refused():
    longer = SyntheticEvents(SyntheticNetwork(stations=3, duration_s=60.0, dead=0.0), 3)
    assert {item.x.shape[-1] for item in longer} == {3000}
    with pytest.raises(SchemaError, match="Make longer ones"):
        SyntheticEvents(SyntheticNetwork(stations=3, duration_s=20.0), 1)[0]
