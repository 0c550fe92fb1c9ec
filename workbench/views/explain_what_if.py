"""``WhatIfCard``: changes to a copy of the input, and what becomes of pick, curve and explanation."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import panel as pn
import param

from workbench.errors import SchemaError
from workbench.explain.changes import Changes
from workbench.session import Explaining
from workbench.session.onsets import nearest_onset
from workbench.views.explain_strip import StripFigure, strip_words
from workbench.views.explain_what_if_html import SNR_OFF_DB, Form, outcome_words, shift_html, what_if_html
from workbench.views.guard import guarded
from workbench.views.markup import Action, Markup
from workbench.views.theme import TOKENS

__all__ = ["WhatIfCard", "changes_after"]


class WhatIfCard(pn.viewable.Viewer):
    """Sliders and switches for the input, and a strip that tells how a pick depends on where its window begins."""

    theme = param.Selector(default="light", objects=list(TOKENS))

    def __init__(self, explaining: Explaining, theme: str = "light") -> None:
        super().__init__(theme=theme)
        self._explaining = explaining
        self._gap_open, self._gap_from_s, self._gap_length_s = False, -1.0, 0.5
        self._markup = Markup(explaining.session, self._act, kind="what_if")
        self._strip_head = Markup(explaining.session, self._act, kind="what_if")
        self._strip = StripFigure(theme, self._shift_to)
        self._pane = pn.pane.Bokeh(self._strip.figure, sizing_mode="stretch_both", min_height=72, margin=(0, 4, 4, 4))
        self._stage = pn.Column(sizing_mode="stretch_both", margin=0)
        parts = (self._markup, self._strip_head, self._stage)
        self._layout = pn.Column(*parts, sizing_mode="stretch_both", min_height=370, margin=0)
        shown = ["changes", "tried", "try_problem", "brushing", "time", "phase", "attribution"]
        explaining.param.watch(explaining.afterwards.watcher(self._draw), shown)
        explaining.param.watch(
            explaining.afterwards.watcher(self._draw_strip), ["strip", "strip_problem", "attribution", "changes"]
        )
        self.param.watch(lambda *_: self._strip.paint(self.theme), "theme")
        self._draw()
        self._draw_strip()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    # ---- what is shown

    def _draw(self) -> None:
        explaining = self._explaining
        recording = explaining.session.recording
        letters = "" if recording is None else "".join(str(letter) for letter in recording["component"].values)
        form = Form(
            letters,
            explaining.time if explaining.attribution is not None else None,
            explaining.brushing,
            self._gap_open,
            self._gap_from_s,
            self._gap_length_s,
        )
        self._markup.html = what_if_html(explaining.changes or Changes(), form, self._outcome())

    def _outcome(self) -> str:
        """In words, with the probability of the pick before, as far as there was one."""
        explaining = self._explaining
        run = explaining.run
        if explaining.changes is None or explaining.time is None or run is None:
            return ""
        if explaining.try_problem:
            return explaining.try_problem
        if explaining.tried is None:
            return "Trying…"
        onsets = explaining.onsets()
        near = nearest_onset(onsets, explaining.station, explaining.phase, explaining.time) if len(onsets) else -1
        before = float(onsets["probability"].iloc[near]) if near >= 0 else float("nan")
        threshold = float(run.thresholds.get(explaining.phase, 0.0))
        return outcome_words(explaining.tried, explaining.phase, explaining.time, before, threshold)

    def _draw_strip(self) -> None:
        explaining = self._explaining
        strip, explained, changes = explaining.strip, explaining.attribution, explaining.changes
        shift_s = 0.0 if changes is None else changes.shift_s
        known = strip is not None and explained is not None
        words = explaining.strip_problem or "Trying 41 windows…"
        if explained is None:
            words = "Explain a pick to see whether it moves with the window."
        with explaining.session.hold():
            if known:
                time, phase = pd.Timestamp(explained.attrs["target_time"]), str(explained.attrs["phase"])
                self._strip.show(strip, time, phase)
                self._strip.mark(shift_s)
                words = strip_words(strip, time, phase)
            else:
                self._strip.clear()
            off = explaining.time is None or bool(explaining.strip_problem)
            self._strip_head.html = shift_html(shift_s, words, off=off, known=known)
            # A figure that is there but not visible keeps its place all the same. From pick to pick it stays, empty
            # for a moment: to take it away and put it back costs more than all the drawing.
            if bool(self._stage.objects) == off:
                self._stage.objects = [] if off else [self._pane]

    # ---- what is done

    def _act(self, action: Action) -> None:
        explaining, name = self._explaining, action["act"]
        if name == "reset":
            self._gap_open = False
            explaining.param.update(changes=None, brushing=False)
            self._draw()
        elif name == "brush":
            explaining.brushing = not explaining.brushing
        elif name in ("gap", "gap_from", "gap_length"):
            self._set_form(name, action.get("value"))
        elif explaining.time is not None:
            self._change(action)

    def _shift_to(self, offset_s: float) -> None:
        """A dot of the strip was pointed at: that window is tried."""
        if self._explaining.time is not None:
            with guarded(self._explaining.session):
                self._change({"act": "shift", "value": offset_s})

    def _set_form(self, name: str, value: Any) -> None:
        if name == "gap":
            self._gap_open = not self._gap_open
        elif name == "gap_from":
            self._gap_from_s = _number(value, self._gap_from_s)
        else:
            self._gap_length_s = max(_number(value, self._gap_length_s), 0.01)
        self._draw()

    def _change(self, action: Action) -> None:
        explaining = self._explaining
        before = explaining.changes or Changes()
        if action["act"] == "punch":
            start = explaining.time + pd.Timedelta(seconds=self._gap_from_s)
            gap = (start, start + pd.Timedelta(seconds=self._gap_length_s))
            after = replace(before, gaps=(*before.gaps, gap))
            self._gap_open = False
        else:
            after = changes_after(before, action)
        if after.drop and explaining.session.recording is not None:
            _check_left(after.drop, [str(letter) for letter in explaining.session.recording["component"].values])
        explaining.changes = None if after.nothing else after
        self._draw()


def changes_after(changes: Changes, action: Action) -> Changes:
    """The changes with one more, or one less.

    Parameters
    ----------
    action
        ``act`` is noise, clip, shift, drop, flip, swap, filter, unmute or fill, with ``value``, ``letter`` or
        ``number``.
    """
    name, value = action["act"], action.get("value")
    if name == "noise":
        level = _number(value, SNR_OFF_DB)
        return replace(changes, snr_db=math.inf if level >= SNR_OFF_DB else level)
    if name == "shift":
        return replace(changes, shift_s=round(_number(value, 0.0), 1))
    if name == "clip":
        return replace(changes, clip=float(np.clip(_number(value, 100) / 100, 0.01, 1.0)))
    if name in ("drop", "flip"):
        chosen = "".join(sorted(set(getattr(changes, name)) ^ {str(action["letter"])}))
        return replace(changes, drop=chosen) if name == "drop" else replace(changes, flip=chosen)
    if name in ("swap", "filter"):
        return replace(changes, swap=str(value or "")) if name == "swap" else replace(changes, filter=str(value))
    if name == "unmute":
        return replace(changes, mute=_without(changes.mute, int(action["number"])))
    if name == "fill":
        return replace(changes, gaps=_without(changes.gaps, int(action["number"])))
    return changes


def _without(parts: tuple[Any, ...], number: int) -> tuple[Any, ...]:
    return parts[:number] + parts[number + 1 :]


def _check_left(drop: str, letters: list[str]) -> None:
    if not set(letters) - set(drop):
        raise SchemaError("One component must stay: without any there is nothing to pick on.")


def _number(value: Any, otherwise: float) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        return otherwise
    return found if math.isfinite(found) else otherwise
