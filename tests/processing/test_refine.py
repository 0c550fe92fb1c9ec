"""An onset is found near the cursor, whatever lies around it."""

import numpy as np
import pytest

from workbench.processing.refine import refine_onset

ONSET = 3000


def trace(amplitude=10.0, n=6000):
    rng = np.random.default_rng(3)
    samples = rng.standard_normal(n)
    after = np.arange(n - ONSET)
    samples[ONSET:] += amplitude * np.sin(0.5 * after) * np.exp(-after / 500)
    return samples


@pytest.mark.parametrize("cursor", [2960, 2990, 3000, 3010, 3040])
def test_a_cursor_near_a_clear_onset_comes_to_it(cursor):
    assert abs(refine_onset(trace(), cursor, 100.0) - ONSET) <= 2


def test_the_first_sample_of_the_signal_is_the_onset_not_the_last_of_the_noise():
    differences = []
    for seed in range(50):
        rng = np.random.default_rng(seed)
        samples = rng.standard_normal(2000)
        samples[1000:] += 50 * rng.standard_normal(1000)
        differences.append(refine_onset(samples, 1005, 100.0) - 1000)
    assert np.median(differences) == 0


def test_it_moves_by_no_more_than_three_quarters_of_the_window():
    assert abs(refine_onset(trace(), 2000, 100.0, window_s=1.0) - 2000) <= 75


def test_an_offset_and_a_gap_beside_the_onset_do_not_matter():
    samples = trace() + 1e5
    samples[:2970] = np.nan
    samples[3100:] = np.nan
    assert abs(refine_onset(samples, 2990, 100.0) - ONSET) <= 2


@pytest.mark.parametrize("samples", [np.zeros(100), np.full(100, np.nan), np.arange(5.0), np.zeros(0)])
def test_where_nothing_can_be_said_the_cursor_stays(samples):
    assert refine_onset(samples, 2, 100.0) == 2


def test_a_cursor_outside_the_trace_stays():
    assert refine_onset(trace(), 10_000, 100.0) == 10_000
