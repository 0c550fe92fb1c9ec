"""The Live app: a source's recordings played again, or a SeedLink server, picked as the samples arrive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import panel as pn

from workbench.errors import WorkbenchError
from workbench.inference.feeds import parse_seedlink, replay, seedlink
from workbench.inference.live import LivePicks
from workbench.inference.streaming import Packet, StreamPicker
from workbench.pickers import open_picker
from workbench.processing.resampling import resample
from workbench.session import OWNER, Session, Visitor
from workbench.settings import load_settings
from workbench.sources import open_source
from workbench.views.address import page_query, read_address
from workbench.views.live import LivePage
from workbench.views.refusal import refusal_page
from workbench.views.theme import TOKENS

__all__ = ["APPS", "live_page"]

APPS = {"Live": ""}
"""Title to address of the apps of a server that serves this one only; its own is empty."""

_SEEDLINK = "seedlink:"


def live_page(
    source: str = "examples",
    *,
    labels: str = "",
    roots: tuple[Path, ...] | None = None,
    apps: Mapping[str, str] = APPS,
    visitor: Visitor = OWNER,
) -> Any:
    """The page of one browser session.

    Parameters
    ----------
    source
        Place of recordings that are played again, or ``seedlink://HOST:PORT/NET.STA.LOC.CHA,...``; where the page's
        address names a source, that one is played.
    labels
        URL or path of the label journal; empty stands for that of the settings.
    roots
        Folders that a path may not leave; None is no limit.
    apps
        Title to address of the apps that the same server serves.
    visitor
        Who opens the page, and what they may do.
    """
    named = read_address(page_query()).source
    # A link may not make this server call another one: only who starts it names a SeedLink server.
    if named and not named.startswith(_SEEDLINK) and not source.startswith(_SEEDLINK):
        source = named
    try:
        picker: Any = open_picker("xiaonet")
        visitor.check_may_open(source)
        roots = None if visitor.is_served(source) and source.startswith("fdsn:") else roots
        feed = _feed(source, roots)
        session = Session(settings=load_settings(labels=labels or None), roots=roots, visitor=visitor)
    except WorkbenchError as error:
        return refusal_page(str(error))

    def make(speed: float) -> LivePicks:
        streaming = StreamPicker(picker.evaluate, picker.grid, picker.card.thresholds)
        return LivePicks(streaming, _packets(source, roots, speed))

    theme = session.settings.theme
    made = LivePage(
        session, make, apps, feed, picker.card.title, replayed=not source.startswith(_SEEDLINK),
        theme=theme if theme in TOKENS else "light",
    )  # fmt: skip

    def end(_context: Any) -> None:
        made.stop()
        session.close()

    pn.state.on_session_destroyed(end)
    return made.__panel__()


def _feed(place: str, roots: tuple[Path, ...] | None) -> tuple[str, str, str]:
    """What streams, in words: title, place, and how."""
    if place.startswith(_SEEDLINK):
        address = parse_seedlink(place)
        return f"{address.host}:{address.port}", place, "by SeedLink"
    opened = open_source(place, roots=roots)
    return opened.title, str(opened.location), "played again"


def _packets(place: str, roots: tuple[Path, ...] | None, speed: float) -> Iterator[Packet]:
    if place.startswith(_SEEDLINK):
        yield from seedlink(parse_seedlink(place))
        return
    source = open_source(place, roots=roots)
    ordered = source.scan().sort_values("start", kind="stable")["recording_id"]
    # A file may have any rate, a stream has one: what is played again is resampled first.
    yield from replay((resample(source.read(name), 100.0) for name in ordered), speed=speed)
