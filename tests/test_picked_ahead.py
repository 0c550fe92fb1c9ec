"""Recordings that come next are picked while the user rests, so many and no more, and nothing that was asked waits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import obspy
import pytest
import xarray as xr

from tests import waiting
from workbench.errors import WorkerLostError
from workbench.inference.run import annotate
from workbench.schema import Report, silent
from workbench.session import Session, ahead
from workbench.settings import load_settings
from workbench.sources import open_source

ASKED: list[tuple[str, str]] = []
"""What became of each picking ahead, in order: its recording, and "begun", "done" or "stopped"."""

HELD = {"": False}
LATE = {"": False}
"""Whether what is told to stop takes a while to."""

wait_for = partial(waiting.wait_for, told=ASKED)

LOST: set[str] = set()
"""Recordings whose picking ends the process that it runs in."""


def slowly(
    recording: xr.Dataset, picker: str, weights: str = "", report: Report = silent, **settings: Any
) -> xr.Dataset:
    """As ``annotate``, once it is let go."""
    name = str(recording.attrs["recording_id"])
    ASKED.append((name, "begun"))
    if name in LOST:
        raise WorkerLostError(f"{name} took the process with it")
    try:
        while HELD[""]:
            report(0.5, "held")
            time.sleep(0.005)
        found = annotate(recording, picker, weights, **settings)
    except BaseException:
        ASKED.append((name, "stopped"))
        if LATE[""]:
            time.sleep(0.3)
        raise
    ASKED.append((name, "done"))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of one station on each of eight days."""
    place = tmp_path_factory.mktemp("waveforms")
    for day in range(1, 9):
        samples = np.random.default_rng(day).normal(size=6000).astype(np.float32)
        header = {"network": "XX", "station": "A", "channel": "HHZ", "sampling_rate": 100.0}
        trace = obspy.Trace(samples, header | {"starttime": obspy.UTCDateTime(2020, 1, day)})
        trace.write(str(place / f"{day}.mseed"), format="MSEED")
    return place


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    ASKED.clear()
    LOST.clear()
    HELD[""] = LATE[""] = False
    monkeypatch.setattr(ahead, "PICKER_RUN", "tests.test_picked_ahead:slowly")
    settings = load_settings(labels=str(tmp_path / "labels.sqlite"), cache=str(tmp_path / "cache"), analyst="Ada")
    session = Session(settings=settings)
    session.add_picker("sta_lta")
    yield session
    HELD[""] = False
    session.close()


def begun() -> list[str]:
    """In this order; what made way for another job was begun again."""
    return list(dict.fromkeys(name for name, what in ASKED if what == "begun"))


def picked(session: Session, names: list[str]) -> bool:
    """Whether all of these have their curves, and nothing is in hand any more."""
    rests = not session.loading and not session._ahead._jobs.busy
    return rests and not any(session.not_run_on(name) for name in names)


def names_of(session: Session) -> list[str]:
    return [str(name) for name in session.recordings["recording_id"]]


def opened(session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> list[str]:
    """Names of all recordings, the first of them open and `most` picked ahead of it."""
    monkeypatch.setattr(ahead, "_MOST_RECORDINGS", most)
    session.open_source(folder)
    names = names_of(session)
    wait_for(lambda: picked(session, names[1 : most + 1]))
    return names


def test_it_goes_on_to_the_next_ones_in_their_order_and_ends_after_so_many(
    session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = opened(session, folder, monkeypatch, 3)
    assert begun() == names[1:4]
    session.step(1)
    # What is one further on now is what was not reached before.
    wait_for(lambda: picked(session, names[2:5]))
    assert begun() == names[1:5]


def test_it_goes_the_way_that_the_user_goes(session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = opened(session, folder, monkeypatch, 2)
    session.open(names[6])
    wait_for(lambda: picked(session, names[7:]))
    ASKED.clear()
    session.step(-1)
    wait_for(lambda: picked(session, names[3:5]))
    assert begun() == [names[4], names[3]]


def test_it_ends_where_as_much_is_kept_as_may_be(
    session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "_MOST_BYTES", 1)
    session.open_source(folder)
    wait_for(lambda: picked(session, names_of(session)[1:2]))
    assert begun() == names_of(session)[1:2]


def test_a_picker_that_is_added_late_is_run_over_what_was_picked_already(
    session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = opened(session, folder, monkeypatch, 2)
    ASKED.clear()
    session.schedule(lambda: (session.add_picker("kurtosis"), session.run()))
    wait_for(lambda: len(begun()) == 2 and picked(session, names[1:3]))
    assert begun() == names[1:3]


def test_it_stops_at_once_for_what_is_asked_and_then_goes_on_where_it_was(
    session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "_MOST_RECORDINGS", 1)
    HELD[""] = True
    session.open_source(folder)
    next_one = names_of(session)[1]
    wait_for(lambda: session.job is not None and session.job.state == "done" and ASKED[-1:] == [(next_one, "begun")])
    ASKED.clear()
    session.run(again=True)
    # Held for ever, it would keep the picker that was asked for waiting for ever.
    wait_for(lambda: session.job.state == "done" and ASKED[-1:] == [(next_one, "begun")])
    assert ASKED[0] == (next_one, "stopped")
    HELD[""] = False
    wait_for(lambda: picked(session, [next_one]))


def test_what_is_opened_does_not_wait_for_what_came_after_the_last(session: Session, folder: Path) -> None:
    HELD[""] = True
    session.open_source(folder)
    names = names_of(session)
    wait_for(lambda: (names[1], "begun") in ASKED)
    session.open(names[3])
    wait_for(lambda: (names[1], "stopped") in ASKED and session.runs["sta_lta"].annotations is not None)
    wait_for(lambda: begun()[-1] == names[4])


def test_one_that_cannot_be_read_is_passed_over(
    session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = opened(session, folder, monkeypatch, 2)
    read = session._shelf._read

    def broken(name: str) -> Any:
        if name == names[5]:
            raise OSError("the disk is gone")
        return read(name)

    monkeypatch.setattr(session._shelf, "_read", broken)
    session.open(names[4])
    wait_for(lambda: picked(session, names[6:7]))
    assert begun() == [*names[1:3], names[6]]


def test_one_that_ends_its_process_is_not_followed_by_the_next(session: Session, folder: Path) -> None:
    names = [str(name) for name in open_source(folder).scan()["recording_id"]]
    LOST.add(names[2])
    session.open_source(folder)
    wait_for(lambda: ASKED.count((names[2], "begun")) == 1 and not session._ahead._jobs.busy)
    session.step(1)
    wait_for(lambda: ASKED.count((names[2], "begun")) == 2 and not session._ahead._jobs.busy)
    assert begun() == names[1:3]


def test_one_that_stops_late_does_not_end_the_turn_after_its_own(
    session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "_MOST_RECORDINGS", 2)
    session.add_picker("ar_aic")
    LATE[""] = True
    HELD[""] = True
    session.open_source(folder)
    names = names_of(session)
    wait_for(lambda: (names[1], "begun") in ASKED)
    session.open(names[3])
    HELD[""] = False
    wait_for(lambda: picked(session, names[4:6]))
    assert begun() == [names[1], *names[4:6]]
