"""A queue of doubted onsets over a real source on disk, a real picker and a real journal; no widget."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from tests.sources.event_files import made_traces, write_stead_events
from tests.waiting import wait_for
from workbench.errors import LabelStoreError, UnknownNameError, WorkbenchError
from workbench.schema import empty_labels
from workbench.session import Reviewing, Session
from workbench.session.onsets_checked import onsets_around
from workbench.settings import load_settings
from workbench.views.review_html import BUTTONS, buttons_html, decided_words


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
    wait_for(lambda: reviewing.looked == 6)
    yield reviewing
    reviewing.close()


def arrive(reviewing):
    """Wait until the onset of the item is on the screen."""
    row = reviewing.row
    wait_for(lambda: reviewing.session.recording is not None and not reviewing.session.loading)
    wait_for(lambda: reviewing.session.recording.attrs["recording_id"] == row["recording_id"])
    wait_for(lambda: reviewing.session.in_hand == row["identity"])
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
    wait_for(lambda: all(run.annotations is not None for run in reviewing.session.runs.values()))
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
    wait_for(lambda: labels([row["recording_id"]]).empty)
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


@pytest.fixture
def decided(reviewing):
    """All of the queue is rejected but the second; the order of the queue, and what became of it."""
    order = list(reviewing.queue["key"])
    for key in order[:1] + order[2:]:
        reviewing.open(key)
        arrive(reviewing)
        reviewing.reject()
    made = dict(reviewing.outcomes)
    reviewing.close()
    return order, made


def test_outcomes_of_the_most_doubtful_are_known_at_once_and_the_others_a_moment_later(decided, session, monkeypatch):
    """What is on the screen is undecided, whatever is known by then."""
    order, made = decided
    later, on_the_page = [], []
    monkeypatch.setattr("workbench.session.doubting._AT_ONCE", 1)
    monkeypatch.setattr(session, "schedule", later.append)
    ask = type(session.journal).outcomes

    def asked(journal, names):
        on_the_page.append(threading.current_thread() is threading.main_thread())
        return ask(journal, names)

    monkeypatch.setattr(type(session.journal), "outcomes", asked)
    again = Reviewing(session)
    assert set(again.outcomes) < set(made)
    assert again.item in ("", order[1])
    wait_for(lambda: run_all(later) and again.outcomes == made)
    assert again.item == order[1]
    assert on_the_page == [True, False], "only what is shown first is waited for"
    again.close()


def run_all(later):
    """Do what was put off until now."""
    while later:
        later.pop(0)()
    return True


def outcomes_under_way(decided, session, monkeypatch):
    """Doubts begun again whose outcomes are being read, what they put off, and the key of one not read yet."""
    order, made = decided
    later = []
    monkeypatch.setattr("workbench.session.doubting._AT_ONCE", 1)
    monkeypatch.setattr(session, "schedule", later.append)
    again = Reviewing(session)
    key = next(key for key in reversed(order) if key not in again.outcomes and key in made)
    wait_for(lambda: later)
    return again, later, key


def test_what_is_taken_back_while_outcomes_are_read_is_open_again(decided, session, monkeypatch):
    again, later, key = outcomes_under_way(decided, session, monkeypatch)
    made = decided[1]
    back = session.journal.undo(key.split("\x1f")[0])
    session.saved = back
    left = {name for name, outcome in made.items() if outcome} - {
        name for name in made if name.split("\x1f")[4] == back_pick(session, back)
    }
    wait_for(lambda: run_all(later) and set(again.outcomes) == left)
    again.close()


def test_outcomes_that_were_read_are_kept_where_the_journal_fails_for_those_decided_meanwhile(
    decided, session, monkeypatch
):
    again, later, key = outcomes_under_way(decided, session, monkeypatch)
    session.saved = session.journal.undo(key.split("\x1f")[0])

    def gone(*_):
        raise LabelStoreError("The journal does not answer.")

    monkeypatch.setattr("workbench.session.doubting.what_became", gone)
    wait_for(lambda: run_all(later) and not again._recalls.busy)
    assert session.notice.text == "The journal does not answer."
    assert len(again.outcomes) > 1
    assert not again._unknown
    again.close()


def back_pick(session, entry):
    """The pick of the label that a row of the journal is of."""
    entries = session.journal.entries(entry.recording_id)
    return entries.loc[entries["entry"] == entry.entry, "pick_id"].iloc[0]


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


def test_another_analyst_takes_nothing_back_that_the_last_one_decided(reviewing):
    reviewing.open(reviewing.queue["key"].iloc[0])
    first = arrive(reviewing)
    reviewing.keep()
    arrive(reviewing)
    reviewing.skip()
    arrive(reviewing)
    assert list(reviewing.outcomes.values()) == ["kept", "skipped"]
    reviewing.session.set_analyst("Cleo")
    assert reviewing.outcomes == {first["key"]: "kept"}, "what Cleo has not skipped she has yet to see"
    with pytest.raises(WorkbenchError, match="Nothing was decided in this queue since it was opened"):
        reviewing.undo()
    assert reviewing.outcomes == {first["key"]: "kept"}
    assert list(reviewing.session.journal.labels([first["recording_id"]])["decision"]) == ["accept"]


def test_what_was_decided_before_the_queue_was_opened_stays_when_nothing_is_left_to_undo(reviewing, session):
    reviewing.open(reviewing.queue["key"].iloc[0])
    row = arrive(reviewing)
    reviewing.keep()
    arrive(reviewing)
    again = Reviewing(session)
    wait_for(lambda: again.looked == reviewing.looked)
    assert again.outcomes[row["key"]] == "kept"
    with pytest.raises(WorkbenchError, match="taken back by Ctrl"):
        again.undo()
    assert again.outcomes[row["key"]] == "kept"
    again.close()


def test_whoever_only_looks_goes_on_to_the_next(reviewing):
    reviewing.open(reviewing.queue["key"].iloc[0])
    first = arrive(reviewing)
    reviewing.session.journal.writable = False

    def greyed():
        parts = buttons_html(reviewing).split("<button")[1:]
        return {part.split('data-act="')[1].split('"')[0] for part in parts if " disabled" in part.split(">")[0]}

    assert greyed() == set(BUTTONS) - {"skip"}
    reviewing.skip()
    assert arrive(reviewing)["key"] != first["key"]
    assert greyed() == set(BUTTONS) - {"skip"}


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


def test_an_onset_without_a_doubt_is_brought_to_the_screen_and_decided_there(reviewing, session):
    reviewing.open(reviewing.queue["key"].iloc[0])
    row = arrive(reviewing)
    usual, other = reviewing.weights, {"P": "S", "S": "P"}[row["phase"]]
    reviewing.weights = dict.fromkeys(usual, 0.0)
    quiet = session.reference.loc[session.reference["phase"] == other, "pick_id"].iloc[0]
    reviewing.bring(quiet)
    brought = arrive(reviewing)
    assert (brought["identity"], brought["kind"], brought["doubt"]) == (quiet, "label", 0.0)
    assert brought["words"].startswith("No doubt was found")
    reviewing.set_weight("middle_probability", 0.0)
    assert reviewing.row["identity"] == quiet, "it stays while the order changes"
    reviewing.reject()
    labels = session.journal.labels([brought["recording_id"]])
    assert list(labels["pick_id"]) == [quiet]
    reviewing.weights = usual
    reviewing.bring(row["identity"])
    assert arrive(reviewing)["key"] == row["key"]
    with pytest.raises(UnknownNameError, match="nobody's"):
        reviewing.bring("nobody's")


def test_who_decided_is_told(reviewing, session):
    reviewing.open(reviewing.queue["key"].iloc[0])
    row = arrive(reviewing)
    assert decided_words(session.labels, row) == "Nobody has decided on it yet: the label came with the source."
    session.decide(lambda desk: desk.move(row["identity"], row["time"] - pd.Timedelta(1, "s")))
    at = session.labels["decided_at"].iloc[0]
    assert decided_words(session.labels, row) == f"Decided: moved by Ada, {at:%Y-%m-%d %H:%M:%S} UTC."


def made_onsets(*begins_s, n_stations=4):
    """P and S of events that begin at some seconds, 8 km between neighbouring stations."""
    zero = pd.Timestamp("2024-01-01T00:00:00")
    rows = [
        {"pick_id": f"{begin:g} {n} {phase}", "station": f"XX.S{n}.", "phase": phase,
         "time": zero + pd.Timedelta(begin + (10 + 8 * n) / speed, "s")}
        for begin in begins_s for n in range(n_stations) for phase, speed in (("P", 6.0), ("S", 3.4))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def around(onsets, onset, labels=None):
    """`onsets_around` of a recording of four stations in a line."""
    n = onsets["station"].nunique()
    places = {"latitude_deg": ("station", 46 + 0.072 * np.arange(n)), "longitude_deg": ("station", np.full(n, 13.0))}
    session = SimpleNamespace(
        labels=empty_labels() if labels is None else labels, reference=onsets, runs={}, event=None, source=None,
        recording=xr.Dataset(places, {"station": sorted(set(onsets["station"]))}),
    )  # fmt: skip
    return onsets_around(session, onset)


def test_the_onsets_of_another_event_are_left_out():
    onsets = made_onsets(0, 30)
    late = onsets.iloc[-1]
    found = around(onsets, {**late, "identity": late["pick_id"]})
    assert set(found["pick_id"]) == set(onsets["pick_id"][8:])


def test_a_pick_that_nobody_labelled_takes_part():
    onsets = made_onsets(0)
    pick = onsets.iloc[3]
    found = around(onsets.drop(index=3), {**pick, "identity": pick["pick_id"]})
    assert sorted(found["pick_id"]) == sorted(onsets["pick_id"])


def test_a_doubted_pick_stands_for_the_onset_beside_it():
    onsets = made_onsets(0)
    pick = onsets.iloc[3]
    other = onsets.assign(pick_id=[name if n != 3 else "of another" for n, name in enumerate(onsets["pick_id"])])
    found = around(other, {**pick, "time": pick["time"] + pd.Timedelta(3, "s"), "identity": "doubted"})
    own = found[(found["station"] == pick["station"]) & (found["phase"] == pick["phase"])]
    assert list(own["pick_id"]) == ["doubted"]


def test_no_onset_on_the_screen_is_a_word(session):
    reviewing = Reviewing(session)
    with pytest.raises(WorkbenchError, match="No onset of the queue is on the screen"):
        reviewing.keep()
    assert reviewing.row is None
    assert not np.any(list(reviewing.outcomes))
    reviewing.close()
