"""Where the words of a flag and the legend stand above the traces: neither covers the other, wherever the pick is."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["FlagSides", "flag_sides"]

_PLOT_PX = 900
"""Width of a plot on the narrowest page; where it is wider, there is room to spare."""

_LEGEND_PX, _TWO_LEGENDS_PX = 305, 350
_LETTER_PX, _MARKER_PX = 5.7, 14


class FlagSides(NamedTuple):
    """Text alignment of the words ("left" puts them right of their line; empty: either), and the legend's side."""

    words: str
    legend: str


def flag_sides(place: float, n_letters: int, *, two: bool) -> FlagSides:
    """The sides for a flag at a place of the view (0 to 1).

    Parameters
    ----------
    n_letters
        Of its words.
    two
        Whether the legend states the scales of two pickers.

    Examples
    --------
    >>> flag_sides(0.3, 29, two=False)
    FlagSides(words='', legend='right')
    >>> flag_sides(0.9, 29, two=False)
    FlagSides(words='right', legend='left')
    """
    legend = (_TWO_LEGENDS_PX if two else _LEGEND_PX) / _PLOT_PX
    words = (n_letters * _LETTER_PX + _MARKER_PX) / _PLOT_PX
    if place + words <= 1 - legend:
        # Left of a line near the edge, they would leave the plot.
        return FlagSides("" if place >= words else "left", "right")
    if words <= place <= 1 - legend:
        return FlagSides("right", "right")
    return FlagSides("left" if place + words <= 1 else "right", "left")
