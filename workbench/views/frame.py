"""``Frame``: the page below the app bar, as places in a grid that CSS re-arranges for narrow screens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import param
from panel.custom import Child, JSComponent

from workbench.views.markup import ESM_FOLDER, stylesheet
from workbench.views.telling import Telling, op_of

__all__ = ["Frame"]


class Frame(Telling, JSComponent):
    """Recordings at the left, plot in the middle, tables at the right, status line at the foot.

    Below 1200 px the tables become a dock under the plot, below 1100 px the recordings become a rail; nothing is made
    anew for that.
    """

    recordings = Child()
    notices = Child()
    toolbar = Child()
    plot = Child()
    side = Child()
    pickers = Child()
    status = Child()
    overlays = Child()
    list_open = param.Boolean(False, doc="Whether the recordings stand over the plot on a narrow screen.")
    alone = param.Boolean(
        False, constant=True, doc="Whether the plot has the page for itself, without lists and tables."
    )
    go = param.String("", doc="Address of a page to leave for.")
    dock_open = param.Boolean(True, doc="Whether the dock under the plot is open on a narrow screen.")

    _esm = ESM_FOLDER / "frame.js"

    def __init__(self, *sheets: str, **params: Any) -> None:
        sheets = ("frame.css", *sheets)
        styles = [stylesheet(sheet) for sheet in sheets]
        super().__init__(stylesheets=styles, sizing_mode="stretch_both", margin=0, **params)

    def tell_address(self, address: str) -> None:
        """Write a query into the page's address; no step of the browser's history."""
        if address:
            self.tell_changes(address=address)

    def _handle_msg(self, msg: Mapping[str, Any]) -> None:
        if op_of(msg) == "ready":
            self.tell_again()
