"""Augmentations move onsets with the samples, and do what their name says."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.training.augmentations import (
    AddNoise,
    DropComponents,
    FlipPolarity,
    Gaps,
    Place,
    RotateHorizontals,
    ScaleAmplitude,
    Stretch,
    SuperposeEvent,
)


def clip(onset: int = 1000, n_samples: int = 3000, seed: int = 0):
    """Silence, then one sharp pulse at the onset, another 300 samples later."""
    samples = np.zeros((3, n_samples), np.float32)
    samples[:, onset] = [3.0, 2.0, 1.0]
    samples[:, onset + 300] = [1.0, 2.0, 3.0]
    bounds = {"labelled_from_sample": 0.0, "labelled_to_sample": float(n_samples)}
    return samples, {"trace_p0_arrival_sample": float(onset), "trace_s0_arrival_sample": onset + 300.0, **bounds}


def run(step, samples, metadata):
    state = {"X": (samples, metadata)}
    step(state)
    return state["X"]


@pytest.mark.parametrize("seed", range(5))
def test_stretched_onset_stays_on_its_pulse(seed):
    samples, metadata = clip()
    stretched, moved = run(Stretch(np.random.default_rng(seed), 1.0, (0.6, 1.6)), samples, metadata)
    at = round(moved["trace_p0_arrival_sample"])
    assert abs(int(np.abs(stretched[0, : at + 100]).argmax()) - at) <= 1


@pytest.mark.parametrize("seed", range(8))
def test_placed_onset_stays_on_its_pulse_and_inside_the_window(seed):
    samples, metadata = clip(n_samples=[1500, 3000, 9000][seed % 3])
    placed, moved = run(Place(np.random.default_rng(seed), 6000), samples, metadata)
    assert placed.shape == (3, 6000)
    onsets = [moved["trace_p0_arrival_sample"], moved["trace_s0_arrival_sample"]]
    inside = [round(onset) for onset in onsets if 0 <= onset < 6000]
    assert inside
    for onset in inside:
        if moved["valid_from_sample"] + 100 < onset < moved["valid_to_sample"] - 100:
            near = np.abs(placed[0, max(0, onset - 20) : onset + 20])
            assert near.argmax() == min(20, onset)


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 30.0])
def test_noise_comes_at_the_ratio_asked_for(snr_db):
    rng = np.random.default_rng(0)
    samples, metadata = clip()
    samples[:, 1000:1500] += rng.standard_normal((3, 500)).astype(np.float32)
    noise = rng.standard_normal(samples.shape)
    noisy, _ = run(AddNoise(rng, 1.0, lambda shape: noise, (snr_db, snr_db)), samples, metadata)
    added = noisy - samples
    measured = 20 * np.log10(samples[:, 1000:1500].std() / added.std())
    assert measured == pytest.approx(snr_db, abs=0.1)


def test_second_event_brings_its_onsets_and_unknown_labels_spoil_known_ones():
    rng = np.random.default_rng(0)
    samples, metadata = clip()
    other, others = clip(onset=2000)
    both, merged = run(SuperposeEvent(rng, 1.0, lambda: (other, others), (0.0, 0.0)), samples, metadata)
    assert merged["trace_p02_arrival_sample"] == 2000.0
    assert merged["trace_p0_arrival_sample"] == 1000.0
    assert np.abs(both[0, 2000]) > 0
    unknown = others | {"labelled_from_sample": float("nan"), "labelled_to_sample": float("nan")}
    _, merged = run(SuperposeEvent(rng, 1.0, lambda: (other, unknown), (0.0, 0.0)), samples, metadata)
    assert np.isnan(merged["labelled_from_sample"])


def test_rotation_keeps_vertical_and_horizontal_energy():
    samples, metadata = clip()
    rotated, _ = run(RotateHorizontals(np.random.default_rng(3)), samples, metadata)
    np.testing.assert_array_equal(rotated[0], samples[0])
    np.testing.assert_allclose((rotated[1:] ** 2).sum(axis=0), (samples[1:] ** 2).sum(axis=0), atol=1e-5)
    assert np.abs(rotated[1] - samples[1]).max() > 0.1


def test_polarity_amplitude_components_and_gaps():
    rng = np.random.default_rng(1)
    samples, metadata = clip()
    np.testing.assert_array_equal(run(FlipPolarity(rng), samples, metadata)[0], -samples)
    scaled, _ = run(ScaleAmplitude(rng, 1.0, 3.0), samples, metadata)
    ratio = scaled[:, 1000] / samples[:, 1000]
    assert len(set(np.round(ratio, 4))) == 3
    for _ in range(20):
        dropped, _ = run(DropComponents(rng), samples, metadata)
        assert 1 <= np.isnan(dropped).all(axis=1).sum() <= 2
    holed, _ = run(Gaps(rng, 1.0, 0.5), samples, metadata)
    missing = np.isnan(holed).any(axis=0)
    assert 0 < missing.sum() <= 1500
    assert np.abs(np.diff(missing.astype(int))).sum() <= 2


def test_same_seed_gives_the_same_clip_and_probability_zero_changes_nothing():
    samples, metadata = clip()
    first = run(Gaps(np.random.default_rng(5), 1.0, 0.5), samples, metadata)[0]
    again = run(Gaps(np.random.default_rng(5), 1.0, 0.5), samples, metadata)[0]
    np.testing.assert_array_equal(first, again)
    assert run(FlipPolarity(np.random.default_rng(5), 0.0), samples, metadata)[0] is samples
