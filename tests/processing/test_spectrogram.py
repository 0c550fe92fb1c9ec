"""Where power stands in time and frequency."""

import numpy as np
import pytest

from workbench.processing.spectrogram import spectrogram


def test_a_tone_stands_at_its_frequency_and_only_while_it_lasts():
    samples = np.random.default_rng(0).standard_normal(6000) * 1e-3
    samples[3000:] += np.sin(2 * np.pi * 10.0 * np.arange(3000) / 100.0)
    times_s, frequencies_hz, db = spectrogram(samples, 100.0)
    assert db.shape == (frequencies_hz.size, times_s.size)
    late = db[:, times_s > 31]
    assert frequencies_hz[late.mean(axis=1).argmax()] == 10.0
    row = int(np.flatnonzero(frequencies_hz == 10.0)[0])
    assert db[row, times_s > 31].min() - db[row, times_s < 29].max() > 30


def test_power_is_a_density():
    noise = np.random.default_rng(0).standard_normal(200_000)
    _, _, db = spectrogram(noise, 100.0)
    # White noise of variance 1 spread over 50 Hz.
    assert (10 ** (db[5:-5] / 10)).mean() == pytest.approx(1 / 50.0, rel=0.05)


def test_columns_that_touch_a_gap_are_missing():
    samples = np.random.default_rng(0).standard_normal(3000)
    samples[1000:1200] = np.nan
    times_s, _, db = spectrogram(samples, 100.0)
    missing = np.isnan(db).all(axis=0)
    np.testing.assert_array_equal(missing, (times_s > 9.5) & (times_s < 12.49))


def test_a_long_trace_has_no_more_columns_than_a_screen_and_loses_no_short_event():
    samples = np.random.default_rng(0).standard_normal(600_000) * 1e-3
    samples[300_000:300_100] += np.sin(2 * np.pi * 10.0 * np.arange(100) / 100.0)
    times_s, _, db = spectrogram(samples, 100.0, most_columns=500)
    assert times_s.size <= 500
    assert abs(times_s[db[10].argmax()] - 3000.5) < 12.0
    assert times_s[-1] < 6000.0


@pytest.mark.parametrize("n", [1, 5, 50])
def test_a_short_trace_has_one_column_at_least(n):
    times_s, frequencies_hz, db = spectrogram(np.arange(n, dtype=float), 100.0)
    assert db.shape == (frequencies_hz.size, times_s.size)
    assert times_s.size >= 1
