"""A feed picked in the background, and what there is to see of it."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.errors import SourceError
from workbench.inference.feeds import replay
from workbench.inference.live import LivePicks
from workbench.inference.streaming import StreamPicker
from workbench.pickers import open_picker
from workbench.schema import make_recording
from workbench.training.synthetic import coloured_noise, synthetic_event


@pytest.fixture(scope="module")
def recording():
    rng = np.random.default_rng(1)
    samples = 0.01 * coloured_noise(rng, (3, 18_000))
    samples[:, 9000:15_000] += synthetic_event(rng, n_samples=6000, p_sample=500).samples
    return make_recording(
        samples[None], stations=["XX.A."], components=list("ZNE"), start="2024-01-01", sampling_rate_hz=100.0,
        recording_id="r", source="test",
    )  # fmt: skip


def picker() -> StreamPicker:
    opened = open_picker("xiaonet")
    return StreamPicker(opened.evaluate, opened.grid, opened.card.thresholds)


def test_only_the_last_minutes_and_all_picks_are_there_to_see(recording):
    live = LivePicks(picker(), replay([recording]), seconds=60.0)
    live.start()
    live.wait(60)
    seen = live.snapshot()
    assert not seen.running
    assert seen.error == ""
    assert seen.newest == np.datetime64("2024-01-01T00:03:00", "ns")
    times = seen.times["XX.A."]
    assert times[0] >= np.datetime64("2024-01-01T00:02:00", "ns")
    assert times.size == seen.samples["XX.A."].size > 100
    assert {pick.phase for pick in seen.picks} == {"P", "S"}


def test_stopping_ends_the_feed(recording):
    endless = (packet for _ in iter(int, 1) for packet in replay([recording]))
    live = LivePicks(picker(), endless)
    live.start()
    live.stop()
    live.wait(60)
    assert not live.snapshot().running


def test_why_a_feed_ended_is_said():
    def broken():
        raise SourceError("the cable was cut")
        yield

    live = LivePicks(picker(), broken())
    live.start()
    live.wait(60)
    assert live.snapshot().error == "the cable was cut"
