"""Two analysts with a session each over one journal: picked blind, compared, settled; no widget."""

from __future__ import annotations

import json
import threading

import pandas as pd
import pytest

from tests.sources.event_files import made_traces, write_stead_events
from tests.waiting import wait_for
from workbench.errors import DecidedMeanwhileError, LabelStoreError, WorkbenchError
from workbench.labels.disagreements import find_disagreements
from workbench.labels.doubles import one_an_onset
from workbench.labels.journal import Journal
from workbench.session import DoublePicking, Reviewing, Session, Settling
from workbench.settings import load_settings
from workbench.views.double_list import DoubleList
from workbench.views.settle_list import SettleList


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return write_stead_events(tmp_path_factory.mktemp("stead"), made_traces(2, 2))


@pytest.fixture
def open_as(tmp_path, place):
    """Makes a session of an analyst over the same source and the same journal."""
    made = []

    def make(name):
        settings = load_settings(labels=str(tmp_path / "labels.sqlite"), cache=str(tmp_path / name), analyst=name)
        session = Session(settings=settings)
        made.append(session)
        session.add_picker("sta_lta")
        session.open_source(str(place))
        arrive(session)
        return session

    yield make
    for session in made:
        session.close()


def arrive(session):
    """Wait until a recording stands and its pickers have run: looked at between two turns of work, not within one."""

    def stands():
        there = session.recording is not None and not session.loading and not session._unread
        return there and (session.job is None or session.job.ended)

    def looked_at_in_turn():
        found = []
        session.schedule(lambda: found.append(stands()))
        return found[0]

    wait_for(looked_at_in_turn)


def everything(session):
    """All that a page of the session shows or writes of labels and picks, as text."""
    ids = list(session.index)
    neighbour = session.neighbour(1)
    tables = [
        session.labels, session.picks, session.reference, session.theory, session.statuses,
        session.journal.labels(ids), session.journal.recordings(ids), session.journal.entries(),
        *([neighbour.labels, neighbour.reference, neighbour.theory] if neighbour else []),
        *(run.picks for run in session.runs.values()),
    ]  # fmt: skip
    texts = [table.to_csv() for table in tables]
    return "\n".join([*texts, str(session.notice), str(session.saved), str(session.event), str(list(session.runs))])


def onset(session, phase, after_s=0.0):
    """A time on the open recording."""
    start = pd.Timestamp(session.recording["time"].values[0])
    return start + pd.Timedelta({"P": 8.0, "S": 14.0}[phase] + after_s, "s")


def set_onset(session, phase, after_s=0.0):
    time = onset(session, phase, after_s)
    session.decide(lambda desk: desk.set(session.station, phase, time))


def test_who_picks_blind_sees_and_touches_only_her_own(open_as):
    ada, ben = open_as("Ada"), open_as("Ben")
    set_onset(ada, "P")
    ada.set_note("see the Lg")
    ada.set_status("done")
    ben.set_blind("all")
    arrive(ben)
    seen = everything(ben)
    assert "Ada" not in seen
    assert "Lg" not in seen
    assert "sta_lta" not in seen
    assert (len(ben.labels), len(ben.picks), ben.event, len(ben.theory)) == (0, 0, None, 0)
    # What he sets near hers is his own, and hers stays as it is.
    set_onset(ben, "P", 0.2)
    marks = ada.journal.marks()
    assert marks["analyst"].tolist() == ["Ada", "Ben"]
    assert marks["time"].diff().dt.total_seconds().tolist()[1] == pytest.approx(0.2)
    assert json.loads(marks["provenance"][1])["blind"] == "all"
    assert ben.labels["analyst"].tolist() == ["Ben"]
    # A recording that is opened, and one that was read ahead, hide as much.
    ben.step(1)
    arrive(ben)
    ben.step(-1)
    arrive(ben)
    ben.run()
    ben.request_picker("kurtosis")
    wait_for(lambda: ben._hidden is not None and "kurtosis" in ben._hidden)
    assert "Ada" not in everything(ben)
    assert (len(ben.picks), list(ben.runs)) == (0, [])
    ben.undo()
    assert ada.journal.labels()["analyst"].tolist() == ["Ada"]
    # Seen again: all is back.
    ben.set_blind("")
    arrive(ben)
    assert ben.labels["analyst"].tolist() == ["Ada"]
    assert set(ben.runs) == {"sta_lta", "kurtosis"}
    wait_for(lambda: len(ben.picks) > len(ben.reference) > 0)
    assert ben.statuses.loc[0, "note"] == "see the Lg"


