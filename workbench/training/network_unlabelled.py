"""Windows of recordings that nobody has labelled, as graphs of stations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from workbench.errors import SchemaError
from workbench.pickers.three_components import three_components
from workbench.training.network_data import NetworkWindow
from workbench.training.network_datasets import RATE_HZ, NetworkDataset

__all__ = ["UnlabelledWindows"]


class UnlabelledWindows(NetworkDataset):
    """Windows at random, from one recording after the other; of a recording, all stations together.

    Parameters
    ----------
    recordings
        At 100 Hz, each at least as long as a window; they are kept in memory.
    length
        Number of items of an epoch.

    Raises
    ------
    SchemaError
        If a recording has another rate, or is too short.
    """

    def __init__(self, recordings: Sequence[xr.Dataset], length: int, **settings: int | float | bool) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]
        for recording in recordings:
            n_samples, rate_hz = recording.sizes["time"], float(recording.attrs["sampling_rate_hz"])
            if rate_hz != RATE_HZ or n_samples < self.n_samples:
                raise SchemaError(
                    f"{recording.attrs['recording_id']} has {n_samples} samples at {rate_hz:g} Hz; a window is "
                    f"{self.n_samples} at {RATE_HZ:g} Hz. Resample it, or leave it out."
                )
        self.recordings, self.length = list(recordings), length
        self._samples = [
            np.stack([three_components(each, str(station)) for station in each["station"].values])
            for each in self.recordings
        ]

    def len(self) -> int:
        """Number of items of an epoch."""
        return self.length

    def window(self, idx: int, rng: np.random.Generator) -> NetworkWindow:
        """A window of which nothing is known."""
        number = idx % len(self.recordings)
        recording, samples = self.recordings[number], self._samples[number]
        begin = int(rng.integers(0, samples.shape[-1] - self.n_samples + 1))
        return NetworkWindow(
            samples[..., begin : begin + self.n_samples],
            [str(station) for station in recording["station"].values],
            recording["latitude_deg"].values,
            recording["longitude_deg"].values,
            recording["elevation_m"].values,
            onsets=[],
            labelled=np.full((len(samples), 2), np.nan),
            event=float("nan"),
            units=str(recording.attrs["units"]),
        )
