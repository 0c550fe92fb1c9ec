"""The page's address and the session: a link opens the same place, and a reload returns to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

import pandas as pd
import panel as pn
import param

from workbench.processing.filtering import FILTERS
from workbench.session import BLINDS, Notice, Session

__all__ = ["Place", "address_of", "go_to", "page_query", "read_address"]

_ALIGN = ("time", "P", "S", "origin")


@dataclass(frozen=True)
class Place:
    """What an address names; empty where it says nothing.

    Parameters
    ----------
    view
        (start, end) of the time on the screen, or None.
    blind
        What is hidden: see :data:`workbench.session.BLINDS`.
    """

    source: str = ""
    recording: str = ""
    station: str = ""
    filter: str = ""
    align: str = ""
    view: tuple[pd.Timestamp, pd.Timestamp] | None = None
    blind: str = ""


def page_query() -> str:
    """The query of the page's address as the browser shows it; empty where no browser is there."""
    return pn.state.location.search or "" if pn.state.location else ""


def address_of(session: Session) -> str:
    """The query of the address that leads back here: ``"source=examples&recording=..."``; without defaults."""
    if session.source is None:
        return ""
    parts = {"source": str(session.source.location), "recording": session.recording_id, "blind": session.blind}
    if session.recording is not None:
        parts |= {"station": session.station}
        if session.filter != "none":
            parts["filter"] = session.filter
        if session.align != "time":
            parts["align"] = session.align
        if session.view is not None:
            start, end = (pd.Timestamp(time).isoformat(timespec="milliseconds") for time in session.view)
            parts |= {"from": start, "to": end}
    return urlencode({name: value for name, value in parts.items() if value})


def read_address(query: str) -> Place:
    """The place that a query names; what it does not know or cannot read is left out.

    >>> read_address("?source=examples&station=BW.RJOB.&align=Q").station
    'BW.RJOB.'
    """
    values: Mapping[str, str] = dict(parse_qsl(query.lstrip("?")))
    align, name = values.get("align", ""), values.get("filter", "")
    return Place(
        source=values.get("source", ""),
        recording=values.get("recording", ""),
        station=values.get("station", ""),
        filter=name if name in FILTERS else "",
        align=align if align in _ALIGN else "",
        view=_view(values.get("from", ""), values.get("to", "")),
        blind=values.get("blind", "") if values.get("blind", "") in BLINDS else "",
    )


def _view(start: str, end: str) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    try:
        times = pd.Timestamp(start), pd.Timestamp(end)
    except ValueError:
        return None
    if pd.isna(times[0]) or pd.isna(times[1]) or times[0].tz or times[1].tz or times[0] >= times[1]:
        return None
    return times


def go_to(session: Session, place: Place) -> None:
    """Open the place; station, filter and view are set once its recording has come."""
    if place.recording and (place.station or place.filter or place.align or place.view):

        def arrived(*_: object) -> None:
            if session.recording is None or session.recording_id != place.recording:
                return
            session.param.unwatch(watcher)
            _set(session, place)

        watcher = session.param.watch(arrived, "recording")
    # Before anything is read: what is hidden on one page is not seen for a moment on the next.
    session.set_blind(place.blind)
    session.request_source(place.source, recording_id=place.recording)


def _set(session: Session, place: Place) -> None:
    with session.hold(), param.parameterized.batch_call_watchers(session):
        if place.filter:
            session.filter = place.filter
        if place.align and (place.align != "origin" or session.event is not None):
            session.align = place.align
        if place.station:
            if place.station in session.recording["station"].values:
                session.station = place.station
            else:
                session.notice = Notice(
                    "warn", f"The link names the station {place.station}, which this recording has not."
                )
        if place.view:
            times = session.recording["time"].values
            if place.view[1] > pd.Timestamp(times[0]) and place.view[0] < pd.Timestamp(times[-1]):
                session.view = place.view
