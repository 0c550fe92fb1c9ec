"""One user's session over real recordings, a real journal and a real picker; no widget."""

from __future__ import annotations

import json
from concurrent.futures import Future
from dataclasses import replace
from functools import partial

import numpy as np
import obspy
import pandas as pd
import pytest

from tests import waiting
from workbench.errors import DecidedMeanwhileError, LabelStoreError, UnknownNameError, WorkbenchError
from workbench.labels.journal import Journal
from workbench.schema import CATALOG, Decision
from workbench.session import Session, picker_list
from workbench.session.colleagues import Colleagues
from workbench.settings import load_settings

wait_for = partial(waiting.wait_for, seconds=30.0)


def idle(session):
    return not session.loading and (session.job is None or session.job.ended)


@pytest.fixture
def settings(tmp_path):
    return load_settings(labels=str(tmp_path / "labels.sqlite"), cache=str(tmp_path / "cache"), analyst="Ada")


@pytest.fixture
def session(settings):
    session = Session(settings=settings)
    session.add_picker("sta_lta")
    session.open_source("examples")
    wait_for(
        lambda: session.recording is not None and session.runs["sta_lta"].annotations is not None and idle(session)
    )
    yield session
    session.close()


def test_the_first_recording_is_open_and_picked(session):
    assert session.recording_id == session.recordings["recording_id"].iloc[0]
    assert session.station in session.recording["station"].values
    assert len(session.picks) > 0
    assert session.notice is None


def test_files_that_cannot_be_listed_are_told_until_the_user_has_seen_it(settings, tmp_path):
    folder = tmp_path / "waveforms"
    folder.mkdir()
    for day in (1, 2):
        trace = obspy.Trace(np.random.default_rng(day).normal(size=3000).astype("float32"))
        trace.stats.update({"network": "XX", "station": "A", "channel": "HHZ", "sampling_rate": 100.0})
        trace.stats.starttime = obspy.UTCDateTime(2020, 1, day)
        trace.write(str(folder / f"{day}.mseed"), format="MSEED")
    (folder / "junk.mseed").write_bytes(b"no seismogram" * 100)
    session = Session(settings=settings)
    session.open_source(folder)
    wait_for(lambda: session.recording is not None)
    session.step(1)
    wait_for(
        lambda: session.recording_id == session.recordings["recording_id"].iloc[1] and session.recording is not None
    )
    assert "junk.mseed" in session.notice.text
    session.notice = None
    session.step(-1)
    wait_for(lambda: session.recording is not None)
    assert session.notice is None
    session.close()


def test_a_threshold_changes_the_picks_without_a_new_run(session):
    job, curves = session.job, session.runs["sta_lta"].annotations
    few = len(session.runs["sta_lta"].picks)
    session.set_threshold("sta_lta", "P", 1.5)
    many = len(session.runs["sta_lta"].picks)
    session.set_threshold("sta_lta", "P", 1e6)
    assert many >= few > len(session.runs["sta_lta"].picks) == 0
    assert session.job is job
    assert session.runs["sta_lta"].annotations is curves


def test_a_decision_is_on_disk_and_in_hand_with_its_provenance(session, settings):
    pick = session.runs["sta_lta"].picks.iloc[0]
    session.filter = next(name for name in _filters() if name != "none")
    session.decide(lambda desk: desk.move(pick["pick_id"], pick["time"] + pd.Timedelta("50ms")))
    label = session.labels.iloc[0]
    assert session.in_hand == label["label_id"]
    assert session.saved.entry == label["entry"]
    origin = json.loads(label["provenance"])
    assert origin["picker"] == "sta_lta"
    assert origin["filter"] == session.filter
    assert len(origin["waveform_hash"]) == 16
    assert origin["thresholds"] == dict(session.runs["sta_lta"].thresholds)
    with Session(settings=settings).journal as other:
        assert other.labels([session.recording_id])["time"].iloc[0] == pick["time"] + pd.Timedelta("50ms")


def _filters():
    from workbench.processing.filtering import FILTERS

    return list(FILTERS)


