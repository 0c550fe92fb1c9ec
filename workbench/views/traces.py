"""The centre of the Inspect app: stacked traces with picks, probability, time axis and overview."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import panel as pn
import param

from workbench.schema import empty_picks
from workbench.session import Session
from workbench.views.guard import guarded
from workbench.views.keys import PROFILES, keymap
from workbench.views.pick_editor import PickEditor
from workbench.views.theme import TOKENS, phase_colour
from workbench.views.traces_actions import Actions, Where
from workbench.views.traces_curves import curve_columns, peak_columns
from workbench.views.traces_figures import make_figures, paint, time_words
from workbench.views.traces_lines import Gain, TracePoints, gain_of, joined_lines
from workbench.views.traces_marks import marks_of
from workbench.views.traces_order import distances_km, first_arrivals, ordered, zero_times_ms
from workbench.views.traces_overview import overview_columns, overview_marks
from workbench.views.traces_rows import Row, rows_in_window
from workbench.views.traces_screen import screen_of
from workbench.views.traces_spectrogram import spectrogram_columns

__all__ = ["TraceView"]

_WATCHED = (
    "shown station components amplitude order align runs labels theory reference view in_hand loading spectrogram"
).split()
_AROUND = 0.5
_POINTS_PER_PX = 4


class TraceView(pn.viewable.Viewer):
    """The trace view of one session.

    Parameters
    ----------
    session
        Its recording is shown, its picks are drawn, and what the analyst does is decided through it.
    """

    theme = param.Selector(default="light", objects=["light", "dark"])
    profile = param.Selector(default="default", objects=list(PROFILES), doc="Key profile.")
    armed = param.Boolean(False, doc="Whether keys act on the plot.")
    cursor = param.Dict({}, doc="Time in ms and station of the cursor.")
    phase = param.String("P", doc="The phase in use.")
    loudness = param.Number(1.0, bounds=(0, None), doc="1 fills the rows.")
    help = param.Event(doc="The user asks for the help sheet.")

    def __init__(self, session: Session, **params: Any) -> None:
        super().__init__(**params)
        self._session = session
        self._name = f"traces-{uuid.uuid4().hex[:8]}"
        self._figures = make_figures(self._name)
        self._points: TracePoints | None = None
        self._actions = Actions(session, self)
        self._size = (700.0, 500.0)
        self._first: int | None = None
        self._order, self._order_kind = [""], "file"
        self._km: dict[str, float] = {}
        self._zero: dict[str, float] = {}
        self._rows: list[Row] = []
        self._x = (0.0, 1.0)
        self._held = (0.0, 0.0, 0.0)
        self._made: dict[str, str] = {}
        self._seq = 0
        self._panes = self._make_panes()
        self._editor = PickEditor(
            self._answer,
            plots=pn.Column(*self._panes.values(), margin=0, sizing_mode="stretch_both", styles={"gap": "0"}),
            stage=self._name,
            keymap=keymap(self.profile),
            sizing_mode="stretch_both",
            margin=0,
            min_height=380,
        )
        self._repaint()
        self._editor.link(self, armed="armed", bidirectional=True)
        session.param.watch(self._changed, _WATCHED)
        self._refresh({"recording"})

    def __panel__(self) -> PickEditor:
        return self._editor

    @property
    def stations(self) -> list[str]:
        """All stations, in the order on the screen."""
        return self._order

    def act(self, action: str, **where: Any) -> None:
        """Do an action of the action table, for a button; an error becomes a notice.

        Examples
        --------
        ``view.act("filter:1")``, ``view.act("accept", identity=pick_id)``
        """
        with guarded(self._session):
            self._actions.do(action, Where(**where))

    def _make_panes(self) -> dict[str, pn.pane.Bokeh]:
        made, wide = self._figures, {"margin": 0, "sizing_mode": "stretch_width"}
        return {
            "traces": pn.pane.Bokeh(made.traces, margin=0, sizing_mode="stretch_both"),
            "spectrogram": pn.pane.Bokeh(made.spectrogram, visible=False, **wide),
            "probability": pn.pane.Bokeh(made.probability, **wide),
            "overview": pn.pane.Bokeh(made.overview, **wide),
        }

    # ---- from the browser

    def _answer(self, message: Mapping[str, Any]) -> None:
        with guarded(self._session), pn.io.hold():
            getattr(self, f"_on_{message['op']}")(message)

    def _on_size(self, message: Mapping[str, Any]) -> None:
        size = (float(message["width"]), float(message["height"]))
        if min(size) > 50 and size != self._size:
            self._size = size
            self._refresh({"rows"})

    def _on_view(self, message: Mapping[str, Any]) -> None:
        self._editor.viewed = int(message["number"])
        if self._points is None or message["token"] != self._token():
            return
        start, end = float(message["start"]), float(message["end"])
        if not end > start:
            return
        self._x = (start, end)
        if self._must_fetch():
            self._refresh({"lines"})
        if message["settled"]:
            self._settle()

    def _settle(self) -> None:
        """Tell the session of a view that has come to rest, if it is another one."""
        near = 1e-3 * (self._x[1] - self._x[0])

        def same(other: tuple[float, float]) -> bool:
            return abs(self._x[0] - other[0]) + abs(self._x[1] - other[1]) < near

        if not same(self._wanted_x()):
            self._session.view = None if same(self._whole()) else tuple(self._time_of(x) for x in self._x)

    def _on_focus(self, message: Mapping[str, Any]) -> None:
        self._session.station = message["station"]

    def _on_hand(self, message: Mapping[str, Any]) -> None:
        self._session.in_hand = self._made.get(message["id"], message["id"])

    def _on_scroll(self, message: Mapping[str, Any]) -> None:
        _, first = self._window(self._first)
        self._first = first + int(message["by"])
        self._refresh({"rows"})

    def _on_threshold(self, message: Mapping[str, Any]) -> None:
        self._session.set_threshold(message["key"], message["phase"], float(message["value"]))

    def _on_amplitude(self, message: Mapping[str, Any]) -> None:
        self._actions.do(f"amplitude:{float(message['steps'])}")

    def _on_act(self, message: Mapping[str, Any]) -> None:
        """An action, done already on the screen where it could be; whatever comes of it, the screen gets the truth."""
        self._seq = int(message.get("seq", self._seq))
        time = message.get("time")
        where = Where(
            identity=self._made.get(message.get("id", ""), message.get("id", "")),
            time=None if time is None else pd.Timestamp(round(time * 1e6), unit="ns"),
            station=message.get("station", ""),
        )
        try:
            self._actions.do(message["action"], where)
            if message.get("as"):
                self._made[message["as"]] = self._session.in_hand
        finally:
            self._send_marks()
            self._editor.in_hand = self._session.in_hand

    # ---- from the session

    def _changed(self, *events: param.parameterized.Event) -> None:
        parts: set[str] = set()
        for event in events:
            parts |= self._parts(event)
        self._refresh(parts)

    def _parts(self, event: param.parameterized.Event) -> set[str]:
        """What a change of the session makes out of date."""
        if event.name == "shown":
            same = event.old is not None and event.new is not None and self._same_axis(event.old, event.new)
            return {"samples"} if same else {"recording"}
        if event.name == "station":
            self._first = None
        if event.name == "runs":
            ran = {key: run.annotations for key, run in event.new.items()}
            before = {key: run.annotations for key, run in (event.old or {}).items()}
            new_curves = any(ran[key] is not before.get(key) for key in ran)
            return {"curves", "marks", "screen", "overview_marks"} | ({"order"} if new_curves else set())
        return {
            "station": {"rows", "curves", "overview", "marks"},
            "components": {"rows"},
            "amplitude": {"lines"},
            "order": {"order", "rows"},
            "align": {"align"},
            "labels": {"marks", "screen", "overview_marks"},
            "theory": {"marks", "screen"},
            "reference": {"marks", "screen", "overview_marks"},
            "view": {"view"},
            "in_hand": {"hand"},
            "loading": {"loading"},
            "spectrogram": {"spectrogram", "screen"},
        }[event.name]

    @staticmethod
    def _same_axis(old: Any, new: Any) -> bool:
        return (
            old.attrs["recording_id"] == new.attrs["recording_id"]
            and old.sizes == new.sizes
            and old["time"].values[0] == new["time"].values[0]
        )

    @param.depends("theme", watch=True)
    def _repaint(self) -> None:
        with pn.io.hold():
            paint(self._figures, self.theme)
            colours = dict(TOKENS[self.theme])
            self._editor.colours = colours
            if self._points is not None:
                self._refresh({"curves", "overview"})

    @param.depends("profile", watch=True)
    def _rekey(self) -> None:
        self._editor.keymap = keymap(self.profile)

    @param.depends("cursor", "phase", watch=True)
    def _move_cursor(self) -> None:
        self._editor.param.update(cursor=self.cursor, phase=self.phase)

    @param.depends("loudness", watch=True)
    def _reamplify(self) -> None:
        self._refresh({"lines"})

    # ---- onto the screen

    def _refresh(self, parts: set[str]) -> None:
        """Bring those parts up to date, each once, in the order in which they build on each other."""
        if not parts:
            return
        with pn.io.hold():
            if "loading" in parts:
                self._editor.reading = self._session.loading
            if "hand" in parts:
                self._editor.in_hand = self._session.in_hand
            if "recording" in parts or "samples" in parts:
                self._take(new="recording" in parts)
                parts = parts | {"order", "align", "rows", "lines", "curves", "overview", "marks", "screen"}
            if self._points is None:
                return
            if "order" in parts:
                parts = parts | self._reorder()
            if "align" in parts:
                self._realign()
                parts = parts | {"rows", "view", "curves", "overview"}
            if parts & {"view"}:
                parts = parts | self._take_view()
            if "rows" in parts:
                self._lay_rows()
                parts = parts | {"lines"}
            for part in ("lines", "curves", "overview", "overview_marks", "spectrogram"):
                if part in parts:
                    getattr(self, f"_draw_{part}")()
            if parts & {"screen", "lines"}:
                self._send_screen()
            if parts & {"marks", "lines"}:
                self._send_marks()

    def _take(self, *, new: bool) -> None:
        shown = self._session.shown
        if shown is None:
            self._points, self._rows = None, []
            self._show_nothing()
            return
        self._points = TracePoints(shown)
        if new:
            self._first, self._zero, self._order = None, {}, []
            self._made.clear()
            self._km = distances_km(shown, self._session.event)

    def _show_nothing(self) -> None:
        for key, source in self._figures.sources.items():
            if key != "marks":
                source.data = {column: [] for column in source.data}
        self._editor.screen = {
            "rows": [],
            "token": "",
            "pills": [],
            "pickers": [],
            "nothing": not self._session.loading,
        }
        self._editor.marks = {"seq": self._seq, "items": []}

    def _arrivals(self, phase: str) -> dict[str, pd.Timestamp]:
        runs = [run.picks for run in self._session.runs.values() if run.on]
        labels = self._session.labels
        return first_arrivals([labels[labels["decision"] != "reject"], self._session.reference, *runs], phase)

    def _reorder(self) -> set[str]:
        stations = [str(name) for name in self._session.shown["station"].values]
        order, kind = ordered(stations, self._session.order, self._km, self._arrivals("P"))
        changed = (order, kind) != (self._order, self._order_kind)
        self._order, self._order_kind = order, kind
        return {"rows"} if changed else set()

    def _realign(self) -> None:
        align = self._session.align
        arrivals = self._arrivals(align) if align in ("P", "S") else {}
        focus = self._focus()
        before = self._zero.get(focus)
        self._zero = zero_times_ms(align, self._order, self._session.event, arrivals, focus)
        if before is not None and self._points is not None:
            self._x = tuple(x + before - self._zero[focus] for x in self._x)
        time_words(self._figures, relative=align != "time")

    def _wanted_x(self) -> tuple[float, float]:
        """The interval that the session wants on the screen, on the axis of the open station."""
        if self._session.view is None:
            return self._whole()
        zero = self._zero[self._focus()]
        start, end = (time.value / 1e6 - zero for time in self._session.view)
        return start, end

    def _take_view(self) -> set[str]:
        wanted, x_range = self._wanted_x(), self._figures.x_range
        if (x_range.start, x_range.end) != wanted:
            x_range.update(start=wanted[0], end=wanted[1])
        self._x = wanted
        return {"lines"} if self._must_fetch() else set()

    def _focus(self) -> str:
        return self._session.station if self._session.station in self._order else self._order[0]

    def _whole(self) -> tuple[float, float]:
        assert self._points is not None
        zero = self._zero.get(self._focus(), 0.0)
        return self._points.start_ms - zero, self._points.end_ms - zero

    def _time_of(self, x: float) -> pd.Timestamp:
        return pd.Timestamp(round((x + self._zero[self._focus()]) * 1e6), unit="ns")

    def _token(self) -> str:
        return f"{self._session.recording_id}/{self._session.align}"

    def _window(self, first: int | None) -> tuple[list[Row], int]:
        present = [str(name) for name in self._session.shown["component"].values]
        components = [name for name in self._session.components if name in present] or present
        upright = "Z" if "Z" in present else present[0]
        return rows_in_window(self._order, self._focus(), components, upright, self._size[1], first)

    def _lay_rows(self) -> None:
        self._rows, first = self._window(self._first)
        if self._first is not None:
            self._first = first
        focus = next(row for row in self._rows if row.focus)
        y_range = self._figures.traces.y_range
        if y_range.start != self._size[1]:
            y_range.update(start=self._size[1], end=0)
        self._figures.band.update(top=focus.top, bottom=focus.bottom)

    def _must_fetch(self) -> bool:
        """Whether the view has left what the browser holds, or zoomed so far that gains and detail must follow."""
        start, end = self._x
        low, high, width = self._held
        outside = start < low - 1e-6 or end > high + 1e-6
        return outside or not 0.7 < (end - start) / max(width, 1e-9) < 1.5

    def _n_points(self, width: float, held: float) -> int:
        return int(_POINTS_PER_PX * self._size[0] * held / max(width, 1e-9)) // 2 * 2

    def _draw_lines(self) -> None:
        assert self._points is not None
        start, end = self._x
        around = _AROUND * (end - start)
        low, high = max(start - around, self._whole()[0]), min(end + around, self._whole()[1])
        self._held = (low, high, end - start)
        n = max(200, self._n_points(end - start, max(high - low, 1e-9)))
        pieces: dict[bool, list] = {True: [], False: []}
        self._gains: dict[tuple[str, str], Gain] = {}
        for row in self._rows:
            zero = self._zero[row.station]
            for band in row.bands:
                times, samples = self._points.points(row.station, band.component, (low + zero, high + zero), n)
                gain = gain_of(times, samples, (start + zero, end + zero))
                self._gains[(row.station, band.component)] = gain
                pieces[row.focus].append((times, samples, band, gain, zero))
        common = max((gain.half for gain in self._gains.values()), default=0.0)
        for focus, source in ((True, "focus"), (False, "others")):
            parts = [
                (times, samples, band, gain, common if self._session.amplitude == "common" else gain.half, zero)
                for times, samples, band, gain, zero in pieces[focus]
            ]
            self._figures.sources[source].data = joined_lines(parts, self.loudness)
        if self._session.spectrogram and self._session.shown is not None:
            self._draw_spectrogram()
        self._draw_curves()

    def _interval_ms(self, station: str) -> tuple[float, float]:
        zero = self._zero.get(station, 0.0)
        return self._held[0] + zero, self._held[1] + zero

    def _draw_curves(self) -> None:
        focus = self._focus()
        interval, zero, sources = self._interval_ms(focus), self._zero[focus], self._figures.sources
        lines, fills = curve_columns(self._session, focus, interval, zero, self.theme)
        sources["curves"].data, sources["fills"].data = lines, fills
        sources["peaks"].data = peak_columns(self._session, focus, interval, zero, self.theme)

    def _draw_overview(self) -> None:
        assert self._points is not None
        focus = self._focus()
        whole = self._whole()
        overview, sources = self._figures.overview, self._figures.sources
        overview.x_range.update(start=whole[0], end=whole[1])
        sources["overview"].data = overview_columns(self._points, focus, self._zero[focus])
        self._draw_overview_marks()

    def _draw_overview_marks(self) -> None:
        focus = self._focus()
        columns = overview_marks(self._session, focus, self._zero[focus], self.theme)
        self._figures.sources["overview_marks"].data = columns

    def _draw_spectrogram(self) -> None:
        shown = self._session.spectrogram
        self._panes["spectrogram"].visible = self._figures.spectrogram.visible = shown
        if shown:
            focus = self._focus()
            columns, nyquist = spectrogram_columns(
                self._session.shown, focus, self._interval_ms(focus), self._zero[focus]
            )
            self._figures.spectrogram.y_range.update(start=0, end=nyquist)
            self._figures.sources["spectrogram"].data = columns

    def _send_screen(self) -> None:
        assert self._points is not None
        self._editor.screen = screen_of(
            self._session,
            self._points,
            self._rows,
            gains=self._gains,
            km=self._km,
            zero_ms=self._zero,
            order=self._order_kind,
            token=self._token(),
            limits=self._whole(),
        )

    def _send_marks(self) -> None:
        if self._points is None:
            return
        start, end = (pd.Timestamp(round(ms * 1e6), unit="ns") for ms in (self._points.start_ms, self._points.end_ms))
        hour = pd.Timedelta(1, unit="h")
        items = marks_of(self._session, [row.station for row in self._rows], (start - hour, end + hour))
        self._editor.marks = {"seq": self._seq, "items": items}
