"""The Live app: a source's recordings played again, or a SeedLink server, picked as the samples arrive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import panel as pn

from workbench.errors import WorkbenchError
from workbench.inference.feeds import parse_seedlink, replay, seedlink
from workbench.inference.live import LivePicks
from workbench.inference.streaming import Packet, StreamPicker
from workbench.pickers import open_picker
from workbench.processing.resampling import resample
from workbench.settings import load_settings
from workbench.sources import open_source
from workbench.views.live import LiveView
from workbench.views.refusal import refusal_page

__all__ = ["live_page"]


def live_page(source: str = "examples", roots: tuple[Path, ...] | None = None) -> Any:
    """The page of one browser session.

    Parameters
    ----------
    source
        Place of recordings that are played again, or ``seedlink://HOST:PORT/NET.STA.LOC.CHA,...``.
    roots
        Folders that a path may not leave; None is no limit.
    """
    theme = load_settings().theme
    try:
        picker: Any = open_picker("xiaonet")
        if not source.startswith("seedlink:"):
            open_source(source, roots=roots)
    except WorkbenchError as error:
        return refusal_page(str(error))

    def make(speed: float) -> LivePicks:
        streaming = StreamPicker(picker.evaluate, picker.grid, picker.card.thresholds)
        return LivePicks(streaming, _packets(source, roots, speed))

    view = LiveView(make, theme if theme in ("light", "dark") else "light")
    pn.state.on_session_destroyed(lambda _context: view.stop())
    return pn.Column(f"### Live: {source}", view, sizing_mode="stretch_both")


def _packets(place: str, roots: tuple[Path, ...] | None, speed: float) -> Iterator[Packet]:
    if place.startswith("seedlink:"):
        yield from seedlink(parse_seedlink(place))
        return
    source = open_source(place, roots=roots)
    ordered = source.scan().sort_values("start", kind="stable")["recording_id"]
    # A file may have any rate, a stream has one: what is played again is resampled first.
    yield from replay((resample(source.read(name), 100.0) for name in ordered), speed=speed)
