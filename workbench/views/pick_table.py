"""``PickTable``: every onset of the open recording, and how far each picker is from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import panel as pn
import param

from workbench.schema import CATALOG
from workbench.session import Session
from workbench.views.later import Later
from workbench.views.markup import Action, Markup, Rows
from workbench.views.pick_rows import LARGE_MS, PickRow, pick_rows
from workbench.views.tags import tag, text
from workbench.views.theme import SYMBOLS

__all__ = ["PickTable", "picker_symbols", "short_name"]

_COLUMN_PX = (48, 48, 48, 40, 36, 30)
_KEYS_BESIDE_UNCERTAINTY = 3

_SHORT = {
    "phasenet": "PN",
    "eqtransformer": "EQT",
    "phasenetlight": "PNL",
    "sta_lta": "S/L",
    "ar_aic": "AIC",
    "baer_kradolfer": "BK",
    CATALOG: "Cat",
}


def picker_symbols(session: Session) -> dict[str, str]:
    """Key of each picker on the list to the symbol that stands for it."""
    return {key: SYMBOLS[n % len(SYMBOLS)] for n, key in enumerate(session.runs)}


def short_name(key: str) -> str:
    """A few letters for the head of a column."""
    name = key.partition("/")[0]
    return _SHORT.get(name, name[:4].upper())


class PickTable(pn.viewable.Viewer):
    """A click takes the pick in hand and opens its station.

    Parameters
    ----------
    stations
        Gives the stations in the order in which they stand on the screen.
    on_take
        Called when a pick was taken in hand here, so that keys act on it.
    """

    count = param.Integer(0, doc="Number of onsets.")

    def __init__(
        self,
        session: Session,
        stations: Callable[[], Sequence[str]],
        on_take: Callable[[], None] = lambda: None,
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self._on_take = on_take
        self._session = session
        self._stations = stations
        self.rows: list[PickRow] = []
        self._clock = "%M:%S"
        self._keys: list[str] = []
        self._head = Markup(session, lambda _: None, kind="picks_head")
        self._rows = Rows(session, self._row, self._act, columns=self._columns(), kind="picks", label="Picks")
        self._layout = pn.Column(
            self._head, self._rows, sizing_mode="stretch_both", margin=0, styles={"overflow": "hidden"}
        )
        session.param.watch(Later(session, self._fill), ["labels", "runs", "reference", "recording", "order", "event"])
        session.param.watch(lambda *_: self._select(), ["in_hand", "station"])
        self._fill()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _fill(self) -> None:
        session = self._session
        runs = {key: run.picks for key, run in session.runs.items() if run.on}
        picks = ({CATALOG: session.reference} if len(session.reference) else {}) | runs
        self._keys = list(picks)
        self.rows = pick_rows(session.labels, picks, self._stations())
        self.count = sum(row.who != "rejected" for row in self.rows)
        columns = self._columns()
        changes = {"columns": columns} if columns != self._rows.columns else {}
        self._rows.fill(len(self.rows), self._selected(), self._anchor(), nothing=self._nothing(), **changes)
        large = sum(any(abs(ms) >= LARGE_MS for ms in row.differences_ms.values()) for row in self.rows)
        badge = tag("span", f"{large} over {LARGE_MS:.0f} ms", class_="badge") if large else ""
        against = "Model − you, ms" if any(row.who == "human" for row in self.rows) else "Model − first picker, ms"
        self._head.html = tag("span", against, class_="muted") + tag("span", class_="spread") + badge

    def _select(self) -> None:
        self._rows.fill(len(self.rows), self._selected(), self._anchor())

    def _anchor(self) -> int:
        """The first row of the open station that is on the screen, or of the station at all."""
        view, own = self._session.view, [n for n, row in enumerate(self.rows) if row.station == self._session.station]
        seen = [n for n in own if view is None or view[0] <= self.rows[n].time <= view[1]]
        return (seen or own or [-1])[0]

    def _selected(self) -> int:
        in_hand = self._session.in_hand
        return next((n for n, row in enumerate(self.rows) if in_hand and row.identity == in_hand), -1)

    def _columns(self) -> list[dict[str, str]]:
        symbols = picker_symbols(self._session)
        n = len(self._keys)
        many = n > 2
        fixed = [
            {"label": "Station", "width": "minmax(46px,1fr)"},
            {"label": "", "width": "26px" if many else "34px"},
            self._time_column(),
        ]
        if n <= _KEYS_BESIDE_UNCERTAINTY:
            fixed.append({"label": "± ms", "width": "32px", "align": "right", "title": "Uncertainty in milliseconds"})
        return fixed + [
            {
                "label": f"{symbols.get(key, '')} {text(short_name(key))}",
                "width": f"{_COLUMN_PX[min(n, len(_COLUMN_PX) - 1)]}px",
                "align": "right over",
                "title": text(key),
            }
            for key in self._keys
        ]

    def _time_column(self) -> dict[str, str]:
        """Minutes and seconds; the hour too where the recording does not lie within one."""
        recording = self._session.recording
        times = pd.DatetimeIndex([]) if recording is None else pd.DatetimeIndex(recording["time"].values[[0, -1]])
        if len(set(times.floor("h"))) > 1:
            self._clock = "%H:%M:%S"
            return {"label": "hh:mm:ss", "width": "80px", "align": "right", "title": "Time, UTC"}
        self._clock = "%M:%S"
        return {"label": "mm:ss", "width": "62px", "align": "right", "title": "Time, UTC, minutes and seconds"}

    def _row(self, index: int) -> Mapping[str, Any]:
        row = self.rows[index]
        # Rounded, as in the read-out on the plot: a hand sets onsets between milliseconds.
        time = row.time.round("ms")
        focus = "focus" if row.station == self._session.station else ""
        cells = [
            tag("span", text(_code(row.station)), title=row.station),
            _chip(row),
            tag("span", f"{time:{self._clock}}.{time.microsecond // 1000:03d}", class_="time strong"),
            *([tag("span", _uncertainty(row), class_="muted")] if len(self._keys) <= _KEYS_BESIDE_UNCERTAINTY else []),
            *(_difference(row, key) for key in self._keys),
        ]
        return {"cells": cells, "kind": f"{row.who} {focus}", "id": row.identity}

    def _nothing(self) -> str:
        if self._session.recording is None:
            return "No recording is open."
        ran = [run for run in self._session.runs.values() if run.on and run.annotations is not None]
        if not ran:
            return "No picks yet. Run a picker, or place picks in the plot."
        return "No picks at these thresholds. Lower them, or place picks in the plot."

    def _act(self, action: Action) -> None:
        if action["act"] == "choose":
            self._take(int(action["row"]))
        elif action["act"] == "step" and self.rows:
            here = self._selected()
            self._take(min(max(here + int(action["by"]), 0), len(self.rows) - 1))

    def _take(self, index: int) -> None:
        row, session = self.rows[index], self._session
        with session.hold(), param.parameterized.batch_call_watchers(session):
            session.station, session.in_hand = row.station, row.identity
            session.view = _view_with(session, row.time)
        self._on_take()


def _view_with(session: Session, time: pd.Timestamp) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """The view as it is if the time lies in it, else one of the same length around the time."""
    if session.view is None or session.view[0] <= time <= session.view[1]:
        return session.view
    half = (session.view[1] - session.view[0]) / 2
    return time - half, time + half


def _code(station: str) -> str:
    parts = station.split(".")
    return parts[1] if len(parts) > 1 and parts[1] else station


def _chip(row: PickRow) -> str:
    family = row.phase[:1].lower() if row.phase[:1] in "PS" else "other"
    kind = {"human": "human", "rejected": "rejected"}.get(row.who, "model")
    arrow = {"positive": "↑", "negative": "↓"}.get(row.polarity, "")
    words = {"human": "set by you", "rejected": "rejected", "catalog": "from the source"}.get(row.who, "by a model")
    return tag("span", f"{text(row.phase)}{arrow}", class_=f"chip {kind} {family}", title=f"{row.phase}, {words}")


def _uncertainty(row: PickRow) -> str:
    if row.minus_ms != row.minus_ms or row.plus_ms != row.plus_ms:
        return ""
    return f"±{(row.minus_ms + row.plus_ms) / 2:.0f}"


def _difference(row: PickRow, key: str) -> str:
    if key == row.picker:
        return tag("span", "ref", class_="muted")
    if key not in row.differences_ms:
        return tag("span", "–", class_="muted")
    ms = row.differences_ms[key]
    words = f"{ms:+.0f}".replace("-", "−") if round(ms) else "0"
    return tag("span", words, class_="badge") if abs(ms) >= LARGE_MS else words
