"""``NeighbourScene``: a recording as the session would show it right after opening it, for a view to draw it ahead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import pandas as pd
import xarray as xr

from workbench.inference.runs import PickerRun
from workbench.schema import Event
from workbench.session.opened import Opened

__all__ = ["NeighbourScene"]


@dataclass(frozen=True)
class NeighbourScene:
    """A recording as it would be drawn if it were opened now; the names are those of the session's parameters."""

    recording_id: str
    recording: xr.Dataset
    shown: xr.Dataset
    event: Event | None
    reference: pd.DataFrame
    theory: pd.DataFrame
    labels: pd.DataFrame
    runs: Mapping[str, PickerRun]
    station: str
    align: str
    amplitude: str
    components: tuple[str, ...]
    order: str
    spectrogram: bool
    analyst: str
    view: None = None
    in_hand: str = ""
    loading: bool = False

    @classmethod
    def beside(cls, session: Any, opened: Opened, **own: Any) -> Self:
        """What was read of a neighbour, under the settings of the session.

        Parameters
        ----------
        own
            ``recording_id``, ``shown``, ``labels`` and ``runs`` of the neighbour.
        """
        kept = {name: getattr(session, name) for name in ("align", "amplitude", "order", "spectrogram", "analyst")}
        return cls(
            recording=opened.recording,
            event=opened.event,
            reference=opened.reference,
            theory=opened.theory,
            station=opened.first_station,
            components=tuple(session.components),
            **kept,
            **own,
        )
