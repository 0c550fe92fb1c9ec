"""Target curves, and made events whose onsets are exact."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.errors import SchemaError
from workbench.training.synthetic import coloured_noise, restless_noise, synthetic_event
from workbench.training.targets import TARGET_SHAPES, Targets


@pytest.mark.parametrize("shape", TARGET_SHAPES)
def test_targets_peak_at_onsets_and_add_up_to_one(shape):
    curves = Targets(shape, 10).curves(500, {"P": [100.0, float("nan")], "S": [200.0, 400.0]})
    np.testing.assert_allclose(curves.sum(axis=0), 1.0, atol=1e-6)
    assert curves[0, 100] == curves[1, 200] == curves[1, 400] == pytest.approx(1.0)
    assert (curves[0] > 0.5).sum() > 5
    assert curves[2, 300] == pytest.approx(1.0)


def test_unknown_shape_is_refused():
    with pytest.raises(SchemaError, match="not 'cosine'"):
        Targets("cosine")


@pytest.mark.parametrize("seed", range(10))
def test_nothing_moves_before_the_p_onset_and_s_follows(seed):
    event = synthetic_event(np.random.default_rng(seed), n_samples=4000, p_sample=700)
    assert event.p_sample == 700 < event.s_sample
    assert not event.samples[:, :700].any()
    assert np.abs(event.samples[:, 700:720]).max() > 0
    assert np.abs(event.samples).max() == pytest.approx(1.0)


def test_noise_has_the_slope_asked_for():
    noise = coloured_noise(np.random.default_rng(0), (8, 20_000), exponent=1.0)
    spectrum = np.abs(np.fft.rfft(noise, axis=-1)).mean(axis=0)
    ratio = spectrum[200:220].mean() / spectrum[2000:2200].mean()
    assert ratio == pytest.approx(10.0, rel=0.2)


def test_restless_noise_is_anything_but_stationary():
    rng = np.random.default_rng(0)
    restless, steady = [
        np.median([make(rng, (3, 6000)).reshape(3, 60, 100).std(axis=(0, 2)).max() for _ in range(30)])
        for make in (restless_noise, lambda rng, shape: coloured_noise(rng, shape, exponent=0.0))
    ]
    assert restless > 1.5 * steady