def test_colleagues_may_be_hidden_and_picks_not(open_as):
    ada, ben = open_as("Ada"), open_as("Ben")
    set_onset(ada, "S")
    ben.set_blind("colleagues")
    arrive(ben)
    assert len(ben.labels) == 0
    assert len(ben.reference) > 0
    wait_for(lambda: ben.runs["sta_lta"].annotations is not None)
    assert "Ada" not in everything(ben)


def test_doubts_of_colleagues_labels_are_not_told_to_who_picks_blind(open_as):
    ada, ben = open_as("Ada"), open_as("Ben")
    set_onset(ada, "P", 3.0)
    reviewing = Reviewing(ben)
    wait_for(lambda: reviewing.looked == 4)
    label_id = ada.labels["label_id"].iloc[0]
    assert label_id in set(reviewing.queue["identity"])
    ben.set_blind("colleagues")
    wait_for(lambda: reviewing.looked == 4 and not ben.loading)
    assert label_id not in set(reviewing.queue["identity"])
    reviewing.close()


def test_a_name_is_changed_unless_it_is_that_of_a_login(open_as):
    ada = open_as("Ada")
    set_onset(ada, "P")
    ada.set_analyst("  Cleo   Rossi ")
    arrive(ada)
    assert (ada.analyst, ada.can_undo) == ("Cleo Rossi", False), "what Ada did is not Cleo's to undo"
    set_onset(ada, "S")
    assert ada.journal.entries()["analyst"].tolist() == ["Cleo Rossi", "Ada"]
    with pytest.raises(WorkbenchError, match="A name has 1 to 80 characters"):
        ada.set_analyst(" ")
    ada.analyst_fixed = True
    with pytest.raises(WorkbenchError, match="logged in as Cleo Rossi"):
        ada.set_analyst("Ada")


def test_statuses_of_very_many_recordings_come_a_moment_later_and_lose_nothing(open_as, monkeypatch):
    ada, ben = open_as("Ada"), open_as("Ben")
    ada.set_status("done")
    ada.step(1)
    arrive(ada)
    set_onset(ada, "P")
    monkeypatch.setattr("workbench.session.decisions._NAMED", 3)
    read = Journal.recordings
    go, at_work = threading.Event(), threading.Event()

    def slowly(journal, names=None):
        found = read(journal, names)
        if names is None:
            assert threading.current_thread() is not threading.main_thread()
            at_work.set()
            assert go.wait(60)
        return found

    monkeypatch.setattr(Journal, "recordings", slowly)
    ben.set_analyst("Cleo")
    assert at_work.wait(60)
    arrive(ben)
    # What is decided while the old state of the journal is on its way stands in the end.
    ben.set_status("rejected")
    go.set()
    wait_for(lambda: len(ben.statuses) == 2 and not ben._asks.busy)
    assert dict(zip(ben.statuses["recording_id"], ben.statuses["status"], strict=True)) == {
        str(ben.index[0]): "rejected", str(ben.index[1]): "in work"
    }  # fmt: skip
    # What was read before colleagues' work was hidden is not shown any more.
    go.clear()
    at_work.clear()
    ben.set_analyst("Dana")
    assert at_work.wait(60)
    ben.set_blind("colleagues")
    go.set()
    arrive(ben)
    wait_for(lambda: not ben._asks.busy)
    assert ben.statuses.empty


