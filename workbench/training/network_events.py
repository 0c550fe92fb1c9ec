"""Events of any source as graphs of stations: STEAD and SeisBench data sets by event, folders with a catalogue."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from torch.utils.data import ConcatDataset

from workbench.errors import SchemaError, SourceError
from workbench.pickers.three_components import three_components
from workbench.processing.resampling import resample
from workbench.schema import Report, silent
from workbench.sources import Source, open_source
from workbench.sources.catalogued import Catalogued, read_part
from workbench.sources.event_groups import noise_groups
from workbench.sources.phase_names import phase_of
from workbench.sources.split import LABELLINGS, Split
from workbench.sources.trace_table import site_of, trace_table
from workbench.training.network_data import NetworkWindow, Onset
from workbench.training.network_datasets import RATE_HZ, NetworkDataset

__all__ = ["NetworkEvents", "events_of_split"]

_ANCHOR = (0.04, 0.9)
"""Where in a training window an onset lies, as fractions."""

_QUIET_ANCHOR = 1 / 6
"""Where the first onset lies in a window that is always the same."""

_MARGIN = pd.Timedelta("2s")
"""Read beyond the window, so that resampling has no edge in it."""

_KEPT_BEFORE = 100
"""Samples of noise that an onset keeps before it."""

_LONG_S = 60.0

_LEAST_RECORDED = 0.1
"""Of the window: a station that recorded less of it is left out."""


class NetworkEvents(NetworkDataset):
    """One item per event of a source, all its stations on one axis of time; then items of noise, where it has some.

    Only the traces that lie in the window are read, when the item is asked for, through the few file handles that the
    source keeps open.

    Parameters
    ----------
    place, kind
        Of the source, as :func:`workbench.sources.open_source` takes them.
    traces
        Rows of :func:`workbench.sources.trace_table.trace_table`: those that a cleaning kept, or of one role. None
        for all of the source.
    labels
        ``"analyst"``: a trace whose P and S are both known has no other onsets. ``"automatic"``: onsets are known
        around the picks only. ``"none"``: nowhere.
    least_stations
        Events with fewer sites are left out.
    most_stations
        Of an item; of more, those with the best ratio of signal to noise, or in training a random choice.
    noise
        Whether noise traces make items too: different sites of one region, not of one time.

    Raises
    ------
    SourceError
        If the source cannot be opened, or nothing is left of it.
    SchemaError
        If `labels` is unknown.
    """

    def __init__(
        self,
        place: str | Path,
        kind: str | None = None,
        *,
        traces: pd.DataFrame | None = None,
        labels: str = "analyst",
        least_stations: int = 1,
        most_stations: int = 32,
        noise: bool = True,
        report: Report = silent,
        **settings: int | float | bool,
    ) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]
        if labels not in LABELLINGS:
            raise SchemaError(f"'labels' is one of {list(LABELLINGS)}, not {labels!r}.")
        self.place, self.kind, self.labels = place, kind, labels
        self.most_stations = most_stations
        self._opened: tuple[int, Source] | None = None
        table = trace_table(self._source(), report) if traces is None else traces
        self.traces = _usable(table)
        self._groups = self._grouped(least_stations, noise)
        if not self._groups:
            raise SourceError(
                f"{place} has no event of at least {least_stations} stations with waveforms, among "
                f"{len(table)} traces, and no noise. Take fewer stations, or another source."
            )

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_opened": None}

    def len(self) -> int:
        """Number of events and of groups of noise traces."""
        return len(self._groups)

    @property
    def event_ids(self) -> list[str]:
        """Of each item; empty for noise."""
        return [str(self.traces["event_id"].iloc[rows[0]]) for rows in self._groups]

    def _grouped(self, least_stations: int, noise: bool) -> list[np.ndarray]:
        sites = site_of(self.traces["station"])
        groups = []
        for event_id, rows in self.traces.groupby("event_id", sort=False).indices.items():
            if event_id and sites.iloc[rows].nunique() >= least_stations:
                groups.append(np.asarray(rows))
        if noise:
            groups += noise_groups(self.traces, np.random.default_rng(self.seed), min(self.most_stations, 8))
        return groups

    def _source(self) -> Source:
        """The source, opened by this process: a file that a parent has open must not be read by its child."""
        if self._opened is None or self._opened[0] != os.getpid():
            self._opened = (os.getpid(), open_source(self.place, self.kind))
        return self._opened[1]

    def window(self, idx: int, rng: np.random.Generator) -> NetworkWindow:
        """The stations of an item that recorded something in its window."""
        traces = self.traces.iloc[self._groups[idx]].reset_index(drop=True)
        is_noise = traces["event_id"].iloc[0] == ""
        traces["first"] = self._noise_firsts(traces, rng) if is_noise else self._event_firsts(traces, rng)
        length = traces["n_samples"] * RATE_HZ / traces["sampling_rate_hz"]
        recorded = np.minimum(traces["first"] + length, self.n_samples) - np.maximum(traces["first"], 0)
        enough = np.minimum(_LEAST_RECORDED * self.n_samples, recorded.max())
        whole = bool((traces["first"] >= 0).all() and (traces["first"] + length <= self.n_samples).all())
        traces = self._chosen(traces[recorded >= enough], rng)
        return self._window_of(traces, is_noise, whole, rng)

    def _event_firsts(self, traces: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
        """Where each trace begins, in samples from the start of a window that holds an onset."""
        scale = RATE_HZ / traces["sampling_rate_hz"].to_numpy()
        offset = (traces["start"] - traces["start"].min()).dt.total_seconds().to_numpy() * RATE_HZ
        onsets = (traces[["p_sample", "s_sample"]].to_numpy() * scale[:, None]) + offset[:, None]
        if not np.isfinite(onsets).any():
            row, onset = 0, offset[0] + self.n_samples * _QUIET_ANCHOR
        elif self.training:
            row, phase = rng.choice(np.argwhere(np.isfinite(onsets)))
            onset = onsets[row, phase]
        else:
            row = int(np.nanargmin(np.nanmin(np.where(np.isfinite(onsets), onsets, np.inf), axis=1)))
            onset = np.nanmin(onsets[row])
        begin = onset - self.n_samples * (rng.uniform(*_ANCHOR) if self.training else _QUIET_ANCHOR)
        # Within the anchor's own trace, where it is long enough: else its edge would tell where the event is.
        last = offset[row] + traces["n_samples"].iloc[row] * scale[row] - self.n_samples
        begin = np.clip(begin, offset[row], last) if last >= offset[row] else begin
        return np.round(offset - np.round(begin)).astype(int)

    def _noise_firsts(self, traces: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
        spare = traces["n_samples"] * RATE_HZ / traces["sampling_rate_hz"] - self.n_samples
        return -rng.integers(0, np.maximum(spare.to_numpy(), 0).astype(int) + 1)

    def _chosen(self, traces: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        """One trace of each site, and not too many: with onsets rather than without, then the clearest."""
        known = traces[["p_sample", "s_sample"]].notna().sum(axis=1)
        ranked = traces.assign(known=known).sort_values(["known", "snr_db"], ascending=False, kind="stable")
        ranked = ranked[~site_of(ranked["station"]).duplicated()]
        if len(ranked) > self.most_stations:
            rows = rng.permutation(len(ranked)) if self.training else np.arange(len(ranked))
            ranked = ranked.iloc[np.sort(rows[: self.most_stations])]
        return ranked.sort_index()

    def _window_of(self, traces: pd.DataFrame, is_noise: bool, whole: bool, rng: np.random.Generator) -> NetworkWindow:
        waveform = np.full((len(traces), 3, self.n_samples), np.nan, np.float32)
        onsets: list[Onset] = []
        units = "counts"
        for recording_id, rows in traces.reset_index(drop=True).groupby("recording_id", sort=False):
            recording = self._read(str(recording_id), rows)
            units = recording.attrs["units"]
            there = set(map(str, recording["station"].values))
            begun = pd.Timestamp(recording["time"].values[0])
            for number, row in rows.iterrows():
                if row["station"] in there:
                    late_s = (begun - row["start"]).total_seconds()
                    samples = three_components(recording, str(row["station"]))
                    _put(waveform[number], samples, int(row["first"]) + round(late_s * RATE_HZ))
            if len(there) > 1 or isinstance(self._source(), Catalogued):
                onsets += self._others(str(recording_id), rows)
        own = [] if is_noise else list(_own_onsets(traces))
        if self.training:
            _cut_heads(waveform, traces["first"].to_numpy(), own, rng)
        onsets = own + [onset for onset in onsets if not _is_among(onset, own)]
        # Without an onset nobody knows in which part of a trace its event is.
        seen = whole or any(0 <= onset.sample < self.n_samples for onset in own)
        magnitudes = traces["magnitude"].dropna().tolist() if seen else []
        return NetworkWindow(
            waveform,
            traces["station"].tolist(),
            traces["latitude_deg"].to_numpy(float),
            traces["longitude_deg"].to_numpy(float),
            traces["elevation_m"].to_numpy(float),
            onsets=onsets,
            labelled=self._labelled(traces, onsets, is_noise),
            event=0.0 if is_noise else 1.0 if seen else float("nan"),
            magnitude=float("nan") if is_noise or not magnitudes else float(magnitudes[0]),
            event_id=str(traces["event_id"].iloc[0]),
            snr_db=traces["snr_db"].to_numpy(float),
            units=units,
        )

    def _read(self, recording_id: str, rows: pd.DataFrame) -> xr.Dataset:
        """What a recording holds in the window, or the whole of it, where its source reads no parts."""
        begins = rows["start"] - pd.to_timedelta(rows["first"] / RATE_HZ, unit="s")
        length = pd.Timedelta(self.n_samples / RATE_HZ, "s")
        part = read_part(self._source(), recording_id, begins.min() - _MARGIN, begins.max() + length + _MARGIN)
        return resample(part, RATE_HZ)

    def _others(self, recording_id: str, rows: pd.DataFrame) -> Iterator[Onset]:
        """Onsets that the source knows in a recording of several stations, whatever event they are of."""
        picks = self._source().reference_picks(recording_id)
        for number, row in rows.iterrows():
            own = picks[picks["station"] == row["station"]]
            for phase, time in zip(own["phase"].map(phase_of), own["time"], strict=True):
                sample = (time - row["start"]).total_seconds() * RATE_HZ + row["first"]
                if phase:
                    yield Onset(int(number), phase, float(sample), of_event=False)

    def _labelled(self, traces: pd.DataFrame, onsets: Sequence[Onset], is_noise: bool) -> np.ndarray:
        """From and to where all onsets of a station are known, in samples of the window."""
        bounds = np.full((len(traces), 2), np.nan)
        if self.labels == "none":
            return bounds
        for number in range(len(traces)):
            picked = [onset.sample for onset in onsets if onset.station == number]
            phases = {onset.phase for onset in onsets if onset.station == number}
            if is_noise or (self.labels == "analyst" and phases == {"P", "S"}):
                bounds[number] = 0, self.n_samples
            elif phases == {"P", "S"}:
                bounds[number] = min(picked) - 100, max(picked) + 100
            elif picked:
                # With one phase missing, only the neighbourhood of the other is known.
                bounds[number] = min(picked) - 50, max(picked) + 30
        return bounds


def _usable(traces: pd.DataFrame) -> pd.DataFrame:
    """Traces that can be read; one whose start is not known stands for itself: no axis of time joins it to others."""
    known = traces[traces["has_waveform"] & (traces["sampling_rate_hz"] > 0)].reset_index(drop=True)
    lost = known["start"].isna()
    own = known["event_id"].where(~lost | (known["event_id"] == ""), "trace " + known["recording_id"])
    # Where a length is not known it is taken for long: what is beyond the end will be missing.
    lengths = known["n_samples"].fillna(_LONG_S * known["sampling_rate_hz"])
    return known.assign(event_id=own, start=known["start"].fillna(pd.Timestamp(0)), n_samples=lengths)


def _cut_heads(waveform: np.ndarray, firsts: np.ndarray, onsets: Sequence[Onset], rng: np.random.Generator) -> None:
    """Take off a random part of what a trace that begins in the window has before its first onset.

    Data sets cut their traces about as long before P: a network would learn to find P by the edge.
    """
    for station, first in enumerate(firsts):
        own = [onset.sample for onset in onsets if onset.station == station]
        spare = int(min(own) - first) - _KEPT_BEFORE if own else 0
        if first > 0 and spare > 0:
            waveform[station, :, first : first + int(rng.integers(0, spare + 1))] = np.nan


def _own_onsets(traces: pd.DataFrame) -> Iterator[Onset]:
    for number, row in enumerate(traces.to_dict("records")):
        for phase in "PS":
            sample = row[f"{phase.lower()}_sample"] * RATE_HZ / row["sampling_rate_hz"] + row["first"]
            if np.isfinite(sample):
                yield Onset(number, phase, float(sample))


def _is_among(onset: Onset, known: Sequence[Onset]) -> bool:
    return any(
        one.station == onset.station and one.phase == onset.phase and abs(one.sample - onset.sample) < 1
        for one in known
    )


def _put(window: np.ndarray, samples: np.ndarray, first: int) -> None:
    """Samples written into a window, the first of them at `first`."""
    begin, stop = max(first, 0), min(first + samples.shape[-1], window.shape[-1])
    if begin < stop:
        window[:, begin:stop] = samples[:, begin - first : stop - first]


def events_of_split(split: Split, folder: Path, role: str, **settings: object) -> ConcatDataset:
    """Events of all sets of a split that have recordings of a role, one data set after the other.

    Sets without labels, and continuous ones of which an end is held back, hold no events and are left out.

    Raises
    ------
    SourceError
        If there is none.
    SchemaError
        If traces of one event have different roles: what is trained on would be tested on.
    """
    parts = []
    for recordings in split.sets:
        if role not in recordings.recordings or recordings.labels == "none" or recordings.hold_back_s:
            continue
        place = folder / recordings.path
        traces = trace_table(open_source(place, recordings.kind))
        roles = traces["recording_id"].map(recordings.role_of)
        torn = roles[traces["event_id"] != ""].groupby(traces["event_id"]).nunique()
        if (torn > 1).any():
            raise SchemaError(f"Traces of the event {torn.idxmax()!r} of {recordings.name!r} have different roles.")
        own = traces[roles == role]
        if len(own):
            parts.append(
                NetworkEvents(place, recordings.kind, traces=own, labels=recordings.labels, **settings)  # type: ignore[arg-type]
            )
    if not parts:
        raise SourceError(f"The split has no events of the role {role!r} in {folder}.")
    return ConcatDataset(parts)
