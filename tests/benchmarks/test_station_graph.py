"""The station graph beside its controls on made networks and real events, and how time and memory grow with stations.

Prints tables for the model card. The bundled weights are scored with their own edges, without, and with shuffled
ones; ``WORKBENCH_GRAPH_RUNS`` names a folder of more runs, one folder each, named ``graph_0``, ``none_0``,
``shuffled_0``, ... after their edges and seed; a last table then gives the mean over the seeds and their range.
``WORKBENCH_NETWORKS`` is how many made networks of each size.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from workbench.benchmark.cases import read_cases
from workbench.benchmark.network_scores import find_onsets, recall_table, threshold_at
from workbench.benchmark.run import Contender, score_all
from workbench.benchmark.tables import write_table
from workbench.networks.bundled import BUNDLED
from workbench.networks.station_graph import shuffled_edges, station_graph
from workbench.networks.station_graph_net import StationGraphNet, log_amplitude
from workbench.networks.weights_file import load_station_graph_net, load_xiaonet
from workbench.pickers import open_picker
from workbench.schema import make_recording
from workbench.sources.split import read_split
from workbench.sources.synthetic import NetworkExample, SyntheticNetwork

FALSE_PER_HOUR = (10.0, 30.0)
LAYOUTS = ("random", "ring", "grid", "line", "clusters")
SIZES = (1, 3, 6, 12)
Said = tuple[list[np.ndarray], list[np.ndarray], list[float]]


@cache
def networks() -> list[NetworkExample]:
    found = []
    for count in SIZES:
        maker = SyntheticNetwork(
            stations=count,
            layout=LAYOUTS,
            radius_km=(10.0, 60.0),
            snr_db=(-6.0, 22.0),
            magnitude=(-0.5, 4.0),
            events=(0.15, 0.65, 0.15, 0.05),
        )
        rng = np.random.default_rng((7777, count))
        found += [maker.example(rng) for _ in range(int(os.environ.get("WORKBENCH_NETWORKS", "80")))]
    return found


@torch.inference_mode()
def of_graph(network: StationGraphNet, edges: str) -> Said:
    rng, said = np.random.default_rng(5), ([], [], [])
    # The controls are to be what was trained, not the XiaoNet that a picker falls back on.
    network.fall_back = None
    for example in networks():
        windows = torch.from_numpy(example.waveform / np.float32(example.gain_counts_per_m_s))
        places = (example.latitude_deg, example.longitude_deg, example.elevation_m)
        graph = station_graph(example.stations, *places, neighbours=0 if edges == "none" else 8)
        graph = shuffled_edges(graph, rng) if edges == "shuffled" else graph
        edge_index, edge_attr = torch.from_numpy(graph.edge_index), torch.from_numpy(graph.edge_attr)
        says = network.says(windows, edge_index, edge_attr, None, log_amplitude(windows))
        p, s, _ = says.logits.softmax(dim=1).unbind(1)
        said[0].append(p.numpy())
        said[1].append(s.numpy())
        said[2].append(float(says.magnitude))
    return said


@torch.inference_mode()
def of_xiaonet() -> Said:
    network, _ = load_xiaonet()
    curves = [network(torch.from_numpy(example.waveform)).numpy() for example in networks()]
    return [each[:, 0] for each in curves], [each[:, 1] for each in curves], []


def of_picker(name: str, weights: str) -> Said:
    picker, said = open_picker(name, weights), ([], [], [])
    for example in networks():
        recording = make_recording(
            example.waveform,
            stations=example.stations,
            components=list("ZNE"),
            start="2024-01-01",
            sampling_rate_hz=100.0,
            recording_id="made",
            source="made",
        )
        curves = picker.annotate(recording)["probability"]
        at = round((curves["time"].values[0] - recording["time"].values[0]) / np.timedelta64(10, "ms"))
        for column, phase in enumerate("PS"):
            whole = np.full((len(example.stations), 3000), np.nan)
            part = curves.sel(phase=phase).values[:, : 3000 - at]
            whole[:, at : at + part.shape[-1]] = part
            said[column].append(whole)
    return said


def contenders() -> Iterator[tuple[str, Said]]:
    yield "XiaoNet 100k per station", of_xiaonet()
    runs = os.environ.get("WORKBENCH_GRAPH_RUNS", "")
    for file in sorted(Path(runs).glob("*_[0-9]/best.safetensors")) if runs else ():
        network, _ = load_station_graph_net(str(file))
        yield f"run {file.parent.name}", of_graph(network, file.parent.name.partition("_")[0])
    network, _ = load_station_graph_net()
    for edges in ("graph", "none", "shuffled"):
        yield f"bundled, edges: {edges}", of_graph(network, edges)


def show(name: str, said: Said) -> pd.DataFrame:
    tables = []
    for column, phase in enumerate("PS"):
        onsets = [getattr(example, f"{phase.lower()}_sample") for example in networks()]
        ratios = [example.p_snr_db if phase == "P" else example.snr_db for example in networks()]
        peaks = find_onsets(said[column], onsets, ratios)
        for rate in FALSE_PER_HOUR:
            table = recall_table(peaks, threshold_at(peaks, rate))
            tables.append(table.assign(run=name, phase=phase, rate=rate))
            for row in table.itertuples():
                figures = f"{row.recall:.2f} ({row.low:.2f}-{row.high:.2f})"
                print(  # noqa: T201
                    f"| {name} | {phase} | {rate:g} | {row.group} | {row.n} | {figures} | {row.mae_s:.3f} |", flush=True
                )
    return pd.concat(tables, ignore_index=True)


def show_seeds(tables: list[pd.DataFrame]) -> None:
    """The mean over runs that differ in their seed alone, and their lowest and highest."""
    runs = pd.concat(tables, ignore_index=True)
    runs = runs[runs["run"].str.fullmatch(r"run [a-z]+_[0-9]")]
    kinds = runs["run"].str.extract(r"run ([a-z]+)_", expand=False)
    for (kind, phase, rate, group), part in runs.groupby([kinds, "phase", "rate", "group"], sort=False):
        figures = f"{part['recall'].mean():.3f} ({part['recall'].min():.3f} to {part['recall'].max():.3f})"
        print(f"| {kind}, {len(part)} seeds | {phase} | {rate:g} | {group} | {part['n'].iloc[0]} | {figures} |")  # noqa: T201


def show_magnitudes(name: str, said: Said) -> None:
    pairs = [(each, example.magnitude) for each, example in zip(said[2], networks(), strict=False)]
    told = np.array([(each, true.max()) for each, true in pairs if true.size])
    if told.size:
        error = np.abs(told[:, 0] - told[:, 1])
        constant = np.abs(told[:, 1] - np.median(told[:, 1])).mean()
        print(f"| {name} | {len(told)} | {error.mean():.3f} | median said always: {constant:.3f} |", flush=True)  # noqa: T201


def test_recall_on_made_networks(seisbench_cache: Path) -> None:
    tables = []
    for name, said in contenders():
        tables.append(show(name, said))
        show_magnitudes(name, said)
    show("PhaseNet original per station", of_picker("phasenet", "original"))
    show_seeds(tables)


def test_real_events(shared_data: Path, seisbench_cache: Path, tmp_path: Path) -> None:
    cases = list(read_cases(read_split(BUNDLED / "split.json"), shared_data, "test"))
    titles = {"phasenet/original": "original", "xiaonet/100k": "100k", "station_graph/240k": "240k"}
    named = [Contender(title, title.partition("/")[0], weights) for title, weights in titles.items()]
    write_table(score_all(named, cases, "phasenet/original"), tmp_path / "real.md")
    print((tmp_path / "real.md").read_text())  # noqa: T201


SCALE = """
import resource, sys, time
import numpy as np, torch
from workbench.networks.station_graph import station_graph
from workbench.networks.station_graph_net import StationGraphNet
count, dense, train = int(sys.argv[1]), sys.argv[2] == "dense", sys.argv[3] == "train"
rng = np.random.default_rng(0)
side = 0.12 * count**0.5
places = 46 + side * rng.random(count), 13 + side * rng.random(count)
settings = {"neighbours": count - 1, "radius_km": 5000.0} if dense else {}
graph = station_graph([str(number) for number in range(count)], *places, **settings)
network = StationGraphNet().train(train)
network.alone.requires_grad_(False)
windows = torch.randn(count, 3, 3000)
edges = torch.from_numpy(graph.edge_index), torch.from_numpy(graph.edge_attr)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.process_time()
with torch.set_grad_enabled(train):
    said = network.says(windows, *edges)
    if train:
        said.logits.square().mean().backward()
spent = time.process_time() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(f"| {count} | {graph.n_edges} | {spent:.2f} | {(peak - before) / 1024:.0f} |")
"""


@pytest.mark.parametrize(
    ("edges", "task", "counts"),
    [("sparse", "pick", (10, 50, 200, 500)), ("sparse", "train", (10, 50, 100)), ("dense", "train", (10, 50))],
)
def test_time_and_memory_grow_with_edges(edges: str, task: str, counts: tuple[int, ...]) -> None:
    for count in counts:
        command = [sys.executable, "-c", SCALE, str(count), edges, task]
        ran = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ})
        print(f"| {edges} {task} {ran.stdout.strip()}", flush=True)  # noqa: T201
