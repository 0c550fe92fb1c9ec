"""Labels and their waveforms as a dataset that SeisBench opens and trains on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import h5py
import numpy as np
import pandas as pd
import xarray as xr

from workbench.exporters.base import Batch, FolderExporter
from workbench.exporters.cutting import Cut, cut, distinct
from workbench.exporters.hdf5_file import new_hdf5
from workbench.exporters.label_table import iso_utc
from workbench.exporters.seisbench_columns import (
    phase_columns,
    phase_key,
    source_columns,
    split_of,
    station_columns,
)
from workbench.exporters.trace_names import TraceNames
from workbench.schema import Event

__all__ = ["COMPONENTS", "SeisBenchExporter"]

COMPONENTS = {"Z": "Z3", "N": "N1", "E": "E2"}
"""Components of every trace, in this order, and the letters that stand for each in a recording.

Horizontals that do not point north and east are written in their places, as SeisBench itself does when it applies a
picker; ``trace_recorded_components`` tells what they were.
"""


@dataclass(frozen=True)
class SeisBenchExporter(FolderExporter):
    """``metadata.csv`` and ``waveforms.hdf5``, with every label of these recordings in ``labels.csv`` beside them.

    A trace is one station of one recording that has a label which is not rejected; a rejected onset is in
    ``labels.csv`` only. A record longer than ten minutes is cut to a minute around its labels, and one with several
    onsets of a phase (several events) into a trace for each: see :mod:`workbench.exporters.cutting`. Gaps and missing
    components are zeros, told in ``trace_n_gap_samples``, ``trace_completeness`` and ``trace_recorded_components``.
    Events are split 70 : 10 : 20 into train, dev and test by a hash of their id (or of the recording's, where no event
    is known), so that all traces of an event are in one split and stay there in the next export.
    """

    name: ClassVar[str] = "seisbench"
    title: ClassVar[str] = "SeisBench dataset, waveforms and labels to train on"
    cannot_hold: ClassVar[tuple[str, ...]] = (
        "onsets between samples (labels.csv holds their exact times)",
        "several labels of one onset (the decision made last is taken)",
        "rejected onsets (labels.csv holds them)",
    )

    def write(self, batch: Batch) -> None:
        """Write ``metadata.csv`` and ``waveforms.hdf5``."""
        arrivals = batch.account.standing(batch.labels)
        with new_hdf5(batch.place / "waveforms.hdf5") as (file, check_written):
            writer = _Writer(file)
            for recording_id, rows, event in batch.by_recording(arrivals):
                writer.add(batch.recordings(recording_id), recording_id, rows, event)
                check_written()
            metadata = writer.finish()
        metadata.to_csv(batch.place / "metadata.csv", index=False, encoding="utf-8", errors="replace")
        not_there = arrivals["label_id"][~arrivals["label_id"].isin(writer.written)]
        batch.account.leave_out(not_there, _NOT_THERE)
        batch.account.add_columns(writer.places(batch.account.table()["label_id"]))


_NOT_THERE = "it lies outside of its recording, on no station of it, or marks an onset that another label marks"


class _Writer:
    """Writes traces one after the other; keeps nothing of a recording but its row of metadata."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file
        self._traces = file.create_group("data")
        self._names = TraceNames()
        self._rows: list[dict[str, Any]] = []
        self._places: dict[str, tuple[str, int]] = {}

    def add(self, recording: xr.Dataset, recording_id: str, labels: pd.DataFrame, event: Event | None) -> None:
        """Write the labelled stations of one recording."""
        event_id = event.event_id if event is not None else str(recording.attrs["event_id"])
        about = {
            "trace_recording_id": recording_id,
            "split": split_of(f"event {event_id}" if event_id else f"recording {recording_id}"),
            **({"source_id": event_id} if event_id else {}),
            **source_columns(event),
        }
        single = recording.sizes["station"] == 1
        for row, station in enumerate(recording["station"].values.astype(str)):
            own = labels[labels["station"] == station]
            if own.empty:
                continue
            name = recording_id if single else f"{recording_id}_{station.rstrip('.')}"
            station_about = {**about, **station_columns(recording, row)}
            for part, members, samples in _cuts(recording, own):
                self._add_trace(recording, row, name, part, members, samples, station_about)

    def _add_trace(
        self,
        recording: xr.Dataset,
        row: int,
        name: str,
        part: Cut,
        members: pd.DataFrame,
        samples: list[int],
        about: dict[str, Any],
    ) -> None:
        trace_name = self._names.take(name)
        waveform, recorded = _waveform(recording, row, part)
        missing = np.isnan(waveform)
        gaps = missing[~missing.all(axis=1)]
        self._traces.create_dataset(trace_name, data=np.where(missing, np.float32(0), waveform))
        self._rows.append(
            {
                "trace_name": trace_name,
                **about,
                "trace_start_time": iso_utc(recording["time"].values[part.first]),
                "trace_sampling_rate_hz": float(recording.attrs["sampling_rate_hz"]),
                "trace_npts": waveform.shape[1],
                "trace_component_order": "".join(COMPONENTS),
                "trace_recorded_components": recorded,
                "trace_completeness": round(1.0 - float(missing.mean()), 6),
                "trace_n_gap_samples": int(gaps.any(axis=0).sum()),
                "trace_unit": str(recording.attrs["units"]),
                **phase_columns(members.itertuples(index=False), samples),
            }
        )
        self._places |= {label_id: (trace_name, at) for label_id, at in zip(members["label_id"], samples, strict=True)}

    def finish(self) -> pd.DataFrame:
        """The metadata of all traces; also writes what they have in common into the HDF5 file."""
        columns = None if self._rows else ["trace_name", "trace_sampling_rate_hz", "trace_unit"]
        metadata = pd.DataFrame(self._rows, columns=columns)
        common = {"dimension_order": "CW", "component_order": "".join(COMPONENTS)}
        for name, column in (("sampling_rate", "trace_sampling_rate_hz"), ("unit", "trace_unit")):
            values = metadata[column].unique()
            common |= {name: values[0]} if len(values) == 1 else {}
        for name, value in common.items():
            self._file.create_dataset(f"data_format/{name}", data=value)
        # A phase that some traces lack has missing values, which would turn whole samples into fractions.
        samples = [name for name in metadata if str(name).endswith("_arrival_sample")]
        return metadata.astype(dict.fromkeys(samples, "Int64"))

    @property
    def written(self) -> frozenset[str]:
        """The ids of labels that went to a trace."""
        return frozenset(self._places)

    def places(self, label_ids: Iterable[str]) -> dict[str, Any]:
        """For each label the trace and sample it went to, if it did: two columns of the table of labels."""
        found = [self._places.get(label_id, ("", None)) for label_id in label_ids]
        return {
            "trace_name": [name for name, _ in found],
            "trace_sample": pd.array([sample for _, sample in found], dtype="Int64"),
        }


