"""A station's samples as the workbench's own networks want them: Z, N and E, and what is to be said of them."""

from __future__ import annotations

import numpy as np
import xarray as xr

from workbench.pickers.segments import is_dead

__all__ = ["COMPONENTS", "component_notices", "three_components"]

COMPONENTS = (("Z",), ("N", "1"), ("E", "2"))
"""Letters that each channel of the networks may be read from, the first that is there."""

_FEWEST_S = 3.0


def three_components(recording: xr.Dataset, station: str) -> np.ndarray:
    """Samples of Z, N, E, shape (3, sample), NaN where a component is missing; 1 and 2 stand in for N and E."""
    waveform = recording["waveform"].sel(station=station)
    present = [str(letter) for letter in recording["component"].values]
    samples = np.full((3, recording.sizes["time"]), np.nan, np.float32)
    for row, letters in enumerate(COMPONENTS):
        for letter in letters:
            if letter in present and np.isnan(samples[row]).all():
                samples[row] = waveform.sel(component=letter).values
    return samples


def component_notices(recording: xr.Dataset) -> list[str]:
    """What is missing or dead in a recording, one sentence a station."""
    notices = []
    for station in map(str, recording["station"].values):
        samples = three_components(recording, station)
        missing = [letters[0] for letters, row in zip(COMPONENTS, samples, strict=True) if np.isnan(row).all()]
        if len(missing) == len(COMPONENTS):
            notices.append(f"{station}: holds no samples.")
        elif np.isfinite(samples).any(axis=0).sum() < _FEWEST_S * float(recording.attrs["sampling_rate_hz"]):
            notices.append(f"{station}: holds less than {_FEWEST_S:g} s of samples.")
        elif all(is_dead(row) for row in samples):
            notices.append(f"{station}: all components are constant; nothing to pick.")
        elif missing:
            notices.append(f"{station}: component {', '.join(missing)} missing: the others are picked without.")
    return notices
