"""How many windows of a made network a second, by number of stations: CPU seconds of one process."""

from __future__ import annotations

import os
import sys
import time

import numpy as np
import pytest

from workbench.sources.synthetic import SyntheticNetwork


@pytest.mark.parametrize(("n_stations", "n_windows"), [(1, 60), (8, 60), (50, 10), (200, 3), (500, 1)])
def test_windows_a_second(n_stations, n_windows, capsys):
    network = SyntheticNetwork(stations=n_stations)
    rng = np.random.default_rng(0)
    network.example(rng)
    began, began_cpu = time.perf_counter(), time.process_time()
    onsets = sum(int(np.isfinite(network.example(rng).p_sample).sum()) for _ in range(n_windows))
    cpu_s, wall_s = time.process_time() - began_cpu, time.perf_counter() - began
    report = f"{n_stations} stations x 30 s: {n_windows / cpu_s:.1f} windows per CPU second"
    report += f" ({n_windows / wall_s:.1f} by the clock), {onsets} P onsets, load {os.getloadavg()[0]:.1f}"
    with capsys.disabled():
        sys.stdout.write(f"\n{report}\n")
    assert onsets > 0
