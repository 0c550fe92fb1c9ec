"""``Scene``: what of a session is drawn of one recording. The session is one; a neighbour of the open recording another.

A neighbour's scene is what the session would show right after opening it, so that a view can draw it ahead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

import pandas as pd
import xarray as xr

from workbench.inference.runs import PickerRun
from workbench.schema import Event
from workbench.session.opened import Opened

__all__ = ["NeighbourScene", "Scene"]


class Scene(Protocol):
    """Everything that a picture of a recording hangs on; the names are the session's parameters."""

    recording_id: str
    recording: Any
    shown: Any
    event: Any
    reference: Any
    theory: Any
    labels: Any
    runs: Any
    station: str
    view: Any
    in_hand: str
    loading: Any
    align: Any
    amplitude: Any
    components: Any
    order: Any
    spectrogram: Any


@dataclass(frozen=True)
class NeighbourScene:
    """A recording as it would be drawn if it were opened now."""

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
    view: None = None
    in_hand: str = ""
    loading: bool = False

    @classmethod
    def beside(cls, scene: Scene, opened: Opened, **own: Any) -> Self:
        """What was read of a neighbour, under the settings of the scene that is open.

        Parameters
        ----------
        own
            ``recording_id``, ``shown``, ``labels`` and ``runs`` of the neighbour.
        """
        kept = {name: getattr(scene, name) for name in ("align", "amplitude", "order", "spectrogram")}
        return cls(
            recording=opened.recording,
            event=opened.event,
            reference=opened.reference,
            theory=opened.theory,
            station=opened.first_station,
            components=tuple(scene.components),
            **kept,
            **own,
        )
