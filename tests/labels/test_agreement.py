"""Agreement and disagreements of made analysts, of whom all is known."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.labels.agreement import agreement
from workbench.labels.disagreements import disagreements
from workbench.labels.doubles import one_an_onset
from workbench.labels.kappa import cohen_kappa
from workbench.schema import LABEL_COLUMNS, OVERALL, empty_labels

from .made_analysts import looks_of, marks_of

N = 400


def row_of(table, phase="P", first="Ada", second="Ben"):
    found = table[(table["phase"] == phase) & (table["first"] == first) & (table["second"] == second)]
    assert len(found) == 1
    return found.iloc[0]


@pytest.fixture(scope="module")
def made():
    """Ben is 30 ms late with a spread, misses a fifth, and turns a tenth of the polarities round."""
    rng = np.random.default_rng(5)
    rows, looks, truth = [], [], {"late_s": [], "polarity": []}
    for n in range(N):
        place = {"recording_id": f"r{n}", "station": "XX.A."}
        looks += [(f"r{n}", "XX.A.", who) for who in ("Ada", "Ben")]
        there, polarity = rng.random() < 0.7, rng.choice(["positive", "negative"])
        if there:
            rows.append(place | {"analyst": "Ada", "polarity": polarity})
        if (there and rng.random() < 0.8) or (not there and rng.random() < 0.1):
            late_s, turned = 0.03 + 0.02 * rng.laplace(), rng.random() < 0.1
            other = {"positive": "negative", "negative": "positive"}[polarity] if turned else polarity
            rows.append(
                place | {"analyst": "Ben", "after_s": late_s, "polarity": other, "provenance": '{"blind":"all"}'}
            )
            if there:
                truth["late_s"].append(late_s)
                truth["polarity"].append(not turned)
    return marks_of(rows), looks_of(*looks), truth


def test_known_offset_spread_and_kappas_are_found(made):
    marks, looks, truth = made
    row = row_of(agreement(marks, looks))
    late_s = np.array(truth["late_s"])
    assert row["n_pairs"] == row["n_blind"] == len(late_s)
    assert row["median_s"] == pytest.approx(-np.median(late_s), abs=2e-9)
    assert row["median_low_s"] <= -0.03 <= row["median_high_s"], "the interval holds the offset that was made"
    spread_s = 0.02 * math.log(2)  # of a Laplace distribution
    assert row["mad_low_s"] <= spread_s <= row["mad_high_s"]
    assert (row["p05_s"], row["p95_s"]) == pytest.approx(tuple(np.quantile(-late_s, [0.05, 0.95])), abs=2e-9)
    counts = [[row["n_both"], row["n_first_only"]], [row["n_second_only"], row["n_neither"]]]
    assert sum(map(sum, counts)) == row["n_units"] == N
    assert (row["kappa_pick"], row["kappa_pick_low"], row["kappa_pick_high"]) == cohen_kappa(counts)
    # Made: 0.56, 0.14, 0.03 and 0.27 of the units, which is a kappa of 0.63.
    assert row["kappa_pick_low"] <= 0.63 <= row["kappa_pick_high"]
    assert row["n_polarity"] == row["n_pairs"]
    assert row["kappa_polarity"] == pytest.approx(2 * np.mean(truth["polarity"]) - 1, abs=0.02)
    assert row["kappa_polarity_low"] <= 0.8 <= row["kappa_polarity_high"]


def test_only_stations_that_both_looked_at_count():
    rows = [{"analyst": "Ada"}, {"analyst": "Ben", "recording_id": "r2"}]
    marks = marks_of(rows)
    assert agreement(marks, looks_of()).empty
    row = row_of(agreement(marks, looks_of(("r1", "XX.A.", "Ben"))))
    assert (row["n_units"], row["n_first_only"], row["n_first_alone"]) == (1, 1, 1)
    # Done with a whole recording is done with all of its stations; without them, with those that anybody touched.
    looks = looks_of(("r1", "", "Ada"), ("r1", "", "Ben"))
    assert row_of(agreement(marks, looks))["n_units"] == 1
    row = row_of(agreement(marks, looks, {"r1": ["XX.A.", "XX.B.", "XX.C."]}))
    assert (row["n_units"], row["n_neither"]) == (3, 2)


def test_one_onset_and_one_recording_say_nothing_of_how_sure_that_is():
    marks = marks_of([{"analyst": who, "after_s": late_s} for who, late_s in (("Ada", 0.0), ("Ben", 0.1))])
    looks = looks_of(*[("r1", station, who) for station in ("XX.A.", "XX.B.") for who in ("Ada", "Ben", "Cleo")])
    table = agreement(marks, looks)
    pair = row_of(table)
    assert pair["median_s"] == -0.1
    assert pd.isna(pair[["median_low_s", "mad_s", "mad_low_s", "mad_high_s", "p05_s", "p95_s"]].astype(float)).all()
    both = table[(table["phase"] == "P") & (table["first"] == OVERALL)].iloc[0]
    assert both["kappa_pick"] == pytest.approx(0.0, abs=0.5)
    assert pd.isna(both[["kappa_pick_low", "kappa_pick_high"]].astype(float)).all()


def test_all_pairs_together_are_the_same_without_a_row_for_each(made):
    marks, looks, _ = made
    both = agreement(marks, looks)
    alone = agreement(marks, looks, each_pair=False)
    assert set(alone["first"]) == {OVERALL}
    columns = ["n_pairs", "n_units", "median_abs_s", "kappa_pick", "kappa_polarity"]
    overall = both[both["first"] == OVERALL].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone[columns], overall[columns])


def test_a_rejected_onset_is_none_and_a_phase_of_the_family_is_the_same():
    marks = marks_of(
        [
            {"analyst": "Ada", "phase": "Pn"}, {"analyst": "Ben", "phase": "P", "after_s": 0.2},
            {"analyst": "Ada", "station": "XX.B."}, {"analyst": "Ben", "station": "XX.B.", "decision": "reject"},
            {"analyst": "Ada", "station": "XX.C."}, {"analyst": "Ben", "station": "XX.C.", "after_s": 1.2},
        ]
    )  # fmt: skip
    row = row_of(agreement(marks, looks_of()))
    assert (row["n_units"], row["n_both"], row["n_first_only"], row["n_pairs"]) == (3, 2, 1, 1)
    assert (row["n_first_alone"], row["n_second_alone"]) == (2, 1), "1.2 s apart they are two onsets"
    assert row_of(agreement(marks, looks_of(), tolerance_s=1.2))["n_pairs"] == 2


def test_three_analysts_are_three_pairs_and_one_row_over_all():
    rows = [
        {"analyst": who, "recording_id": f"r{n}", "after_s": late_s}
        for n in range(8)
        for who, late_s in (("Ada", 0.0), ("Ben", 0.1), ("Cleo", 0.3))
    ]
    table = agreement(marks_of(rows), looks_of())
    found = {(row.first, row.second): round(row.median_s, 6) for row in table[table["phase"] == "P"].itertuples()}
    found.pop((OVERALL, OVERALL))
    assert found == {("Ada", "Ben"): -0.1, ("Ada", "Cleo"): -0.3, ("Ben", "Cleo"): -0.2}
    row = row_of(table, first=OVERALL, second=OVERALL)
    assert (row["n_pairs"], row["n_units"], round(row["median_abs_s"], 6)) == (24, 24, 0.2)
    assert math.isnan(row["median_s"]), "over several pairs a sign means nothing"


marks_anyhow = st.lists(
    st.fixed_dictionaries(
        {
            "analyst": st.sampled_from(["Ada", "Ben"]),
            "station": st.sampled_from(["XX.A.", "XX.B."]),
            "recording_id": st.sampled_from(["r1", "r2"]),
            "phase": st.sampled_from(["P", "S", "Pn"]),
            "after_s": st.floats(0, 4),
            "polarity": st.sampled_from(["", "positive", "negative"]),
            "decision": st.sampled_from(["add", "reject"]),
        }
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(marks_anyhow)
def test_swapping_the_analysts_swaps_the_table_and_nothing_else(rows):
    marks = marks_of(rows)
    # By other names they are sorted the other way round.
    swapped = marks.assign(analyst=marks["analyst"].map({"Ada": "Zoe", "Ben": "Ben"}))
    there, back = agreement(marks, looks_of()), agreement(swapped, looks_of())
    assert len(there) == len(back)
    for phase in set(there["phase"]):
        one, other = row_of(there, phase), row_of(back, phase, "Ben", "Zoe")
        assert one["n_first_alone"] == other["n_second_alone"]
        assert one["n_first_only"] == other["n_second_only"]
        for name in ("n_pairs", "n_units", "n_both", "n_neither", "n_polarity"):
            assert one[name] == other[name]
        for name in ("median_abs_s", "kappa_pick", "kappa_polarity", "kappa_pick_low", "kappa_polarity_high"):
            assert one[name] == pytest.approx(other[name], nan_ok=True)
        assert one["median_s"] == pytest.approx(-other["median_s"], nan_ok=True)
        assert one["p05_s"] == pytest.approx(-other["p95_s"], nan_ok=True)


@settings(max_examples=25, deadline=None)
@given(marks_anyhow)
def test_whoever_says_the_same_agrees_fully_and_leaves_nothing_to_settle(rows):
    own = [row | {"analyst": "Ada"} for row in rows]
    marks = marks_of(own + [row | {"analyst": "Ben"} for row in own])
    for row in agreement(marks, looks_of()).to_dict("records"):
        assert row["n_first_alone"] == row["n_second_alone"] == row["n_first_only"] == row["n_second_only"] == 0
        assert row["median_abs_s"] == 0 or math.isnan(row["median_abs_s"])
        assert row["kappa_pick"] == 1 or math.isnan(row["kappa_pick"])
        # Where several of her onsets lie at one time, whose polarity is whose cannot be told.
        if len({(one["station"], one["recording_id"], one["after_s"]) for one in own}) == len(own):
            assert row["kappa_polarity"] == pytest.approx(1) or math.isnan(row["kappa_polarity"])


def test_the_worst_disagreement_comes_first_and_says_what_each_has():
    marks = marks_of(
        [
            {"analyst": "Ada", "station": "XX.A.", "uncertainty_plus_s": 0.03},
            {"analyst": "Ben", "station": "XX.A.", "uncertainty_minus_s": 0.04, "after_s": 0.5},
            {"analyst": "Ada", "station": "XX.B.", "polarity": "positive"},
            {"analyst": "Ben", "station": "XX.B.", "polarity": "negative", "after_s": 0.01},
            {"analyst": "Ada", "station": "XX.C."},
            {"analyst": "Ada", "station": "XX.D.", "phase": "Pn"},
            {"analyst": "Ben", "station": "XX.D.", "phase": "P"},
            {"analyst": "Ada", "station": "XX.E."},
            {"analyst": "Ben", "station": "XX.E.", "after_s": 0.02},
            {"analyst": "Ada", "station": "XX.F."},
        ]
    )
    found = disagreements(marks, looks_of(("r1", "XX.C.", "Ben")), empty_labels())
    assert found["station"].tolist() == [f"XX.{name}." for name in "ACBDE"], "nobody else looked at F"
    assert found["kinds"].tolist() == ["time", "pick", "polarity", "phase", ""]
    assert found["severity"].round(3).tolist() == [10.0, 5.0, 2.0, 1.0, 0.283]
    assert "Ada has P 500 ms before Ben, 10.0 times their uncertainty" in found["words"][0]
    assert found["words"][1] == "Ada has P, Ben has none"
    assert json.loads(found["absent"][1]) == ["Ben"]
    assert json.loads(found["label_ids"][0]) == ["m0", "m1"]


def test_what_many_have_and_what_is_the_same_is_said_in_few_words():
    names = [f"analyst {n}" for n in range(8)]
    marks = marks_of([{"analyst": name, "uncertainty_minus_s": 0.0, "uncertainty_plus_s": 0.0} for name in names])
    alone = disagreements(marks, looks_of(("r1", "XX.A.", "Ben"), ("r1", "XX.A.", "Cleo")), empty_labels())
    assert alone["words"].tolist() == [
        "analyst 0, analyst 1, analyst 2, analyst 3, analyst 4 and 3 more have P, Ben and Cleo have none; "
        "analyst 0 and analyst 1 have it at the same time"
    ]
    same = disagreements(marks, looks_of(), empty_labels())
    assert same[["kinds", "severity", "words"]].to_numpy().tolist() == [
        ["", 0.0, "analyst 0 and analyst 1 have it at the same time"]
    ]


def test_a_p_against_an_s_is_told_as_such():
    marks = marks_of([{"analyst": "Ada", "phase": "P"}, {"analyst": "Ben", "phase": "S", "after_s": 0.1}])
    found = disagreements(marks, looks_of(), empty_labels())
    assert found["kinds"].tolist() == ["pick,phase", "pick,phase"]
    assert "Ben calls it S" in found["words"][0]


def test_what_is_settled_is_off_the_list_and_a_later_mark_stands_beside_it():
    rows = [{"analyst": "Ada", "settled_by": "s"}, {"analyst": "Ben", "after_s": 0.3, "settled_by": "s"}]
    settled = marks_of([{"analyst": "Ada", "label_id": "s", "decision": "settle", "after_s": 0.1}])[list(LABEL_COLUMNS)]
    assert disagreements(marks_of(rows), looks_of(), settled).empty
    late = marks_of([*rows, {"analyst": "Cleo", "after_s": 0.9}])
    found = disagreements(late, looks_of(), settled)
    assert json.loads(found["analysts"][0]) == ["settled by Ada", "Cleo"]
    assert json.loads(found["label_ids"][0]) == ["s", "m2"]
    assert found["difference_s"].tolist() == [0.8]
    assert json.loads(found["absent"][0]) == []


def test_one_label_an_onset_is_the_last_and_the_others_are_told():
    labels = marks_of(
        [
            {"analyst": "Ben", "after_s": 0.3, "entry": 9}, {"analyst": "Ada", "entry": 5},
            {"analyst": "Ada", "entry": 6, "after_s": 5}, {"analyst": "Ada", "entry": 7, "after_s": 5.1},
            {"analyst": "Ben", "station": "XX.B.", "entry": 3, "decision": "reject"},
            {"analyst": "Ada", "station": "XX.B.", "entry": 2},
        ]
    )[list(LABEL_COLUMNS)]  # fmt: skip
    found = one_an_onset(labels)
    assert found.labels["entry"].tolist() == [9, 6, 7, 3], "one's own labels are never left out for each other"
    assert found.left_out["entry"].tolist() == [5, 2]
    assert found.left_out["analyst"].tolist() == ["Ada", "Ada"]
    assert one_an_onset(found.labels).left_out.empty
    pd.testing.assert_frame_equal(one_an_onset(found.labels).labels, found.labels)
