"""Waveforms of a catalogue's events from a service: dead ones are left alone, and large requests split."""

import os
from types import SimpleNamespace

import pandas as pd
import pytest

from workbench.schema import Event, silent
from workbench.sources.fdsn_service import NothingThereError, TooMuchError, UnreachableError
from workbench.sources.ogs.fetching import fetch_windows
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


def fetch(tmp_path, wanted, service):
    return fetch_windows("fdsn:X?network=OX&channel=HHZ", wanted, tmp_path, silent, lambda _: service)


def test_a_service_that_is_not_there_is_left_alone_after_three_events(tmp_path):
    service = Service(dead=True)
    _, said = fetch(tmp_path, windows(5), service)
    assert len(service.asked) == 3
    assert len(said) == 4
    assert "the 2 other events" in said[-1]
    assert len(fetch(tmp_path, windows(5), Service())[1]) == 0


def test_stations_are_asked_for_in_parts_where_all_are_too_many(tmp_path):
    service = Service(held="AC")
    folder, said = fetch(tmp_path, windows(1, "ABC"), service)
    assert said == []
    assert service.asked == ["ABC", "A", "BC", "B", "C"]
    assert [file.read_bytes() for file in folder.iterdir()] == [b"AC"]
    folder, said = fetch(tmp_path / "nothing", windows(1, "ABC"), Service(held=""))
    assert said == []
    assert [file.suffix for file in folder.iterdir()] == [".none"]


@pytest.mark.parametrize("held", ["A", ""])
def test_an_answer_about_a_fresh_event_is_not_the_last(tmp_path, held):
    folder, _ = fetch(tmp_path, windows(1), Service(held=held))
    (file,) = folder.iterdir()
    once, again = Service(held=held), Service(held=held)
    fetch(tmp_path, windows(1), once)
    soon = START_NS / 1e9 + 24 * 3600
    os.utime(file, (soon, soon))
    fetch(tmp_path, windows(1), again)
    assert (once.asked, again.asked) == ([], ["A"])


def test_a_pick_without_a_distance_leaves_that_of_another():
    nan = float("nan")
    picks = [
        {"station": ".A.", "distance_km": 50.0, "azimuth_deg": 0.0},
        {"station": ".A.", "distance_km": nan, "azimuth_deg": nan},
    ]
    event = Event("e", pd.Timestamp("2020-01-01"), latitude_deg=46.0, longitude_deg=13.0)
    (station,) = estimated_stations([SimpleNamespace(event=event, picks=picks)])
    assert station.latitude_deg == pytest.approx(46.45, abs=0.01)
