"""``Telling``: plain values that a component tells the browser by messages, and again to one that joins later.

Messages, not synced parameters: Panel walks all models below a component, figures or a whole page, whenever one of
those changes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from panel.io.state import state
from panel.models.esm import ESMEvent

from workbench.views.notebook import follow_in_notebooks

__all__ = ["Telling", "op_of"]


def op_of(message: Any) -> str:
    """What a message of a browser asks for; empty where it asks for nothing: anything may be sent.

    >>> op_of({"op": "ready"}), op_of(None), op_of({"op": 5})
    ('ready', '', '')
    """
    op = message.get("op") if isinstance(message, Mapping) else None
    return op if isinstance(op, str) else ""


class Telling:
    """Beside :class:`panel.custom.JSComponent`, before it among the bases.

    The script of the component sends ``{"op": "ready"}`` when it can listen, and :meth:`tell_again` is the answer.
    """

    def __init__(self, **params: Any) -> None:
        self._told: dict[str, Any] = {}
        follow_in_notebooks()
        super().__init__(**params)

    def tell(self, **values: Any) -> None:
        """Send plain values to the browser; one that joins later gets the last of each."""
        self._told.update(values)
        self._send_msg(values)

    def tell_changes(self, **values: Any) -> None:
        """The same, of those that are not the last that were told."""
        changed = {name: value for name, value in values.items() if not self.knows(**{name: value})}
        if changed:
            self.tell(**changed)

    def tell_again(self, but: Collection[str] = ()) -> None:
        """Send the last of each value, to one that joins."""
        self._send_msg({name: value for name, value in self._told.items() if name not in but})

    def knows(self, **values: Any) -> bool:
        """Whether those are the last that the browser was told, or has said."""
        return all(name in self._told and self._told[name] == value for name, value in values.items())

    def _send_msg(self, data: Any) -> None:
        """Send to every browser; in a notebook the widget keeps the models in a document that Panel does not know."""
        super()._send_msg(data)  # type: ignore[misc]
        for ref, (model, _) in self._models.copy().items():  # type: ignore[attr-defined]
            document = model.document
            if ref in state._views and document is not None and document is not state._views[ref][2]:
                document.callbacks.send_event(ESMEvent(model=model, data=data))
