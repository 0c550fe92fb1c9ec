"""The Review app: the labels and picks of a source that are most likely wrong, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import panel as pn

from apps.inspect import add_first_picker, new_session, theme_of
from workbench.errors import WorkbenchError
from workbench.session import OWNER, Reviewing, Visitor
from workbench.views.address import go_to, page_query, read_address
from workbench.views.guard import guarded
from workbench.views.refusal import refusal_page
from workbench.views.review_page import ReviewPage

__all__ = ["APPS", "review_page"]

APPS = {"Review": ""}
"""Title to address of the apps of a server that serves this one only; its own is empty."""


def review_page(
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
        Opened first where the address names none: a path, ``"examples"`` or ``"seisbench:NAME"``.
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
    reviewing = Reviewing(session)
    pn.state.on_session_destroyed(lambda _: reviewing.close())
    made = ReviewPage(reviewing, apps, theme_of(session))
    pn.state.on_session_destroyed(lambda _: made.close())
    place = read_address(page_query())
    with guarded(session):
        go_to(session, replace(place, source=place.source or source))
        add_first_picker(session)
    return made.__panel__()
