"""Where each station's row stands on the plot, in pixels from its top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["HEADER_PX", "Band", "Row", "rows_in_window"]

HEADER_PX = 26.0
_ROW_PX, _SMALL_ROW_PX, _SMALL_BELOW_PX = 40.0, 34.0, 420.0
_WANTED_COMPONENT_PX = 64.0
_LEAST_NEIGHBOURS = 3


@dataclass(frozen=True)
class Band:
    """One component's strip of a row."""

    component: str
    top: float
    bottom: float

    @property
    def middle(self) -> float:
        """Height of the zero line."""
        return (self.top + self.bottom) / 2

    @property
    def half(self) -> float:
        """Half of the strip's height."""
        return (self.bottom - self.top) / 2


@dataclass(frozen=True)
class Row:
    """One station's rows: a header and all components if it is open, else one component."""

    station: str
    focus: bool
    top: float
    bottom: float
    bands: tuple[Band, ...]


def rows_in_window(
    stations: Sequence[str],
    focus: str,
    components: Sequence[str],
    neighbour_component: str,
    height: float,
    first: int | None = None,
) -> tuple[list[Row], int]:
    """Rows that fit the plot, in the order of `stations`, and the number of the first neighbour among them.

    The open station always has a row; when the window of neighbours lies elsewhere, it stands at the nearer edge.

    Parameters
    ----------
    stations
        All of the recording, in the order in which they are shown.
    focus
        The open station.
    components
        Shown of the open station.
    neighbour_component
        Shown of the others.
    height
        Of the plot, in pixels.
    first
        Number of the first neighbour in the window; None puts the window around the open station.
    """
    here = list(stations).index(focus)
    others = [station for station in stations if station != focus]
    small = height < _SMALL_BELOW_PX
    row_px = _SMALL_ROW_PX if small else _ROW_PX
    open_px = HEADER_PX + max(len(components), 1) * _WANTED_COMPONENT_PX
    n = min(len(others), max(_LEAST_NEIGHBOURS, int((height - open_px) // row_px)))
    if first is None:
        first = here - n // 2
    first = min(max(first, 0), len(others) - n)
    window = others[first : first + n]
    position = min(max(here - first, 0), n)
    open_height = height - n * row_px
    rows, top = [], 0.0
    for station in (*window[:position], focus, *window[position:]):
        if station == focus:
            rows.append(_open_row(station, components, top, open_height))
        else:
            band = Band(neighbour_component, top, top + row_px)
            rows.append(Row(station, False, top, top + row_px, (band,)))
        top = rows[-1].bottom
    return rows, first


def _open_row(station: str, components: Sequence[str], top: float, height: float) -> Row:
    each = (height - HEADER_PX) / max(len(components), 1)
    bands = tuple(
        Band(component, top + HEADER_PX + i * each, top + HEADER_PX + (i + 1) * each)
        for i, component in enumerate(components)
    )
    return Row(station, True, top, top + height, bands)
