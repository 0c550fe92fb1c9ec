"""One table: what a window costs on an edge station, XiaoNet against PhaseNet and PhaseNetLight on the same runtime."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from workbench.inference.onnx_export import export_onnx, quantise
from workbench.networks.xiaonet import SIZES
from workbench.pickers import open_picker

PROCESS = Path(__file__).with_name("edge_process.py")


def xiaonet_files(folder: Path) -> dict[str, tuple[Path, int]]:
    """Float and int8 files of each size."""
    windows = np.random.default_rng(0).standard_normal((16, 3, 3000)).astype(np.float32)
    files = {}
    for size in SIZES:
        whole = export_onnx(size, folder / f"xiaonet_{size}.onnx")
        files[f"XiaoNet {size}, float"] = (whole, 3000)
        files[f"XiaoNet {size}, int8"] = (quantise(whole, folder / f"xiaonet_{size}_int8.onnx", windows), 3000)
    return files


def seisbench_file(picker: str, weights: str, folder: Path) -> tuple[Path, int]:
    import torch

    module = open_picker(picker, weights).module
    path = folder / f"{picker}.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (torch.zeros(1, 3, module.in_samples),), str(path), dynamo=False, opset_version=17)
    return path, module.in_samples


def sta_lta_row() -> dict[str, float]:
    from obspy.signal.trigger import recursive_sta_lta

    samples = np.random.default_rng(0).standard_normal(3000)
    taken = []
    for _ in range(400):
        began = time.perf_counter()
        recursive_sta_lta(samples, 50, 1000)
        taken.append(time.perf_counter() - began)
    return {"median_ms": np.median(taken) * 1e3, "p95_ms": np.quantile(taken, 0.95) * 1e3, "peak_mb": float("nan")}


def measure(path: Path, n_samples: int) -> dict[str, float]:
    command = [sys.executable, str(PROCESS), str(path), str(n_samples)]
    figures = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return figures | {"size_kb": path.stat().st_size / 1000}


def as_table(rows: dict[str, dict[str, float]]) -> str:
    lines = [
        "",
        "| network, one thread | median ms a window | p95 ms | peak process MB | file kB |",
        "|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        size = f"{row['size_kb']:.0f}" if "size_kb" in row else "-"
        peak = "-" if np.isnan(row["peak_mb"]) else f"{row['peak_mb']:.0f}"
        lines.append(f"| {name} | {row['median_ms']:.3f} | {row['p95_ms']:.3f} | {peak} | {size} |")
    return "\n".join(lines) + "\n"


@pytest.mark.usefixtures("seisbench_cache")
def test_an_edge_station_pays_less_for_xiaonet_than_for_phasenet(tmp_path):
    files = xiaonet_files(tmp_path)
    files["PhaseNet, float"] = seisbench_file("phasenet", "original", tmp_path)
    files["PhaseNetLight, float"] = seisbench_file("phasenetlight", "ethz", tmp_path)
    rows = {name: measure(*given) for name, given in files.items()}
    rows["STA/LTA of one component"] = sta_lta_row()
    sys.stdout.write(as_table(rows))
    assert not any(row.get("torch") for row in rows.values())
    # Memory is the same on every run; times are printed, and judged by people on an idle machine.
    assert rows["XiaoNet 25k, float"]["peak_mb"] < 100
    assert rows["XiaoNet 25k, float"]["size_kb"] < 200
