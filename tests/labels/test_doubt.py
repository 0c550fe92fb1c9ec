"""Doubts of onsets: each reason on evidence that is known to hold it, and planted errors brought to the top."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from workbench.errors import LabelStoreError, UnknownNameError
from workbench.labels.doubt import REASONS, Evidence, Onset, doubt_table, gather_evidence, rank
from workbench.labels.doubt.finding import KeptDoubts, find_doubts
from workbench.labels.doubt.planting import ERRORS, plant_errors
from workbench.labels.doubt.reasons import doubts_of
from workbench.schema import Event
from workbench.sources import open_source

T0 = pd.Timestamp("2020-01-01")
PICKERS = ("PhaseNet", "EQTransformer")


def at(seconds):
    return T0 + pd.Timedelta(seconds, "s")


def label(phase, seconds, near=None, **more):
    near = {title: (at(when), probability) for title, (when, probability) in (near or {}).items()}
    return Onset("label", f"{phase}{seconds}", "XX.A.", phase, at(seconds), near, **more)


def both(seconds, probability=0.9):
    return {title: (seconds, probability) for title in PICKERS}


def evidence(*onsets, **more):
    return Evidence("r", tuple(onsets), PICKERS, **more)


def reasons(onset, found):
    return {doubt.reason: doubt for doubt in doubts_of(onset, found)}


def test_labels_that_pickers_confirm_are_not_doubted():
    p, s = label("P", 10, both(10.02), rise_db=20.0), label("S", 14, both(14.1), rise_db=12.0)
    found = evidence(p, s, distance_km={"XX.A.": 32.0}, event=Event("e", at(4.5), 0.0, 0.0))
    assert doubts_of(p, found) == doubts_of(s, found) == []
    assert rank(doubt_table([found])).empty


def test_a_label_away_from_the_pickers_is_doubted_by_how_far():
    words = reasons(label("S", 14, both(14.42)), evidence())["against_pickers"].words
    assert words == "label is 420 ms before PhaseNet's S and 1 more"
    strength = [reasons(label("S", 14, both(14 + by)), evidence())["against_pickers"].strength for by in (0.3, 0.5, 2)]
    assert strength == sorted(strength)
    assert strength[0] < strength[-1] <= 1


def test_the_surer_pickers_decide_which_side_is_wrong():
    onset = label("P", 10, {"PhaseNet": (10.0, 0.9), "EQTransformer": (11.0, 0.2)})
    found = reasons(onset, evidence())
    assert "against_pickers" not in found
    assert found["pickers_disagree"].words == "pickers 1.00 s apart"


def test_who_misses_an_onset_is_named():
    found = reasons(label("P", 10, {"PhaseNet": (10.0, 0.4)}), evidence())
    assert found["missed"].words == "EQTransformer misses it"
    assert found["missed"].strength == 0.5
    assert found["middle_probability"].words == "probability 0.40"
    assert reasons(label("P", 10), evidence())["missed"].words == "no picker finds it"


def test_an_s_before_its_p_and_an_s_minus_p_that_the_distance_forbids():
    p, s = label("P", 14, both(14)), label("S", 10, both(10))
    assert reasons(s, evidence(p, s))["order"].words == "S is 4.00 s before P"
    far = evidence(label("P", 10, both(10)), onset := label("S", 12, both(12)), distance_km={"XX.A.": 120.0})
    assert reasons(onset, far)["s_minus_p"].words == "S \u2212 P is 2.0 s, where 120 km take 10.0 to 30.0 s"


def test_an_onset_too_late_for_its_distance_but_not_where_several_events_are_labelled():
    onset = label("P", 40, both(40))
    event = Event("e", at(0), 0.0, 0.0)
    found = evidence(onset, distance_km={"XX.A.": 50.0}, event=event)
    assert reasons(onset, found)["travel_time"].words.startswith("40.0 s after the origin, where 50 km take")
    second = evidence(onset, label("P", 9, both(9)), distance_km={"XX.A.": 50.0}, event=event)
    assert "travel_time" not in reasons(onset, second)


def test_the_other_phase_is_seen_unless_a_label_of_it_stands_there():
    onset = label("P", 14, other={"PhaseNet": (at(14.1), 0.8), "EQTransformer": (at(14.0), 0.9)})
    assert reasons(onset, evidence(onset))["wrong_phase"].words == "EQTransformer sees S here (0.90)"
    beside = evidence(onset, label("S", 14.1, both(14.1)))
    assert "wrong_phase" not in reasons(onset, beside)


def test_both_labels_off_by_the_same_amount_tell_of_the_trace():
    p, s = label("P", 10), label("S", 14)
    picks = [Onset("pick", phase, "XX.A.", phase, at(when), {"PhaseNet": (at(when), 0.8)})
             for phase, when in (("P", 13.0), ("S", 17.05))]  # fmt: skip
    found = reasons(p, evidence(p, s, *picks))["shifted_trace"]
    assert found.words == "P and S both lie 3.02 s before the pickers': the trace may be shifted"
    assert found.strength == pytest.approx(0.8)
    late = replace(picks[1], time=at(18), near={"PhaseNet": (at(18), 0.8)})
    assert "shifted_trace" not in reasons(p, evidence(p, s, picks[0], late))


def test_what_pickers_see_without_a_label_counts_only_where_somebody_looked():
    pick = Onset("pick", "1", "XX.A.", "P", T0, {"PhaseNet": (T0, 0.9), "EQTransformer": (T0, 0.8)})
    assert "the recording has no label at all" in reasons(pick, evidence(pick))["no_label"].words
    assert "there is no label" in reasons(pick, evidence(pick, label("S", 20)))["no_label"].words
    assert "no_label" not in reasons(pick, evidence(pick, labelled=False))
    faint = Onset("pick", "1", "XX.A.", "P", T0, {"PhaseNet": (T0, 0.32)})
    assert reasons(faint, evidence(faint)) == {}
    assert set(reasons(faint, evidence(faint, labelled=False))) == {"missed", "middle_probability"}


def test_a_window_that_moves_the_pick_or_loses_it():
    assert "150 ms" in reasons(label("P", 10, both(10), shifted_s=(0.0, 0.15)), evidence())["window_shift"].words
    lost = reasons(label("P", 10, both(10), shifted_s=(0.0, np.nan)), evidence())["window_shift"]
    assert (lost.words, lost.strength) == ("lost in 1 of 2 shifted windows", 0.5)


def test_weights_order_the_queue_and_a_reason_of_no_weight_does_not_count():
    found = [evidence(label("P", 10, {"PhaseNet": (10.0, 0.9)}), label("S", 14, both(15)))]
    table = doubt_table(found)
    assert list(rank(table)["phase"]) == ["S", "P"]
    assert list(rank(table, {"against_pickers": 0.0, "missed": 1.0})["phase"]) == ["P"]
    first = rank(table).iloc[0]
    assert first["words"].startswith("Label is 1.00 s before PhaseNet's S")
    assert first["reasons"].split(",")[0] == "against_pickers"
    with pytest.raises(UnknownNameError):
        rank(table, {"mised": 1.0})
    with pytest.raises(ValueError, match="0 \\(never counts\\) to 1"):
        rank(table, {"missed": 2.0})
    assert set(REASONS) >= set(table["reason"]) - {""}


@pytest.fixture(scope="module")
def single():
    """The synthetic recordings, with the labels that they were made with."""
    source = open_source("synthetic")
    ids = list(source.scan()["recording_id"])[:6]
    return source, ids, {name: source.reference_picks(name) for name in ids}


def test_planted_errors_are_what_was_said(single):
    _, _, labels = single
    planted, truth = plant_errors(labels, 1.0, np.random.default_rng(1))
    assert set(truth["error"]) <= set(ERRORS)
    assert len(truth) >= 4
    for row in truth.itertuples():
        before, after = (
            table[table["station"] == row.station] for table in (labels[row.recording_id], planted[row.recording_id])
        )
        assert (
            not before[["phase", "time"]].reset_index(drop=True).equals(after[["phase", "time"]].reset_index(drop=True))
        )
    untouched = set(labels) - set(truth["recording_id"])
    assert all(planted[name].equals(labels[name]) for name in untouched)


def test_a_shifted_label_of_a_network_comes_first(single):
    source, ids, labels = single
    recording = source.read(ids[0])
    own = labels[ids[0]].copy()
    row = own.index[own["phase"] == "P"][0]
    own.loc[row, "time"] += pd.Timedelta(1.5, "s")
    queue = rank(doubt_table([gather_evidence(recording, own, [("xiaonet", "")], event=source.event(ids[0]))]))
    first = queue.iloc[0]
    assert (first["station"], first["phase"], first["kind"]) == (own.loc[row, "station"], "P", "label")
    assert "1.5" in first["words"]
    assert "neighbours" in first["reasons"]


def test_a_stopped_run_goes_on_and_other_pickers_are_refused(single, tmp_path):
    source, ids, _ = single
    path = tmp_path / "found.jsonl"
    pickers = [("sta_lta", "")]
    find_doubts(source, ids[:1], pickers, KeptDoubts(path, pickers), shifts=False)
    with path.open("a") as file:
        file.write('{"recording_id": "half')
    again = KeptDoubts(path, pickers)
    assert ids[0] in again
    assert ids[1] not in again
    read = []
    find_doubts(_Counting(source, read), ids[:2], pickers, again, shifts=False)
    assert read == [ids[1]]
    whole = KeptDoubts(path, pickers).table(ids[:2])
    pd.testing.assert_frame_equal(whole, again.table(ids[:2]))
    assert set(whole["recording_id"]) == set(ids[:2])
    with pytest.raises(LabelStoreError, match="was made with sta_lta"):
        KeptDoubts(path, [("xiaonet", "")])
    (tmp_path / "other.jsonl").write_text("not mine")
    with pytest.raises(LabelStoreError, match="no file of doubts"):
        KeptDoubts(tmp_path / "other.jsonl", pickers)


class _Counting:
    def __init__(self, source, read):
        self._source, self._read = source, read

    def __getattr__(self, name):
        return getattr(self._source, name)

    def read(self, recording_id):
        self._read.append(recording_id)
        return self._source.read(recording_id)
