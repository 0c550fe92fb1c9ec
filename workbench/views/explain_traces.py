"""``ExplainTraces``: the explanation over the traces, with picks, attention, probability and overview."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import panel as pn
import param

from workbench.session import Explaining
from workbench.views.explain_drawing import Drawing, Shown, milliseconds, recording_of
from workbench.views.explain_figures import line_styles, make_explain_figures, paint_explain
from workbench.views.explain_flag import flag_sides
from workbench.views.explain_marks import curve_columns, flag_columns, lane_columns, overview_columns, pick_columns
from workbench.views.explain_stage import ExplainStage
from workbench.views.explain_stage_html import empty_html, legend_html, names_html, odds_html, over_html
from workbench.views.theme import TOKENS

__all__ = ["ExplainTraces"]

_OF_LINES = {"attribution", "bare", "beside", "tried", "attention"}
_OF_MARKS = {"layer", "head"}
_OF_EMPTY = {"busy", "problem"}


class ExplainTraces(pn.viewable.Viewer):
    """Drawn from what was answered, never from what is being asked: colours and words are always of one question.

    Parameters
    ----------
    on_help
        Called by the help key.
    everywhere
        Whether keys act without a click into the plot before; not so in a notebook.
    """

    theme = param.Selector(default="light", objects=list(TOKENS))

    def __init__(
        self,
        explaining: Explaining,
        on_help: Callable[[], None] = lambda: None,
        *,
        everywhere: bool = False,
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self._explaining, self._on_help = explaining, on_help
        self._drawing: Drawing | None = None
        self._view = (0.0, 1.0)
        self._asked_view: tuple[Any, ...] = ()
        name = f"explain-{uuid.uuid4().hex[:8]}"
        self._figures = made = make_explain_figures(name)
        panes = [
            pn.pane.Bokeh(plot, margin=0, sizing_mode="stretch_both" if plot is made.traces else "stretch_width")
            for plot in made.stacked
        ]
        self._stage = ExplainStage(
            explaining.session, self._answer, stage=name, everywhere=everywhere,
            **dict(zip(("flags", "traces", "probability", "overview"), panes, strict=True)),
        )  # fmt: skip
        session = explaining.session
        explaining.param.watch(self._changed, [*_OF_LINES, *_OF_MARKS, *_OF_EMPTY, "spot", "brushing", "changes"])
        session.param.watch(lambda *_: self._draw_marks(), ["runs", "labels"])
        session.param.watch(lambda *_: self._draw_all(), "shown")
        session.param.watch(lambda *_: self._tell_words(), ["loading", "errand", "recording", "job"])
        self._repaint()

    def __panel__(self) -> ExplainStage:
        return self._stage

    # ---- from the browser

    def _answer(self, message: Mapping[str, Any]) -> None:
        with pn.io.hold():
            getattr(self, f"_on_{message['op']}")(message)

    def _on_view(self, message: Mapping[str, Any]) -> None:
        start, end = float(message["start"]), float(message["end"])
        if self._drawing is None or not end > start:
            return
        if (start, end) == self._view:
            return
        self._view = (start, end)
        self._explaining.view = (_time(start), _time(end))
        self._draw_lines()
        flags = flag_columns(self._explaining, self._drawing.shown, self.theme, self._view)
        self._figures.show(flags=flags)

    def _on_ask(self, message: Mapping[str, Any]) -> None:
        """A click: on a pick it asks why that pick, elsewhere why, or why not, the same phase at that time."""
        if self._drawing is None:
            return
        explaining, shown = self._explaining, self._drawing.shown
        station = shown.explained.attrs["station"]
        at, reach_ms = float(message["x"]), float(message["reach_ms"])
        onsets = explaining.onsets()
        onsets = onsets[onsets["station"] == station]
        far = np.abs(milliseconds(onsets["time"].to_numpy()) - at)
        if far.size and far.min() <= reach_ms:
            row = onsets.iloc[int(np.argmin(far))]
            explaining.explain_at(row["time"], station=station, phase=str(row["phase"]))
        elif shown.limits[0] <= at <= shown.limits[1]:
            explaining.explain_at(_time(at).round("10ms"), station=station)

    def _on_mute(self, message: Mapping[str, Any]) -> None:
        if self._drawing is None:
            return
        names = self._drawing.shown.components
        # Row n lies between -n and -n - 1; a brush takes each row whose middle it crosses, or the one it lies in.
        touched = [
            name for n, name in enumerate(names) if message["bottom"] <= -n - 0.1 and message["top"] >= -n - 0.9
        ]  # fmt: skip
        if touched:
            components = "" if len(touched) == len(names) else "".join(touched)
            self._explaining.mute(_time(message["start"]), _time(message["end"]), components)

    def _on_act(self, message: Mapping[str, Any]) -> None:
        if message["act"] == "step":
            self._explaining.step(1)

    def _on_key(self, message: Mapping[str, Any]) -> None:
        explaining = self._explaining
        does: Mapping[str, Callable[[], Any]] = {
            "earlier": lambda: explaining.step(-1),
            "later": lambda: explaining.step(1),
            "method": explaining.next_method,
            "method_back": lambda: explaining.next_method(-1),
            "brush": lambda: explaining.param.update(brushing=not explaining.brushing),
            "help": self._on_help,
            "escape": self._escape,
            "whole": self._show_first_view,
        }
        does[message["action"]]()

    def _escape(self) -> None:
        if self._explaining.brushing:
            self._explaining.brushing = False
        else:
            self._explaining.cancel()

    # ---- from the explanation

    def _changed(self, *events: param.parameterized.Event) -> None:
        names = {event.name for event in events}
        with pn.io.hold():
            if names & _OF_LINES:
                self._draw_all()
            elif names & _OF_MARKS:
                self._draw_marks()
            if names & _OF_EMPTY:
                self._tell_words()
            if "spot" in names:
                self._light()
            if "changes" in names:
                self._draw_muted()
            if "brushing" in names:
                self._stage.brushing = self._explaining.brushing

    def _draw_all(self) -> None:
        """Everything anew; the view stays unless another time is asked about."""
        explaining = self._explaining
        answer, recording = explaining.attribution, recording_of(explaining)
        explained = explaining.bare if answer is None else answer
        if explained is None or recording is None or explained.attrs["recording_id"] != explaining.session.recording_id:
            self._drawing = None
            self._tell_words()
            return
        tried = explaining.tried
        shown = Shown.of(explained, recording, answer if tried is None else tried.attribution)
        second = explaining.beside
        beside = None if second is None else Shown.of(second, recording, second)
        self._drawing = Drawing(shown, beside, lane=bool(explaining.attention))
        with pn.io.hold():
            self._figures.traces.y_range.update(start=self._drawing.rows.bottom, end=0.02)
            self._place_view()
            self._draw_lines()
            self._draw_marks()
            self._draw_muted()
        explaining.afterwards.put_off()

    def _place_view(self) -> None:
        if self._drawing is None:
            return
        attrs = self._drawing.shown.explained.attrs
        asked = (attrs["station"], attrs["recording_id"], attrs["window_start"], attrs["window_s"])
        at = _ms(attrs["target_time"])
        margin = 0.06 * (self._view[1] - self._view[0])
        # A refusal moves nothing: what is asked about is where the hand is.
        margin = 0.0 if self._explaining.attribution is None else margin
        if asked != self._asked_view or not self._view[0] + margin <= at <= self._view[1] - margin:
            self._asked_view = asked
            self._show_first_view()

    def _show_first_view(self) -> None:
        if self._drawing is not None:
            self._view = self._drawing.first_view()
            start, end = self._drawing.shown.limits
            slack = 0.02 * (end - start)
            self._figures.x_range.update(start=self._view[0], end=self._view[1], bounds=(start - slack, end + slack))

    def _draw_lines(self) -> None:
        drawing, show = self._drawing, self._figures.show
        if drawing is None:
            return
        colours = TOKENS[self.theme]
        columns = drawing.columns(self._view)
        show(lines=columns["lines"] | line_styles(self.theme))
        bars = columns["bars"]
        if beside := drawing.columns_beside(self._view):
            bars = {name: np.concatenate([bars[name], beside[name]]) for name in bars}
        sign = bars.pop("sign")
        show(bars=bars | {"colour": [colours["for" if one > 0 else "against"] for one in sign]})
        show(baselines=columns["baselines"])
        self._draw_ghost()
        self._tell_words()

    def _draw_ghost(self) -> None:
        explaining, drawing = self._explaining, self._drawing
        recording = explaining.session.recording
        ghost: dict[str, Any] = {"xs": [], "ys": []}
        if drawing is not None and explaining.tried is not None and recording is not None:
            ghost = drawing.ghost(recording, self._view)
        self._figures.show(ghost=ghost)

    def _draw_marks(self) -> None:
        drawing, show, theme = self._drawing, self._figures.show, self.theme
        if drawing is None:
            return
        explaining, shown = self._explaining, drawing.shown
        with pn.io.hold():
            show(picks=pick_columns(explaining, shown, theme))
            show(flags=flag_columns(explaining, shown, theme, self._view))
            curves, fills = curve_columns(explaining, shown, theme)
            lane, edges = lane_columns(explaining, drawing.rows)
            show(curves=curves, fills=fills, lane=lane, edges=edges)
            attrs = shown.explained.attrs
            at = _ms(attrs["target_time"])
            half = 1e3 * attrs["target_half_width_s"]
            show(target={"left": [at - half], "right": [at + half]})
            self._tell_words()
        explaining.afterwards.ask(self._draw_overview)

    def _draw_overview(self) -> None:
        """A moment after the traces: where the hand is, is painted without waiting for it."""
        if self._drawing is not None:
            shown = self._drawing.shown
            self._figures.overview.x_range.update(start=shown.limits[0], end=shown.limits[1])
            self._figures.show(**overview_columns(self._explaining, shown, self.theme))

    def _draw_muted(self) -> None:
        drawing, changes = self._drawing, self._explaining.changes
        rows: list[tuple[float, float, float, float]] = []
        if drawing is not None and changes is not None:
            names = drawing.shown.components
            spans = [(part.start, part.end, part.components) for part in changes.mute]
            spans += [(start, end, "") for start, end in changes.gaps]
            for start, end, components in spans:
                left, right = (float(milliseconds(np.datetime64(pd.Timestamp(at), "ns"))) for at in (start, end))
                rows += [
                    (left, right, -n - 1, -n) for n, name in enumerate(names) if not components or name in components
                ]
        columns = zip(*rows, strict=True) if rows else ([], [], [], [])
        names = ("left", "right", "bottom", "top")
        self._figures.show(muted={name: list(column) for name, column in zip(names, columns, strict=True)})

    def _light(self) -> None:
        spot = self._explaining.spot
        for box in self._figures.spots:
            if spot is None:
                box.visible = False
            else:
                box.update(left=_ms(spot[0]), right=_ms(spot[1]), visible=True)

    def _tell_words(self) -> None:
        empty = empty_html(self._explaining)
        words = {"empty": empty}
        if self._drawing is not None and not empty:
            words |= {
                "legend": legend_html(self._drawing, self.theme, self._legend_side()),
                "names": names_html(self._explaining, self._drawing),
                "odds": odds_html(),
                "over": over_html(self._explaining, self._drawing),
            }
        self._stage.tell_words(words)

    def _legend_side(self) -> str:
        """Away from the flag of what is asked about, the last one."""
        flags, (start, end) = self._figures.sources["flags"].data, self._view
        if not len(flags["x"]):
            return "right"
        place = (flags["x"][-1] - start) / (end - start)
        return flag_sides(place, len(flags["words"][-1]), two=bool(self._explaining.second)).legend

    # ---- own parameters

    @param.depends("theme", watch=True)
    def _repaint(self) -> None:
        with pn.io.hold():
            paint_explain(self._figures, self.theme)
            self._draw_all()


def _time(ms: float) -> pd.Timestamp:
    return pd.Timestamp(round(ms * 1e6), unit="ns")


def _ms(time: Any) -> float:
    return float(milliseconds(np.datetime64(pd.Timestamp(time), "ns")))
