"""The desk turns what an analyst does into rows of the journal."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from workbench.errors import UnknownNameError, WorkbenchError
from workbench.labels.desk import Desk
from workbench.labels.meanwhile import SAME_ONSET_S
from workbench.schema import make_picks, make_recording

T0 = pd.Timestamp("2024-01-01T00:00:10.123456789")


@pytest.fixture
def recording():
    """20 s around T0."""
    samples = np.zeros((2, 3, 2001), dtype=np.float32)
    start = T0 - pd.Timedelta("10s")
    values = {"stations": ["XX.A.", "XX.B."], "components": "ZNE", "sampling_rate_hz": 100.0, "source": "made"}
    return make_recording(samples, start=start, recording_id="r1", **values)


@pytest.fixture
def picks():
    row = {"station": "XX.A.", "phase": "S", "time": T0, "probability": 0.7, "uncertainty_s": 0.05}
    return make_picks([row], recording_id="r1", picker="phasenet", weights="original")


@pytest.fixture
def desk(journal, picks, recording):
    return Desk(
        journal,
        recording,
        labels=lambda: journal.labels(["r1"]),
        picks=lambda: picks,
        provenance=lambda pick: {"filter": "none"} | ({"picker": pick["picker"]} if pick else {}),
    )


def standing(journal):
    return journal.labels(["r1"]).set_index("label_id")


def test_an_accepted_pick_becomes_a_label_at_its_time_with_its_origin(desk, journal, picks):
    entry = desk.accept(picks["pick_id"].iloc[0])
    label = standing(journal).loc[entry.label_id]
    assert (label["decision"], label["time"], label["pick_id"]) == ("accept", T0, picks["pick_id"].iloc[0])
    assert label["uncertainty_minus_s"] == label["uncertainty_plus_s"] == 0.05
    assert json.loads(label["provenance"])["picker"] == "phasenet"


def test_a_moved_pick_replaces_its_label(desk, journal, picks):
    first = desk.accept(picks["pick_id"].iloc[0])
    moved = desk.move(picks["pick_id"].iloc[0], T0 + pd.Timedelta("120ms"))
    assert moved.label_id == first.label_id
    assert len(standing(journal)) == 1
    label = standing(journal).loc[moved.label_id]
    assert label["time"] == T0 + pd.Timedelta("120ms")
    assert json.loads(label["provenance"])["picker"] == "phasenet", "a label keeps the picker that it came from"


def test_a_model_pick_that_is_moved_becomes_the_analysts_label(desk, journal, picks):
    entry = desk.move(picks["pick_id"].iloc[0], T0 - pd.Timedelta("30ms"))
    assert standing(journal).loc[entry.label_id, "decision"] == "move"


def test_a_phase_set_again_nearby_moves_its_label_and_farther_away_is_another(desk, journal):
    first = desk.set("XX.A.", "P", T0)
    again = desk.set("XX.A.", "P", T0 + pd.Timedelta(seconds=SAME_ONSET_S))
    other = desk.set("XX.A.", "P", T0 + pd.Timedelta(seconds=3 * SAME_ONSET_S))
    elsewhere = desk.set("XX.B.", "P", T0)
    assert again.label_id == first.label_id
    assert len({first.label_id, other.label_id, elsewhere.label_id}) == 3
    assert len(standing(journal)) == 3


def test_a_rejected_pick_stands_as_reject_and_can_be_accepted_again(desk, journal, picks):
    identity = picks["pick_id"].iloc[0]
    rejected = desk.reject(identity)
    assert standing(journal).loc[rejected.label_id, "decision"] == "reject"
    accepted = desk.accept(identity)
    assert accepted.label_id == rejected.label_id
    assert standing(journal).loc[accepted.label_id, "decision"] == "accept"


def test_an_edit_keeps_what_it_does_not_change(desk, journal, picks):
    entry = desk.accept(picks["pick_id"].iloc[0])
    desk.edit(entry.label_id, polarity="positive", uncertainty_minus_s=0.02)
    desk.edit(entry.label_id, onset_quality="impulsive", phase="Sg", weight=1)
    label = standing(journal).loc[entry.label_id]
    assert (label["polarity"], label["onset_quality"], label["phase"]) == ("positive", "impulsive", "Sg")
    assert (label["uncertainty_minus_s"], label["uncertainty_plus_s"], label["weight"]) == (0.02, 0.05, 1.0)
    assert label["time"] == T0


def test_an_edited_model_pick_is_accepted_with_the_change(desk, journal, picks):
    entry = desk.edit(picks["pick_id"].iloc[0], polarity="negative")
    label = standing(journal).loc[entry.label_id]
    assert (label["decision"], label["polarity"]) == ("accept", "negative")


def test_a_pick_that_is_not_there_is_named(desk):
    with pytest.raises(UnknownNameError, match="nothing-here"):
        desk.accept("nothing-here")


def test_no_onset_is_set_where_the_recording_has_no_trace(desk, journal, picks):
    with pytest.raises(UnknownNameError, match=r"XX\.NONE\."):
        desk.set("XX.NONE.", "P", T0)
    for seconds in (-10.1, 10.1, 3e7):
        with pytest.raises(WorkbenchError, match="not within this recording"):
            desk.set("XX.A.", "P", T0 + pd.Timedelta(seconds, unit="s"))
        with pytest.raises(WorkbenchError, match="not within this recording"):
            desk.move(picks["pick_id"].iloc[0], T0 + pd.Timedelta(seconds, unit="s"))
    assert standing(journal).empty
    desk.set("XX.A.", "P", T0 - pd.Timedelta("10s"))
    desk.set("XX.A.", "P", T0 + pd.Timedelta("10s"))
    assert len(standing(journal)) == 2
