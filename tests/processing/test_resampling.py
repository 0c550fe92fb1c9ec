"""Another rate: exact times, no aliasing, no filled gaps."""

import numpy as np
import pytest

from workbench.errors import SchemaError
from workbench.processing.resampling import continuous_runs, resample, resample_run
from workbench.schema import make_recording


def recording_of(samples, rate_hz):
    return make_recording(
        np.asarray(samples, dtype=np.float32)[np.newaxis, np.newaxis],
        stations=["XX.A."],
        components=["Z"],
        start="2024-01-01T00:00:00.123456",
        sampling_rate_hz=rate_hz,
        recording_id="r",
        source="test",
        notices=["a gap"],
    )


def wave(times_s):
    return np.sin(2 * np.pi * 3.0 * times_s)


@pytest.mark.parametrize(("rate_in_hz", "rate_hz"), [(200.0, 100.0), (50.0, 100.0), (128.0, 100.0), (1000.0, 100.0)])
def test_a_slow_wave_has_the_same_values_at_the_new_times(rate_in_hz, rate_hz):
    recording = recording_of(wave(np.arange(round(30 * rate_in_hz)) / rate_in_hz), rate_in_hz)
    resampled = resample(recording, rate_hz)
    times_s = (resampled["time"].values - recording["time"].values[0]) / np.timedelta64(1, "s")
    np.testing.assert_allclose(np.diff(times_s), 1 / rate_hz, atol=2e-9)
    inner = slice(50, -50)
    np.testing.assert_allclose(resampled["waveform"].values[0, 0][inner], wave(times_s)[inner], atol=5e-3)


@pytest.mark.parametrize("up", [2, 5, 10])
def test_the_given_samples_are_among_those_put_between_them(up):
    samples = 60_000 + np.random.default_rng(0).normal(0, 100, 2000)
    finer = resample_run(samples, 20.0, 20.0 * up)
    np.testing.assert_allclose(finer[::up], samples.astype(np.float32), atol=0.02)


def test_an_offset_stays_an_offset_at_a_higher_rate():
    finer = resample_run(np.append(np.full(500, 60_000.0), 60_001.0), 100.0, 200.0)
    np.testing.assert_allclose(finer[50:-100], 60_000.0, atol=0.3)


def test_what_is_above_the_new_nyquist_frequency_disappears():
    fast = np.sin(2 * np.pi * 70.0 * np.arange(6000) / 200.0)
    assert np.abs(resample(recording_of(fast, 200.0), 100.0)["waveform"].values[..., 100:-100]).max() < 0.01


def test_gaps_keep_their_place_and_attributes_stay():
    samples = wave(np.arange(6000) / 200.0)
    samples[2000:3000] = np.nan
    resampled = resample(recording_of(samples, 200.0), 100.0)
    missing = np.flatnonzero(np.isnan(resampled["waveform"].values[0, 0]))
    assert (missing[0], missing[-1], missing.size) == (1000, 1499, 500)
    assert resampled.attrs["history"] == "resampled from 200 to 100 Hz"
    assert resampled.attrs["notices"] == "a gap"
    assert resampled["native_sampling_rate_hz"].values[0] == 200.0


def test_the_same_rate_returns_the_recording_itself():
    recording = recording_of(wave(np.arange(100) / 100.0), 100.0)
    assert resample(recording, 100.0) is recording


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, float("nan")])
def test_a_rate_that_is_none_is_refused(rate_hz):
    with pytest.raises(SchemaError, match="positive number"):
        resample(recording_of([1.0, 2.0], 1.0), rate_hz)


@pytest.mark.parametrize("offset_s", [0.0, 0.001, 0.0049, 0.0051, 0.0149])
def test_a_start_between_two_samples_is_interpolated(offset_s):
    moved = resample_run(wave(np.arange(3000) / 100.0), 100.0, 100.0, offset_s)
    expected = wave(np.arange(moved.size) / 100.0 + offset_s)
    np.testing.assert_allclose(moved[50:-50], expected[50:-50], atol=1e-3)


def test_an_odd_ratio_of_rates_does_not_drift():
    moved = resample_run(wave(np.arange(30000) / 99.997), 99.997, 100.0)
    expected = wave(np.arange(moved.size) / 100.0)
    np.testing.assert_allclose(moved[50:-50], expected[50:-50], atol=1e-3)


def test_an_offset_passes_a_shift_unchanged():
    np.testing.assert_allclose(resample_run(np.full(500, 1e6), 100.0, 100.0, 0.003), 1e6, rtol=1e-6)


def test_runs_of_nothing_are_none():
    assert list(continuous_runs(np.full(4, np.nan))) == []
    assert list(continuous_runs(np.zeros(0))) == []
