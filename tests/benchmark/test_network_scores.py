"""Recall at one rate of false picks, on curves whose peaks are known."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.benchmark.network_scores import find_onsets, recall_table, threshold_at


def curve(*peaks: tuple[int, float], n_samples: int = 3000) -> np.ndarray:
    found = np.zeros(n_samples)
    for at, height in peaks:
        found = np.maximum(found, height * np.exp(-0.5 * ((np.arange(n_samples) - at) / 8) ** 2))
    return found


def test_peak_near_an_onset_finds_it_and_any_other_is_false():
    curves = [np.stack([curve((1000, 0.8), (2000, 0.3)), curve((500, 0.6))])]
    true = [np.array([[1020.0, np.nan]])]
    peaks = find_onsets(curves, true, [np.array([[5.0, np.nan]])])
    assert peaks.onsets["probability"].tolist() == pytest.approx([0.8])
    assert peaks.onsets["residual_s"].tolist() == pytest.approx([-0.2])
    assert sorted(peaks.false) == pytest.approx([0.3, 0.6])
    assert peaks.hours == pytest.approx(60 / 3600)


def test_onset_without_a_peak_is_missed_and_one_at_the_edge_does_not_count():
    peaks = find_onsets([np.stack([curve()])], [np.array([[1500.0], [10.0]])], [np.array([[1.0], [1.0]])])
    table = recall_table(peaks, 0.1).set_index("group")
    assert table.loc["all", "n"] == 1
    assert table.loc["all", "recall"] == 0


def test_what_is_not_said_is_no_peak():
    silent = curve((1000, 0.9))
    silent[900:1100] = np.nan
    peaks = find_onsets([silent[None]], [np.array([[1000.0]])], [np.array([[1.0]])])
    assert peaks.onsets["probability"].tolist() == [0.0]


def test_plateau_is_one_peak():
    flat = np.zeros(3000)
    flat[990:1010] = 1.0
    peaks = find_onsets([flat[None]], [np.array([[1000.0]])], [np.array([[1.0]])])
    assert peaks.onsets["probability"].tolist() == [1.0]
    assert peaks.false.size == 0


@pytest.mark.parametrize(("per_hour", "left"), [(0.0, 0), (60.0, 1), (120.0, 2), (1e6, 4)])
def test_threshold_lets_through_no_more_false_picks_than_allowed(per_hour, left):
    curves = [curve((500, 0.2), (1000, 0.4), (1500, 0.6), (2000, 0.8))[None] for _ in range(1)] + [curve()[None]]
    nothing = [np.zeros((0, 1))] * 2
    peaks = find_onsets(curves, nothing, nothing)
    threshold = threshold_at(peaks, per_hour)
    assert (peaks.false >= threshold).sum() == left


def test_table_has_a_row_for_each_ratio_and_number_of_stations():
    curves = [curve((1000, 0.8))[None], np.stack([curve((1000, 0.8)), curve((1000, 0.01))])]
    true = [np.array([[1000.0]]), np.array([[1000.0, 1000.0]])]
    peaks = find_onsets(curves, true, [np.array([[20.0]]), np.array([[1.0, -5.0]])])
    table = recall_table(peaks, 0.5).set_index("group")
    assert table.loc["above 10 dB", "recall"] == 1
    assert table.loc["below 3 dB", "n"] == 2
    assert table.loc["2 stations, below 3 dB", "recall"] == 0.5
    assert table.loc["3 to 10 dB", "n"] == 0
    assert table.loc["all", "low"] < 2 / 3 < table.loc["all", "high"]
