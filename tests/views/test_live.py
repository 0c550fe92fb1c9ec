"""The live view draws what has arrived, and picks appear in it."""

from __future__ import annotations

import numpy as np
import pytest
from bokeh.models import ColumnDataSource

from workbench.inference.feeds import replay
from workbench.inference.live import LivePicks
from workbench.inference.streaming import StreamPicker
from workbench.pickers import open_picker
from workbench.schema import make_recording
from workbench.training.synthetic import coloured_noise, synthetic_event
from workbench.views.live import LiveView


@pytest.fixture
def view():
    rng = np.random.default_rng(1)
    samples = 0.01 * coloured_noise(rng, (2, 3, 12_000))
    for row in range(2):
        samples[row, :, 4000:10_000] += synthetic_event(rng, n_samples=6000, p_sample=500).samples
    recording = make_recording(
        samples, stations=["XX.A.", "XX.B."], components=list("ZNE"), start="2024-01-01", sampling_rate_hz=100.0,
        recording_id="r", source="test",
    )  # fmt: skip
    opened = open_picker("xiaonet")
    made = []

    def make(speed: float) -> LivePicks:
        made.append(LivePicks(StreamPicker(opened.evaluate, opened.grid, opened.card.thresholds), replay([recording])))
        return made[-1]

    view = LiveView(make)
    view.made = made
    yield view
    view.stop()


def sources(view: LiveView) -> list[ColumnDataSource]:
    return [renderer.data_source for renderer in view._figure.renderers]


def test_traces_and_picks_appear_once_started(view):
    view.refresh()
    assert "Nothing is streaming" in view._words.object
    view._button.clicks += 1
    view.made[0].wait(60)
    view.refresh()
    traces, picks = sources(view)
    assert len(traces.data["xs"]) == 2
    assert {"P", "S"} <= set(picks.data["phase"])
    assert "The stream has ended: 2 stations" in view._words.object
    assert view._button.label == "Start"
    assert view._figure.x_range.end > view._figure.x_range.start > 1.7e12


def test_starting_again_begins_anew(view):
    view.start()
    view.made[0].wait(60)
    view.refresh()
    view.start()
    assert len(view.made) == 2
