"""The same recordings as HoloViews curves with ``subcoordinate_y``, the usual way: ``panel serve peer_page.py``."""

from __future__ import annotations

import sys
from pathlib import Path

import holoviews as hv
import numpy as np
import panel as pn
from holoviews.operation.downsample import downsample1d

sys.path.insert(0, str(Path(__file__).parent))
from made_recordings import RATE_HZ, RECORDINGS, SHAPES, waveforms

hv.extension("bokeh")
pn.extension()
case = pn.state.session_args["case"][0].decode()
kept = pn.state.as_cached(f"made {case}", lambda: [waveforms(case, i) for i in range(RECORDINGS[case])])
n_stations, n_components, n_samples = SHAPES[case]
times = np.arange(n_samples) / RATE_HZ
number = pn.widgets.IntInput(value=0, visible=False)


def curves(value):
    samples = kept[value % len(kept)]
    return hv.Overlay(
        [
            hv.Curve((times, samples[s, c]), "time", "amplitude", label=f"S{s:02d} {'ZNE'[c]}").opts(
                subcoordinate_y=True
            )
            for s in range(n_stations)
            for c in range(n_components)
        ]
    )


def picks(x, y):
    marks.append(x if x is not None else 1.0)
    return hv.VLines(marks).opts(color="red")


marks: list[float] = []
traces = downsample1d(hv.DynamicMap(pn.bind(curves, number)), algorithm="minmax-lttb")
tap = hv.streams.Tap(source=traces, x=None, y=None)
size = {"width": 1300, "height": 800, "show_legend": False, "active_tools": ["wheel_zoom"], "tools": ["xwheel_zoom"]}
plot = traces.opts(**size)
if case == "one":
    plot = (traces * hv.DynamicMap(picks, streams=[tap])).opts(**size)
button = pn.widgets.Button(label="Next", on_click=lambda _: setattr(number, "value", number.value + 1))
pn.Column(button, plot, margin=0).servable()
