"""The centre of the Inspect app: stacked traces with picks, probability, time axis and overview."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import pandas as pd
import panel as pn
import param

from workbench.errors import WorkbenchError
from workbench.session import Session
from workbench.views.guard import guarded
from workbench.views.keys import PROFILES, keymap
from workbench.views.pick_editor import PickEditor
from workbench.views.theme import TOKENS
from workbench.views.traces_actions import ABOUT_PICKS, Actions, Where
from workbench.views.traces_ahead import PagesAhead
from workbench.views.traces_drawing import Drawing, Stage
from workbench.views.traces_figures import (
    AXIS_PX,
    PROBABILITY_PX,
    PROBABILITY_SMALL_PX,
    SMALL_STAGE_PX,
    label_axes,
    make_figures,
    paint,
    time_words,
)

__all__ = ["TraceView"]

_PARTS: Mapping[str, frozenset[str]] = {
    "station": frozenset({"rows", "curves", "overview"}),
    "components": frozenset({"rows"}),
    "amplitude": frozenset({"scale"}),
    "order": frozenset({"order", "rows"}),
    "align": frozenset({"align"}),
    "labels": frozenset({"marks", "screen", "overview_marks"}),
    "theory": frozenset({"marks", "screen"}),
    "reference": frozenset({"marks", "screen", "overview_marks"}),
    "view": frozenset({"order", "view"}),
    "in_hand": frozenset({"marks"}),
    "loading": frozenset({"loading"}),
    "spectrogram": frozenset({"spectrogram", "screen"}),
    "filter": frozenset(),
    "listed": frozenset(),
    "blind": frozenset(),
    "neighbours": frozenset({"neighbours"}),
}
"""Parameter of the session to what it puts out of date; `shown` and `runs` are looked at more closely."""

_OF_ALL_RECORDINGS = {"components", "amplitude", "order", "align", "spectrogram", "filter", "listed", "blind"}
"""Parameters on which the pictures of the neighbours hang too."""


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
    why = param.String("", doc="Where the user wants the pick in hand explained: 'tab' or 'page'; told each time.")

    def __init__(self, session: Session, **params: Any) -> None:
        params = {"profile": session.settings.keys, **params}
        keymap(params["profile"])  # names those that there are
        super().__init__(**params)
        self._session = session
        self._actions = Actions(session, self)
        self._made: dict[str, str] = {}
        self._turn = self._turned = 0
        name = f"traces-{uuid.uuid4().hex[:8]}"
        self._figures = make_figures(name)
        self._editor = PickEditor(
            self._answer, plots=self._stacked(), stage=name, sizing_mode="stretch_both", margin=0, min_height=380
        )
        self._stage = Stage(theme=self.theme, loudness=self.loudness)
        self._drawing = Drawing(session, self._stage, self._tell)
        self._ahead = PagesAhead(session, self._stage, lambda **values: self._editor.send(turn=self._turn, **values))
        self._editor.tell(keymap=keymap(self.profile), phase=self.phase, armed=self.armed)
        self._repaint()
        session.param.watch(self._changed, ["shown", "runs", *_PARTS])
        self._open()

    def __panel__(self) -> PickEditor:
        return self._editor

    @property
    def stations(self) -> list[str]:
        """All stations, in the order on the screen."""
        return self._drawing.order

    def act(self, action: str, **where: Any) -> None:
        """Do an action of the action table, for a button; an error becomes a notice.

        Examples
        --------
        ``view.act("filter:1")``, ``view.act("accept", identity=pick_id)``
        """
        with guarded(self._session):
            self._actions.do(action, Where(**where))

    def _stacked(self) -> pn.Column:
        made = self._figures
        panes = [pn.pane.Bokeh(made.traces, margin=0, sizing_mode="stretch_both")]
        for plot in (made.spectrogram, made.probability, made.overview):
            panes.append(pn.pane.Bokeh(plot, margin=0, sizing_mode="stretch_width"))
        panes[1].visible = self._session.spectrogram
        self._spectrogram = panes[1]
        return pn.Column(*panes, margin=0, sizing_mode="stretch_both", styles={"gap": "0"})

    def _tell(self, **values: Any) -> None:
        """Tell a part of the picture, as of the last turn of pages that was heard of."""
        self._editor.tell(turn=self._turn, **values)

    # ---- from the browser

    def _answer(self, message: Mapping[str, Any]) -> None:
        with guarded(self._session), pn.io.hold():
            getattr(self, f"_on_{message['op']}")(message)

    def _on_size(self, message: Mapping[str, Any]) -> None:
        size = (float(message["width"]), float(message["height"]))
        probability = self._figures.probability
        wanted = (PROBABILITY_SMALL_PX if float(message["stage"]) < SMALL_STAGE_PX else PROBABILITY_PX) + AXIS_PX
        if probability.height != wanted:
            probability.height = wanted
        if min(size) > 50 and size != self._stage.size:
            self._stage.size = size
            self._drawing.refresh({"rows"})
            self._ahead.drop()

    def _on_view(self, message: Mapping[str, Any]) -> None:
        self._editor.tell(viewed=int(message["number"]))
        start, end = float(message["start"]), float(message["end"])
        drawing = self._drawing
        if drawing.points is None or message["token"] != drawing.token() or not end > start:
            return
        if message["placed"] != drawing.placed:
            # Sent before the browser heard where the session has put the view since: a view that was left already.
            return
        drawing.x = (start, end)
        self._editor.keep(x=drawing.placing())
        if drawing.must_fetch():
            drawing.refresh({"detail"})
        if message["settled"]:
            self._settle()

    def _settle(self) -> None:
        """Tell the session of a view that has come to rest, if it is another one."""
        drawing = self._drawing
        if not drawing.near(drawing.wanted_x()):
            view = None if drawing.near(drawing.whole()) else tuple(drawing.time_of(x) for x in drawing.x)
            self._session.view = view

    def _on_focus(self, message: Mapping[str, Any]) -> None:
        if self._is_here(message):
            self._session.station = message["station"]

    def _on_hand(self, message: Mapping[str, Any]) -> None:
        self._stage.seq = int(message["seq"])
        if self._is_here(message):
            self._session.in_hand = self._made.get(message["id"], message["id"])
        else:
            self._drawing.draw_marks()

    def _is_here(self, message: Mapping[str, Any]) -> bool:
        """Whether the browser showed, when it said that, the recording that is drawn now."""
        return self._drawing.is_of(message["token"])

    def _on_armed(self, message: Mapping[str, Any]) -> None:
        self._editor.keep(armed=bool(message["on"]))
        self.armed = bool(message["on"])

    def _on_scroll(self, message: Mapping[str, Any]) -> None:
        _, first = self._drawing.window(self._drawing.first)
        self._drawing.first = first + int(message["by"])
        self._drawing.refresh({"rows"})

    def _on_threshold(self, message: Mapping[str, Any]) -> None:
        self._session.set_threshold(message["key"], message["phase"], float(message["value"]))

    def _on_amplitude(self, message: Mapping[str, Any]) -> None:
        self._actions.do(f"amplitude:{float(message['steps'])}")

    def _on_turned(self, message: Mapping[str, Any]) -> None:
        """The browser shows a neighbour already; what makes the session open it comes next, and then the check.

        Until then, what is told is of the recording that the browser has left, and carries the turn of before.
        """
        self._turned = max(self._turned, int(message["turn"]))

    def _on_check(self, message: Mapping[str, Any]) -> None:
        """Correct a browser that has turned to another recording than the session."""
        self._turn = self._turned
        if message["page"] != self._drawing.page:
            self._drawing.tell_all()

    def _on_idle(self, _: Mapping[str, Any]) -> None:
        self._ahead.draw_one()

    def _on_again(self, _: Mapping[str, Any]) -> None:
        self._drawing.tell_all()

    def _on_sure(self, message: Mapping[str, Any]) -> None:
        self._editor.send(sure=int(message["number"]))

    def _on_act(self, message: Mapping[str, Any]) -> None:
        """An action, done already on the screen where it could be; whatever comes of it, the screen gets the truth."""
        self._stage.seq = int(message.get("seq", self._stage.seq))
        time = message.get("time")
        where = Where(
            identity=self._made.get(message.get("id", ""), message.get("id", "")),
            time=None if time is None else pd.Timestamp(round(time * 1e6), unit="ns"),
            station=message.get("station", ""),
        )
        try:
            if message["action"].partition(":")[0] in ABOUT_PICKS and not self._is_here(message):
                raise WorkbenchError("Another recording has come to the screen since that key: nothing was changed.")
            self._actions.do(message["action"], where)
            if message.get("as"):
                self._made[message["as"]] = self._session.in_hand
            if message["action"] == "refine":
                # Also where it is the cursor of before: the pointer has moved away from it since.
                self._editor.tell(cursor=dict(self.cursor))
        finally:
            self._drawing.draw_marks()
            if message["action"] == "refine":
                self._editor.tell(refined=self._stage.seq)

    # ---- from the session

    def _changed(self, *events: param.parameterized.Event) -> None:
        parts: set[str] = set()
        for event in events:
            parts |= self._parts(event)
        with pn.io.hold():
            if "loading" in parts:
                self._editor.tell(reading=self._session.loading)
            self._figures.spectrogram.visible = self._spectrogram.visible = self._session.spectrogram
            time_words(self._figures, relative=self._session.align != "time")
            label_axes(self._figures, shown=self._session.shown is not None)
            if "recording" in parts:
                self._open()
            else:
                self._drawing.refresh(parts)
                if any(event.name in _OF_ALL_RECORDINGS or _concerns_all(event) for event in events):
                    self._ahead.drop()
            if "neighbours" in parts:
                self._ahead.invite()

    def _open(self) -> None:
        """Show the recording that the session has opened: as it was drawn ahead, if it was."""
        self._turn = self._turned
        self.cursor = {}
        drawn = self._ahead.take(self._session.recording_id)
        if drawn is None or not drawn.fits(self._session):
            self._drawing = Drawing(self._session, self._stage, self._tell)
            self._drawing.refresh({"recording"})
            self._ahead.drop()
        else:
            self._drawing = drawn
            drawn.follow(self._session, self._tell)
            self._editor.keep(**drawn.picture)
            self._editor.send(show=drawn.page, turn=self._turn)
            drawn.refresh({"screen", "marks"})

    def _parts(self, event: param.parameterized.Event) -> frozenset[str]:
        """What a change of the session puts out of date."""
        if event.name == "shown":
            same = event.old is not None and event.new is not None and _same_axis(event.old, event.new)
            if not same:
                self._made.clear()
            return frozenset({"filtered"} if same else {"recording"})
        if event.name == "runs":
            before = {key: run.annotations for key, run in (event.old or {}).items()}
            new_curves = any(run.annotations is not before.get(key) for key, run in event.new.items())
            return frozenset({"curves", "marks", "screen", "overview_marks"} | ({"order"} if new_curves else set()))
        if event.name == "station":
            self._drawing.first = None
        return _PARTS[event.name]

    # ---- own parameters

    @param.depends("theme", watch=True)
    def _repaint(self) -> None:
        self._stage.theme = self.theme
        with pn.io.hold():
            paint(self._figures, self.theme)
            self._editor.tell(colours=dict(TOKENS[self.theme]))
            self._drawing.refresh({"curves", "overview_marks"})
            self._ahead.drop()

    @param.depends("profile", watch=True)
    def _rekey(self) -> None:
        self._editor.tell(keymap=keymap(self.profile))

    @param.depends("cursor", "phase", watch=True)
    def _move_cursor(self) -> None:
        self._editor.tell(cursor=dict(self.cursor), phase=self.phase)

    @param.depends("armed", watch=True)
    def _arm(self) -> None:
        if not self._editor.knows(armed=self.armed):
            self._editor.tell(armed=self.armed)

    @param.depends("loudness", watch=True)
    def _reamplify(self) -> None:
        self._stage.loudness = self.loudness
        self._drawing.refresh({"scale"})
        self._ahead.drop()


def _concerns_all(event: param.parameterized.Event) -> bool:
    """Whether pickers or thresholds have changed, not only what a picker says of the open recording."""
    if event.name != "runs":
        return False
    old, new = ({key: (run.on, run.thresholds) for key, run in (runs or {}).items()} for runs in (event.old, event.new))
    return bool(old != new or list(old) != list(new))


def _same_axis(old: Any, new: Any) -> bool:
    return (
        old.attrs["recording_id"] == new.attrs["recording_id"]
        and old.sizes == new.sizes
        and old["time"].values[0] == new["time"].values[0]
    )
