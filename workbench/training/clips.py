"""Training clips: pieces of recordings at one rate, with their onsets, in SeisBench's format."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import SourceError
from workbench.processing.resampling import resample
from workbench.schema import Report, silent
from workbench.sources.split import RecordingSet, Split
from workbench.training.synthetic import coloured_noise, synthetic_event

__all__ = ["cut_clips", "make_clips", "read_clips", "synthetic_clips", "write_clips"]

RATE_HZ = 100.0
CLIP_SAMPLES = 6000
LONGEST_SAMPLES = 12000
"""A recording up to this long stays one clip."""

Clip = tuple[dict[str, Any], np.ndarray]
"""Metadata as SeisBench names it, and samples of shape (3, sample), components Z, N, E."""


def make_clips(split: Split, folder: Path, role: str, report: Report = silent) -> Iterator[Clip]:
    """Clips of every recording that has that role."""
    for number, (recordings, recording, picks) in enumerate(split.read(folder, role)):
        report(float("nan"), f"{recordings.name}: recording {number + 1}")
        yield from cut_clips(recording, picks, recordings, role)


def cut_clips(recording: xr.Dataset, picks: pd.DataFrame, recordings: RecordingSet, role: str) -> Iterator[Clip]:
    """Clips of each station of a recording; a long recording gives one for every minute.

    Gaps and missing components become zeros after each component's mean is taken off, as the teachers want it.
    """
    recording = resample(recording, RATE_HZ)
    n_samples = recording.sizes["time"]
    length = n_samples if n_samples <= LONGEST_SAMPLES else CLIP_SAMPLES
    start = recording["time"].values[0]
    for station in map(str, recording["station"].values):
        own = picks[picks["station"] == station]
        onsets = {
            phase: (own.loc[own["phase"] == phase, "time"].values - start) / np.timedelta64(1, "ns") * 1e-9 * RATE_HZ
            for phase in "PS"
        }
        samples = _components(recording, station)
        for first in range(0, n_samples - length + 1, length):
            part = samples[:, first : first + length]
            if np.ptp(part, axis=-1).any():
                inside = {phase: found[(found >= first) & (found < first + length)] for phase, found in onsets.items()}
                name = f"{recordings.name}_{recording.attrs['recording_id']}_{station}_{first}"
                begin = pd.Timestamp(start) + pd.Timedelta(seconds=first / RATE_HZ)
                metadata = _metadata(name, station, begin, {phase: found - first for phase, found in inside.items()})
                known = _known_interval(recordings.labels, inside, first, length)
                source = {"source_id": recording.attrs["recording_id"], "set": recordings.name, "split": role}
                yield metadata | known | source, part


def _components(recording: xr.Dataset, station: str) -> np.ndarray:
    waveform = recording["waveform"].sel(station=station)
    letters = [str(letter) for letter in recording["component"].values]
    samples = np.zeros((3, recording.sizes["time"]), np.float32)
    for row, names in enumerate(("Z", "N1", "E2")):
        for letter in names:
            if letter in letters:
                found = waveform.sel(component=letter).values
                finite = np.isfinite(found)
                if finite.any():
                    samples[row] = np.where(finite, found - found[finite].mean(), 0.0)
                    break
    return samples


def _metadata(name: str, station: str, start: pd.Timestamp, onsets: dict[str, np.ndarray]) -> dict[str, Any]:
    network, code, location = (*station.split("."), "", "")[:3]
    numbered = {
        f"trace_{phase.lower()}{number}_arrival_sample": float(onset)
        for phase, found in onsets.items()
        for number, onset in enumerate(found)
    }
    return {
        "trace_name": name,
        "station_network_code": network,
        "station_code": code,
        "station_location_code": location,
        "trace_start_time": start.isoformat(),
        "trace_sampling_rate_hz": RATE_HZ,
        "trace_component_order": "ZNE",
        **numbered,
    }


def _known_interval(labels: str, onsets: dict[str, np.ndarray], first: int, length: int) -> dict[str, float]:
    """Where every onset is known: all of an analysed clip; around its picks in one that a program picked."""
    picked = np.concatenate(list(onsets.values())) - first
    if labels == "none" or picked.size == 0:
        return {"labelled_from_sample": float("nan"), "labelled_to_sample": float("nan")}
    if labels == "analyst":
        return {"labelled_from_sample": 0.0, "labelled_to_sample": float(length)}
    both = all(found.size for found in onsets.values())
    # With one phase missing, only the neighbourhood of the other is known; with both, what lies between them too.
    begin, end = (picked.min() - 100, picked.max() + 100) if both else (picked.min() - 50, picked.max() + 30)
    return {"labelled_from_sample": float(begin), "labelled_to_sample": float(end)}


def synthetic_clips(rng: np.random.Generator, count: int, role: str) -> Iterator[Clip]:
    """Clips of made events in made noise, with exact onsets."""
    for number in range(count):
        event = synthetic_event(rng, n_samples=CLIP_SAMPLES)
        noise = coloured_noise(rng, (3, CLIP_SAMPLES)) * 10 ** (-rng.uniform(10, 60) / 20)
        onsets = {"P": np.array([event.p_sample]), "S": np.array([event.s_sample])}
        inside = {phase: found[found < CLIP_SAMPLES] for phase, found in onsets.items()}
        metadata = _metadata(f"synthetic_{role}_{number}", "XX.SYN.", pd.Timestamp("2000-01-01"), inside)
        known = {"labelled_from_sample": 0.0, "labelled_to_sample": float(CLIP_SAMPLES)}
        source = {"source_id": f"synthetic_{number}", "set": "synthetic", "split": role}
        yield metadata | known | source, event.samples + noise


def write_clips(clips: Iterable[Clip], folder: Path) -> Path:
    """The folder, with the clips as a SeisBench dataset in it (``metadata.csv`` and ``waveforms.hdf5``)."""
    from seisbench.data import WaveformDataWriter

    folder.mkdir(parents=True, exist_ok=True)
    with _for_pandas_3(), WaveformDataWriter(folder / "metadata.csv", folder / "waveforms.hdf5") as writer:
        writer.data_format = {"dimension_order": "CW", "component_order": "ZNE", "sampling_rate": RATE_HZ}
        for metadata, samples in clips:
            writer.add_trace(metadata, np.asarray(samples, np.float32))
    return folder


def read_clips(folder: Path, role: str) -> Any:
    """The SeisBench dataset of the clips of one role; waveforms are read when they are asked for.

    Raises
    ------
    SourceError
        If there are none.
    """
    from seisbench.data import WaveformDataset

    with _for_pandas_3():
        dataset = WaveformDataset(folder, component_order="ZNE", missing_components="pad")
        chosen = dataset.filter(dataset.metadata["split"] == role, inplace=False)
    if len(chosen) == 0:
        raise SourceError(f"{folder} holds no clips of the role {role!r}.")
    return chosen


def _for_pandas_3() -> AbstractContextManager[Any]:
    """SeisBench asks pandas for changes in place, of which pandas 3 says that pandas 4 will not do them."""
    return warnings.catch_warnings(action="ignore", category=DeprecationWarning)
