"""``NotebookWidget``: Panel's widget of a notebook, without the losses of jupyter_bokeh (4.1).

There, what changes before the notebook has drawn the widget is dropped, and a page that is loaded again while its
kernel lives gets the widget as it was made. The other way, while the kernel is busy, only the last message of each
model is kept, so that a key takes the place of the click before it; and every change that the kernel tells comes back
as if a hand had made it, late enough to undo the next one.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from bokeh.document.events import ModelChangedEvent
from bokeh.protocol import Protocol
from jupyter_bokeh import BokehModel

__all__ = ["NotebookWidget"]

_ECHO_S = 10.0
"""A change that has not come back by then will not: the browser had that value already."""

_PLAIN = (str, int, float, bool, type(None))
_MOST_SENT = 64
_MANY = 1000

_sent_by_order = object()
"""Stands for what is not compared: it comes back in its order."""


class NotebookWidget(BokehModel):  # type: ignore[misc]
    """As its base, to be used in place of it: told of all that changes, from when it is shown, and of nothing twice."""

    _loop: asyncio.AbstractEventLoop | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._told = _Told()
        self._waiting: deque[Any] = deque()
        self._will_send = False
        with suppress(RuntimeError):
            self._loop = asyncio.get_running_loop()
        super().__init__(*arguments, **options | {"combine_events": False})
        # None is: not counted.
        self._view_count = 0
        self.observe(self._count_views, "_view_count")

    def _document_patched(self, event: Any) -> None:
        if hasattr(event, "attr"):
            self._told.changed[event.model.id, event.attr] = None
        if event.setter is self or not self._told.shown:
            return
        self._waiting.append(event)
        if self._loop is None:
            self._send_waiting()
        elif not self._will_send:
            # What one turn of the kernel changes comes in one patch, as from a server: nothing is drawn of two states.
            self._will_send = True
            self._loop.call_soon_threadsafe(self._send_waiting)

    def _send_waiting(self) -> None:
        self._will_send = False
        events: dict[Any, Any] = {}
        while self._waiting:
            event = self._waiting.popleft()
            # At its first place: a model comes with the first change that holds it, before what is changed of it.
            events[(event.model.id, event.attr) if isinstance(event, ModelChangedEvent) else event] = event
        self._send_patch([event for event in events.values() if self._still_holds(event)])

    def _still_holds(self, event: Any) -> bool:
        """Whether an event is of this document, and of a model that has not left it by now."""
        model = getattr(event, "model", None)
        return event.document is self._document and (model is None or model.document is self._document)

    def _send_patch(self, events: Sequence[Any]) -> None:
        if not events:
            return
        if len(self._told.changed) > _MANY:
            self._told.forget_all_but(self._document)
        for event in events:
            if hasattr(event, "attr"):
                self._told.expect(event)
        message = Protocol().create("PATCH-DOC", list(events))
        for part in (message.header_json, message.metadata_json, message.content_json):
            self.send({"msg": "patch", "payload": part})
        for buffer in message.buffers:
            self.send({"msg": "patch", "payload": json.dumps(buffer.ref)})
            self.send({"msg": "patch"}, [buffer.to_bytes()])

    def _sync_model(self, _model: Any, content: dict[str, Any], _buffers: list[Any]) -> None:
        if not self._told.is_late(content):
            super()._sync_model(_model, content, _buffers)

    def _count_views(self, change: Mapping[str, Any]) -> None:
        before, now = change["old"] or 0, change["new"] or 0
        if now > before and not self._told.shown:
            self._told.shown = True
            self._send_patch(_as_they_stand(self._document, self._told.changed))
        elif now > before and self._told.changed:
            # Another view, drawn from what the widget was made with: all are drawn anew, from what stands now.
            self._told.changed.clear()
            self.render_bundle = self._model_to_traits(self._model)


class _Told:
    """What one widget was told of its models."""

    def __init__(self) -> None:
        self.shown = False
        self.changed: dict[tuple[str, str], None] = {}
        """Properties that are no longer what the widget was made with."""
        self._sent: dict[tuple[str, str], deque[tuple[float, Any]]] = {}

    def expect(self, event: Any) -> None:
        """A change is sent; it will come back."""
        value = getattr(event, "new", None)
        noted = value if isinstance(value, _PLAIN) else _sent_by_order
        self._sent.setdefault((event.model.id, event.attr), deque(maxlen=_MOST_SENT)).append((time.monotonic(), noted))

    def is_late(self, content: Mapping[str, Any]) -> bool:
        """Whether what a browser says is what it was told, and no longer so."""
        key = str((content.get("model") or {}).get("id")), content.get("attr", "data")
        sent = self._sent.get(key, deque())
        new = content.get("new", _sent_by_order)
        if isinstance(new, _PLAIN):
            # What was told last may be taken: where a hand was quicker, it is what stands in the browser in the end.
            there = next((n for n, (_, value) in enumerate(sent) if value == new), None)
            for _ in range(0 if there is None else there + 1):
                sent.popleft()
            return there is not None and bool(sent)
        # To compare arrays would cost more than they are worth.
        while sent:
            if time.monotonic() - sent.popleft()[0] < _ECHO_S:
                return True
        return False

    def forget_all_but(self, document: Any) -> None:
        """Nothing is told of a model that has left the document."""
        for kept in (self.changed, self._sent):
            for key in [key for key in kept if document.get_model_by_id(key[0]) is None]:
                del kept[key]  # type: ignore[attr-defined]


def _as_they_stand(document: Any, changed: dict[tuple[str, str], None]) -> list[Any]:
    """One event for each property that changed, with the value that it has now.

    A message to a script is not among them: the script asks for the last ones when it can listen.
    """
    found = ((document.get_model_by_id(model_id), attr) for model_id, attr in changed)
    return [ModelChangedEvent(document, one, attr, getattr(one, attr)) for one, attr in found if one is not None]
