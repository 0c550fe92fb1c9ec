"""``workbench pick FOLDER --workers N`` beside N processes of our own that pick the same station days.

Once with a process for each station day, N at a time, which is the simplest way to spread a folder; once with N that
share the days between them and are warm from the second on: less than that the same work cannot cost. Wall time, from
the first process to the last, of the same machine in the same minutes. Nothing is asserted about time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from made_recordings import write_day

_PEER = Path(__file__).parent / "shards_process.py"
_WORKERS, _STATIONS = 2, 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A day of eight stations, three components."""
    return write_day(tmp_path_factory.mktemp("folder"), n_stations=_STATIONS)


def _run(command: list[str]) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, capture_output=True, env=environment)


def _seconds(commands: list[list[str]]) -> float:
    began = time.monotonic()
    with ThreadPoolExecutor(_WORKERS) as pool:
        list(pool.map(_run, commands))
    return time.monotonic() - began


def _picks(folder: Path) -> pd.DataFrame:
    tables = [pd.read_parquet(file) for file in sorted(folder.glob("*.parquet"))]
    columns = ["station", "phase", "time", "probability"]
    return pd.concat(tables)[columns].sort_values(columns[:3], ignore_index=True)


def test_folder_run_beside_processes_of_its_own(folder, tmp_path, capsys):
    names = [f"XX.S{station:02d}._2024-01-01" for station in range(_STATIONS)]
    peer = [sys.executable, str(_PEER), str(folder)]
    ours = [sys.executable, "-c", "from workbench.cli import main; main()", "pick", str(folder), "--picker", "xiaonet"]
    ours += ["--kernel", "process", "--workers", str(_WORKERS), "--output", str(tmp_path / "ours")]
    each_s = _seconds([[*peer, str(tmp_path / "each"), name] for name in names])
    ours_s = _seconds([ours])
    shared_s = _seconds([[*peer, str(tmp_path / "shared"), *names[i::_WORKERS]] for i in range(_WORKERS)])
    pd.testing.assert_frame_equal(_picks(tmp_path / "ours" / "shards"), _picks(tmp_path / "each"))
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    with capsys.disabled():
        sys.stdout.write(
            f"\n{_STATIONS} station days of 24 h, {_WORKERS} workers, load {load:.1f}\n"
            f"  workbench pick --workers        {ours_s:6.1f} s\n"
            f"  a process for each station day  {each_s:6.1f} s   {ours_s / each_s - 1:+.0%} (aim: below +10 %)\n"
            f"  {_WORKERS} processes that share them    {shared_s:6.1f} s   {ours_s / shared_s - 1:+.0%}\n"
        )
