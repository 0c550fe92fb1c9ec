"""The station graph as a picker: all stations of a recording go through one network together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from workbench.networks.bundled import DEFAULT_GRAPH_WEIGHTS
from workbench.networks.station_graph import StationGraph, station_graph
from workbench.pickers.own_weights import RATE_HZ, own_cache_key, own_card
from workbench.pickers.pieces import rate_notices, require_output
from workbench.pickers.segments import library_versions
from workbench.pickers.three_components import component_notices, three_components
from workbench.processing.grid import Grid, kept_outputs, sample_index
from workbench.processing.large_arrays import nan_array
from workbench.processing.resampling import resample
from workbench.registry import Availability, needs
from workbench.schema import Report, make_annotations, silent

if TYPE_CHECKING:
    from workbench.networks.station_graph_net import GraphSays

__all__ = ["StationGraphPicker", "StationWindows", "graph_of", "per_metre_a_second"]

_CITATION = "After Zhu and Beroza (2019) and van den Ende and Ampuero (2020)"
_IN_METRES_A_SECOND = ("m/s", "M/S", "m s-1", "m/sec")
_STATIONS_AT_ONCE = 32


def graph_of(recording: xr.Dataset, neighbours: int = 8, radius_km: float = 120.0) -> StationGraph:
    """The graph of a recording's stations; see :func:`~workbench.networks.station_graph.station_graph`."""
    return station_graph(
        [str(station) for station in recording["station"].values],
        recording["latitude_deg"].values,
        recording["longitude_deg"].values,
        recording["elevation_m"].values,
        neighbours=neighbours,
        radius_km=radius_km,
    )


@dataclass(frozen=True, eq=False)
class StationWindows:
    """What all stations recorded in the same 30 s.

    Parameters
    ----------
    first
        Index of the first sample on the recording's axis, at 100 Hz; may be negative.
    samples
        float32, shape (station, 3, sample), components Z, N, E; NaN where missing.
    start
        Time of the first sample, UTC.
    """

    first: int
    samples: np.ndarray
    start: pd.Timestamp


