"""A folder of waveforms as HoloViews curves with ``downsample1d``: ``panel serve long_peer_page.py --args FOLDER``."""

from __future__ import annotations

import sys

import holoviews as hv
import numpy as np
import panel as pn
from holoviews.operation.downsample import downsample1d

from workbench.sources import open_source

hv.extension("bokeh")
pn.extension()


def read():
    source = open_source(sys.argv[1])
    return source.read(source.scan()["recording_id"].iloc[0])


recording = pn.state.as_cached("recording", read)
seconds = np.arange(recording.sizes["time"]) / recording.attrs["sampling_rate_hz"]
curves = [
    hv.Curve(
        (seconds, recording["waveform"].values[row, column]), "time", "amplitude", label=f"{station} {component}"
    ).opts(subcoordinate_y=True)
    for row, station in enumerate(recording["station"].values)
    for column, component in enumerate(recording["component"].values)
]
plot = downsample1d(hv.Overlay(curves), algorithm="minmax-lttb").opts(
    width=1300, height=700, show_legend=False, tools=["xwheel_zoom", "xpan"], active_tools=["xwheel_zoom", "xpan"]
)
pn.Column(plot, margin=0).servable()
