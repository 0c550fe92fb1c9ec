"""The part of the trace view that lives in the browser: names, read-outs, pointer and keys around the Bokeh figures.

The browser repaints first and tells Python after; Python decides, and its answer is what stays on the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import Child, JSComponent

from workbench.views.telling import Telling, op_of

__all__ = ["PickEditor"]

_FOLDER = Path(__file__).parent / "esm"
_PARTS = (
    *("plots.js", "decimate.js", "lines.js", "picture.js", "pages.js", "layer.js", "trace_layer.js", "pick_layer.js"),
    *("marks.js", "furniture.js", "edits.js", "gestures.js", "pick_editor.js"),
)


class PickEditor(Telling, JSComponent):
    """A frame around the figures that draws picks and reads pointer and keys.

    Parameters
    ----------
    answer
        Called with each message from the browser.
    """

    plots = Child(doc="The figures, one above the other.")
    stage = param.String("", doc="Prefix of the names of the figures' models.")

    # One module in the browser, several files here: relative imports do not reach it unbundled.
    _esm: ClassVar[str] = "\n".join((_FOLDER / part).read_text(encoding="utf-8") for part in _PARTS)
    _stylesheets: ClassVar[list[str]] = [(_FOLDER / "pick_editor.css").read_text(encoding="utf-8")]

    def __init__(self, answer: Callable[[Mapping[str, Any]], None], **params: Any) -> None:
        super().__init__(**params)
        self._answer = answer

    def send(self, **values: Any) -> None:
        """Send what only those that are there now need to hear."""
        self._send_msg(values)

    def keep(self, **values: Any) -> None:
        """Keep values for one that joins later; the others hold them already.

        So it is with what the browser has said of itself: sent back, it would undo what was done there since.
        """
        self._told.update(values)

    def _handle_msg(self, data: Any) -> None:
        if op_of(data) == "ready":
            # A browser says itself whether it is armed: the answer may come after a click that armed it.
            self.tell_again(but=("armed",))
        else:
            self._answer(data)
