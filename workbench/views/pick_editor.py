"""The part of the trace view that lives in the browser: names, read-outs, pointer and keys around the Bokeh figures.

The browser repaints first and tells Python after; Python decides, and its answer is what stays on the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import Child, JSComponent

__all__ = ["PickEditor"]

_FOLDER = Path(__file__).parent / "esm"
_PARTS = ("plots.js", "marks.js", "furniture.js", "edits.js", "gestures.js", "pick_editor.js")


class PickEditor(JSComponent):
    """A frame around the figures that draws picks and reads pointer and keys."""

    plots = Child(doc="The figures, one above the other.")
    stage = param.String("", doc="Prefix of the names of the figures' models.")
    screen = param.Dict({}, doc="Rows, legend, gains, thresholds and messages.")
    marks = param.Dict({"seq": 0, "items": []}, doc="All marks on the screen, and the last edit they answer.")
    in_hand = param.String("", doc="Id of the pick in hand.")
    cursor = param.Dict({}, doc="Time in ms and station of the cursor, where Python moved it.")
    keymap = param.Dict({}, doc="Key to action.")
    colours = param.Dict({}, doc="Token to colour.")
    phase = param.String("P", doc="The phase in use.")
    reading = param.Boolean(False, doc="Whether a recording is being read.")
    viewed = param.Integer(0, doc="Number of the last view that Python has seen to.")
    armed = param.Boolean(False, doc="Whether keys act.")

    # One module in the browser, several files here: relative imports do not reach it unbundled.
    _esm: ClassVar[str] = "\n".join((_FOLDER / part).read_text(encoding="utf-8") for part in _PARTS)
    _stylesheets: ClassVar[list[str]] = [(_FOLDER / "pick_editor.css").read_text(encoding="utf-8")]

    def __init__(self, answer: Callable[[Mapping[str, Any]], None], **params: Any) -> None:
        super().__init__(**params)
        self._answer = answer

    def _handle_msg(self, data: Any) -> None:
        self._answer(data)