def test_a_run_never_changes_a_human_decision(session):
    pick = session.runs["sta_lta"].picks.iloc[0]
    session.decide(lambda desk: desk.reject(pick["pick_id"]))
    before = session.labels
    session.run(again=True)
    wait_for(lambda: idle(session))
    session.set_threshold("sta_lta", "P", 1.5)
    pd.testing.assert_frame_equal(session.journal.labels([session.recording_id]), before)


def test_undo_and_redo_follow_the_journal(session):
    assert not session.can_undo
    session.decide(lambda desk: desk.set(session.station, "S", pd.Timestamp(session.recording["time"].values[500])))
    assert session.can_undo
    assert not session.can_redo
    session.undo()
    assert session.labels.empty
    assert session.can_redo
    session.redo()
    assert list(session.labels["phase"]) == ["S"]


def test_stepping_opens_the_next_recording_and_stops_at_the_ends(session):
    ids = list(session.recordings["recording_id"])
    session.step(-1)
    assert session.recording_id == ids[0]
    session.step(1)
    wait_for(
        lambda: session.recording is not None and session.recording.attrs["recording_id"] == ids[1] and idle(session)
    )
    session.step(len(ids) + 5)
    wait_for(
        lambda: session.recording is not None and session.recording.attrs["recording_id"] == ids[-1] and idle(session)
    )


def test_curves_of_a_recording_seen_before_are_still_there(session):
    first = session.recording_id
    curves = session.runs["sta_lta"].annotations
    session.step(1)
    wait_for(lambda: session.runs["sta_lta"].annotations is not None and idle(session))
    session.open(first)
    wait_for(lambda: session.recording is not None and session.recording.attrs["recording_id"] == first)
    wait_for(lambda: session.runs["sta_lta"].annotations is not None)
    assert session.runs["sta_lta"].annotations is curves


def test_labels_of_one_recording_do_not_stand_on_another(session):
    session.decide(lambda desk: desk.set(session.station, "P", pd.Timestamp(session.recording["time"].values[300])))
    session.step(1)
    wait_for(lambda: idle(session) and session.recording is not None)
    assert session.labels.empty
    assert set(session.statuses["status"]) == {"in work"}


def test_status_and_note_live_in_the_journal(session):
    session.set_status("done")
    session.set_note("two events, the second one is clipped")
    row = session.statuses.set_index("recording_id").loc[session.recording_id]
    assert (row["status"], row["note"]) == ("done", "two events, the second one is clipped")


def test_refining_moves_the_cursor_only(session):
    near = pd.Timestamp(session.recording["time"].values[400])
    refined = session.refine(near)
    assert refined in set(pd.to_datetime(session.recording["time"].values))
    assert session.labels.empty


def test_a_recording_that_cannot_be_read_is_a_notice_and_the_session_goes_on(session, monkeypatch):
    from workbench.errors import SourceError

    ids = list(session.recordings["recording_id"])
    good = type(session.source).read

    def broken(source, recording_id):
        if recording_id == ids[1]:
            raise SourceError("The file is cut off after 100 bytes.")
        return good(source, recording_id)

    monkeypatch.setattr(type(session.source), "read", broken)
    session._shelf._futures.pop(ids[1], None)
    session.open(ids[1])
    wait_for(lambda: session.notice is not None)
    assert "cut off" in session.notice.text
    assert session.recording is None
    with pytest.raises(WorkbenchError, match="open one"):
        session.decide(lambda desk: desk.set("XX.A.", "P", pd.Timestamp("2024-01-01")))
    session.open(ids[0])
    wait_for(lambda: session.recording is not None)
    assert session.notice is None


def test_nothing_is_decided_between_two_recordings(session, monkeypatch):
    first, second = session.recordings["recording_id"].iloc[:2]
    session.decide(lambda desk: desk.set(session.station, "P", pd.Timestamp(session.recording["time"].values[300])))
    station, time = session.station, pd.Timestamp(session.recording["time"].values[600])
    reading = Future()
    monkeypatch.setattr(session._shelf, "fetch", lambda recording_id: reading)
    session.open(second)
    for action in (
        lambda: session.decide(lambda desk: desk.set(station, "S", time)),
        session.undo,
        session.redo,
        lambda: session.set_status("done"),
        lambda: session.set_note("clipped"),
    ):
        with pytest.raises(WorkbenchError, match="still being read"):
            action()
    assert len(session.journal.entries(first)) == 1
    assert len(session.journal.entries(second)) == 0
    assert list(session.labels["phase"]) == ["P"]


