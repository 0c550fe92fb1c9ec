"""One table: what a run costs in SeisBench and in the workbench, for the same picks, on one and two threads.

``WORKBENCH_BENCH_DAY=1`` adds 24 hours of one station, and the peak memory of both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROCESS = Path(__file__).with_name("engine_process.py")
PICKERS = ("phasenetlight/ethz", "phasenet/original", "eqtransformer/original")
CASES = ("1 min", "1 h", "20 x 5 min")
HEADINGS = (
    *("network", "case", "threads", "default s", "tuned s", "exact s", "to default", "to tuned"),
    *("draft s", "to tuned", "picks found", "load"),
)
HEAD = f"\n| {' | '.join(HEADINGS)} |\n|{'---|' * len(HEADINGS)}"


def run(*arguments: object) -> list[dict[str, object]]:
    threads = str(arguments[2])
    environment = os.environ | {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
    command = [sys.executable, str(PROCESS), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def row(name: str, threads: int, found: dict[str, object]) -> str:
    # On one thread the processor's seconds: others on the machine then count least.
    times = found["cpu_s"] if threads == 1 else found["wall_s"]
    cells = [name, found["case"], threads]
    cells += [f"{times[who]:.3g}" for who in ("default", "tuned", "exact")]
    cells += [f"{times[who] / times['exact']:.2f}" for who in ("default", "tuned")]
    cells += [f"{times['draft']:.3g}", f"{times['tuned'] / times['draft']:.2f}"]
    cells += [f"{found['drafted']} of {found['picks']}", f"{os.getloadavg()[0]:.1f}"]
    return f"| {' | '.join(map(str, cells))} |"


@pytest.mark.usefixtures("seisbench_cache")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", PICKERS)
def test_the_same_picks_in_less_time(name: str, threads: int, shared_data: Path, capsys) -> None:
    day = os.environ.get("WORKBENCH_BENCH_DAY")
    found = run(shared_data, name, threads, ",".join((*CASES, "24 h") if day else CASES))
    lines = [HEAD, *(row(name, threads, case) for case in found), f"  {found[0]['runtime']}"]
    with capsys.disabled():
        sys.stdout.write("\n".join(lines) + "\n")
    for case in found:
        assert case["same"], f"other picks than SeisBench's: {case}"
        # What a draft leads to is what a run over everything says there; no more, at times less.
        assert case["strange"] == 0


@pytest.mark.usefixtures("seisbench_cache")
@pytest.mark.skipif(not os.environ.get("WORKBENCH_BENCH_DAY"), reason="a day takes minutes: set WORKBENCH_BENCH_DAY=1")
@pytest.mark.parametrize("name", PICKERS)
def test_a_day_takes_less_memory(name: str, shared_data: Path, capsys) -> None:
    # The runtime is chosen in a process of its own, for what is loaded to be compared stays in memory.
    run(shared_data, name, 1, "1 min")
    peaks = {who: run(shared_data, name, 1, "24 h", who)[0] for who in ("default", "tuned", "exact")}
    words = ", ".join(f"{who} {found['before_mb']:.0f} -> {found['peak_mb']:.0f} MB" for who, found in peaks.items())
    with capsys.disabled():
        sys.stdout.write(f"\n{name}, peak memory of a day: {words}\n")
    assert peaks["exact"]["peak_mb"] < 0.5 * peaks["default"]["peak_mb"]