def test_statuses_of_very_many_recordings_that_cannot_be_read_are_said_and_waited_for_no_longer(open_as, monkeypatch):
    ada = open_as("Ada")
    monkeypatch.setattr("workbench.session.decisions._NAMED", 3)
    read = Journal.recordings

    def fail(journal, names=None):
        if names is None:
            raise LabelStoreError("The journal does not answer.")
        return read(journal, names)

    monkeypatch.setattr(Journal, "recordings", fail)
    told = []
    ada.param.watch(lambda event: told.append(event.new.text if event.new else ""), "notice")
    # In a turn, as on a page: what comes of it would else come into the midst of it.
    ada.schedule(lambda: ada.set_analyst("Cleo"))
    arrive(ada)
    # It may have made room for another notice by now.
    wait_for(lambda: "The journal does not answer." in told)
    wait_for(lambda: not ada._asks.busy)
    assert ada._newer_statuses is None
    ada.set_status("done")
    assert ada.statuses["status"].tolist() == ["done"]


def test_a_share_is_sent_picked_blind_and_done_by_each(open_as):
    ada, ben = open_as("Ada"), open_as("Ben")
    lists = DoublePicking(ada), DoublePicking(ben)
    places = [(str(name), "", None) for name in ada.index]
    assert lists[0].send(places, 0.5, seed=3, of="all recordings") == 2
    lists[1].refresh()
    assert [item.recording_id for item in lists[0].items] == [item.recording_id for item in lists[1].items]
    assert lists[0].items[0].sent == "50 % of all recordings, seed 3"
    lists[1].next()
    arrive(ben)
    assert (ben.blind, ben.recording_id) == ("all", lists[1].items[0].recording_id)
    lists[1].finish()
    arrive(ben)
    lists[1].finish()
    assert lists[1].left == 0
    assert lists[0].left == 2
    assert "Ben" in set(ada.journal.looks()["analyst"])
    lists[1].undo()
    assert lists[1].left == 1
    lists[0].withdraw(lists[0].items[:1])
    assert len(lists[0].items) == 1
    with pytest.raises(WorkbenchError, match="nothing to send"):
        lists[0].send([], 0.5, seed=1, of="nothing")
    for each in lists:
        each.close()


@pytest.fixture
def differing(open_as):
    """Ada and Ben have picked one recording blind: P 0.6 s apart, S by Ada only, and 10 ms apart on the next one."""
    ada, ben = open_as("Ada"), open_as("Ben")
    for session, late_s in ((ada, 0.0), (ben, 0.6)):
        session.set_blind("all")
        arrive(session)
        set_onset(session, "P", late_s)
        if session is ada:
            set_onset(session, "S")
        session.set_status("done")
        session.step(1)
        arrive(session)
        set_onset(session, "P", late_s / 60)
        session.step(-1)
        arrive(session)
        session.set_blind("")
        arrive(session)
    settling = Settling(ben)
    settling.refresh()
    wait_for(lambda: not settling.looking)
    yield settling
    settling.close()


def show(settling):
    wait_for(lambda: not settling._placing.waits and not settling.session.loading and not settling.session._unread)
    return settling.row


def test_the_worst_is_settled_first_and_stands_once(differing):
    settling, session = differing, differing.session
    assert settling.onsets["kinds"].tolist() == ["time", "pick", ""]
    assert settling.left == 2
    settling.next()
    row = show(settling)
    assert settling.marks()[0][0] == "Ada"
    assert set(session.labels["analyst"]) == {"Ada", "Ben"}, "both marks are on the traces"
    start, end = session.view
    assert start < row["time"] < end
    settling.take(0)
    standing = session.journal.labels([row["recording_id"]])
    settled = standing[standing["decision"] == "settle"].iloc[0]
    assert settled["time"] == row["time"] - pd.Timedelta(row["difference_s"] / 2, "s")
    assert json.loads(settled["provenance"])["settled"]["difference_s"] == pytest.approx(0.6)
    assert (standing["phase"] == "P").sum() == 1
    assert one_an_onset(session.journal.labels()).left_out["analyst"].tolist() == ["Ada"]
    # The next one is on the screen: Ben has no S there, and says that there is none.
    show(settling)
    settling.none()
    assert session.journal.labels([row["recording_id"]])["decision"].tolist() == ["settle", "reject"]
    assert settling.left == 0


