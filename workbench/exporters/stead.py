"""Labels and their waveforms in the layout of STEAD (Mousavi et al., 2019)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import h5py
import numpy as np
import pandas as pd
import xarray as xr

from workbench.exporters.base import Batch, FolderExporter
from workbench.exporters.cutting import cut, distinct
from workbench.exporters.hdf5_file import new_hdf5
from workbench.exporters.phases import p_and_s
from workbench.exporters.stead_columns import NOT_KNOWN, Trace, about_event, about_onset, about_station, trace_name
from workbench.exporters.trace_names import TraceNames
from workbench.exporters.weighing import class_of
from workbench.processing.resampling import resample
from workbench.schema import DEFAULT_WEIGHT_SCHEME, Event, WeightScheme, WeightSchemeName, weight_scheme
from workbench.sources.stead_index import N_SAMPLES, SAMPLING_RATE_HZ, STEAD_COLUMNS

__all__ = ["SteadExporter"]

_COMPONENTS = {"E": "E2", "N": "N1", "Z": "Z3"}
_BEFORE = 700
"""Samples before the first onset, as in many traces of STEAD."""

_OUTSIDE = "it lies outside of its recording, or on no station of it"
_TWICE = "it marks an onset that another label marks"
_SHORT = "a trace of STEAD has 60 s, and the recording is shorter"
_LATE = "it comes after the 60 s of its trace"


@dataclass(frozen=True)
class SteadExporter(FolderExporter):
    """``merged.hdf5`` and ``merged.csv``: traces of 60 s at 100 Hz, components E, N, Z, with the 35 columns of STEAD.

    The names are those by which SeisBench asks for STEAD. A trace is one station with its P and S; it begins 7 s before
    the first of them, or where the recording does. Other sampling rates are resampled to 100 Hz; gaps and missing
    components are zeros. What STEAD measured itself (signal-to-noise ratio, end of the coda) is not known here, and
    neither is S where only P is labelled.

    Parameters
    ----------
    weights
        The scheme by which an uncertainty becomes the weight 0 to 1 of an onset, where the analyst gave no class.
    others_too
        Take the first of Pn, Pg, ... as P where the station has no P, and S likewise; without it they are left out.
    """

    name: ClassVar[str] = "stead"
    title: ClassVar[str] = "STEAD, HDF5 and CSV, waveforms and labels to train on"
    cannot_hold: ClassVar[tuple[str, ...]] = (
        "phases other than P and S, and a second event in one trace",
        "recordings under 60 s; onsets more than a minute apart",
        "rates other than 100 Hz (resampled), gaps and missing components (zeros)",
        "polarities, onset qualities, uncertainties (but for a weight), locations of stations",
        "rejected onsets, analysts and provenance",
    )

    weights: WeightSchemeName = DEFAULT_WEIGHT_SCHEME
    others_too: bool = False

    def write(self, batch: Batch) -> None:
        """Write ``merged.hdf5`` and ``merged.csv``."""
        labels = p_and_s(batch.account, batch.account.standing(batch.labels), self.others_too)
        rows, names = [], TraceNames()
        with new_hdf5(batch.place / "merged.hdf5") as (file, check_written):
            group = file.create_group("data")
            for recording_id, own, event in batch.by_recording(labels):
                recording = batch.recordings(recording_id)
                for trace in _traces(batch, recording, own):
                    about = _columns(trace, event, weight_scheme(self.weights))
                    about["trace_name"] = names.take(trace_name(trace))
                    _write_trace(group, trace, about)
                    rows.append(about)
                check_written()
        table = pd.DataFrame(rows, columns=list(STEAD_COLUMNS))
        table.to_csv(batch.place / "merged.csv", index=False, na_rep=NOT_KNOWN, encoding="utf-8", errors="replace")


def _traces(batch: Batch, recording: xr.Dataset, labels: pd.DataFrame) -> Iterator[Trace]:
    """The traces of one recording, one station after the other."""
    stations = recording["station"].values.astype(str).tolist()
    labels = batch.account.keep(labels, labels["station"].isin(stations), _OUTSIDE)
    for row, station in enumerate(stations):
        own = labels[labels["station"] == station].sort_values("time", kind="stable")
        if own.empty:
            continue
        single = recording.isel(station=[row])
        if float(single.attrs["sampling_rate_hz"]) != SAMPLING_RATE_HZ:
            batch.account.note("the waveform was resampled to 100 Hz", len(own))
            single = resample(single, SAMPLING_RATE_HZ)
        yield from _station_traces(batch, single, own)


def _station_traces(batch: Batch, recording: xr.Dataset, labels: pd.DataFrame) -> Iterator[Trace]:
    account, n_samples = batch.account, recording.sizes["time"]
    if n_samples < N_SAMPLES:
        account.leave_out(labels["label_id"], _SHORT)
        return
    start = recording["time"].values[0]
    since_start = labels["time"].to_numpy().astype("datetime64[ns]") - start
    labels = labels.assign(sample=since_start.astype("int64") * (SAMPLING_RATE_HZ / 1e9))
    labels = account.keep(labels, labels["sample"].between(0, n_samples - 1), _OUTSIDE)
    at = labels["sample"].round().astype("int64").tolist()
    kept = distinct(at, labels["kind"].tolist(), labels["entry"].tolist(), SAMPLING_RATE_HZ)
    account.leave_out(labels["label_id"].drop(labels.index[kept]), _TWICE)
    labels = labels.iloc[kept]
    whole = labels["sample"].round().astype("int64").tolist()
    for part in cut(whole, labels["kind"].tolist(), n_samples, SAMPLING_RATE_HZ):
        members = labels.iloc[list(part.members)]
        first = min(max(0, whole[part.members[0]] - _BEFORE), n_samples - N_SAMPLES)
        inside = members["sample"] <= first + N_SAMPLES - 1
        members = account.keep(members, inside, _LATE)
        trace = _trace(recording, first, members)
        if trace.n_filled:
            account.note("gaps or missing components of the waveform are zeros", len(members))
        if "S" not in set(members["kind"]) or "P" not in set(members["kind"]):
            account.note("the trace has P or S alone, where STEAD has both", len(members))
        yield trace


def _trace(recording: xr.Dataset, first: int, labels: pd.DataFrame) -> Trace:
    found = recording["waveform"].values[0, :, first : first + N_SAMPLES]
    letters = recording["component"].values.astype(str).tolist()
    alive = {letter for letter, samples in zip(letters, found, strict=True) if not np.isnan(samples).all()}
    waveform = np.full((N_SAMPLES, len(_COMPONENTS)), np.nan, dtype=np.float32)
    for column, choice in enumerate(_COMPONENTS.values()):
        present = [letter for letter in choice if letter in alive]
        if present:
            waveform[:, column] = found[letters.index(present[0])]
    missing = np.isnan(waveform)
    onsets = {str(row.kind): _with_sample(row, first) for row in labels.itertuples()}
    return Trace(recording, first, np.where(missing, np.float32(0), waveform), int(missing.sum()), onsets)


def _with_sample(row: Any, first: int) -> Any:
    return row._replace(sample=round(row.sample - first, 4))


def _columns(trace: Trace, event: Event | None, scheme: WeightScheme) -> dict[str, Any]:
    about: dict[str, Any] = dict.fromkeys(STEAD_COLUMNS)
    about |= about_station(trace) | about_event(trace, event)
    for kind, row in trace.onsets.items():
        about |= about_onset(kind.lower(), row.sample, class_of(row, scheme))
    return about


def _write_trace(group: h5py.Group, trace: Trace, about: dict[str, Any]) -> None:
    dataset = group.create_dataset(about["trace_name"], data=trace.waveform)
    for name in STEAD_COLUMNS:
        dataset.attrs[name] = NOT_KNOWN if about[name] is None else about[name]
