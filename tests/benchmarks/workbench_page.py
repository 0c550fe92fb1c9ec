"""The workbench's trace view and a Next button, over recordings made in memory: ``panel serve workbench_page.py``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pandas as pd
import panel as pn

sys.path.insert(0, str(Path(__file__).parent))
from made_recordings import RATE_HZ, RECORDINGS, SHAPES, waveforms

from workbench.schema import check_recordings_table, empty_picks, make_recording
from workbench.session import Session
from workbench.settings import load_settings
from workbench.views.markup import Markup
from workbench.views.tags import tag
from workbench.views.traces import TraceView


class Made:
    """A source of recordings in memory."""

    kind, title, location = "made", "Made", "made"

    def __init__(self, case):
        self.case = case
        self.kept = pn.state.as_cached(f"made {case}", lambda: [self.make(i) for i in range(RECORDINGS[case])])

    def make(self, number):
        n_stations = SHAPES[self.case][0]
        return make_recording(
            waveforms(self.case, number),
            stations=[f"XX.S{i:02d}." for i in range(n_stations)],
            components="ZNE",
            start="2024-01-01",
            sampling_rate_hz=RATE_HZ,
            recording_id=f"{self.case} {number}",
            source="made",
        )

    def scan(self, report=None):
        return check_recordings_table(
            pd.DataFrame({"recording_id": [f"{self.case} {i}" for i in range(len(self.kept))]})
        )

    def read(self, recording_id):
        return self.kept[int(recording_id.split()[-1])]

    def reference_picks(self, recording_id):
        return empty_picks()

    def event(self, recording_id):
        return None


pn.extension()
case = pn.state.session_args["case"][0].decode()
folder = tempfile.mkdtemp()
document = pn.state.curdoc
session = Session(
    settings=load_settings(labels=f"{folder}/labels.sqlite", cache=folder, analyst="bench"),
    schedule=lambda function: document.add_next_tick_callback(function),
    hold=pn.io.hold,
)
view = TraceView(session)

# As the buttons under the app's list of recordings.
button = Markup(session, lambda action: session.step(int(action["by"])))
turn = {"by": 1}


def point_on(_):
    """To the end of the list and back again, always to a neighbour."""
    names = list(session.recordings["recording_id"])
    if session.recording_id in (names[0], names[-1]):
        turn["by"] = 1 if session.recording_id == names[0] else -1
    button.html = tag("button", "Next", data_act="step", data_by=turn["by"], data_turn=turn["by"])


session.param.watch(point_on, "recording_id")
pn.state.onload(lambda: session.open_source(Made(case)))
height = int(pn.state.session_args.get("height", [b"800"])[0])
pn.Column(button, pn.Column(view, width=1300, height=height), margin=0).servable()
