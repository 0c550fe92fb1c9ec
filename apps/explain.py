"""The Explain app: why a picker picked there, over the traces, and whether that can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import panel as pn

from apps.inspect import add_first_picker, new_session, theme_of
from workbench.errors import WorkbenchError
from workbench.session import OWNER, Explaining, Session, Visitor
from workbench.views.address import go_to, page_query, read_address
from workbench.views.explain_address import ask_as_addressed, read_question
from workbench.views.explain_page import ExplainPage
from workbench.views.guard import guarded
from workbench.views.refusal import refusal_page

__all__ = ["APPS", "explain_page"]

APPS = {"Explain": ""}
"""Title to address of the apps of a server that serves this one only; its own is empty."""

_BUNDLED = "xiaonet"


def explain_page(
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
        Opened first where the address names none: a path, ``"examples"``, ``"synthetic"`` or
        ``"seisbench:NAME"``. Then the first pick of the bundled picker is explained.
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
    explaining = Explaining(session, auto=True)
    pn.state.on_session_destroyed(lambda _: explaining.close())
    made = ExplainPage(explaining, apps, theme_of(session))
    query = page_query()
    place, asked = read_address(query), read_question(query)
    with guarded(session):
        ask_as_addressed(explaining, asked)
        go_to(session, replace(place, source=place.source or source))
        _add_pickers(session, [asked.picker, asked.second], named=bool(place.source))
    return made.__panel__()


def _add_pickers(session: Session, keys: list[str], *, named: bool) -> None:
    """Those that the address names; else as on the Inspect page or, for who comes without one, the bundled one."""
    wanted = [key for key in dict.fromkeys(keys) if key]
    for key in wanted:
        name, _, weights = key.partition("/")
        session.request_picker(name, weights)
    if not wanted and named:
        add_first_picker(session)
    elif not wanted:
        session.request_picker(_BUNDLED)
