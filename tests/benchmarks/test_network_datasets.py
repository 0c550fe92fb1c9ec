"""Events a second and memory of the data sets of networks, one process each; and how many real events keep stations.

Memory is the resident set: before, and its highest after all events were read once and after they were read twice. It
must not grow with what has been read.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sources.event_files import made_traces, write_seisbench_events, write_stead_events
from workbench.sources import open_source
from workbench.sources.event_groups import events_by_stations
from workbench.sources.trace_table import trace_table

N_EVENTS, N_STATIONS = 60, 8
WRITERS = {"stead": write_stead_events, "seisbench": write_seisbench_events}
HEAD = "| kind | items | stations | events per CPU s | by the clock | MB before | MB once | MB twice |"
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("kind", ["synthetic", "stead", "seisbench", "folder"])
def test_events_a_second_and_memory(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    place, count = tmp_path, N_EVENTS
    if kind in WRITERS:
        place = WRITERS[kind](tmp_path, made_traces(N_EVENTS, N_STATIONS))
    elif kind == "folder":
        place, count = request.getfixturevalue("shared_data") / "iceland", 20
    command = [sys.executable, str(Path(__file__).with_name("dataset_process.py")), kind, str(place), str(count)]
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": paths})
    print(f"\n{HEAD}\n{ran.stdout.strip()} load {os.getloadavg()[0]:.1f}", flush=True)  # noqa: T201
    before, once, twice = (float(cell) for cell in ran.stdout.strip().strip("|").split("|")[-3:])
    assert twice < 1.1 * once + 20, f"{before:.0f}, {once:.0f}, {twice:.0f} MB: it grows with what was read"


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("stead", "stead"),
        ("ncedc", "phasenet_npz"),
        ("iceland", "waveforms"),
        ("hengill", "waveforms"),
        ("seisbench-datasets/dummydataset", "seisbench"),
        ("seisbench-datasets/chunkeddummydataset", "seisbench"),
    ],
)
def test_events_that_keep_stations(folder: str, kind: str, shared_data: Path) -> None:
    table = events_by_stations(trace_table(open_source(shared_data / folder, kind)))
    print(f"\n{folder}\n{table.to_string(index=False)}", flush=True)  # noqa: T201