def test_curves_of_the_last_source_do_not_come_under_the_same_ids_of_the_next(session, monkeypatch):
    later, taken, following = [], [], session.recordings["recording_id"].iloc[1]
    wait_for(lambda: session.not_run_on(following) == [])
    monkeypatch.setattr(session, "schedule", later.append)
    monkeypatch.setattr(session, "keep_curves", lambda run, recording_id, *_: taken.append(recording_id))
    session._curves.clear()
    session._ahead.want({1: following}.get, session._shelf.fetch)
    later.pop(0)()
    session.run(again=True)
    # Both jobs have ended, and the session has not heard of it yet.
    status = session.kernels.backend.status
    wait_for(lambda: (status().state, status().n_waiting) == ("ready", 0) and len(later) >= 4)
    of_the_last = list(later)
    session.open_source("examples")
    for call in of_the_last:
        call()
    assert taken == []


def test_weights_of_the_same_name_do_not_show_the_curves_of_the_others(session, monkeypatch):
    first = session.runs["sta_lta"]
    opened, ran = picker_list.open_picker, []

    class Retrained:
        card = replace(first.card, weights_hash="0123456789abcdef")

    monkeypatch.setattr(picker_list, "open_picker", lambda name, weights: Retrained)
    monkeypatch.setattr(session._runs, "add", lambda function, **settings: ran.append(settings["done"]))
    session.add_picker("sta_lta")
    assert session.runs["sta_lta"].annotations is None
    session.run()
    assert len(ran) == 1
    monkeypatch.setattr(picker_list, "open_picker", opened)
    session.add_picker("sta_lta")
    assert session.runs["sta_lta"].annotations is first.annotations
    # The run over the others ends only now: its curves are theirs.
    ran[0](first.annotations.copy(), session.job)
    assert session.runs["sta_lta"].annotations is first.annotations


def test_the_opened_recording_is_picked_before_its_neighbours(session, monkeypatch):
    first, second = session.recordings["recording_id"].iloc[:2]
    wait_for(lambda: session.not_run_on(second) == [])
    session.open(second)
    wait_for(lambda: session.recording is not None and not session.loading)
    session._curves.clear()
    submitted, stopped = [], []
    submit, cancel = session.kernels.backend.submit, session._ahead._jobs.cancel

    def note(function, /, **settings):
        submitted.append(settings["recording"].attrs["recording_id"])
        return submit(function, **settings)

    monkeypatch.setattr(session.kernels.backend, "submit", note)
    monkeypatch.setattr(session._ahead._jobs, "cancel", lambda: (stopped.append(list(submitted)), cancel()))
    session.open(first)
    wait_for(lambda: session.not_run_on(second) == [])
    assert submitted[:2] == [first, second]
    assert stopped[0] == [], "what ran ahead for the last recording is stopped first"


def test_an_unknown_recording_is_named_and_the_open_one_stays(session):
    with pytest.raises(UnknownNameError, match="no-such"):
        session.open("no-such")
    assert session.recording is not None


def test_picks_that_came_with_the_source_are_shown_and_can_be_accepted(session):
    from workbench.schema import make_picks

    rows = [{"station": session.station, "phase": "P", "time": session.recording["time"].values[450]}]
    session.reference = make_picks(rows, recording_id=session.recording_id, picker=CATALOG)
    identity = session.reference["pick_id"].iloc[0]
    assert identity in set(session.picks["pick_id"])
    session.decide(lambda desk: desk.accept(identity))
    assert json.loads(session.labels["provenance"].iloc[0])["picker"] == CATALOG


def test_a_run_in_hand_is_stopped_and_the_page_says_so(session):
    session.run(again=True)
    session.cancel()
    wait_for(lambda: idle(session))
    assert session.job.state in ("cancelled", "done")
    assert session.notice is None


