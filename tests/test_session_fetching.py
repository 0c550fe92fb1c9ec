"""A catalogue whose waveforms a service has, as a session opens it: one event at a time, seen, and cancelled."""

import threading

import pytest

from workbench.errors import WorkbenchError
from workbench.session import Reviewing, Session
from workbench.settings import load_settings
from workbench.sources.ogs_catalog import OgsCatalogSource, ogs_place

from .sources.ogs.made_catalogue import write_catalogue
from .sources.ogs.made_centre import centre_of_coli
from .test_session import wait_for


@pytest.fixture
def centre(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    server = centre_of_coli()
    yield server
    server.close()


@pytest.fixture
def session(tmp_path, centre):
    session = Session(settings=load_settings(labels=str(tmp_path / "labels.sqlite"), cache=str(tmp_path / "cache")))
    yield session
    session.close()


def place(tmp_path, centre):
    return ogs_place(write_catalogue(tmp_path / "catalogue"), f"fdsn:{centre.url}?network=OX")


def shows(session, recording_id=""):
    """Whether a recording, that one if it is named, stands on the screen with all that belongs to it."""
    shown = None if session.recording is None or session.loading else session.recording.attrs["recording_id"]
    return shown is not None and (not recording_id or shown == recording_id == session.recording_id)


def absent(session):
    return session.recording.attrs.get("without_waveforms", "")


def test_only_the_event_that_is_opened_is_asked_for(tmp_path, session, centre):
    session.open_source(place(tmp_path, centre))
    wait_for(lambda: shows(session))
    first, second = session.recordings["recording_id"]
    assert session.recording_id == first
    assert not absent(session)
    assert session.errand.title == f"Waveforms of {first}"
    assert centre.n_waveform_requests() == 1
    assert "OX.COLI." in set(session.reference["station"])
    session.step(1)
    wait_for(lambda: shows(session, second))
    assert "holds none of the stations" in absent(session)
    session.step(-1)
    wait_for(lambda: shows(session, first))
    assert centre.n_waveform_requests() == 2


def test_waveforms_that_are_not_waited_for_are_asked_for_again(tmp_path, session, centre):
    held = threading.Event()
    centre.faults = [held]
    session.open_source(place(tmp_path, centre))
    wait_for(lambda: session.errand is not None and session.errand.state == "running" and centre.asked)
    assert session.loading
    session.cancel_errand()
    wait_for(lambda: shows(session))
    assert "not waited for" in absent(session)
    assert len(session.reference)
    held.set()
    session.open(session.recording_id)
    wait_for(lambda: shows(session) and not absent(session))


def test_what_the_service_says_stands_in_place_of_the_traces(tmp_path, session, centre):
    centre.faults = [403]
    session.open_source(place(tmp_path, centre))
    wait_for(lambda: shows(session))
    assert "refuses the request" in absent(session)
    assert len(session.reference)


def test_a_queue_of_doubts_waits_where_a_service_does_not_answer(tmp_path, session, centre):
    session.add_picker("sta_lta")
    session.open_source(place(tmp_path, centre))
    wait_for(lambda: shows(session))
    _, second = session.recordings["recording_id"]
    centre.faults = [403]
    reviewing = Reviewing(session)
    wait_for(lambda: reviewing.paused)
    assert f"{second} could not be looked at" in session.notice.text
    assert "Go on asks again" in session.notice.text
    assert reviewing.looked == 1
    reviewing.paused = False
    wait_for(lambda: reviewing.looked == 2)
    assert centre.n_waveform_requests() == 3
    reviewing.close()


def test_nothing_is_decided_before_the_waveforms_came(tmp_path, session, centre):
    centre.faults = [403]
    session.open_source(place(tmp_path, centre))
    wait_for(lambda: shows(session))
    pick = session.reference["pick_id"].iloc[0]
    with pytest.raises(WorkbenchError, match="Open it again to ask for them"):
        session.decide(lambda desk: desk.accept(pick))
    assert not len(session.journal.entries())
    session.open(session.recording_id)
    wait_for(lambda: shows(session) and not absent(session))
    session.decide(lambda desk: desk.accept(session.reference["pick_id"].iloc[0]))
    assert len(session.journal.entries()) == 1


def test_what_another_page_had_fetched_is_shown(tmp_path, session, centre):
    other = OgsCatalogSource(place(tmp_path, centre))
    name = str(other.scan()["recording_id"].iloc[0])
    session.open_source(other.location)
    wait_for(lambda: shows(session) and not absent(session))
    assert not other.is_here(name)
    assert "OX.COLI." in other.read(name)["station"].values
    assert other.is_here(name)
    assert centre.n_waveform_requests() == 1


def test_what_came_on_anothers_request_is_shown_when_it_is_opened_again(tmp_path, session, centre):
    centre.faults = [403]
    session.open_source(place(tmp_path, centre))
    wait_for(lambda: shows(session))
    assert "refuses the request" in absent(session)
    session.source.fetch(session.recording_id)
    session.open(session.recording_id)
    wait_for(lambda: shows(session) and not absent(session))


def test_a_service_that_does_not_answer_holds_up_only_the_event_it_was_asked_for(tmp_path, session, centre):
    held = threading.Event()
    centre.faults = [held]
    session.open_source(place(tmp_path, centre))
    wait_for(lambda: session.errand is not None and session.errand.state == "running" and centre.asked)
    session.step(1)
    wait_for(lambda: shows(session))
    assert session.recording_id == str(session.index[1])
    assert not held.is_set()
    assert {entry.job.state for entry in session.kernels.jobs if entry.is_errand} == {"done", "cancelled"}
    held.set()
