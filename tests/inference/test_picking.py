from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from obspy.signal.trigger import trigger_onset

from workbench.inference.picking import detections_from, picks_from, rises
from workbench.schema import PickerCard, make_annotations

START = np.datetime64("2024-01-01T00:00:00", "ns")
CARD = PickerCard("phasenet", "PhaseNet", thresholds={"P": 0.3, "S": 0.3})
RATIO_CARD = PickerCard("sta_lta", "STA/LTA", phases=("P",), thresholds={"P": 4.0}, threshold_unit="ratio")


def annotations_of(curves: np.ndarray, phases: tuple[str, ...] = ("P", "S"), **attrs: object) -> xr.Dataset:
    return make_annotations(
        curves,
        stations=[f"XX.{number}." for number in range(curves.shape[0])],
        phases=phases,
        start=START,
        sampling_rate_hz=100.0,
        recording_id="r",
        picker="phasenet",
        **attrs,
    )


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), threshold=st.floats(0.05, 0.9))
def test_picks_are_those_of_trigger_onset_and_the_highest_value(seed: int, threshold: float) -> None:
    chance = np.random.default_rng(seed)
    smooth = np.convolve(chance.random(700), np.ones(5) / 5, "same") ** 3
    curve = (smooth / smooth.max()).astype(np.float32)
    picks = picks_from(annotations_of(curve[None, None], ("P",)), CARD, {"P": threshold})
    expected = [
        first + int(np.argmax(curve[first : last + 1]))
        for first, last in trigger_onset(curve, threshold, threshold / 2)
    ]
    samples = ((picks["time"] - pd.Timestamp(START)) / pd.Timedelta(milliseconds=10)).astype(int)
    assert sorted(samples) == sorted(expected)


def test_each_phase_has_its_own_threshold() -> None:
    curves = np.zeros((1, 2, 100))
    curves[0, :, 50] = 0.6
    picks = picks_from(annotations_of(curves), CARD, {"P": 0.7})
    assert list(picks["phase"]) == ["S"]
    assert picks["probability"].iloc[0] == pytest.approx(0.6)


def test_value_equal_to_the_threshold_is_no_pick() -> None:
    curves = np.zeros((1, 2, 100), dtype=np.float32)
    curves[0, 0, 50] = 0.5
    assert picks_from(annotations_of(curves), CARD, {"P": 0.5}).empty


def test_gap_parts_two_picks() -> None:
    curves = np.full((1, 2, 100), 0.6)
    curves[0, 0, 40:60] = np.nan
    curves[0, 1] = 0
    assert len(picks_from(annotations_of(curves), CARD)) == 2


def test_detection_curve_gives_intervals_and_no_picks() -> None:
    curves = np.zeros((1, 1, 100))
    curves[0, 0, 30:61] = 0.9
    curves[0, 0, 30] = 0.2
    card = PickerCard("cred", "CRED", phases=("Detection",), thresholds={"Detection": 0.3})
    annotations = annotations_of(curves, ("Detection",))
    assert picks_from(annotations, card).empty
    detections = detections_from(annotations, card)
    assert list(detections["start"]) == [pd.Timestamp("2024-01-01T00:00:00.31")]
    assert list(detections["end"]) == [pd.Timestamp("2024-01-01T00:00:00.60")]


def test_picks_of_many_stations_are_sorted_by_time() -> None:
    curves = np.zeros((30, 2, 1000))
    for station in range(30):
        curves[station, 0, 900 - 20 * station] = 0.9
    picks = picks_from(annotations_of(curves), CARD)
    assert len(picks) == 30
    assert picks["time"].is_monotonic_increasing


def test_same_curves_give_the_same_ids() -> None:
    curves = np.zeros((1, 2, 100))
    curves[0, 0, 50] = 0.9
    first, second = (picks_from(annotations_of(curves), CARD, {"P": limit}) for limit in (0.3, 0.8))
    assert list(first["pick_id"]) == list(second["pick_id"])


def ratio_curve(ratio: np.ndarray) -> np.ndarray:
    return ratio / (1 + ratio)


def test_ratio_is_picked_where_it_sets_out_and_not_at_its_peak() -> None:
    ratio = np.ones(1000)
    ratio[500:560] = np.linspace(1, 12, 60)
    ratio[560:] = 12 * np.exp(-np.arange(440) / 60)
    annotations = annotations_of(ratio_curve(ratio)[None, None], ("P",), pick_at="rise")
    picks = picks_from(annotations, RATIO_CARD)
    onset_s = (picks["time"].iloc[0] - pd.Timestamp(START)).total_seconds()
    assert 5.0 <= onset_s <= 5.06
    assert picks["probability"].iloc[0] == pytest.approx(12 / 13)


def test_threshold_of_a_ratio_is_a_ratio() -> None:
    ratio = np.ones(1000)
    ratio[500:520] = 5.0
    annotations = annotations_of(ratio_curve(ratio)[None, None], ("P",), pick_at="rise")
    assert len(picks_from(annotations, RATIO_CARD, {"P": 4.9})) == 1
    assert picks_from(annotations, RATIO_CARD, {"P": 5.1}).empty


def test_second_rise_counts_only_if_it_is_twice_as_high() -> None:
    ratio = np.ones(1000)
    ratio[300:320], ratio[320:500] = 6.0, 3.0
    for height, expected in ((20.0, 2), (8.0, 1)):
        ratio[500:520] = height
        found = rises(ratio_curve(ratio), 300, 519, 0.8, 50)
        assert len(found) == expected
        assert all(onset <= peak for onset, peak in found)


def test_curve_that_begins_above_the_threshold_hides_its_onset() -> None:
    ratio = np.full(200, np.nan)
    ratio[100:] = 9 * np.exp(-np.arange(100) / 30)
    annotations = annotations_of(ratio_curve(ratio)[None, None], ("P",), pick_at="rise")
    assert picks_from(annotations, RATIO_CARD).empty