def test_the_next_recording_is_picked_before_it_is_opened(session):
    names = list(session.recordings["recording_id"])
    wait_for(lambda: session.not_run_on(names[1]) == [])
    session.step(1)
    wait_for(lambda: session.recording is not None and session.recording_id == names[1])
    # Not "soon": the curves come with the recording.
    assert session.runs["sta_lta"].annotations.attrs["recording_id"] == names[1]


def test_a_recording_seen_in_an_earlier_session_costs_no_run(session, settings, monkeypatch):
    import workbench.inference.kept_curves

    def fail(*arguments, **settings):
        raise AssertionError("ran again")

    monkeypatch.setattr(workbench.inference.kept_curves, "annotate", fail)
    other = Session(settings=settings)
    other.add_picker("sta_lta")
    other.open_source("examples")
    wait_for(lambda: other.recording is not None and other.runs["sta_lta"].annotations is not None and idle(other))
    other.close()
    assert other.notice is None


@pytest.fixture
def colleague(session):
    with Journal(session.settings.labels_url, "Anna") as anna:
        yield anna


def onset(session, after_s=0.0):
    """A P on the open station, as a decision of somebody else's."""
    time = pd.Timestamp(session.recording["time"].values[300]) + pd.Timedelta(after_s, "s")
    return Decision("add", session.recording_id, session.station, "P", time)


def test_who_decides_over_a_colleague_is_told_and_sees_what_she_did(session, colleague):
    session.decide(lambda desk: desk.set(session.station, "P", onset(session).time))
    label_id = session.in_hand
    colleague.record(replace(onset(session, 0.4), decision="move", label_id=label_id))
    with pytest.raises(DecidedMeanwhileError, match="Anna moved this P"):
        session.decide(lambda desk: desk.reject(label_id))
    assert list(session.labels["analyst"]) == ["Anna"], "the page shows what the colleague did"
    session.decide(lambda desk: desk.reject(label_id))
    assert list(session.labels["decision"]) == ["reject"]


def test_what_a_colleague_does_here_and_elsewhere_comes_by_itself(session, colleague, monkeypatch):
    monkeypatch.setattr("workbench.session.session.Colleagues", partial(Colleagues, every_s=0.02))
    here, elsewhere = session.recordings["recording_id"].iloc[:2]
    session.watch_colleagues()
    wait_for(lambda: session._colleagues._head is not None)
    colleague.record(onset(session))
    wait_for(lambda: session.notice is not None)
    assert session.notice.text.startswith(f"Anna set the P on {session.station}")
    assert list(session.labels["analyst"]) == ["Anna"]
    session.notice = None
    colleague.set_status(elsewhere, "done")
    wait_for(lambda: len(session.statuses) == 2)
    assert session.statuses.set_index("recording_id")["status"].to_dict() == {here: "in work", elsewhere: "done"}
    assert session.notice is None


def test_who_picks_blind_hears_nothing_of_colleagues(session, colleague, monkeypatch):
    session.set_blind("colleagues")
    wait_for(lambda: idle(session))
    monkeypatch.setattr("workbench.session.session.Colleagues", partial(Colleagues, every_s=0.02))
    session.watch_colleagues()
    wait_for(lambda: session._colleagues._head is not None)
    colleague.record(onset(session))
    session.decide(lambda desk: desk.set(session.station, "P", onset(session).time))
    wait_for(lambda: session._colleagues._head >= session.saved.entry)
    assert session.notice is None
    assert list(session.labels["analyst"]) == ["Ada"]


def test_a_journal_that_cannot_be_reached_is_told_once_and_so_is_its_return(session, monkeypatch):
    told, away = [], [True]
    whole = session.journal.head

    def head():
        if away[0]:
            raise LabelStoreError("The label journal does not answer.")
        return whole()

    monkeypatch.setattr(session.journal, "head", head)
    session.param.watch(lambda event: told.append(event.new.text), "notice")
    looks = Colleagues(session, every_s=0.01)
    wait_for(lambda: told)
    away[0] = False
    wait_for(lambda: len(told) > 1)
    looks.close()
    assert told == ["The label journal does not answer.", "The label journal answers again."]
