"""``read_station``: how a picker reads a station, known already where the same samples were read a moment ago."""

from __future__ import annotations

import threading
from collections import OrderedDict
from weakref import WeakKeyDictionary

import numpy as np
import xarray as xr

from workbench.pickers import Picker
from workbench.pickers.windows import Reading
from workbench.schema import one_station, waveform_hash

__all__ = ["read_station"]

_KEPT_BYTES = 64_000_000
"""Of samples at the network's rate, for each picker: twelve hours of a station, or half a day's clicks on an event."""

_Key = tuple[str, float]
_known: WeakKeyDictionary[Picker, OrderedDict[_Key, Reading]] = WeakKeyDictionary()
_lock = threading.Lock()


def read_station(recording: xr.Dataset, picker: Picker, station: str) -> Reading:
    """What ``picker.reading`` gives.

    Where the recording's rate is not the network's, all its samples have to be filtered for a question about a few of
    them: the next question about the same samples finds them as they were made. They are told by their hash.
    """
    given, wanted = float(recording.attrs["sampling_rate_hz"]), picker.card.sampling_rate_hz
    if np.isnan(wanted) or given == wanted or getattr(picker, "looks_at_others", False):
        return _read(recording, picker, station)
    one = one_station(recording, station)
    key = waveform_hash(one), float(one["native_sampling_rate_hz"].values[0])
    with _lock:
        kept = _known.setdefault(picker, OrderedDict())
        if key in kept:
            kept.move_to_end(key)
            return kept[key]
    reading = _read(one, picker, station)
    with _lock:
        kept[key] = reading
        while len(kept) > 1 and sum(map(_n_bytes, kept.values())) > _KEPT_BYTES:
            kept.popitem(last=False)
    return reading


def _read(recording: xr.Dataset, picker: Picker, station: str) -> Reading:
    reading: Reading = picker.reading(recording, station)  # type: ignore[attr-defined]
    return reading


def _n_bytes(reading: Reading) -> int:
    return sum(4 * int(np.prod(piece.samples.shape)) for piece in reading.pieces)
