"""``Markup`` and ``Rows``: HTML that the server makes and the browser keeps in place, and tables of any length."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

from workbench.session import Session
from workbench.views.guard import guarded
from workbench.views.notebook import follow_in_notebooks
from workbench.views.theme import FONT, TOKENS

__all__ = ["ESM_FOLDER", "Action", "Markup", "Rows", "stylesheet"]

Action = Mapping[str, Any]
"""What the user did: ``act`` names it, ``value`` is that of a field, the rest are ``data-`` attributes."""

ESM_FOLDER = Path(__file__).parent / "esm"


@cache
def stylesheet(name: str) -> str:
    """A CSS file of this folder; tokens fall back to the light theme where no page sets them (in a notebook)."""
    light = {f"--wb-{token.replace('_', '-')}": colour for token, colour in TOKENS["light"].items()}
    light |= {"--wb-font": FONT, "--wb-shadow": "none"}
    text = (ESM_FOLDER / name).read_text(encoding="utf-8")
    return re.sub(r"var\((--wb-[a-z-]+)\)", lambda match: f"var({match[1]}, {light[match[1]]})", text)


class Markup(JSComponent):
    """HTML with actions: what carries ``data-act`` and is clicked or changed calls `on_action`.

    Parameters
    ----------
    session
        Where an error of an action becomes a notice.
    on_action
        Called with the :data:`Action`.
    kind
        CSS class of the root, and name of the extra CSS file.
    """

    html = param.String("")
    kind = param.String("", constant=True)

    _esm = ESM_FOLDER / "markup.js"

    def __init__(self, session: Session, on_action: Callable[[Action], None], kind: str = "", **params: Any) -> None:
        self._session = session
        self._on_action = on_action
        sheets = [
            stylesheet("base.css"),
            *([stylesheet(f"{kind}.css")] if (ESM_FOLDER / f"{kind}.css").is_file() else []),
        ]
        params = {"sizing_mode": "stretch_width", "margin": 0} | params
        follow_in_notebooks()
        super().__init__(kind=kind, stylesheets=sheets, **params)

    def _handle_msg(self, msg: Action) -> None:
        with guarded(self._session):
            self._on_action(msg)


class Rows(JSComponent):
    """A table of any number of rows, of which the browser holds those on the screen.

    Parameters
    ----------
    session
        Where an error of an action becomes a notice.
    make_row
        Gives row i as ``{"cells": [html, ...]}``, maybe with ``kind`` (CSS class), ``title`` and ``id``, or as
        ``{"heading": html}``. A click on a row with an ``id`` is about that one, also where it has moved since.
    on_action
        Called with ``{"act": "choose", "row": i}``, ``{"act": "step", "by": 1}``, or what a cell's ``data-act`` says.
    columns
        Each ``{"label": html, "width": css, "align": "right" | ""}``.
    """

    columns = param.List([])
    total = param.Integer(0)
    first = param.Integer(0)
    rows = param.List([])
    selected = param.Integer(-1)
    anchor = param.Integer(-1, doc="Row to bring into sight where none is selected.")
    row_height = param.Integer(26)
    version = param.Integer(0)
    label = param.String("")
    nothing = param.String("", doc="HTML shown where there is no row.")
    kind = param.String("", constant=True)

    _esm = ESM_FOLDER / "rows.js"

    def __init__(
        self,
        session: Session,
        make_row: Callable[[int], Mapping[str, Any]],
        on_action: Callable[[Action], None],
        columns: Sequence[Mapping[str, Any]],
        kind: str = "",
        **params: Any,
    ) -> None:
        self._session = session
        self._make_row = make_row
        self._on_action = on_action
        self._window = 80
        params = {"sizing_mode": "stretch_both", "margin": 0} | params
        sheets = [stylesheet("base.css"), stylesheet("rows.css")]
        super().__init__(kind=kind, columns=[dict(column) for column in columns], stylesheets=sheets, **params)

    def fill(self, total: int, selected: int = -1, anchor: int = -1, **changes: Any) -> None:
        """Show another table, or the same with other rows, scrolled to where it was if that still is a place."""
        first = min(self.first, max(0, total - self._window))
        sought = selected if selected >= 0 else anchor
        if sought >= 0 and not first <= sought < first + self._window:
            first = max(0, sought - self._window // 2)
        rows = self._slice(first, self._window, total)
        self.param.update(
            total=total, first=first, rows=rows, selected=selected, anchor=anchor, version=self.version + 1, **changes
        )

    def _slice(self, first: int, count: int, total: int) -> list[dict[str, Any]]:
        return [dict(self._make_row(index)) for index in range(first, min(first + count, total))]

    def _handle_msg(self, msg: Action) -> None:
        with guarded(self._session):
            if msg["act"] == "need":
                first = max(0, int(msg["first"]))
                self._window = min(max(int(msg["count"]), 80), 400)
                self.param.update(first=first, rows=self._slice(first, self._window, self.total))
            elif (row := self._row_now(msg)) is not None:
                self._on_action({**msg, "row": row})

    def _row_now(self, msg: Action) -> int | None:
        """Where the row of a message stands now; None if it has gone."""
        if not msg.get("id"):
            return int(msg.get("row", -1))
        return next((self.first + n for n, row in enumerate(self.rows) if row.get("id") == msg["id"]), None)
