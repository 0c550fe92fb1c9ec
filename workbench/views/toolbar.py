"""``Toolbar``: what changes the plot without touching a sample, and undo, redo, status and export."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape

import panel as pn

from workbench.processing.filtering import FILTERS
from workbench.session import Session
from workbench.views.icons import icon, status_icon
from workbench.views.markup import Action, Markup, attributes

__all__ = ["Toolbar"]

_ALIGN = {"time": "Time", "P": "P", "S": "S", "origin": "Origin"}
_AMPLITUDE = {"trace": "per trace", "common": "common"}
_ORDER = {"distance": "distance", "arrival": "first arrival", "name": "name"}
_SHOWN = [
    "filter", "align", "amplitude", "order", "components", "spectrogram", "can_undo", "can_redo",
    "recording", "recording_id", "event", "statuses",
]  # fmt: skip


class Toolbar(pn.viewable.Viewer):
    """A row of controls; `on_export` opens the export dialog, `on_dock` shows or hides the dock of narrow screens."""

    def __init__(
        self, session: Session, on_export: Callable[[], None], on_dock: Callable[[], None], theme: str = "light"
    ) -> None:
        super().__init__()
        self._session = session
        self._on_export = on_export
        self._on_dock = on_dock
        self._markup = Markup(session, self._act, kind="toolbar")
        session.param.watch(lambda *_: self._draw(), _SHOWN)
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def _status(self) -> str:
        statuses, recording_id = self._session.statuses, self._session.recording_id
        if statuses.empty:
            return "untouched"
        found = statuses.loc[statuses["recording_id"] == recording_id, "status"]
        return str(found.iloc[0]) if len(found) else "untouched"

    def _draw(self) -> None:
        session = self._session
        nothing = session.recording is None
        done = self._status() == "done"
        has_origin = session.event is not None
        parts = [
            _select("Filter", "filter", {name: name for name in FILTERS} | {"none": "No filter"}, session.filter),
            '<span class="label wide">Align</span>',
            _segments("align", _ALIGN, session.align, "Align", () if has_origin else ("origin",)),
            _components(session),
            _select("Gain", "amplitude", _AMPLITUDE, session.amplitude),
            _select("Order", "order", _ORDER, session.order),
            '<span class="spread"></span>',
            _button("spectrogram", "spectrogram", "Spectrogram of the open station", pressed=session.spectrogram),
            _button("done", "check", "Mark this recording as done", pressed=done, disabled=nothing),
            _button("export", "export", "Export labels…"),
            '<span class="rule"></span>',
            _button("undo", "undo", "Undo (Ctrl+Z)", disabled=not session.can_undo),
            _button("redo", "redo", "Redo (Ctrl+Shift+Z)", disabled=not session.can_redo),
            _button("dock", "dock", "Show or hide the tables under the plot", extra="narrow"),
        ]
        self._markup.html = "".join(parts)

    def _act(self, action: Action) -> None:
        session, name = self._session, action["act"]
        if name in ("filter", "amplitude", "order"):
            session.param.update({name: action["value"]})
        elif name == "align":
            session.align = action["choice"]
        elif name == "component":
            session.components = _toggled(session.components, str(action["choice"]))
        elif name == "spectrogram":
            session.spectrogram = not session.spectrogram
        elif name == "undo":
            session.undo()
        elif name == "redo":
            session.redo()
        elif name == "done":
            session.set_status("in work" if self._status() == "done" else "done")
        elif name == "export":
            self._on_export()
        elif name == "dock":
            self._on_dock()


def _components(session: Session) -> str:
    there = ["Z", "N", "E"] if session.recording is None else [str(c) for c in session.recording["component"].values]
    buttons = "".join(
        f"<button {attributes(data_act='component', data_choice=name, data_key=name, aria_pressed=str(name in session.components).lower())}>{escape(name)}</button>"
        for name in there
    )
    return f'<span class="segments" role="group" aria-label="Components">{buttons}</span>'


def _toggled(names: Iterable[str], name: str) -> list[str]:
    """The components with one more or one less; the last one stays."""
    kept = list(names)
    if name not in kept:
        return sorted([*kept, name], key=lambda n: "ZNE12".find(n[0]))
    return [n for n in kept if n != name] or kept


def _select(label: str, act: str, options: dict[str, str], value: str) -> str:
    choices = "".join(
        f"<option {attributes(value=v, selected=v == value)}>{escape(w)}</option>" for v, w in options.items()
    )
    return f'<label class="choice"><span class="label">{label}</span><select data-act="{act}" data-key="{act}">{choices}</select></label>'


def _segments(act: str, options: dict[str, str], value: str, label: str, off: Iterable[str] = ()) -> str:
    buttons = "".join(
        f"<button {attributes(data_act=act, data_choice=v, data_key=v, aria_pressed=str(v == value).lower(), disabled=v in off, title='The event of this recording is not known' if v in off else None)}>{w}</button>"
        for v, w in options.items()
    )
    return f'<span class="segments" role="group" aria-label="{label}">{buttons}</span>'


def _button(
    act: str, picture: str, words: str, *, pressed: bool | None = None, disabled: bool = False, extra: str = ""
) -> str:
    drawing = status_icon("done", 16) if picture == "check" else icon(picture)
    given = attributes(
        class_=f"icon {extra}".strip(),
        data_act=act,
        data_key=act,
        title=words,
        aria_label=words,
        aria_pressed=None if pressed is None else str(pressed).lower(),
        disabled=disabled,
    )
    return f"<button {given}>{drawing}</button>"
