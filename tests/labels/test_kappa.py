"""Kappa, quantiles and pairs against published figures and against what must hold of any."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from workbench.labels.kappa import cohen_kappa, counts_of
from workbench.labels.matching import group_times, pair_times
from workbench.labels.spread import median_deviation, quantile


@pytest.mark.parametrize(
    ("counts", "kappa", "bounds"),
    [
        # Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, table 18.1: 0.68, 0.51 to 0.85.
        ([[75, 1, 4], [5, 4, 1], [0, 0, 10]], 0.68, (0.51, 0.85)),
        # SAS/STAT, the FREQ procedure, two dermatologists on 88 patients: 0.3449, error 0.0724, 0.2030 to 0.4868.
        ([[10, 4, 1, 0], [5, 10, 12, 2], [2, 4, 12, 5], [0, 2, 6, 13]], 0.3449, (0.2030, 0.4868)),
    ],
)
def test_kappa_and_its_interval_are_the_published_ones(counts, kappa, bounds):
    digits = 2 if kappa == 0.68 else 4
    found = cohen_kappa(counts)
    assert round(found[0], digits) == kappa
    assert found[1:] == pytest.approx(bounds, abs=0.006 if digits == 2 else 5e-5)


def test_kappa_of_those_who_always_say_the_same_is_unknown():
    assert all(math.isnan(value) for value in cohen_kappa([[12, 0], [0, 0]]))
    assert all(math.isnan(value) for value in cohen_kappa([[0, 0], [0, 0]]))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=40))
def test_kappa_does_not_care_who_is_first_and_is_one_with_oneself(said):
    first, second = [one for one, _ in said], [other for _, other in said]
    there, back = cohen_kappa(counts_of(first, second, "abc")), cohen_kappa(counts_of(second, first, "abc"))
    assert there == pytest.approx(back, nan_ok=True)
    assert math.isnan(there[0]) or -1 <= there[1] <= there[0] <= there[2] <= 1
    alike = cohen_kappa(counts_of(first, first, "abc"))[0]
    assert math.isnan(alike) if len(set(first)) == 1 else alike == pytest.approx(1.0)


@pytest.mark.parametrize("n", [6, 11, 40])
def test_the_interval_of_a_median_is_exact(n):
    values = np.arange(1.0, n + 1)
    _, low, high = quantile(values, 0.5)
    # The chance that the true median lies below the k-th value is that of fewer than k values below it.
    assert binom.cdf(low - 1, n, 0.5) <= 0.025 < binom.cdf(low, n, 0.5)
    assert low + high == n + 1


def test_few_values_give_no_bound():
    assert quantile(np.array([1.0, 2.0, 3.0]), 0.5)[0] == 2.0
    assert all(math.isnan(bound) for bound in quantile(np.array([1.0, 2.0, 3.0]), 0.5)[1:])
    assert all(math.isnan(value) for value in quantile(np.array([]), 0.5))
    rng = np.random.default_rng(0)
    for values in ([], [3.0]):
        assert all(math.isnan(value) for value in median_deviation(np.array(values), rng)), "nothing to deviate from"
    middle, *bounds = median_deviation(np.array([1.0, 2.0, 4.0]), rng)
    assert middle == 1.0
    assert all(math.isnan(bound) for bound in bounds)


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(3)
    held = [quantile(rng.laplace(size=25), 0.5) for _ in range(400)]
    assert np.mean([low <= 0 <= high for _, low, high in held]) >= 0.93


times = st.lists(st.integers(0, 5_000_000_000), max_size=6)


@given(times, times)
def test_pairs_are_one_to_one_within_reach_and_the_same_from_either_side(first, second):
    pairs = pair_times(first, second, 1.0)
    assert len({i for i, _ in pairs}) == len({k for _, k in pairs}) == len(pairs)
    apart = [abs(first[i] - second[k]) for i, k in pairs]
    assert all(each <= 1_000_000_000 for each in apart)
    back = pair_times(second, first, 1.0)
    assert len(back) == len(pairs)
    assert sum(abs(second[i] - first[k]) for i, k in back) == sum(apart)


@given(times.filter(lambda each: len(each) <= 4), times.filter(lambda each: len(each) <= 4))
def test_no_other_pairing_has_more_pairs_or_lies_nearer(first, second):
    short, long = sorted((first, second), key=len)
    best = (0, 0)
    for chosen in permutations(range(len(long)), len(short)):
        apart = [abs(short[i] - long[k]) for i, k in enumerate(chosen)]
        near = [each for each in apart if each <= 1_000_000_000]
        best = max(best, (len(near), -sum(near)))
    pairs = pair_times(first, second, 1.0)
    assert (len(pairs), -sum(abs(first[i] - second[k]) for i, k in pairs)) == best


def test_marks_of_three_are_one_onset_each():
    groups = group_times([[0, 5_000_000_000], [200_000_000], [100_000_000, 5_300_000_000]], 1.0)
    assert groups == [{0: 0, 1: 0, 2: 0}, {0: 1, 2: 1}]
