"""Waveforms of a catalogue's events from a service: dead ones are left alone, and large requests split."""

import os
from types import SimpleNamespace

import pandas as pd
import pytest

from workbench.errors import SourceError
from workbench.schema import Event, silent
from workbench.sources.fdsn_service import NothingThereError, TooMuchError, UnreachableError
from workbench.sources.ogs.fetching import EventService
from workbench.sources.ogs.joined import EventWindow
from workbench.sources.ogs.station_codes import estimated_stations

HOUR_NS = 3_600_000_000_000
START_NS = pd.Timestamp("2020-01-01").value


class Service:
    """Writes the codes it was asked for; several at once are too much for it."""

    def __init__(self, url="", held="ABC", dead=False):
        self.url, self.held, self.dead = url, held, dead
        self.asked = []

    def waveforms(self, file, lines, report):
        codes = [line[1] for line in lines]
        self.asked.append("".join(codes))
        if self.dead:
            raise UnreachableError("nobody")
        if len(codes) > 1:
            raise TooMuchError("too much")
        if codes[0] not in self.held:
            raise NothingThereError("nothing")
        file.write_bytes(codes[0].encode())


def windows(n, codes="A"):
    picks = [{"station": f".{code}."} for code in codes]
    return [
        EventWindow(
            SimpleNamespace(picks=picks, event=SimpleNamespace(event_id=f"e{k}")),
            (START_NS + k * HOUR_NS, START_NS + k * HOUR_NS + HOUR_NS // 2),
        )
        for k in range(n)
    ]


def event_service(tmp_path, service, clock=lambda: 0.0):
    return EventService("fdsn:X?network=OX&channel=HHZ", tmp_path, lambda _: service, clock)


def test_a_service_that_is_not_there_is_left_alone_for_a_while_after_three_events(tmp_path):
    service, now = Service(dead=True), [0.0]
    events = event_service(tmp_path, service, lambda: now[0])
    for window in windows(5):
        with pytest.raises(SourceError):
            events.fetch(window, silent)
    assert len(service.asked) == 3
    with pytest.raises(SourceError, match="was not asked: nobody was there"):
        events.fetch(windows(1)[0], silent)
    now[0], service.dead = 301.0, False
    (window,) = windows(1)
    events.fetch(window, silent)
    assert events.holds(window)


def test_stations_are_asked_for_in_parts_where_all_are_too_many(tmp_path):
    service, (window,) = Service(held="AC"), windows(1, "ABC")
    events = event_service(tmp_path, service)
    events.fetch(window, silent)
    assert service.asked == ["ABC", "A", "BC", "B", "C"]
    assert events.file(window).read_bytes() == b"AC"
    nothing = event_service(tmp_path / "nothing", Service(held=""))
    assert not nothing.holds(window)
    nothing.fetch(window, silent)
    assert nothing.holds(window)
    assert [file.suffix for file in nothing.folder.iterdir()] == [".none"]


@pytest.mark.parametrize("held", ["A", ""])
def test_an_answer_about_a_fresh_event_is_not_the_last(tmp_path, held):
    (window,) = windows(1)
    first = event_service(tmp_path, Service(held=held))
    first.fetch(window, silent)
    (file,) = first.folder.iterdir()
    assert event_service(tmp_path, Service()).holds(window)
    soon = START_NS / 1e9 + 24 * 3600
    os.utime(file, (soon, soon))
    # Once more by whoever opens the catalogue next, but not at each look.
    assert first.holds(window)
    assert not event_service(tmp_path, Service()).holds(window)


def test_a_pick_without_a_distance_leaves_that_of_another():
    nan = float("nan")
    picks = [
        {"station": ".A.", "distance_km": 50.0, "azimuth_deg": 0.0},
        {"station": ".A.", "distance_km": nan, "azimuth_deg": nan},
    ]
    event = Event("e", pd.Timestamp("2020-01-01"), latitude_deg=46.0, longitude_deg=13.0)
    (station,) = estimated_stations([SimpleNamespace(event=event, picks=picks)])
    assert station.latitude_deg == pytest.approx(46.45, abs=0.01)
