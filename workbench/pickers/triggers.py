"""Event windows: stretches of a long record, each around one trigger, for pickers that expect one event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.pickers.segments import finite_runs
from workbench.pickers.sta_lta import BLIND_S, sta_lta_ratio

__all__ = ["EventWindow", "event_windows"]

_STA_S, _LTA_S = 0.5, 10.0
_ON, _OFF = 2.5, 1.2
_BEFORE_S, _SHORTEST_S, _LONGEST_S, _AFTER_S = 5.0, 10.0, 60.0, 3.0


@dataclass(frozen=True)
class EventWindow:
    """A stretch with one event.

    Parameters
    ----------
    start, stop
        First index, and the index after the last.
    trigger
        Index at which the energy rose.
    ratio
        Largest STA/LTA in the event.
    """

    start: int
    stop: int
    trigger: int
    ratio: float


def event_windows(filtered: np.ndarray, rate_hz: float) -> list[EventWindow]:
    """Windows around the triggers of a recursive STA/LTA of 0.5 and 10 s, in samples without gaps.

    A trigger sets in at 2.5, low enough for any threshold that is put on the picks later, and ends at 1.2. Its window
    goes from 5 s before it to 3 s after its end, at least 10 and at most 60 s after the trigger, and no further than
    the trigger after those 10 s.
    """
    ratio = sta_lta_ratio(filtered, rate_hz, _STA_S, _LTA_S, "recursive")
    ratio[: round(BLIND_S * rate_hz)] = 0.0
    triggers = []
    for start, stop in finite_runs(ratio > _OFF):
        if ratio[start:stop].max() > _ON:
            on = start + int(np.argmax(ratio[start:stop] > _ON))
            triggers.append((on, stop, float(ratio[start:stop].max())))
    windows: list[EventWindow] = []
    taken_until = -1
    for number, (on, off, highest) in enumerate(triggers):
        if on < taken_until:
            continue
        taken_until = on + round(_SHORTEST_S * rate_hz)
        later = [other for other, _, _ in triggers[number + 1 :] if other >= taken_until]
        stop = min(max(off + round(_AFTER_S * rate_hz), taken_until), on + round(_LONGEST_S * rate_hz), filtered.size)
        if later:
            stop = min(stop, later[0])
        strongest = max(high for other, _, high in triggers if on <= other < stop or other == on)
        start = max(0, on - round(_BEFORE_S * rate_hz))
        windows.append(EventWindow(start, stop, on, max(highest, strongest)))
    return windows
