"""How a recording comes onto the figures: each part of the picture once, in the order in which they build up.

What is drawn is told by name, as plain values and arrays; the browser puts it on the figures. So a picture that is
drawn ahead, of a neighbour of the open recording, is the same as one that is drawn when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench.session import Scene
from workbench.views.traces_curves import curve_columns, peak_columns
from workbench.views.traces_lines import TracePoints
from workbench.views.traces_marks import marks_of
from workbench.views.traces_order import distances_km, first_arrivals, onsets_beside, ordered, zero_times_ms
from workbench.views.traces_overview import overview_columns, overview_marks
from workbench.views.traces_rows import Row, rows_in_window
from workbench.views.traces_samples import packed_samples, values_per_trace
from workbench.views.traces_screen import screen_of
from workbench.views.traces_spectrogram import spectrogram_columns
from workbench.views.traces_told import Told

__all__ = ["COLUMNS", "Drawing", "Stage"]

_AROUND = 0.5
_FINER_AROUND = 1.0
_VALUES_PER_PX = 4
_FOLLOWS = {
    "samples": "rows",
    "screen": "rows",
    "marks": "rows",
    "detail": "samples",
    "curves": "detail",
    "spectrogram": "detail",
    "overview_marks": "overview",
}
"""What is drawn anew whenever something else is."""
_SETTINGS = ("station", "view", "align", "amplitude", "order", "spectrogram")
_DRAWN = ("samples", "detail", "curves", "overview", "overview_marks", "spectrogram", "scale", "screen", "marks")

COLUMNS = ("curves", "fills", "peaks", "overview", "overview_marks", "spectrogram")
"""Names under which columns of the source of the same name are told."""


@dataclass
class Stage:
    """What pictures hang on beside their recording.

    Parameters
    ----------
    loudness
        1 fills the rows with the traces.
    size
        Width and height of the plot of the traces, in pixels.
    seq
        Number of the browser's last edit that was answered.
    placed
        Number of the last view that was chosen here, for whatever recording.
    """

    theme: str = "light"
    loudness: float = 1.0
    size: tuple[float, float] = (700.0, 500.0)
    seq: int = 0
    placed: int = 0


class Drawing:
    """What of a recording is drawn, where, and for which interval.

    Parameters
    ----------
    tell
        Sends what was drawn, by name, to the browser.
    page
        Name under which the browser holds the picture, if it was drawn ahead.
    """

    def __init__(self, scene: Scene, stage: Stage, tell: Callable[..., None], page: str = "") -> None:
        self._scene, self._stage, self.page = scene, stage, page
        self._told = Told(tell)
        self.points: TracePoints | None = None
        self.order, self._order_kind = [""], "file"
        self.first: int | None = None
        self.x = (0.0, 1.0)
        self.placed = 0
        self._km: dict[str, float] = {}
        self._zero: dict[str, float] = {}
        self._recording_id = ""
        self._rows: list[Row] = []
        self._held = (0.0, 0.0, 0.0)
        self._packed: tuple[Any, ...] = ()
        self._step_ms = 0.0
        self._finer = (0.0, 0.0, 0.0)
        self._highest_hz = 0.0

    @property
    def picture(self) -> dict[str, Any]:
        """All that was told, by name."""
        return self._told.parts

    def fits(self, scene: Scene) -> bool:
        """Whether a scene of the same recording would be drawn as this one was, labels aside."""
        own = self._scene
        same = all(getattr(own, name) == getattr(scene, name) for name in _SETTINGS)
        return (
            same
            and own.shown is scene.shown
            and list(own.components) == list(scene.components)
            and _pickers(own) == _pickers(scene)
        )

    def follow(self, scene: Scene, tell: Callable[..., None]) -> None:
        """From now on, draw the same recording as another scene has it, and tell somebody else."""
        self._scene, self._told.tell = scene, tell

    def refresh(self, parts: set[str] | frozenset[str]) -> None:
        """Bring those parts up to date, each once, and tell what has changed in one message."""
        parts = set(parts)
        if parts & {"recording", "filtered"}:
            self._take(new="recording" in parts)
            parts |= {"order", "align", "rows", "overview", "scale"}
        if self.points is not None:
            for part in ("order", "align", "view", "rows"):
                if part in parts:
                    parts |= getattr(self, f"_take_{part}")()
            for part in _DRAWN:
                if part in parts or _FOLLOWS.get(part, "") in parts:
                    parts.add(part)
                    getattr(self, f"_draw_{part}")()
        self._told.send()

    def draw_marks(self) -> None:
        """Tell all marks on the screen, as answer to the last edit."""
        if self.points is not None:
            self._draw_marks()
            self._told.send()

    def tell_all(self) -> None:
        """Tell everything once more, to a browser that shows something else."""
        self._told.repeat(x=self.placing())

    def _take(self, *, new: bool) -> None:
        shown = self._scene.shown
        if shown is None:
            self.points, self._rows = None, []
            self._show_nothing()
            return
        self.points = TracePoints(shown)
        # While the session reads another recording, this one is still on the screen.
        self._recording_id = str(shown.attrs["recording_id"])
        if new:
            self.first, self._zero, self.order, self._held = None, {}, [], (0.0, 0.0, 0.0)
            self.x = (0.0, 0.0)
            self._km = distances_km(shown, self._scene.event)

    def _show_nothing(self) -> None:
        for name in COLUMNS:
            self._told.say_columns(name, {})
        empty = {"rows": [], "token": "", "pills": [], "pickers": [], "nothing": not self._scene.loading}
        marks = {"seq": self._stage.seq, "items": [], "in_hand": ""}
        self._told.say_anew(samples=None, finer=None)
        self._told.say(screen=empty, marks=marks)

    # ---- where things are

    def _onset_tables(self) -> list[pd.DataFrame]:
        """The analyst's labels before the catalogue before the pickers."""
        labels = self._scene.labels
        labels = labels[labels["decision"] != "reject"] if len(labels) else labels
        return [labels, self._scene.reference, *(run.picks for run in self._scene.runs.values() if run.on)]

    def _first_onsets(self) -> dict[str, pd.Timestamp]:
        """First onsets of the earthquake on the screen: a long recording holds several, each with its own order."""
        if self._scene.order == "name" or (self._scene.order == "distance" and self._km):
            return {}
        tables = self._onset_tables()
        seen = first_arrivals(tables, "P", self._scene.view) if self._scene.view else {}
        return seen or first_arrivals(tables, "P")

    def _take_order(self) -> set[str]:
        stations = [str(name) for name in self._scene.shown["station"].values]
        order, kind = ordered(stations, self._scene.order, self._km, self._first_onsets())
        changed = (order, kind) != (self.order, self._order_kind)
        self.order, self._order_kind = order, kind
        return {"rows"} if changed else set()

    def _take_align(self) -> set[str]:
        align, focus = self._scene.align, self._focus()
        arrivals = onsets_beside(self._onset_tables(), align, focus) if align in ("P", "S") else {}
        self._zero = zero_times_ms(align, self.order, self._scene.event, arrivals, focus)
        return {"view", "rows", "overview"}

    def wanted_x(self) -> tuple[float, float]:
        """The interval that the session wants on the screen, on the axis of the open station."""
        if self._scene.view is None:
            return self.whole()
        zero = self._zero[self._focus()]
        start, end = (time.value / 1e6 - zero for time in self._scene.view)
        return start, end

    def near(self, wanted: tuple[float, float]) -> bool:
        """Whether an interval is, for the eye, the one on the screen."""
        return sum(abs(a - b) for a, b in zip(wanted, self.x, strict=True)) < 1e-3 * (self.x[1] - self.x[0])

    def _take_view(self) -> set[str]:
        wanted = self.wanted_x()
        if not self.near(wanted):
            self.x = wanted
            self._stage.placed += 1
            self.placed = self._stage.placed
            self._told.say_anew(x=self.placing())
        return {"detail"} if self.must_fetch() else set()

    def placing(self) -> list[float]:
        """The view and its number; the browser names the number with each view of its own that follows."""
        return [*self.x, self.placed]

    def _focus(self) -> str:
        return self._scene.station if self._scene.station in self.order else self.order[0]

    def whole(self) -> tuple[float, float]:
        """The whole recording on the axis of the open station."""
        assert self.points is not None
        zero = self._zero.get(self._focus(), 0.0)
        return self.points.start_ms - zero, self.points.end_ms - zero

    def time_of(self, x: float) -> pd.Timestamp:
        """UTC of a place on the axis of the open station."""
        return pd.Timestamp(round((x + self._zero[self._focus()]) * 1e6), unit="ns")

    def token(self) -> str:
        """Stands for the axis: what the browser says of another one came too late. Empty where nothing is drawn."""
        return f"{self._recording_id}/{self._scene.align}" if self.points is not None else ""

    def is_of(self, token: str) -> bool:
        """Whether a token is of the recording that is drawn, on whatever axis."""
        return token.rpartition("/")[0] == self.token().rpartition("/")[0]

    def window(self, first: int | None) -> tuple[list[Row], int]:
        """Rows on the screen, and the number of the first neighbour among them."""
        present = [str(name) for name in self._scene.shown["component"].values]
        components = [name for name in self._scene.components if name in present] or present
        upright = "Z" if "Z" in present else present[0]
        return rows_in_window(self.order, self._focus(), components, upright, self._stage.size[1], first)

    def _take_rows(self) -> set[str]:
        self._rows, first = self.window(self.first)
        if self.first is not None:
            self.first = first
        return set()

    def must_fetch(self) -> bool:
        """Whether the view has left what the browser holds, or zoomed so far that detail must follow."""
        start, end = self.x
        low, high, width = self._held
        outside = start < low - 1e-6 or end > high + 1e-6
        return outside or not 0.7 < (end - start) / max(width, 1e-9) < 1.5

    def _around(self, share: float) -> tuple[float, float]:
        """The view and that share of its length on either side, as far as the recording goes."""
        (start, end), (first, last) = self.x, self.whole()
        return max(start - share * (end - start), first), min(end + share * (end - start), last)

    def _interval_ms(self, station: str) -> tuple[float, float]:
        zero = self._zero.get(station, 0.0)
        return self._held[0] + zero, self._held[1] + zero

    # ---- what is drawn

    def _pack(self, interval: tuple[float, float]) -> tuple[dict[str, Any], float]:
        assert self.points is not None
        most = values_per_trace(self._rows, self._stage.size[0])
        packed = packed_samples(self.points, self._rows, self._zero, interval, most)
        return packed, max((series["step"] for series in packed["series"]), default=0.0)

    def _draw_samples(self) -> None:
        """The traces of the rows over the whole recording, as finely as is good to hold."""
        traces = [(row.station, self._zero[row.station], [band.component for band in row.bands]) for row in self._rows]
        what = (self.points, traces, values_per_trace(self._rows, self._stage.size[0]))
        if what == self._packed:
            return
        self._packed = what
        packed, self._step_ms = self._pack(self.whole())
        self._told.say_anew(samples=packed)
        self._finer = (0.0, 0.0, 0.0)
        self._told.say(finer=None)

    def _draw_detail(self) -> None:
        """Finer samples around a view that is short beside the recording; curves and spectrogram follow."""
        start, end = self.x
        self._held = (*self._around(_AROUND), end - start)
        wanted_ms = (end - start) / (_VALUES_PER_PX * self._stage.size[0])
        low, high, step_ms = self._finer
        held = low <= self._held[0] and self._held[1] <= high and step_ms <= wanted_ms
        assert self.points is not None
        if self._step_ms > max(wanted_ms, self.points.step_ms) and not held:
            interval = self._around(_FINER_AROUND)
            packed, step_ms = self._pack(interval)
            self._told.say_anew(finer=packed)
            self._finer = (*interval, step_ms if step_ms > self.points.step_ms else 0.0)

    def _draw_curves(self) -> None:
        """The probability of the open station."""
        focus = self._focus()
        interval, zero, theme = self._interval_ms(focus), self._zero[focus], self._stage.theme
        lines, fills = curve_columns(self._scene, focus, interval, zero, theme)
        self._told.say_columns("curves", lines)
        self._told.say_columns("fills", fills)
        self._told.say(peaks=peak_columns(self._scene, focus, interval, zero, theme))

    def _draw_overview(self) -> None:
        """The strip of the whole recording."""
        assert self.points is not None
        focus = self._focus()
        self._told.say_columns("overview", overview_columns(self.points, focus, self._zero[focus]))

    def _draw_overview_marks(self) -> None:
        """Where picks lie in the strip."""
        focus = self._focus()
        self._told.say(overview_marks=overview_marks(self._scene, focus, self._zero[focus], self._stage.theme))

    def _draw_spectrogram(self) -> None:
        """The spectrogram of the open station, if it is wanted."""
        if self._scene.spectrogram:
            focus = self._focus()
            zero = self._zero[focus]
            columns, self._highest_hz = spectrogram_columns(self._scene.shown, focus, self._interval_ms(focus), zero)
            self._told.say_columns("spectrogram", columns)

    def _draw_scale(self) -> None:
        """How loud traces are, and whether all have one scale."""
        self._told.say(scale={"common": self._scene.amplitude == "common", "loudness": self._stage.loudness})

    def _draw_screen(self) -> None:
        """What is written around the figures, and where the rows stand."""
        assert self.points is not None
        screen = screen_of(
            self._scene,
            self.points,
            self._rows,
            km=self._km,
            zero_ms=self._zero,
            order=self._order_kind,
            token=self.token(),
            limits=self.whole(),
            height=self._stage.size[1],
            highest_hz=self._highest_hz,
        )
        self._told.say(screen=screen)

    def _draw_marks(self) -> None:
        assert self.points is not None
        start, end = (pd.Timestamp(round(ms * 1e6), unit="ns") for ms in (self.points.start_ms, self.points.end_ms))
        hour = pd.Timedelta(1, unit="h")
        items = marks_of(self._scene, [row.station for row in self._rows], (start - hour, end + hour))
        self._told.say(marks={"seq": self._stage.seq, "items": items, "in_hand": self._scene.in_hand})


def _pickers(scene: Scene) -> list[tuple[Any, ...]]:
    """What of the pickers shows: which are on, at which thresholds, and whose curves there are."""
    return [(key, run.on, dict(run.thresholds), id(run.annotations)) for key, run in scene.runs.items()]
