"""One table: what an explanation costs by a plain loop over Captum and in the workbench, and how near both come."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROCESS = Path(__file__).with_name("explanation_process.py")
PICKERS = ("phasenetlight/ethz", "phasenet/original", "eqtransformer/original")
HEAD = "\n| network | method | threads | Captum s | ours s | ratio | load |\n|---|---|---|---|---|---|---|"


@pytest.mark.usefixtures("seisbench_cache")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", PICKERS)
def test_explanations_beside_captum(name: str, threads: int, shared_data: Path, capsys) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    command = [sys.executable, str(PROCESS), str(shared_data), name, str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    lines = [HEAD]
    for method, seconds in found["seconds"].items():
        theirs = seconds.pop("captum")
        for title, ours in seconds.items():
            label = method if title == "ours" else f"{method} ({title.partition(', ')[2]})"
            load = os.getloadavg()[0]
            lines.append(
                f"| {name} | {label} | {threads} | {theirs:.3f} | {ours:.3f} | {theirs / ours:.2f} | {load:.1f} |"
            )
    made = found["checks"]
    each = ", ".join(f"{check} {seconds:.2f}" for check, seconds in made.items())
    lines.append(f"  checks after the first explanation, in s: {each}; together {sum(made.values()):.2f}")
    near = found["accuracy"]
    lines.append(
        f"  integrated gradients of {near['n']} picks, apart from 300 steps: Captum's 50 {near['captum']:.3f} (sum off "
        f"by {near['captum_gap']:.3f}), 50 equal {near['equal']:.3f}, where they matter {near['free']:.3f} (sum off by "
        f"{near['gap']:.3f}) with {near['steps']:.0f}"
    )
    with capsys.disabled():
        sys.stdout.write("\n".join(lines) + "\n")
    # What the method promises of itself, without a word on time.
    assert near["free"] < 0.1
    assert near["gap"] <= 0.03
