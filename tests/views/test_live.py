"""The live view draws what has arrived, and picks appear in it."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.inference.feeds import replay
from workbench.inference.live import LivePicks
from workbench.inference.streaming import StreamPicker
from workbench.pickers import open_picker
from workbench.schema import make_recording
from workbench.session import Session
from workbench.settings import load_settings
from workbench.training.synthetic import coloured_noise, synthetic_event
from workbench.views.live import LivePage
from workbench.views.theme import phase_colour


@pytest.fixture
def view(tmp_path):
    rng = np.random.default_rng(1)
    samples = 0.01 * coloured_noise(rng, (2, 3, 12_000))
    for row in range(2):
        samples[row, :, 4000:10_000] += synthetic_event(rng, n_samples=6000, p_sample=500).samples
    recording = make_recording(
        samples, stations=["XX.A.", "XX.B."], components=list("ZNE"), start="2024-01-01", sampling_rate_hz=100.0,
        recording_id="r", source="test",
    )  # fmt: skip
    opened = open_picker("xiaonet")
    made, speeds = [], []

    def make(speed: float) -> LivePicks:
        speeds.append(speed)
        made.append(LivePicks(StreamPicker(opened.evaluate, opened.grid, opened.card.thresholds), replay([recording])))
        return made[-1]

    session = Session(settings=load_settings(labels=str(tmp_path / "labels.sqlite")))
    page = LivePage(session, make, {"Live": ""}, ("A feed", "here", "played again"), "XiaoNet")
    page.made, page.speeds = made, speeds
    yield page
    page.stop()
    session.close()


def test_before_the_start_there_is_a_sentence_and_one_button_but_no_axes(view):
    assert view._stage[0] is view._empty
    assert "picks appear here" in view._empty.html
    assert 'data-act="start"' in view._empty.html
    assert 'data-act="start"' not in view._toolbar.html
    assert "Nothing is streaming" in view._status.html


def test_traces_and_picks_appear_once_started(view):
    view._act({"act": "start"})
    view.made[0].wait(60)
    view.refresh()
    plot = view._plot
    assert view._stage[0] is view._pane
    assert len(plot.traces.data["xs"]) == 2
    assert {"P", "S"} <= set(plot.picks.data["phase"])
    assert "The stream has ended" in view._status.html
    assert "2 stations" in view._status.html
    assert "after its onset" in view._status.html
    assert "Start again" in view._toolbar.html
    assert plot.figure.x_range.end > plot.figure.x_range.start > 1.7e12
    assert set(plot.figure.yaxis[0].major_label_overrides.values()) == {"XX.A", "XX.B"}


def test_the_other_theme_gives_picks_its_hues_and_moves_nothing(view):
    view.start()
    view.made[0].wait(60)
    view.refresh()
    before = dict(view._plot.picks.data)
    view.theme = "dark"
    after = view._plot.picks.data
    assert list(after["time"]) == list(before["time"])
    assert after["colour"] == [phase_colour(phase, "dark") for phase in before["phase"]]
    assert after["colour"] != before["colour"]


def test_a_stop_says_so_and_starting_again_begins_anew(view):
    view.start()
    view.stop()
    assert "Stopped" in view._status.html
    view.start()
    assert len(view.made) == 2


def test_a_chosen_speed_is_that_of_the_next_feed(view):
    view._act({"act": "speed", "value": "20"})
    view.start()
    assert view.speeds == [20.0]
