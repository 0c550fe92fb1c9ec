"""Scores of curves whose right answer is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.benchmark.cases import Case
from workbench.benchmark.intervals import bootstrap_mean, poisson_rate, wilson
from workbench.benchmark.run import Contender, annotate_cases, at_false_rate, score, score_all
from workbench.benchmark.tables import as_markdown, over_runs, write_table
from workbench.errors import SourceError, UnknownNameError
from workbench.schema import make_annotations, make_recording

START = pd.Timestamp("2024-01-01")


def case(onset_s: float | None) -> Case:
    recording = make_recording(
        np.random.default_rng(0).standard_normal((1, 3, 6000)), stations=["XX.A."], components=list("ZNE"), start=START,
        sampling_rate_hz=100.0, recording_id=f"at {onset_s}", source="test",
    )  # fmt: skip
    labels = [] if onset_s is None else [("XX.A.", "P", START + pd.Timedelta(seconds=onset_s))]
    quiet = (("XX.A.", START, START + pd.Timedelta(seconds=60 if onset_s is None else onset_s - 3)),)
    return Case("made", recording, pd.DataFrame(labels, columns=["station", "phase", "time"]), quiet)


def curve(*peaks: tuple[float, float]):
    probability = np.zeros((1, 2, 6000), np.float32)
    for at_s, height in peaks:
        probability[0, 0, round(at_s * 100)] = height
    return make_annotations(
        probability, stations=["XX.A."], phases=["P", "S"], start=START, sampling_rate_hz=100.0, recording_id="r",
        picker="xiaonet",
    )  # fmt: skip


CASES = [case(30.0), case(30.0), case(30.0), case(30.0), case(None)]
CURVES = [curve((30.05, 0.9)), curve((30.3, 0.9)), curve((33.0, 0.9)), curve(), curve((10.0, 0.6), (20.0, 0.4))]
CONTENDER = Contender("made", "xiaonet", "", {"P": 0.3, "S": 0.3})


def row_of(table: pd.DataFrame) -> pd.Series:
    return table[(table["group"] == "all") & (table["phase"] == "P")].iloc[0]


def test_hits_residuals_outliers_and_false_picks_are_counted():
    row = row_of(score(CONTENDER, CASES, CURVES))
    assert row["n"] == 4
    assert row["within_0.1_s"] == 0.25
    assert row["within_0.5_s"] == 0.5
    assert row["mae_s"] == pytest.approx((0.05 + 0.3) / 2)
    assert row["outliers"] == pytest.approx(1 / 3)
    hours = (60 + 4 * 27) / 3600
    assert row["quiet_hours"] == pytest.approx(hours)
    assert row["false_per_hour"] == pytest.approx(2 / hours)


def test_threshold_at_the_same_false_rate_lets_no_more_through():
    hours = row_of(score(CONTENDER, CASES, CURVES))["quiet_hours"]
    fair = at_false_rate(CONTENDER, CASES, CURVES, {"P": 1.0 / hours})
    assert 0.4 <= fair.thresholds["P"] < 0.6
    assert row_of(score(fair, CASES, CURVES))["false_per_hour"] == pytest.approx(1 / hours)


def test_picker_that_cannot_run_on_a_case_finds_nothing_there():
    empty = case(30.0)
    empty.recording["waveform"][:] = np.nan
    curves = annotate_cases(Contender("x", "xiaonet"), [empty])
    assert np.isnan(curves[0]["probability"].values).all()
    assert row_of(score(Contender("x", "xiaonet"), [empty], curves))["within_0.5_s"] == 0


def test_reference_must_be_among_the_contenders():
    with pytest.raises(UnknownNameError, match="no contender 'phasenet'"):
        score_all([CONTENDER], CASES, "phasenet")


def test_table_is_written_for_people_and_for_programs(tmp_path):
    table = score(CONTENDER, CASES, CURVES)
    assert "| made | all | P | 0.30 | 4 | 0.25 (0.05–0.70)" in as_markdown(table)
    again = pd.read_csv(write_table(table, tmp_path / "table.csv"))
    assert row_of(again)["within_0.5_s"] == 0.5
    with pytest.raises(SourceError, match=r"written as \.csv or \.md, not '\.xlsx'"):
        write_table(table, tmp_path / "table.xlsx")


def test_runs_of_one_picker_become_one_row_with_their_spread():
    found = [CURVES, [*CURVES[:2], curve((30.0, 0.9)), curve((30.0, 0.9)), CURVES[4]]]
    table = pd.concat([score(CONTENDER, CASES, curves) for curves in found], ignore_index=True)
    row = row_of(over_runs(table))
    assert (row["runs"], row["within_0.5_s"]) == (2, 0.75)
    assert (row["within_0.5_s_low"], row["within_0.5_s_high"]) == (0.5, 1.0)
    assert "| made, 2 runs | all | P | 0.30 | 4 | 0.50 (0.25–0.75) | 0.75 (0.50–1.00) |" in as_markdown(table)


def test_seeds_with_one_title_are_scored_each_and_at_the_false_rate_of_the_reference():
    cases = [case(30.0)]
    table = score_all(
        [Contender("two", "sta_lta"), Contender("two", "sta_lta"), Contender("ar", "ar_aic")], cases, "ar"
    )
    counts = table[(table["group"] == "all") & (table["phase"] == "P")].groupby("picker").size().to_dict()
    assert counts == {"two": 2, "two, same false rate": 2, "ar": 1}


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(0)
    hits = rng.binomial(30, 0.8, 500)
    assert np.mean([low <= 0.8 <= high for low, high in (wilson(int(hit), 30) for hit in hits)]) > 0.92
    counts = rng.poisson(3.0, 500)
    assert np.mean([low <= 3.0 <= high for low, high in (poisson_rate(int(count), 1.0) for count in counts)]) > 0.94
    low, high = bootstrap_mean(rng.normal(5, 1, 200), rng)
    assert low < 5.2 < high + 0.3
    assert wilson(0, 0) == (0.0, 1.0)