def test_between_stays_on_the_screen_and_may_be_moved_and_taken_back(differing):
    settling, session = differing, differing.session
    settling.next()
    row = show(settling)
    settling.between()
    assert settling.row["key"] == row["key"]
    assert session.labels.query("decision == 'settle'")["time"].tolist() == [row["time"]]
    settling.nudge(10)
    moved = session.labels[session.labels["label_id"] == session.in_hand].iloc[0]
    rate = session.recording.attrs["sampling_rate_hz"]
    assert (moved["time"] - row["time"]).total_seconds() == pytest.approx(10 / rate)
    assert "settled" in json.loads(moved["provenance"])
    with pytest.raises(WorkbenchError, match="This onset is settled"):
        settling.take(1)
    settling.undo()
    assert settling.outcomes == {row["key"]: "midway"}, "the last thing done was to move it"
    settling.undo()
    assert settling.outcomes == {}
    assert sorted(session.labels["analyst"]) == ["Ada", "Ada", "Ben"]
    with pytest.raises(WorkbenchError, match="Nothing was settled"):
        settling.undo()


def test_a_settled_onset_that_is_put_back_by_redo_is_settled_again(differing):
    settling, session = differing, differing.session
    settling.next()
    key = show(settling)["key"]
    settling.between()
    session.undo()
    assert settling.outcomes == {}
    session.redo()
    assert settling.outcomes == {key: "midway"}
    settling.nudge(2)
    set_onset(session, "S", 5.0)
    with pytest.raises(WorkbenchError, match="Something else was decided"):
        settling.undo()
    session.undo()
    settling.undo()
    settling.undo()
    assert settling.outcomes == {}


def test_another_analyst_begins_with_a_list_of_her_own(differing):
    settling, session = differing, differing.session
    settling.next()
    first = show(settling)
    settling.between()
    settling.leave()
    session.set_analyst("Cleo")
    arrive(session)
    wait_for(lambda: not settling.looking)
    assert settling.outcomes == {}
    assert first["key"] not in set(settling.onsets["key"]), "it is settled, by whomever"
    assert len(settling.onsets) == 2
    with pytest.raises(WorkbenchError, match="Nothing was settled"):
        settling.undo()
    settling.next()
    show(settling)
    settling.none()
    assert session.journal.entries()["analyst"].iloc[0] == "Cleo"
    assert list(settling.outcomes.values()) == ["none"]


def test_what_a_colleague_moved_since_it_was_shown_is_not_settled_unseen(differing, open_as):
    settling, session = differing, differing.session
    settling.next()
    row = show(settling)
    ada = open_as("Ada")
    ada.open(row["recording_id"])
    arrive(ada)
    label = ada.labels[(ada.labels["analyst"] == "Ada") & (ada.labels["phase"] == "P")].iloc[0]
    ada.decide(lambda desk: desk.move(label["label_id"], label["time"] + pd.Timedelta("100ms")))
    with pytest.raises(DecidedMeanwhileError, match="Ada moved this P"):
        settling.take(0)
    assert settling.outcomes == {}
    assert label["time"] + pd.Timedelta("100ms") in set(session.labels["time"]), "it is on the screen now"
    settling.take(0)
    assert list(settling.outcomes.values()) == ["taken"]


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [("percent", "abc", "Percent is a number above 0, up to 100; this is 'abc'"), ("percent", "", "this is ''"),
     ("percent", "nan", "Percent is"), ("percent", "inf", "Percent is"), ("percent", "0", "Percent is"),
     ("percent", "150", "Percent is"), ("seed", "abc", "seed is a whole number of up to 15 digits, such as 1; this is"),
     ("seed", "1.5", "seed is"), ("seed", "-1", "seed is"), ("seed", "1e999", "seed is"), ("seed", "9" * 99, "seed is"),
     ("seed", "²", "seed is")],
)  # fmt: skip
def test_a_number_that_is_none_is_said_and_nothing_is_sent_in_its_place(open_as, name, typed, words):
    ada = open_as("Ada")
    rows = DoubleList(DoublePicking(ada), Reviewing(ada))
    rows.act({"act": "of", "value": "recordings"})
    for action in ({"act": name, "value": typed}, {"act": "send"}):
        with pytest.raises(WorkbenchError, match=words):
            rows.act(action)
    assert ada.journal.double_items() == []
    rows.act({"act": name, "value": "50"})
    rows.act({"act": "send"})
    assert rows.double.items[0].sent in ("50 % of all recordings, seed 1", "20 % of all recordings, seed 50")
    rows.act({"act": "hides", "value": "nobody"})
    assert rows.double.hides == "all"


