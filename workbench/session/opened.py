"""``Opened``: a recording with all that is shown beside it, read ahead in a thread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from workbench.processing.travel_times import theoretical_arrivals
from workbench.schema import Event
from workbench.sources.base import Source
from workbench.sources.fetched import is_here

__all__ = ["Opened", "read_opened"]


@dataclass(frozen=True)
class Opened:
    """A recording, its event, the picks that came with it, and when P and S should arrive.

    ``first_station`` is the first that recorded anything: it is open when the recording is.
    """

    recording: xr.Dataset
    event: Event | None
    reference: pd.DataFrame
    theory: pd.DataFrame
    first_station: str

    @property
    def is_bare(self) -> bool:
        """Whether its waveforms have still to be asked for."""
        return "waveforms_to_come" in self.recording.attrs

    @property
    def nbytes(self) -> int:
        """Bytes of the samples; the rest is small beside them."""
        return int(self.recording.nbytes)


def read_opened(source: Source, recording_id: str) -> Opened:
    """A recording of a source with its event, reference picks and theoretical arrivals.

    No service is asked here: whoever opens a recording has its waveforms fetched first, and sees that they come.
    """
    here = is_here(source, recording_id)
    recording = source.read(recording_id) if here else source.read_bare(recording_id)  # type: ignore[attr-defined]
    event = source.event(recording_id)
    return Opened(
        recording,
        event,
        source.reference_picks(recording_id),
        _theory(event, recording),
        _first_station(recording),
    )


def _first_station(recording: xr.Dataset) -> str:
    alive = (np.isfinite(samples).any() for samples in recording["waveform"].values)
    return str(recording["station"].values[next((row for row, lives in enumerate(alive) if lives), 0)])


def _theory(event: Event | None, recording: xr.Dataset) -> pd.DataFrame:
    if event is None:
        return pd.DataFrame({"station": [], "phase": [], "time": []})
    columns = ("station", "latitude_deg", "longitude_deg")
    return theoretical_arrivals(event, pd.DataFrame({name: recording[name].values for name in columns}))
