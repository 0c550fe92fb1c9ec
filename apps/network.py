"""The Network app: all stations of a recording together, on a map and in a record section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import panel as pn

from apps.inspect import add_first_picker, new_session, theme_of
from workbench.errors import WorkbenchError
from workbench.session import OWNER, Session, Surveying, Visitor
from workbench.views.address import go_to, page_query, read_address
from workbench.views.guard import guarded
from workbench.views.network_address import FIRST_FILTER, look_as_addressed, read_looked
from workbench.views.network_page import NetworkPage
from workbench.views.refusal import refusal_page

__all__ = ["APPS", "network_page"]

APPS = {"Network": ""}
"""Title to address of the apps of a server that serves this one only; its own is empty."""


def network_page(
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
        Opened first where the address names none: a path, ``"examples"`` or ``"seisbench:NAME"``; then its recording of
        the most stations.
    labels
        URL or path of the label journal; empty stands for that of the settings.
    roots
        Folders that a path from the page may not leave; None is no limit.
    apps
        Title to address of the apps that the same server serves.
    visitor
        Who opens the page, and what they may do.
    """
    try:
        session = new_session(labels, roots, visitor)
    except WorkbenchError as error:
        return refusal_page(str(error))
    surveying = Surveying(session)
    pn.state.on_session_destroyed(lambda _: surveying.close())
    made = NetworkPage(surveying, apps, theme_of(session))
    query = page_query()
    place, looked = read_address(query), read_looked(query)
    with guarded(session):
        session.filter = place.filter or FIRST_FILTER
        look_as_addressed(surveying, looked)
        if not place.recording:
            _open_most_stations(session)
        go_to(session, replace(place, source=place.source or source))
        if looked.picker:
            name, _, weights = looked.picker.partition("/")
            session.request_picker(name, weights)
        else:
            surveying.bring("station_graph")
            add_first_picker(session)
    return made.__panel__()


def _open_most_stations(session: Session) -> None:
    """Once the source is listed: of its recordings, the first of those with the most stations."""

    def listed(*_: object) -> None:
        table = session.recordings
        session.param.unwatch(watcher)
        if len(table) and int(table["n_stations"].iloc[0]) < int(table["n_stations"].max()):
            most = str(table["recording_id"].iloc[int(table["n_stations"].to_numpy().argmax())])
            session.schedule(lambda: session.open(most))

    watcher = session.param.watch(listed, "recordings")