def test_own_time_leave_and_undo_from_farther_down(differing):
    settling, session = differing, differing.session
    settling.next()
    first = show(settling)
    settling.own(first["time"] + pd.Timedelta("50ms"))
    assert session.labels.query("decision == 'settle'")["time"].tolist() == [first["time"] + pd.Timedelta("50ms")]
    settling.next()
    show(settling)
    settling.leave()
    show(settling)
    assert list(settling.outcomes.values()) == ["own", "left"]
    settling.undo()
    settling.undo()
    show(settling)
    wait_for(lambda: settling.outcomes == {})
    assert settling.item == first["key"]
    with pytest.raises(WorkbenchError, match="3 is none of them"):
        settling.take(2)


def test_nothing_is_taken_back_of_a_list_that_was_made_anew_while_the_recording_was_opened(differing):
    differing.next()
    row = show(differing)
    differing.between()
    differing.refresh()
    wait_for(lambda: not differing.looking)
    with pytest.raises(WorkbenchError, match="made anew meanwhile"):
        differing._take_back(row["key"])
    assert "settle" in set(differing.session.labels["decision"])


def test_what_agrees_is_settled_in_one_go(differing):
    settling, session = differing, differing.session
    assert len(settling.agreeing) == 1
    where = settling.agreeing.iloc[0]
    settling.settle_agreeing()
    wait_for(lambda: not settling.looking)
    assert len(settling.onsets) == 2
    label = session.journal.labels([where["recording_id"]])
    assert label["decision"].tolist() == ["settle"]
    assert label["time"].tolist() == [where["time"]]
    assert label["uncertainty_minus_s"].tolist() == [pytest.approx(0.005)]


def test_what_agreed_when_the_list_was_made_and_differs_now_is_not_settled_with_the_rest(differing, open_as):
    where = differing.agreeing.iloc[0]
    ada = open_as("Ada")
    ada.open(where["recording_id"])
    wait_for(lambda: not ada.loading and "Ada" in set(ada.labels["analyst"]) and ada._desk is not None)
    label = ada.labels[ada.labels["analyst"] == "Ada"].iloc[0]
    ada.decide(lambda desk: desk.move(label["label_id"], label["time"] + pd.Timedelta("800ms")))
    differing.settle_agreeing()
    wait_for(lambda: not differing.looking)
    assert "settle" not in set(differing.session.journal.labels()["decision"])


def test_a_list_made_before_is_taken_away_from_who_begins_to_pick_blind(differing):
    rows = SettleList(differing, lambda: None)
    assert "Ada" in str([rows.row(number) for number in range(len(rows.keys))])
    differing.next()
    show(differing)
    differing.session.set_blind("colleagues")
    assert (rows.keys, differing.row, len(differing.onsets)) == ([], None, 0)
    assert "hidden from you" in rows.why_html()
    differing.session.set_blind("")
    wait_for(lambda: not differing.looking)
    assert len(differing.onsets) == 3


def test_a_list_that_was_being_made_does_not_come_to_who_picks_blind_by_now(differing):
    differing.refresh()
    differing.session.set_blind("all")
    assert not differing.looking
    arrive(differing.session)
    differing._take(find_disagreements(Journal(differing.session.settings.labels_url, "Cleo")))
    assert len(differing.onsets) == 0


def test_nobody_who_picks_blind_sees_the_list_of_disagreements(differing):
    differing.session.set_blind("colleagues")
    for action in (differing.refresh, lambda: differing.open("any"), differing.settle_agreeing):
        with pytest.raises(WorkbenchError, match="picking blind"):
            action()
