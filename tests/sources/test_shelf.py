"""The shelf keeps recordings in memory and fetches neighbours ahead."""

from __future__ import annotations

from threading import Event as Flag

import numpy as np
import pytest

from workbench.errors import SourceError
from workbench.schema import make_recording
from workbench.sources.shelf import Shelf


class CountingSource:
    """A source of made recordings that counts how often each was read, and can be held back."""

    def __init__(self, n_samples: int = 1000) -> None:
        self.n_samples = n_samples
        self.reads: list[str] = []
        self.gate = Flag()
        self.gate.set()

    def read(self, recording_id):
        assert self.gate.wait(10)
        self.reads.append(recording_id)
        if recording_id == "broken":
            raise SourceError("broken cannot be read.")
        return make_recording(
            np.ones((1, 1, self.n_samples)),
            stations=["XX.A."],
            components="Z",
            start="2024-01-01",
            sampling_rate_hz=100.0,
            recording_id=recording_id,
            source="test",
        )


@pytest.fixture
def source():
    return CountingSource()


@pytest.fixture
def shelf(source):
    shelf = Shelf(source.read, bytes_kept=100_000)
    yield shelf
    source.gate.set()
    shelf.close()


def test_a_recording_is_read_once(shelf, source):
    first = shelf.fetch("a").result(10)
    assert shelf.fetch("a").result(10) is first
    assert source.reads == ["a"]


def test_a_neighbour_fetched_ahead_is_there_when_asked_for(shelf, source):
    shelf.fetch("a").result(10)
    shelf.fetch_ahead(["a", "b", "c"])
    shelf.fetch("b").result(10), shelf.fetch("c").result(10)
    assert sorted(source.reads) == ["a", "b", "c"]
    assert shelf.fetch("b").done()


def test_the_recordings_used_longest_ago_leave_when_memory_is_full(shelf, source):
    for name in "abcdefghij":
        shelf.fetch(name).result(10)
    size = shelf.fetch("j").result(10).nbytes
    kept = 100_000 // size
    assert 0 < kept < 10
    source.reads.clear()
    shelf.fetch("j").result(10)
    assert source.reads == []
    shelf.fetch("a").result(10)
    assert source.reads == ["a"]


def test_a_recording_larger_than_the_limit_stays_alone():
    source = CountingSource(n_samples=100_000)
    shelf = Shelf(source.read, bytes_kept=1000)
    shelf.fetch("day").result(10)
    shelf.fetch("day").result(10)
    assert source.reads == ["day"]
    shelf.close()


def test_a_failed_reading_is_tried_again(shelf, source):
    for _ in range(2):
        with pytest.raises(SourceError, match="broken"):
            shelf.fetch("broken").result(10)
    assert source.reads == ["broken", "broken"]


def test_neighbours_no_longer_wanted_are_not_read(shelf, source):
    source.gate.clear()
    shelf.fetch_ahead(list("abcdef"))
    shelf.fetch_ahead(["z"])
    source.gate.set()
    shelf.fetch("z").result(10)
    shelf.fetch("y").result(10)
    # Two were being read already when the wish changed; the others had not begun.
    assert set(source.reads) <= {"a", "b", "z", "y"}
