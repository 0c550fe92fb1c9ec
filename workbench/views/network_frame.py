"""``NetworkFrame``: the Network page below the app bar, as places that CSS re-arranges for narrow screens."""

from __future__ import annotations

from typing import Any

import param
from panel.custom import Child

from workbench.views.frame import Frame

__all__ = ["NetworkFrame"]


class NetworkFrame(Frame):
    """Map with two cards below at the left, record section at the right, status line at the foot.

    Below 1200 px the cards stand under map and section, and the page is scrolled.
    """

    map_head = Child()
    map = Child()
    section_head = Child()
    moved = Child()
    station = Child()
    kind = param.String("network", constant=True)

    def __init__(self, **params: Any) -> None:
        super().__init__("network_frame.css", **params)