class StationGraphPicker:
    """A XiaoNet for each station and attention between neighbours.

    Parameters
    ----------
    weights
        ``"240k"``, or a path to a ``.safetensors`` file of a training run.
    neighbours
        Nearest stations that each one listens to; 0 reads every station alone.
    radius_km
        Farther ones are not listened to.
    """

    looks_at_others = True
    """What it says of a station hangs on the others: explanations ask about each pick by itself."""

    def __init__(self, weights: str = DEFAULT_GRAPH_WEIGHTS, neighbours: int = 8, radius_km: float = 120.0) -> None:
        from workbench.networks.weights_file import load_station_graph_net

        self.module, path = load_station_graph_net(weights)
        self.neighbours, self.radius_km = int(neighbours), float(radius_km)
        self.grid = Grid(3000, 1000, 1000, 1000)
        self.card = own_card(path, "station_graph", "Station graph", _CITATION)

    @staticmethod
    def availability() -> Availability:
        """Whether the package that passes messages is there."""
        return needs("torch_geometric", "torch-geometric")

    @staticmethod
    def bundled() -> tuple[str, ...]:
        """Names of the weights that come with the workbench, the default one first."""
        from workbench.networks.bundled import bundled_weights

        return bundled_weights("station_graph")

    cache_key = staticmethod(own_cache_key)

    def graph(self, recording: xr.Dataset) -> StationGraph:
        """Which stations of a recording listen to which."""
        return graph_of(recording, self.neighbours, self.radius_km)

    def windows(self, recording: xr.Dataset) -> Iterator[StationWindows]:
        """All stations' samples in each window of the grid that holds any, one after the other."""
        recording = resample(recording, RATE_HZ)
        samples = _all_components(recording)
        start = pd.Timestamp(recording["time"].values[0]).as_unit("ns")
        origin = sample_index(recording["time"].values[0], RATE_HZ)
        for number in range(*self.grid.windows_for(origin, origin + samples.shape[-1])):
            first = self.grid.start_of(number) - origin
            window = _part(samples, first, self.grid.window_samples)
            if np.isfinite(window).any():
                yield StationWindows(first, window, start + pd.Timedelta(round(first * 1e9 / RATE_HZ), "ns"))

    def says(self, windows: np.ndarray, graph: StationGraph, per_m_s: float = float("nan")) -> GraphSays:
        """What the network says of windows (network, station, 3, sample) of the same stations, without a way back.

        Parameters
        ----------
        per_m_s
            What the samples are worth: so many of their unit make 1 m/s. NaN if not known: then there is no magnitude.
        """
        import torch

        from workbench.networks.station_graph_net import log_amplitude

        count, n_stations = windows.shape[:2]
        flat = torch.from_numpy(np.ascontiguousarray(windows, np.float32)).flatten(0, 1)
        steps = np.repeat(np.arange(count) * n_stations, graph.n_edges)
        edge_index = torch.from_numpy(np.tile(graph.edge_index, count) + steps)
        edge_attr = torch.from_numpy(np.tile(graph.edge_attr, (count, 1)))
        batch = torch.arange(count).repeat_interleave(n_stations)
        with torch.inference_mode():
            amplitude = log_amplitude(flat) - np.log10(per_m_s)
            return self.module.says(flat, edge_index, edge_attr, batch, amplitude)

    def reading(self, recording: xr.Dataset, station: str) -> Any:
        """The network and its windows of one station, as a :class:`~workbench.pickers.windows.Reading`.

        What the neighbours recorded stays as it is: it is this station's samples that are asked about.
        """
        import torch

        from workbench.networks.station_in_network import StationInNetwork
        from workbench.networks.xiaonet import LABELS, standardise
        from workbench.pickers.windows import Piece, Plan, Reading

        notices = rate_notices(recording, self.card)
        at_rate = resample(recording, RATE_HZ)
        graph = self.graph(at_rate)
        row = graph.stations.index(station)
        samples = _all_components(at_rate)
        windows = {window.first: window.samples for window in self.windows(at_rate)}
        edges = torch.from_numpy(graph.edge_index), torch.from_numpy(graph.edge_attr)

        def network_at(first: int) -> Any:
            stations = windows.get(first)
            if stations is None:
                stations = _part(samples, first, self.grid.window_samples)
            return StationInNetwork(self.module, torch.from_numpy(stations), *edges, row)

        first, length = min(windows), max(windows) + self.grid.window_samples - min(windows)
        return Reading(
            Plan(self.grid.window_samples, self.grid.step_samples, 1.0, "avg", (0, 1)),
            [Piece(row, _part(samples, first, length)[row], first)],
            RATE_HZ,
            standardise,
            self.module,
            lambda outputs: outputs.transpose(1, 2),
            tuple(LABELS),
            used=(self.grid.front_samples, self.grid.window_samples - self.grid.back_samples),
            notices=tuple(notices + component_notices(at_rate.sel(station=[station]))),
            network_at=network_at,
        )

    def annotate(self, recording: xr.Dataset, report: Report = silent) -> xr.Dataset:
        """Annotations of all stations; see :class:`~workbench.pickers.base.Picker`.

        ``attrs["detection"]`` is the probability of an event in the surest window, ``attrs["magnitude"]`` that event's
        magnitude (NaN where samples are not in m/s), ``attrs["windows"]`` both for each 10 s, as JSON.
        """
        notices = rate_notices(recording, self.card)
        recording = resample(recording, RATE_HZ)
        graph = self.graph(recording)
        per_m_s = per_metre_a_second(recording)
        notices += [*component_notices(recording), *graph.notices]
        if np.isnan(per_m_s):
            notices.append(f"Samples are in {recording.attrs['units'] or 'an unknown unit'}, not m/s: no magnitude.")
        curves = nan_array((recording.sizes["station"], 2, recording.sizes["time"]))
        events: list[dict[str, Any]] = []
        n_windows = max(1, recording.sizes["time"] // self.grid.step_samples + 1)
        for batch in _batches(self.windows(recording), max(1, _STATIONS_AT_ONCE // recording.sizes["station"])):
            says = self.says(np.stack([window.samples for window in batch]), graph, per_m_s)
            self._write(curves, batch, says)
            events += self._events(batch, says)
            report(min(len(events) / n_windows, 1.0), f"window {len(events)} of about {n_windows}")
        require_output(curves, self.card, notices)
        return self._annotations(recording, curves, events, notices)

    def _write(self, curves: np.ndarray, batch: list[StationWindows], says: GraphSays) -> None:
        probability = says.logits.softmax(dim=1).numpy().reshape(len(batch), -1, 3, self.grid.window_samples)
        for window, outputs in zip(batch, probability, strict=True):
            kept = kept_outputs(outputs, window.samples, self.grid).transpose(0, 2, 1)
            first = window.first + self.grid.front_samples
            begin, stop = max(0, first), min(curves.shape[-1], first + self.grid.step_samples)
            curves[..., begin:stop] = kept[..., begin - window.first : stop - window.first]

    def _events(self, batch: list[StationWindows], says: GraphSays) -> list[dict[str, Any]]:
        """Detection and magnitude of each window, at the time of the part of it that the curves show."""
        sure = says.detection.sigmoid().numpy()
        front = pd.Timedelta(self.grid.front_samples / RATE_HZ, "s")
        return [
            {
                "start": (window.start + front).isoformat(),
                "detection": round(float(probability), 4),
                "magnitude": round(float(magnitude), 2) if np.isfinite(magnitude) else None,
            }
            for window, probability, magnitude in zip(batch, sure, says.magnitude.numpy(), strict=True)
        ]

    def _annotations(
        self, recording: xr.Dataset, curves: np.ndarray, events: list[dict[str, Any]], notices: list[str]
    ) -> xr.Dataset:
        surest = max(events, key=lambda event: event["detection"])
        return make_annotations(
            curves,
            stations=[str(station) for station in recording["station"].values],
            phases=self.card.phases,
            start=recording["time"].values[0],
            sampling_rate_hz=RATE_HZ,
            recording_id=recording.attrs["recording_id"],
            picker=self.card.name,
            weights=self.card.weights,
            weights_hash=self.card.weights_hash,
            overlap=self.grid.window_samples - self.grid.step_samples,
            stacking="avg",
            versions=library_versions("torch", "torch-geometric"),
            notices="\n".join(notices),
            detection=surest["detection"],
            magnitude=float("nan") if surest["magnitude"] is None else surest["magnitude"],
            windows=json.dumps(events),
        )


def per_metre_a_second(recording: xr.Dataset) -> float:
    """How many of a recording's unit make 1 m/s, the same for all stations; NaN if it does not say."""
    if recording.attrs["units"] in _IN_METRES_A_SECOND:
        return 1.0
    gain = float(recording.attrs.get("gain_counts_per_m_s", np.nan))
    return gain if gain > 0 else float("nan")


def _all_components(recording: xr.Dataset) -> np.ndarray:
    """Samples of all stations, shape (station, 3, sample)."""
    return np.stack([three_components(recording, str(station)) for station in recording["station"].values])


def _part(samples: np.ndarray, first: int, length: int) -> np.ndarray:
    """Samples from one index on, NaN beyond their ends."""
    part = np.full((*samples.shape[:-1], length), np.nan, np.float32)
    begin, stop = max(0, first), min(samples.shape[-1], first + length)
    if begin < stop:
        part[..., begin - first : stop - first] = samples[..., begin:stop]
    return part


def _batches(windows: Iterator[StationWindows], count: int) -> Iterator[list[StationWindows]]:
    batch: list[StationWindows] = []
    for window in windows:
        batch.append(window)
        if len(batch) == count:
            yield batch
            batch = []
    if batch:
        yield batch
