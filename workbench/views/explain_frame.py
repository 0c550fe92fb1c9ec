"""``ExplainFrame``: the Explain page below the app bar, as places that CSS re-arranges for narrow screens."""

from __future__ import annotations

from typing import Any

import param
from panel.custom import Child

from workbench.views.frame import Frame

__all__ = ["ExplainFrame"]


class ExplainFrame(Frame):
    """Question and traces at the left with three cards below, belief and what-if at the right, status line at the foot.

    Below 1200 px the cards stand under the plot and the page is scrolled.
    """

    shares = Child()
    attention = Child()
    save = Child()
    belief = Child()
    what_if = Child()
    kind = param.String("explain", constant=True)

    def __init__(self, **params: Any) -> None:
        super().__init__("explain_frame.css", **params)
