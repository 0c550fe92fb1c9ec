"""The fixed grid of windows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import PickerError
from workbench.processing.grid import Grid, kept_outputs, sample_index, stack_mean

grids = st.sampled_from(
    [Grid(), Grid(3000, 500, 1500, 500), Grid(3000, 500, 2000, 500), Grid(1000, 250, 0, 0, settle_samples=0)]
)


@given(grid=grids, first=st.integers(-10_000, 10**9), length=st.integers(1, 5000))
def test_windows_for_samples_are_those_whose_kept_part_meets_them_and_no_others(grid, first, length):
    begin, end = grid.windows_for(first, first + length)
    for number, wanted in ((begin - 1, False), (begin, True), (end - 1, True), (end, False)):
        kept_from = grid.start_of(number) + grid.front_samples
        kept_to = grid.start_of(number) + grid.window_samples - grid.back_samples
        assert (kept_from < first + length and kept_to > first) == wanted


@given(grid=grids, sample=st.integers(0, 10**9))
def test_every_sample_is_kept_by_the_same_number_of_windows(grid, sample):
    begin, end = grid.windows_for(sample, sample + 1)
    kept = grid.window_samples - grid.front_samples - grid.back_samples
    assert end - begin == kept // grid.step_samples


def test_windows_that_would_leave_samples_out_are_refused():
    with pytest.raises(PickerError, match="cannot be moved by 700"):
        Grid(3000, 700, 1500, 500)


def test_sample_index_counts_from_1970():
    assert sample_index(np.datetime64("1970-01-01T00:01:00", "ns"), 100.0) == 6000


def test_edges_gaps_and_almost_empty_and_dead_windows_are_nan():
    grid = Grid(3000, 1000, 1500, 500)
    windows = np.random.default_rng(0).standard_normal((3, 3, 3000)).astype(np.float32)
    windows[0, :, 1600:1700] = np.nan
    windows[1, :, :1600] = windows[1, :, 1800:] = np.nan
    windows[2] = 7.0
    kept = kept_outputs(np.full((3, 3, 3000), 0.25, np.float32), windows, grid)
    assert np.isnan(kept[0, :1500]).all()
    assert np.isnan(kept[0, 2500:]).all()
    assert (kept[0, 1500:1600] == 0.25).all()
    assert np.isnan(kept[0, 1600:1800]).all()
    assert (kept[0, 1800:2500] == 0.25).all()
    assert np.isnan(kept[1:]).all()


def test_mean_of_windows_leaves_nan_out():
    windows = np.array([[[1.0], [2.0], [np.nan]], [[4.0], [5.0], [6.0]]], np.float32)
    stacked = stack_mean(windows=windows, offsets=np.array([0, 1]))
    np.testing.assert_allclose(stacked[:, 0], [1.0, 3.0, 5.0, 6.0])
