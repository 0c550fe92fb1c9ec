"""The trace view's state, and how it comes onto the figures: each part once, in the order in which they build up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import panel as pn

from workbench.session import Session
from workbench.views.traces_curves import curve_columns, peak_columns
from workbench.views.traces_figures import Figures, label_axes, time_words
from workbench.views.traces_lines import Gain, TracePoints, gain_of, joined_lines
from workbench.views.traces_marks import marks_of
from workbench.views.traces_order import distances_km, first_arrivals, onsets_beside, ordered, zero_times_ms
from workbench.views.traces_overview import overview_columns, overview_marks
from workbench.views.traces_rows import Row, rows_in_window
from workbench.views.traces_screen import screen_of
from workbench.views.traces_spectrogram import spectrogram_columns

__all__ = ["Drawing", "same_view"]

_AROUND = 0.5
_POINTS_PER_PX = 2
_FOLLOWS = {
    "curves": "lines",
    "screen": "lines",
    "marks": "lines",
    "overview_marks": "overview",
    "spectrogram": "lines",
}
"""What is drawn anew whenever something else is."""


class Drawing:
    """What of the session is drawn, where, and for which interval.

    Parameters
    ----------
    figures
        Their sources and ranges are filled; models the browser knows are never replaced.
    tell
        Sends plain values, by name, to the browser.
    """

    def __init__(self, session: Session, figures: Figures, tell: Callable[..., None]) -> None:
        self._session, self._figures, self._tell = session, figures, tell
        self.theme = "light"
        self.loudness = 1.0
        self.size = (700.0, 500.0)
        self.seq = 0
        self.points: TracePoints | None = None
        self.order, self._order_kind = [""], "file"
        self.first: int | None = None
        self.x = (0.0, 1.0)
        self.placed = 0
        self._km: dict[str, float] = {}
        self._zero: dict[str, float] = {}
        self._rows: list[Row] = []
        self._gains: dict[tuple[str, str], Gain] = {}
        self._held = (0.0, 0.0, 0.0)
        self._told: dict[str, Any] = {}

    def refresh(self, parts: set[str] | frozenset[str]) -> None:
        """Bring those parts up to date, each once, in the order in which they build on each other."""
        parts = set(parts)
        with pn.io.hold():
            if parts & {"recording", "samples"}:
                self._take(new="recording" in parts)
                parts |= {"order", "align", "rows", "lines", "overview", "marks", "screen"}
            if self.points is None:
                return
            for part in ("order", "align", "view", "rows"):
                if part in parts:
                    parts |= getattr(self, f"_take_{part}")()
            for part in ("lines", "curves", "overview", "overview_marks", "spectrogram", "screen", "marks"):
                if part in parts or _FOLLOWS.get(part, "") in parts:
                    getattr(self, f"draw_{part}")()

    def _take(self, *, new: bool) -> None:
        shown = self._session.shown
        if shown is None:
            self.points, self._rows = None, []
            self._show_nothing()
            return
        self.points = TracePoints(shown)
        label_axes(self._figures, shown=True)
        if new:
            self.first, self._zero, self.order = None, {}, []
            self._km = distances_km(shown, self._session.event)

    def _show_nothing(self) -> None:
        for key, source in self._figures.sources.items():
            if key != "marks":
                source.data = {column: [] for column in source.data}
        self._figures.band.update(top=0, bottom=0)
        label_axes(self._figures, shown=False)
        empty = {"rows": [], "token": "", "pills": [], "pickers": [], "nothing": not self._session.loading}
        self._tell_new(screen=empty, marks={"seq": self.seq, "items": [], "in_hand": ""})

    def _tell_new(self, **values: Any) -> None:
        """Send what the browser does not hold already: each message makes it paint."""
        new = {name: value for name, value in values.items() if self._told.get(name) != value}
        if new:
            self._told |= new
            self._tell(**new)

    def _onset_tables(self) -> list[pd.DataFrame]:
        """The analyst's labels before the catalogue before the pickers."""
        labels = self._session.labels
        labels = labels[labels["decision"] != "reject"] if len(labels) else labels
        return [labels, self._session.reference, *(run.picks for run in self._session.runs.values() if run.on)]

    def _first_onsets(self) -> dict[str, pd.Timestamp]:
        """First onsets of the earthquake on the screen: a long recording holds several, each with its own order."""
        if self._session.order == "name" or (self._session.order == "distance" and self._km):
            return {}
        tables = self._onset_tables()
        seen = first_arrivals(tables, "P", self._session.view) if self._session.view else {}
        return seen or first_arrivals(tables, "P")

    def _take_order(self) -> set[str]:
        stations = [str(name) for name in self._session.shown["station"].values]
        order, kind = ordered(stations, self._session.order, self._km, self._first_onsets())
        changed = (order, kind) != (self.order, self._order_kind)
        self.order, self._order_kind = order, kind
        return {"rows"} if changed else set()

    def _take_align(self) -> set[str]:
        align = self._session.align
        arrivals = onsets_beside(self._onset_tables(), align, self._focus()) if align in ("P", "S") else {}
        focus = self._focus()
        before = self._zero.get(focus)
        self._zero = zero_times_ms(align, self.order, self._session.event, arrivals, focus)
        if before is not None and self.points is not None:
            shift = before - self._zero[focus]
            self.x = (self.x[0] + shift, self.x[1] + shift)
        time_words(self._figures, relative=align != "time")
        return {"view", "rows", "overview"}

    def wanted_x(self) -> tuple[float, float]:
        """The interval that the session wants on the screen, on the axis of the open station."""
        if self._session.view is None:
            return self.whole()
        zero = self._zero[self._focus()]
        start, end = (time.value / 1e6 - zero for time in self._session.view)
        return start, end

    def _take_view(self) -> set[str]:
        self.x = self.wanted_x()
        self.place(self.x)
        return {"lines"} if self.must_fetch() else set()

    def place(self, x: tuple[float, float]) -> None:
        """Put the figures' range there, unless it stands there: the browser moves it too, and is then not pushed."""
        x_range = self._figures.x_range
        if not same_view(x, (x_range.start, x_range.end), 1e-6):
            x_range.update(start=x[0], end=x[1])
            self.placed += 1
            self._tell(place=self.placing())

    def placing(self) -> dict[str, Any]:
        """The view and its limits in one message: in a notebook the range's own two ends reach the browser apart.

        It comes after the range, so that the browser calls no view by this number that it had before.
        """
        return {"number": self.placed, "start": self.x[0], "end": self.x[1], "limits": list(self.whole())}

    def _focus(self) -> str:
        return self._session.station if self._session.station in self.order else self.order[0]

    def whole(self) -> tuple[float, float]:
        """The whole recording on the axis of the open station."""
        assert self.points is not None
        zero = self._zero.get(self._focus(), 0.0)
        return self.points.start_ms - zero, self.points.end_ms - zero

    def time_of(self, x: float) -> pd.Timestamp:
        """UTC of a place on the axis of the open station."""
        return pd.Timestamp(round((x + self._zero[self._focus()]) * 1e6), unit="ns")

    def token(self) -> str:
        """Stands for the axis: what the browser says of another one came too late."""
        return f"{self._session.recording_id}/{self._session.align}"

    def window(self, first: int | None) -> tuple[list[Row], int]:
        """Rows on the screen, and the number of the first neighbour among them."""
        present = [str(name) for name in self._session.shown["component"].values]
        components = [name for name in self._session.components if name in present] or present
        upright = "Z" if "Z" in present else present[0]
        return rows_in_window(self.order, self._focus(), components, upright, self.size[1], first)

    def _take_rows(self) -> set[str]:
        self._rows, first = self.window(self.first)
        if self.first is not None:
            self.first = first
        focus = next(row for row in self._rows if row.focus)
        y_range = self._figures.traces.y_range
        if y_range.start != self.size[1]:
            y_range.update(start=self.size[1], end=0)
        self._figures.band.update(top=focus.top, bottom=focus.bottom)
        return {"lines"}

    def must_fetch(self) -> bool:
        """Whether the view has left what the browser holds, or zoomed so far that gains and detail must follow."""
        start, end = self.x
        low, high, width = self._held
        outside = start < low - 1e-6 or end > high + 1e-6
        return outside or not 0.7 < (end - start) / max(width, 1e-9) < 1.5

    def _n_points(self, width: float, held: float) -> int:
        return int(_POINTS_PER_PX * self.size[0] * held / max(width, 1e-9)) // 2 * 2

    def draw_lines(self) -> None:
        """Send the traces of the rows, finer the shorter the view."""
        assert self.points is not None
        start, end = self.x
        around = _AROUND * (end - start)
        low, high = max(start - around, self.whole()[0]), min(end + around, self.whole()[1])
        self._held = (low, high, end - start)
        n = max(200, self._n_points(end - start, max(high - low, 1e-9)))
        pieces: dict[bool, list] = {True: [], False: []}
        self._gains = {}
        for row in self._rows:
            zero = self._zero[row.station]
            for band in row.bands:
                times, samples = self.points.points(row.station, band.component, (low + zero, high + zero), n)
                gain = gain_of(times, samples, (start + zero, end + zero))
                self._gains[(row.station, band.component)] = gain
                pieces[row.focus].append((times, samples, band, gain, zero))
        common = max((gain.half for gain in self._gains.values()), default=0.0)
        for focus, source in ((True, "focus"), (False, "others")):
            parts = [
                (times, samples, band, gain, common if self._session.amplitude == "common" else gain.half, zero)
                for times, samples, band, gain, zero in pieces[focus]
            ]
            self._fill(source, joined_lines(parts, self.loudness))

    def _fill(self, key: str, columns: dict[str, Any]) -> None:
        """New columns for a source; nothing is sent, and nothing painted, for an empty one that stays empty."""
        source = self._figures.sources[key]
        if any(len(values) for values in (*columns.values(), *source.data.values())):
            source.data = columns

    def _interval_ms(self, station: str) -> tuple[float, float]:
        zero = self._zero.get(station, 0.0)
        return self._held[0] + zero, self._held[1] + zero

    def draw_curves(self) -> None:
        """Send the probability of the open station."""
        focus = self._focus()
        interval, zero = self._interval_ms(focus), self._zero[focus]
        lines, fills = curve_columns(self._session, focus, interval, zero, self.theme)
        self._fill("curves", lines)
        self._fill("fills", fills)
        self._fill("peaks", peak_columns(self._session, focus, interval, zero, self.theme))

    def draw_overview(self) -> None:
        """Send the strip of the whole recording."""
        assert self.points is not None
        focus = self._focus()
        whole = self.whole()
        overview, sources = self._figures.overview, self._figures.sources
        overview.x_range.update(start=whole[0], end=whole[1])
        sources["overview"].data = overview_columns(self.points, focus, self._zero[focus])

    def draw_overview_marks(self) -> None:
        """Send where picks lie in the strip."""
        focus = self._focus()
        columns = overview_marks(self._session, focus, self._zero[focus], self.theme)
        self._fill("overview_marks", columns)

    def draw_spectrogram(self) -> None:
        """Send the spectrogram of the open station, if it is wanted."""
        shown = self._session.spectrogram
        self._figures.spectrogram.visible = shown
        if shown:
            focus = self._focus()
            columns, nyquist = spectrogram_columns(
                self._session.shown, focus, self._interval_ms(focus), self._zero[focus]
            )
            self._figures.spectrogram.y_range.update(start=0, end=nyquist)
            self._figures.sources["spectrogram"].data = columns

    def draw_screen(self) -> None:
        """Send what is written around the figures."""
        assert self.points is not None
        screen = screen_of(
            self._session,
            self.points,
            self._rows,
            gains=self._gains,
            km=self._km,
            zero_ms=self._zero,
            order=self._order_kind,
            token=self.token(),
            highest_hz=float(self._figures.spectrogram.y_range.end),
        )
        self._tell_new(screen=screen)

    def draw_marks(self) -> None:
        """Send all marks on the screen, as answer to the last edit."""
        if self.points is None:
            return
        start, end = (pd.Timestamp(round(ms * 1e6), unit="ns") for ms in (self.points.start_ms, self.points.end_ms))
        hour = pd.Timedelta(1, unit="h")
        items = marks_of(self._session, [row.station for row in self._rows], (start - hour, end + hour))
        self._tell_new(marks={"seq": self.seq, "items": items, "in_hand": self._session.in_hand})


def same_view(one: tuple[float, float], other: tuple[float, float], part: float) -> bool:
    """Whether two views differ by less than that part of the first one's length."""
    return abs(one[0] - other[0]) + abs(one[1] - other[1]) < part * (one[1] - one[0])
