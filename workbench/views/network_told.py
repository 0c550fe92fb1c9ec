"""What the browser tells of a figure's size, or a guess before it has."""

from __future__ import annotations

from bokeh.core.property.descriptors import UnsetValueError
from bokeh.models import Plot

__all__ = ["inner_size_px"]


def inner_size_px(plot: Plot, guess: tuple[float, float]) -> tuple[float, float]:
    """Width and height of the frame inside the axes."""
    try:
        return float(plot.inner_width or guess[0]), float(plot.inner_height or guess[1])
    except UnsetValueError:
        return guess
