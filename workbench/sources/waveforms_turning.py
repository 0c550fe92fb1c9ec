"""Components 1 and 2 turned to north and east, by the directions in StationXML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["directions_of", "turn_to_north"]


def directions_of(
    station: str, codes: Mapping[str, str], inventories: list[Any], time_ns: int
) -> dict[str, tuple[float, float]]:
    """Azimuth and dip in degrees of the channels ending in Z, 1 and 2; empty unless all three are known."""
    from obspy import UTCDateTime

    network, name, location = station.split(".")
    found = {}
    for code in codes.values():
        for inventory in inventories:
            there = inventory.select(
                network=network, station=name, location=location, channel=code, time=UTCDateTime(ns=time_ns)
            )
            channels = [channel for net in there for sta in net for channel in sta]
            if channels and channels[0].azimuth is not None and channels[0].dip is not None:
                found[code[-1]] = (float(channels[0].azimuth), float(channels[0].dip))
    return found if {"Z", "1", "2"} <= found.keys() else {}


def turn_to_north(samples: np.ndarray, components: list[str], directions: Mapping[str, tuple[float, float]]) -> None:
    """Turn the rows Z, N (holding 1) and E (holding 2) of one station, in place; a gap in one is a gap in all."""
    from obspy.signal.rotate import rotate2zne

    rows = [components.index(letter) for letter in "ZNE"]
    vertical, one, two = (samples[row].astype(np.float64) for row in rows)
    turned = rotate2zne(vertical, *directions["Z"], one, *directions["1"], two, *directions["2"])
    for row, values in zip(rows, turned, strict=True):
        samples[row] = values
