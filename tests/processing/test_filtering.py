"""What a filter does to samples, gaps and corners."""

import numpy as np
import pytest

from workbench.errors import SchemaError, UnknownNameError
from workbench.processing.filtering import FILTERS, Filter, apply_filter
from workbench.schema import make_recording


def recording_of(samples, rate_hz=100.0):
    samples = np.atleast_2d(np.asarray(samples, dtype=np.float32))
    return make_recording(
        samples[np.newaxis],
        stations=["XX.A."],
        components=list("ZNE")[: len(samples)],
        start="2024-01-01",
        sampling_rate_hz=rate_hz,
        recording_id="r",
        source="test",
    )


def sine(frequency_hz, n=6000, rate_hz=100.0):
    return np.sin(2 * np.pi * frequency_hz * np.arange(n) / rate_hz)


def test_the_band_passes_and_the_rest_is_cut():
    filtered = apply_filter(recording_of([sine(4.0), sine(0.2), sine(30.0)]), "2–8 Hz", zero_phase=True)
    inside, below, above = np.abs(filtered["waveform"].values[0, :, 1000:-1000]).max(axis=-1)
    assert inside == pytest.approx(1.0, abs=0.01)
    assert below < 1e-3
    assert above < 1e-3


def test_the_recording_given_is_not_changed_and_history_names_the_filter():
    recording = recording_of(sine(4.0))
    before = recording["waveform"].values.copy()
    filtered = apply_filter(recording, "2–8 Hz")
    np.testing.assert_array_equal(recording["waveform"].values, before)
    assert recording.attrs["history"] == ""
    assert filtered.attrs["history"] == "filtered 2–8 Hz (Butterworth, order 4, causal)"


def test_a_causal_filter_moves_nothing_before_the_onset():
    onset = np.r_[np.zeros(3000), sine(5.0, 3000)]
    causal = apply_filter(recording_of(onset), "2–8 Hz")["waveform"].values[0, 0]
    both = apply_filter(recording_of(onset), "2–8 Hz", zero_phase=True)["waveform"].values[0, 0]
    # The mean that is taken off is constant, and the filter starts at rest in it.
    assert np.abs(causal[:3000]).max() < 1e-6
    assert np.abs(both[2900:3000]).max() > 1e-3


@pytest.mark.parametrize("zero_phase", [False, True])
def test_gaps_stay_gaps_and_do_not_ring_into_their_neighbours(zero_phase):
    samples = np.r_[sine(4.0, 2000), np.full(500, np.nan), 1e6 + sine(4.0, 2000)].astype(np.float32)
    filtered = apply_filter(recording_of(samples), "2–8 Hz", zero_phase=zero_phase)["waveform"].values[0, 0]
    np.testing.assert_array_equal(np.isnan(filtered), np.isnan(samples))
    assert np.nanmax(np.abs(filtered)) < 2.0


@pytest.mark.parametrize("zero_phase", [False, True])
def test_a_run_of_two_samples_and_a_row_of_nan_are_filtered_without_error(zero_phase):
    samples = np.full((2, 100), np.nan)
    samples[0, 10:12] = 1.0, 2.0
    filtered = apply_filter(recording_of(samples), ">1 Hz", zero_phase=zero_phase)["waveform"].values[0]
    assert np.isfinite(filtered[0]).sum() == 2
    assert np.isnan(filtered[1]).all()


def test_an_upper_corner_above_nyquist_is_left_out_and_said():
    filtered = apply_filter(recording_of(sine(4.0, rate_hz=20.0), rate_hz=20.0), "1–20 Hz")
    assert "left out" in filtered.attrs["notices"]
    assert np.abs(filtered["waveform"].values).max() > 0.9


def test_a_band_above_nyquist_is_not_applied_and_said():
    recording = recording_of(sine(0.1, rate_hz=1.0), rate_hz=1.0)
    filtered = apply_filter(recording, "2–8 Hz")
    np.testing.assert_array_equal(filtered["waveform"].values, recording["waveform"].values)
    assert "not applied" in filtered.attrs["notices"]
    assert filtered.attrs["history"] == ""


def test_the_filter_called_none_returns_the_samples_as_they_are():
    recording = recording_of(5.0 + sine(4.0))
    filtered = apply_filter(recording, "none")
    np.testing.assert_array_equal(filtered["waveform"].values, recording["waveform"].values)
    assert filtered.attrs["notices"] == ""


@pytest.mark.parametrize("name", sorted(FILTERS))
@pytest.mark.parametrize("rate_hz", [1.0, 20.0, 1000.0])
def test_every_filter_gives_finite_samples_at_every_rate(name, rate_hz):
    noise = np.random.default_rng(0).standard_normal(3000)
    assert np.isfinite(apply_filter(recording_of(noise, rate_hz), name)["waveform"].values).all()


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean"):
        apply_filter(recording_of(sine(4.0)), "1-20 Hz")


def test_corners_in_the_wrong_order_are_refused():
    with pytest.raises(SchemaError, match="below the upper one"):
        Filter(8.0, 2.0)
