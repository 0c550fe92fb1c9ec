"""One process that reads a data set of networks twice over and says how fast and how large: KIND FOLDER COUNT."""

from __future__ import annotations

import sys
import time
from itertools import cycle, islice

import psutil

from workbench.training.network_events import NetworkEvents
from workbench.training.network_synthetic import SyntheticEvents

SOURCES = {"stead": "stead", "seisbench": "seisbench", "folder": "waveforms"}


def main(kind: str, folder: str, count: int) -> None:
    if kind == "synthetic":
        from workbench.sources.synthetic import SyntheticNetwork

        dataset = SyntheticEvents(SyntheticNetwork(stations=8), count, training=True)
    else:
        dataset = NetworkEvents(folder, SOURCES[kind], training=True)
    process = psutil.Process()
    dataset[0]
    begun_mb = process.memory_info().rss / 2**20
    highest_mb, traces, peaks = begun_mb, 0, []
    began, began_cpu = time.perf_counter(), time.process_time()
    for number, index in enumerate(islice(cycle(range(len(dataset))), 2 * count), 1):
        traces += len(dataset[index].x)
        highest_mb = max(highest_mb, process.memory_info().rss / 2**20)
        if number % count == 0:
            peaks.append(highest_mb)
    cpu_s, wall_s = time.process_time() - began_cpu, time.perf_counter() - began
    figures = f"{len(dataset)} | {traces / 2 / count:.1f} | {2 * count / cpu_s:.1f} | {2 * count / wall_s:.1f}"
    print(f"| {kind} | {figures} | {begun_mb:.0f} | {peaks[0]:.0f} | {peaks[1]:.0f} |")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
