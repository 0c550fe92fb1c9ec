"""Of a long recording only what a window needs is gone through, and the answer is that of going through it all."""

from __future__ import annotations

import numpy as np
import pytest

from tests.explain.known_networks import KnownPicker, Linear, at, bursts
from workbench.explain.mapping import _borders, _share, _sums_up_to
from workbench.explain.run import explain
from workbench.explain.shares import component_shares, second_shares, weighed
from workbench.pickers.segments import finite_runs, holds_samples, is_dead


def through_it_all(values: np.ndarray, there: np.ndarray, first_s: float, rates: tuple[float, float], n: int):
    """The sharing of a channel's values over every sample of the recording."""
    row = np.full(n, np.nan, np.float32)
    edges, borders = _borders(values.size, rates[0], first_s), _borders(n, rates[1])
    up_to = _sums_up_to(values, edges, borders)
    shares = np.diff(up_to)
    covered = np.diff(_sums_up_to(there, edges, borders)) > 1e-6
    shares[0] += up_to[0]
    shares[-1] += values.sum() - up_to[-1]
    row[covered] = shares[covered]
    return row


@pytest.mark.parametrize("rates", [(100.0, 200.0), (100.0, 250.0), (100.0, 40.0), (100.0, 100.0)])
@pytest.mark.parametrize("first_s", [-0.4, 0.0, 3.217, 90.0, 119.3])
def test_sharing_over_a_part_is_that_over_the_whole(rates: tuple[float, float], first_s: float) -> None:
    chance = np.random.default_rng(5)
    values, there = chance.normal(size=3001), np.ones(3001, bool)
    there[:7] = False
    values[~there] = 0.0
    n = round(120 * rates[1])
    row = np.full(n, np.nan, np.float32)
    first_s += 0.0033
    _share(values, there, first_s, *rates, row)
    np.testing.assert_array_equal(row, through_it_all(values, there, first_s, rates, n))


def test_a_trace_that_wakes_up_late_is_alive() -> None:
    quiet = np.full(20_000, np.nan, np.float32)
    assert is_dead(quiet)
    assert not holds_samples(quiet)
    quiet[-3:] = 4.0
    assert holds_samples(quiet)
    assert is_dead(quiet)
    quiet[-1] = 5.0
    assert not is_dead(quiet)


def test_runs_of_a_gapless_trace_are_one() -> None:
    assert finite_runs(np.ones(7, bool)) == [(0, 7)]
    assert finite_runs(np.zeros(7, bool)) == []
    assert finite_runs(np.ones(0, bool)) == []


def test_shares_of_the_window_are_those_of_the_recording() -> None:
    network = Linear()
    found = explain(bursts(60.0, 75.0), KnownPicker(network), phase="P", time=at(60.5), method="integrated_gradients")
    whole = np.nan_to_num(found["attribution"].values[0].astype(float))
    values, seconds = weighed(found)
    assert values.shape[1] < whole.shape[1]
    assert np.abs(values).sum() == pytest.approx(np.abs(whole).sum(), rel=1e-12)
    sizes = np.abs(whole).sum(axis=1) / np.abs(whole).sum()
    assert [share.whole for share in component_shares(found)] == pytest.approx(list(sizes))
    assert sum(share.whole for share in second_shares(found)) == pytest.approx(1.0)
    assert seconds[0] < 0 < seconds[-1]
