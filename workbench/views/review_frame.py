"""``ReviewFrame``: the Review page below the app bar, as places that CSS re-arranges for narrow screens."""

from __future__ import annotations

from typing import Any

import param
from panel.custom import Child

from workbench.views.frame import Frame

__all__ = ["ReviewFrame"]


class ReviewFrame(Frame):
    """Queue at the left, the doubted onset in the middle with the decisions under it, the rest at the right.

    At the right are weights, pickers and travel times.
    Below 1200 px weights and pickers stand under the queue, and travel times under the decisions;
    they are of the doubted onset, and go where another list is at the front.
    """

    queue = Child()
    decide = Child()
    weights = Child()
    times = Child()
    front = param.Selector(default="doubts", objects=["doubts", "double", "settle"], doc="The list at the left.")
    kind = param.String("review", constant=True)

    def __init__(self, **params: Any) -> None:
        super().__init__("review_frame.css", **params)
