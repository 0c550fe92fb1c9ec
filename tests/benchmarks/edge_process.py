"""Milliseconds a window and peak memory of one network in ONNX Runtime, with nothing else in the process.

Run as ``python edge_process.py FILE.onnx SAMPLES``; prints JSON. Imports numpy and onnxruntime only.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime

WINDOWS = 400
WARM_UP = 40


def main() -> None:
    path, n_samples = sys.argv[1], int(sys.argv[2])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    window = np.random.default_rng(0).standard_normal((1, 3, n_samples)).astype(np.float32)
    wall, cpu = [], []
    for _ in range(WARM_UP + WINDOWS):
        began, used = time.perf_counter(), time.process_time()
        session.run(None, {name: window})
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - used)
    # Not from getrusage, whose peak a child inherits from the process that started it.
    status = Path("/proc/self/status").read_text()
    peak_mb = float(status.split("VmHWM:")[1].split()[0]) / 1024
    figures = {
        "median_ms": np.median(wall[WARM_UP:]) * 1e3,
        "p95_ms": np.quantile(wall[WARM_UP:], 0.95) * 1e3,
        "cpu_ms": np.mean(cpu[WARM_UP:]) * 1e3,
        "peak_mb": peak_mb,
        "torch": "torch" in sys.modules,
    }
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    main()