def _cuts(recording: xr.Dataset, labels: pd.DataFrame) -> Iterator[tuple[Cut, pd.DataFrame, list[int]]]:
    """Parts of a station's samples with their labels, and the samples of those within the part."""
    rate_hz = float(recording.attrs["sampling_rate_hz"])
    n_samples = recording.sizes["time"]
    since_start = labels["time"].to_numpy().astype("datetime64[ns]") - recording["time"].values[0]
    at = np.rint(since_start.astype("int64") * (rate_hz / 1e9)).astype("int64")
    inside = (at >= 0) & (at < n_samples)
    labels, at = labels[inside], at[inside]
    phases = [phase_key(phase) for phase in labels["phase"]]
    kept = distinct(at.tolist(), phases, labels["entry"].tolist(), rate_hz)
    labels, samples = labels.iloc[kept], [int(at[position]) for position in kept]
    for part in cut(samples, [phases[position] for position in kept], n_samples, rate_hz):
        members = list(part.members)
        yield part, labels.iloc[members], [samples[member] - part.first for member in members]


def _waveform(recording: xr.Dataset, row: int, part: Cut) -> tuple[np.ndarray, str]:
    """Samples of shape (component, time), NaN where there are none, and the letters of the components found."""
    found = recording["waveform"].values[row, :, part.first : part.stop]
    letters = recording["component"].values.astype(str).tolist()
    alive = {letter for letter, samples in zip(letters, found, strict=True) if not np.isnan(samples).all()}
    waveform = np.full((len(COMPONENTS), part.stop - part.first), np.nan, dtype=np.float32)
    recorded = ""
    for place, choice in enumerate(COMPONENTS.values()):
        present = [letter for letter in choice if letter in alive]
        if present:
            waveform[place] = found[letters.index(present[0])]
            recorded += present[0]
    return waveform, recorded
