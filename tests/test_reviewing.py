"""A queue of doubted onsets over a real source on disk, a real picker and a real journal; no widget."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from tests.sources.event_files import made_traces, write_stead_events
from workbench.errors import WorkbenchError
from workbench.session import Reviewing, Session
from workbench.settings import load_settings


def wait(condition, seconds=60.0):
    """Wait for background work; fails if it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the work did not end in time"
        time.sleep(0.01)


@pytest.fixture
def place(tmp_path):
    """Six labelled traces; the P label of the third is 1.5 s late."""
    traces = made_traces(2, 3)
    traces[2].p_sample += 150
    return write_stead_events(tmp_path / "stead", traces)


@pytest.fixture
def session(tmp_path):
    settings = load_settings(labels=str(tmp_path / "labels.sqlite"), cache=str(tmp_path / "cache"), analyst="Ada")
    session = Session(settings=settings)
    session.add_picker("xiaonet")
    yield session
    session.close()


@pytest.fixture
def reviewing(session, place):
    reviewing = Reviewing(session)
    session.open_source(str(place))
    wait(lambda: reviewing.looked == 6)
    yield reviewing
    reviewing.close()


def arrive(reviewing):
    """Wait until the onset of the item is on the screen."""
    row = reviewing.row
    wait(lambda: reviewing.session.recording is not None and not reviewing.session.loading)
    wait(lambda: reviewing.session.recording.attrs["recording_id"] == row["recording_id"])
    wait(lambda: reviewing.session.in_hand == row["identity"])
    start, end = reviewing.session.view
    assert (end - start, start < row["time"] < end) == (pd.Timedelta(4, "s"), True)
    return row


def test_the_label_that_is_wrong_comes_first_and_is_put_right(reviewing):
    first = reviewing.queue.iloc[0]
    assert (first["phase"], first["kind"]) == ("P", "label")
    assert "against_pickers" in first["reasons"]
    assert list(reviewing.queue["doubt"]) == sorted(reviewing.queue["doubt"], reverse=True)
    reviewing.open(first["key"])
    row = arrive(reviewing)
    start, end = reviewing.session.view
    assert start < row["time"] < end
    wait(lambda: all(run.annotations is not None for run in reviewing.session.runs.values()))
    left = reviewing.left
    reviewing.use_model()
    assert reviewing.outcomes[first["key"]] == "fixed"
    assert reviewing.left == left - 1
    label = reviewing.session.journal.labels([first["recording_id"]]).iloc[0]
    assert label["decision"] == "move"
    assert abs((first["time"] - label["time"]).total_seconds() - 1.5) < 0.1


def test_each_decision_is_an_outcome_and_the_next_one_opens(reviewing):
    keys = list(reviewing.queue["key"])
    assert len(keys) >= 4
    reviewing.open(keys[0])
    for act, outcome in (("keep", "kept"), ("reject", "rejected"), ("flag", "flagged")):
        row = arrive(reviewing)
        getattr(reviewing, act)()
        assert reviewing.outcomes[row["key"]] == outcome
        assert reviewing.item != row["key"]
    skipped = arrive(reviewing)["key"]
    reviewing.skip()
    assert reviewing.outcomes[skipped] == "skipped"
    assert reviewing.left == len(keys) - 4
    assert len(reviewing.seconds) == 4
    n_rows = len(reviewing.session.journal.labels())
    assert n_rows == 3


def test_undo_takes_back_the_last_decision_where_it_was_made(reviewing):
    reviewing.open(reviewing.queue["key"].iloc[0])
    row = arrive(reviewing)
    reviewing.reject()
    labels = reviewing.session.journal.labels
    assert list(labels([row["recording_id"]])["decision"]) == ["reject"]
    arrive(reviewing)
    reviewing.undo()
    assert arrive(reviewing)["key"] == row["key"]
    wait(lambda: labels([row["recording_id"]]).empty)
    assert reviewing.outcomes == {}
    with pytest.raises(WorkbenchError, match="Nothing was decided"):
        reviewing.undo()


