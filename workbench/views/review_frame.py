"""``ReviewFrame``: the Review page below the app bar, as places that CSS re-arranges for narrow screens."""

from __future__ import annotations

from typing import Any

import param
from panel.custom import Child

from workbench.views.frame import Frame

__all__ = ["ReviewFrame"]


class ReviewFrame(Frame):
    """Queue at the left, the doubted onset in the middle with the decisions under it, weights and pickers at the right.

    Below 1200 px weights and pickers stand under the queue.
    """

    queue = Child()
    decide = Child()
    weights = Child()
    kind = param.String("review", constant=True)

    def __init__(self, **params: Any) -> None:
        super().__init__("review_frame.css", **params)
