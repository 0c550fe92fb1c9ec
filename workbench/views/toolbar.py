"""``Toolbar``: what changes the plot without touching a sample, and undo, redo, status and export."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import panel as pn

from workbench.processing.filtering import FILTERS
from workbench.session import Session
from workbench.views.markup import Action, Markup
from workbench.views.tags import icon_button, options, tag, text

__all__ = ["Toolbar"]

_ALIGN = {"time": "Time", "P": "P", "S": "S", "origin": "Origin"}
_AMPLITUDE = {"trace": "Gain per trace", "common": "Common gain"}
_ORDER = {"distance": "By distance", "arrival": "By first arrival", "name": "By name"}
_SHOWN = [
    "filter", "align", "amplitude", "order", "components", "spectrogram", "can_undo", "can_redo",
    "recording", "recording_id", "event", "statuses",
]  # fmt: skip


class Toolbar(pn.viewable.Viewer):
    """A row of controls; `on_export` opens the export dialog, `on_dock` shows or hides the dock of narrow screens."""

    def __init__(self, session: Session, on_export: Callable[[], None], on_dock: Callable[[], None]) -> None:
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
        shut, reads = session.shut, session.visitor.read_only
        off = () if session.event is not None else ("origin",)
        self._markup.html = "".join(
            (
                _select("Filter", "filter", {name: name for name in FILTERS} | {"none": "No filter"}, session.filter),
                tag("span", "Align", class_="label"),
                _segments("align", _ALIGN, session.align, "Align", off),
                _components(session),
                _select("Gain of the traces", "amplitude", _AMPLITUDE, session.amplitude),
                _order(session),
                tag("span", class_="spread"),
                icon_button("spectrogram", "spectrogram", "Spectrogram", aria_pressed=session.spectrogram),
                icon_button(
                    "done",
                    "check",
                    shut or "Mark as done",
                    aria_pressed=done,
                    disabled=nothing or bool(shut),
                    class_="icon ok",
                ),
                icon_button("export", "export", reads or "Export labels…", disabled=bool(reads)),
                tag("span", class_="rule"),
                icon_button("undo", "undo", shut or "Undo (Ctrl+Z)", disabled=bool(shut) or not session.can_undo),
                icon_button("redo", "redo", shut or "Redo (Ctrl+Shift+Z)", disabled=bool(shut) or not session.can_redo),
                icon_button("dock", "dock", "Show or hide the tables", class_="icon narrow"),
            )
        )

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
    shown = {name: name in session.components for name in there}
    buttons = [
        tag("button", text(name), data_act="component", data_choice=name, data_key=name, aria_pressed=on)
        for name, on in shown.items()
    ]
    return tag("span", *buttons, class_="segments", role="group", aria_label="Components")


def _order(session: Session) -> str:
    """The order of stations; by distance only where there is an event to be distant from."""
    near = session.recording is None or session.event is not None
    choices = {name: words for name, words in _ORDER.items() if near or name != "distance"}
    return _select("Order of the stations", "order", choices, session.order if session.order in choices else "arrival")


def _toggled(names: Iterable[str], name: str) -> list[str]:
    """The components with one more or one less; the last one stays."""
    kept = list(names)
    if name not in kept:
        return sorted([*kept, name], key=lambda n: "ZNE12".find(n[0]))
    return [n for n in kept if n != name] or kept


def _select(label: str, act: str, choices: dict[str, str], value: str) -> str:
    """A list whose choices say what they are about: there is no room for a label beside it."""
    control = tag("select", options(choices, value), data_act=act, data_key=act, aria_label=label)
    return tag("span", control, class_="choice", title=label)


def _segments(act: str, choices: dict[str, str], value: str, label: str, off: Iterable[str] = ()) -> str:
    buttons = [
        tag(
            "button",
            words,
            data_act=act,
            data_choice=name,
            data_key=name,
            aria_pressed=name == value,
            disabled=name in off,
            title="The event of this recording is not known" if name in off else None,
        )
        for name, words in choices.items()
    ]
    return tag("span", *buttons, class_="segments", role="group", aria_label=label)