def test_what_is_decided_on_the_traces_is_the_outcome_too(reviewing):
    reviewing.open(reviewing.queue["key"].iloc[0])
    row = arrive(reviewing)
    reviewing.session.decide(lambda desk: desk.move(row["identity"], row["time"] - pd.Timedelta(1, "s")))
    assert reviewing.outcomes == {row["key"]: "fixed"}
    assert reviewing.item == row["key"], "a pick that was moved is looked at once more"
    reviewing.skip()
    assert reviewing.outcomes[row["key"]] == "fixed"


def test_weights_change_the_order_and_not_the_onset_on_the_screen(reviewing):
    item = reviewing.queue["key"].iloc[0]
    reviewing.open(item)
    before = dict(zip(reviewing.queue["key"], reviewing.queue["doubt"], strict=True))
    counts = reviewing.counts()
    reviewing.set_weight("against_pickers", 0.0)
    after = dict(zip(reviewing.queue["key"], reviewing.queue["doubt"], strict=True))
    assert after.get(item, 0.0) < before[item]
    assert reviewing.item == item
    assert "against_pickers" in counts
    assert "against_pickers" not in reviewing.counts()
    reviewing.reason = "no_rise"
    assert all("no_rise" in reasons for reasons in reviewing.queue["reasons"])


def test_a_second_visit_reads_nothing_anew(reviewing, session, place, monkeypatch):
    queue = reviewing.queue.copy()
    reviewing.close()
    monkeypatch.setattr("workbench.labels.doubt.finding.gather_evidence", None)
    again = Reviewing(session)
    assert again.looked == 6
    pd.testing.assert_frame_equal(
        again.queue.sort_values("key", ignore_index=True), queue.sort_values("key", ignore_index=True)
    )
    again.close()


def test_what_was_decided_is_known_to_the_next_visit(reviewing, session):
    keys = list(reviewing.queue["key"])
    reviewing.open(keys[0])
    arrive(reviewing)
    reviewing.reject()
    arrive(reviewing)
    reviewing.flag()
    made = dict(reviewing.outcomes)
    assert len(made) == 2
    reviewing.close()
    again = Reviewing(session)
    assert again.outcomes == made
    assert again.left == len(again.queue) - 2
    again.close()


def test_a_later_decision_on_the_recording_is_not_taken_back_for_an_earlier_one(reviewing):
    reviewing.open(reviewing.queue["key"].iloc[0])
    row = arrive(reviewing)
    reviewing.session.decide(lambda desk: desk.move(row["identity"], row["time"] - pd.Timedelta(1, "s")))
    other = row["time"] + pd.Timedelta(10, "s")
    reviewing.session.decide(lambda desk: desk.set(row["station"], row["phase"], other))
    with pytest.raises(WorkbenchError, match="Something else was decided"):
        reviewing.undo()
    assert reviewing.outcomes == {row["key"]: "fixed"}
    assert len(reviewing.session.journal.labels([row["recording_id"]])) == 2


def test_an_onset_opened_before_the_undo_arrived_keeps_its_label(reviewing):
    reviewing.open(reviewing.queue["key"].iloc[0])
    first = arrive(reviewing)
    reviewing.reject()
    second = arrive(reviewing)
    reviewing.keep()
    arrive(reviewing)
    reviewing.outcomes = {key: reviewing.outcomes[key] for key in (second["key"], first["key"])}
    reviewing.undo()
    reviewing.open(second["key"])
    arrive(reviewing)
    assert list(reviewing.session.journal.labels([second["recording_id"]])["decision"]) == ["accept"]


def test_no_onset_on_the_screen_is_a_word(session):
    reviewing = Reviewing(session)
    with pytest.raises(WorkbenchError, match="No onset of the queue is on the screen"):
        reviewing.keep()
    assert reviewing.row is None
    assert not np.any(list(reviewing.outcomes))
    reviewing.close()
