"""Is there an event in these 30 s? On recorded earthquakes and recorded noise that were never trained on.

The detection head of the station graph, and EPGNNs that ``WORKBENCH_EPGNN_RUNS`` holds (one folder a run, named
``graph_0``, ``none_0``, ... after edges and seed); of more station graphs, ``WORKBENCH_GRAPH_RUNS``. Noise is that of
STEAD, one station and up to eight sites at once, and of Northern California the half minute before P.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from workbench.benchmark.intervals import wilson
from workbench.networks.bundled import BUNDLED
from workbench.networks.weights_file import load_epgnn, load_station_graph_net
from workbench.sources.split import read_split
from workbench.training.event_scores import detection_scores
from workbench.training.graph_config import read_graph_config
from workbench.training.graph_run import made_networks
from workbench.training.network_data import NetworkWindow, network_data
from workbench.training.network_events import NetworkEvents, events_of_split
from workbench.training.network_synthetic import SyntheticEvents

Says = Callable[[object, bool], float]
HALF_MINUTE = 3000


def windows(shared_data: Path) -> dict[str, list[tuple[object, float]]]:
    """By set, graphs and whether an event is in them."""
    found: dict[str, list[tuple[object, float]]] = {}
    split = read_split(BUNDLED / "split.json")
    for part in events_of_split(split, shared_data, "test").datasets:
        name = Path(part.place).name
        found[name] = [(item, float(item.event)) for item in part]
    stead = NetworkEvents(shared_data / "stead", "stead")
    for row in stead.traces.index[stead.traces["event_id"] == ""]:
        alone = NetworkEvents(shared_data / "stead", "stead", traces=stead.traces.loc[[row]])
        found["stead"] += [(item, 0.0) for item in alone]
    found["ncedc"] += [(item, 0.0) for item in before_p(split, shared_data)]
    return found


def before_p(split: object, shared_data: Path) -> Iterator[object]:
    for recordings, recording, picks in split.read(shared_data, "test"):
        if recordings.name != "ncedc":
            continue
        first = (picks["time"].min() - recording["time"].values[0]).total_seconds() * 100
        stop = round(first) - 50
        samples = np.full((1, 3, HALF_MINUTE), np.nan, np.float32)
        samples[0, :, HALF_MINUTE - stop :] = recording["waveform"].values[0, :, max(stop - HALF_MINUTE, 0) : stop]
        unknown = np.array([np.nan])
        names = [str(recording["station"].values[0])]
        bounds = np.array([[0.0, HALF_MINUTE]])
        yield network_data(
            NetworkWindow(samples, names, unknown, unknown, unknown, onsets=[], labelled=bounds, event=0.0)
        )


def made() -> list[tuple[object, float]]:
    lessons = read_graph_config(BUNDLED / "epgnn.toml").lessons
    return [(item, float(item.event)) for item in SyntheticEvents(made_networks(lessons.made), 300, seed=99)]


def graph_head(file: str | None) -> Says:
    network, _ = load_station_graph_net(file) if file else load_station_graph_net()

    @torch.inference_mode()
    def says(item: object, edges: bool) -> float:
        index, attributes = (item.edge_index, item.edge_attr) if edges else (item.edge_index[:, :0], item.edge_attr[:0])
        amplitude = item.log_amplitude if item.units == "m/s" else torch.full_like(item.log_amplitude, torch.nan)
        return float(network.says(item.x, index, attributes, None, amplitude).detection.sigmoid())

    return says


def epgnn(file: str) -> Says:
    network, _ = load_epgnn(file)

    @torch.inference_mode()
    def says(item: object, edges: bool) -> float:
        index, attributes = (item.edge_index, item.edge_attr) if edges else (item.edge_index[:, :0], item.edge_attr[:0])
        amplitude = item.log_amplitude if item.units == "m/s" else torch.full_like(item.log_amplitude, torch.nan)
        return float(network(item.x, index, attributes, None, amplitude)[0].sigmoid())

    return says


def contenders() -> Iterator[tuple[str, Says, bool]]:
    yield "station graph, bundled", graph_head(None), True
    for variable, title, opened in (
        ("WORKBENCH_GRAPH_RUNS", "station graph", graph_head),
        ("WORKBENCH_EPGNN_RUNS", "EPGNN", epgnn),
    ):
        runs = os.environ.get(variable, "")
        for file in sorted(Path(runs).glob("*_[0-9]/best.safetensors")) if runs else ():
            yield f"{title}, run {file.parent.name}", opened(str(file)), not file.parent.name.startswith("none")


def share(hits: np.ndarray) -> str:
    low, high = wilson(int(hits.sum()), len(hits))
    return f"{hits.mean():.2f} ({low:.2f}-{high:.2f}; {len(hits)})" if len(hits) else "-"


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_detection_on_recorded_noise_and_events(shared_data: Path) -> None:
    sets = {**windows(shared_data), "made": made()}
    print("\n| network | set | events found (n) | noise told as noise (n) | AUC |")  # noqa: T201
    for name, says, edges in contenders():
        for place, items in sets.items():
            said = np.array([says(item, edges) for item, _ in items])
            event = np.array([known for _, known in items])
            is_event, is_noise = event == 1, event == 0
            area = detection_scores(said, event)["detection_auc"]
            told = f"{share(said[is_event] >= 0.5)} | {share(said[is_noise] < 0.5)} | {area:.3f}"
            print(f"| {name} | {place} | {told} |", flush=True)  # noqa: T201
