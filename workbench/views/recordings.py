"""``RecordingList``: the recordings of the open source, filtered and sorted, with status and progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import panel as pn

from workbench.schema import STATUSES
from workbench.session import Session
from workbench.views.later import Later
from workbench.views.markup import Action, Markup, Rows
from workbench.views.recordings_html import filter_html, foot_html, head_html, recording_row, recording_title
from workbench.views.recordings_query import RANGES, Query, Statuses, chosen_rows, group_starts
from workbench.views.tags import tag, text

__all__ = ["RecordingList"]

_AT_ONCE = 100_000
_MADE_KEPT = 2000


class RecordingList(pn.viewable.Viewer):
    """A list of any length: a click opens a recording, ``[`` and ``]`` step through what is listed.

    Parameters
    ----------
    on_open
        Opens the dialog in which a source is named.
    on_list
        Shows the list over the plot, where a narrow screen has only a rail.
    """

    def __init__(
        self,
        session: Session,
        on_open: Callable[[], None],
        on_list: Callable[[], None],
        **params: Any,
    ) -> None:
        self._session = session
        self._on_open, self._on_list = on_open, on_list
        self._query = Query()
        self._open_filters = False
        self._searcher: ThreadPoolExecutor | None = None
        self._made: dict[tuple[Any, ...], Mapping[str, Any]] = {}
        super().__init__(**params)
        self._table = pd.DataFrame()
        self._statuses = Statuses(session.index)
        self._categories: list[str] = []
        self.rows = np.zeros(0, dtype=int)
        self._items = self.rows
        self._head = Markup(session, self._act, kind="recordings_head")
        self._foot = Markup(session, self._act, kind="recordings_foot")
        self._rows = Rows(
            session,
            self._row,
            self._act,
            columns=[
                {"label": "", "width": "14px"},
                {"label": "", "width": "minmax(0,1fr)"},
                {"label": "", "width": "auto", "align": "right"},
            ],
            kind="recordings",
            row_height=28,
            label="Recordings",
        )
        self._layout = pn.Column(
            self._head, self._rows, self._foot, sizing_mode="stretch_both", margin=0, styles={"overflow": "hidden"}
        )
        session.param.watch(lambda *_: self._load(), "recordings")
        session.param.watch(Later(session, self._refresh), ["recording_id", "statuses"])
        self._load()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    @property
    def query(self) -> Query:
        """What is asked of the list."""
        return self._query

    def ask(self, **changes: Any) -> None:
        """Ask something else of the list; a long one is searched in a thread, and the last question wins."""
        query = self._query = replace(self._query, **changes)
        if len(self._table) <= _AT_ONCE:
            self._answer(query, chosen_rows(self._table, self._statuses, query))
            return
        if self._searcher is None:
            self._searcher = ThreadPoolExecutor(1, thread_name_prefix="search")
        table, statuses = self._table, self._statuses
        self._draw_head()

        def search() -> None:
            if query is not self._query:
                return
            rows = chosen_rows(table, statuses, query)
            self._session.schedule(lambda: self._answer(query, rows))

        self._searcher.submit(search)

    def _load(self) -> None:
        self._table = self._session.recordings
        self._made.clear()
        self._statuses = Statuses(self._session.index)
        self._statuses.update(self._session.statuses)
        categories = self._table["category"].unique() if len(self._table) else []
        self._categories = sorted(str(name) for name in categories if name)
        self._open_filters = False
        self._query = Query()
        self._answer(self._query, np.arange(len(self._table)))

    def _refresh(self) -> None:
        self._statuses.update(self._session.statuses)
        if self._query.status:
            self.ask()
        else:
            self._show()

    def _answer(self, query: Query, rows: np.ndarray) -> None:
        if query is self._query:
            self.rows = rows
            self._session.listed = rows
            self._items = self._with_headings(rows)
            self._show()

    def _with_headings(self, rows: np.ndarray) -> np.ndarray:
        """Rows with -1 - (first row of the group) where a group begins; only in the source's own order."""
        if self._query.sort or not len(rows):
            return rows
        starts = group_starts(self._table["group"], rows)
        return rows if len(starts) < 2 else np.insert(rows, starts, -1 - rows[starts])

    def _position(self) -> int:
        row = self._session.row(self._session.recording_id)
        found = np.flatnonzero(self.rows == row)
        return int(found[0]) if len(found) else -1

    def _show(self) -> None:
        row = self._session.row(self._session.recording_id)
        found = np.flatnonzero((self._items == row) & (row >= 0))
        nothing = self._nothing() if not len(self.rows) else ""
        self._rows.fill(len(self._items), int(found[0]) if len(found) else -1, nothing=nothing)
        self._draw_head()
        position = self._position()
        self._foot.html = foot_html(self._statuses.totals(), position, len(self.rows), self._rail_title())

    def _draw_head(self) -> None:
        source = self._session.source
        self._head.html = head_html(
            source.title if source is not None else "",
            len(self._table),
            len(self.rows),
            self._query,
            self._statuses.totals(),
            filter_html(self._query, self._categories, self._limits()) if self._open_filters else "",
        )

    def _limits(self) -> Mapping[str, tuple[float, float]]:
        found = {}
        for column in RANGES:
            values = self._table[column].to_numpy() if column in self._table else np.zeros(0)
            values = values[np.isfinite(values)]
            if len(values):
                found[column] = (float(values.min()), float(values.max()))
        return found

    def _rail_title(self) -> str:
        row = self._session.row(self._session.recording_id)
        return recording_title(self._table.iloc[row]) if 0 <= row < len(self._table) else ""

    def _row(self, index: int) -> Mapping[str, Any]:
        row = int(self._items[index])
        if row < 0:
            values = self._table.iloc[-1 - row]
            return {"heading": tag("b", text(values["group"]), class_="ellipsis")}
        status = STATUSES[self._statuses.codes[row]]
        key = (row, status, self._statuses.counts_of(row), self._statuses.notes.get(row, ""), self._query.sort)
        if key not in self._made:
            if len(self._made) > _MADE_KEPT:
                self._made.clear()
            self._made[key] = {**recording_row(self._table.iloc[row], *key[1:]), "id": str(row)}
        return self._made[key]

    def _nothing(self) -> str:
        if not len(self._table):
            return "No source is open." if self._session.source is None else "This source holds no recordings."
        return (
            f"None of {len(self._table):,} recordings fits the filter.<br>"
            f"{tag('button', 'Clear filter', class_='button', data_act='clear')}"
        )

    def _act(self, action: Action) -> None:
        acts: Mapping[str, Callable[[], None]] = {
            "choose": lambda: self._choose(int(action["row"])),
            "step": lambda: self._session.step(int(action["by"])),
            "search": lambda: self.ask(text=str(action["value"] or "")),
            "status": lambda: self.ask(status=str(action.get("status", ""))),
            "sort": lambda: self._sort(str(action["value"])),
            "category": lambda: self.ask(category=str(action["value"])),
            "low": lambda: self._limit(str(action["column"]), "low", str(action["value"])),
            "high": lambda: self._limit(str(action["column"]), "high", str(action["value"])),
            "open-source": self._on_open,
            "list": self._on_list,
            "filters": self._toggle_filters,
            "clear": lambda: self.ask(text="", status="", category="", ranges={}),
        }
        acts[action["act"]]()

    def _choose(self, index: int) -> None:
        row = int(self._items[index])
        if row >= 0:
            self._session.open(str(self._session.index[row]))

    def _sort(self, value: str) -> None:
        column, _, way = value.partition(" ")
        self.ask(sort=column, descending=way == "down")

    def _toggle_filters(self) -> None:
        self._open_filters = not self._open_filters
        self._draw_head()

    def _limit(self, column: str, side: str, text: str) -> None:
        low, high = self._query.ranges.get(column, (float("nan"), float("nan")))
        value = float(text) if text.strip() else float("nan")
        low, high = (value, high) if side == "low" else (low, value)
        ranges = {name: limits for name, limits in self._query.ranges.items() if name != column}
        if not (np.isnan(low) and np.isnan(high)):
            ranges[column] = (low, high)
        self.ask(ranges=ranges)
