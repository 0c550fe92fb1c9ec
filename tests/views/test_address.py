"""The page's address and the session, both ways."""

import pandas as pd
import pytest

from tests.waiting import wait_for
from workbench.session import Session
from workbench.settings import load_settings
from workbench.views.address import Place, address_of, go_to, read_address


@pytest.fixture
def session():
    made = Session(settings=load_settings())
    yield made
    made.close()


def test_nothing_open_has_no_address(session: Session) -> None:
    assert address_of(session) == ""


def test_an_address_leads_back_to_the_same_place(session: Session) -> None:
    session.open_source("examples")
    wait_for(lambda: session.recording is not None)
    first = session.recording_id
    session.step(1)
    wait_for(lambda: session.recording is not None and session.recording_id != first and not session.loading)
    session.station, session.filter, session.align = "BW.UH3.", "2–8 Hz", "P"
    start = pd.Timestamp(session.recording["time"].values[100])
    session.view = (start, start + pd.Timedelta(seconds=2))
    address = address_of(session)

    other = Session(settings=load_settings())
    try:
        go_to(other, read_address(f"?{address}"))
        wait_for(lambda: other.recording is not None and other.station == "BW.UH3.")
        wait_for(lambda: other.view is not None)
        assert address_of(other) == address
        assert (other.filter, other.align) == ("2–8 Hz", "P")
    finally:
        other.close()


@pytest.mark.parametrize(
    "query",
    [
        "source=examples&align=Q",
        "source=examples&filter=none+such",
        "source=examples&from=yesterday&to=never",
        "source=examples&from=2024-01-02&to=2024-01-01",
        "source=examples&from=2024-01-01T00:00:00Z&to=2024-01-02T00:00:00Z",
        "source=examples&unknown=1&=&&&",
    ],
)
def test_what_cannot_be_read_is_left_out(query: str) -> None:
    assert read_address(query) == Place(source="examples")


def test_a_station_that_is_not_there_is_said(session: Session) -> None:
    ids = "BW.RJOB_20090824T002003"
    go_to(session, Place(source="examples", recording=ids, station="XX.NONE."))
    wait_for(lambda: session.notice is not None)
    assert "XX.NONE." in session.notice.text
    assert session.station == "BW.RJOB."


def test_a_recording_that_is_not_there_is_said(session: Session) -> None:
    from workbench.views.guard import guarded

    schedule = session.schedule

    def guarded_schedule(function) -> None:
        def call() -> None:
            with guarded(session):
                function()

        schedule(call)

    session.schedule = guarded_schedule
    go_to(session, Place(source="examples", recording="of-nobody"))
    wait_for(lambda: session.notice is not None)
    assert "of-nobody" in session.notice.text
