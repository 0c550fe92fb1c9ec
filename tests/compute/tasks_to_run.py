"""Functions that tests submit to backends: other processes import them by name."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from workbench.errors import PickerError
from workbench.schema import Report


def double(samples: np.ndarray) -> np.ndarray:
    return samples * 2


def in_steps(n_steps: int, report: Report) -> int:
    for step in range(n_steps):
        report(step / n_steps, f"step {step + 1} of {n_steps}")
    return n_steps


def until_cancelled(report: Report) -> None:
    while True:
        report(float("nan"), "waiting")
        time.sleep(0.01)


def spin() -> None:
    while True:
        pass


def deaf() -> None:
    while True:
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            continue


def refuse() -> None:
    raise PickerError("No trace to work on.")


def divide(by: int) -> float:
    return 1 / by


def process_id() -> int:
    return os.getpid()


def large(megabytes: int) -> np.ndarray:
    return np.arange(megabytes * 250_000, dtype=np.float32)


def total(samples: np.ndarray) -> float:
    return float(samples.sum(dtype=np.float64))


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_the_first_time(folder: str) -> int:
    """Number of the run; the first one kills its process."""
    run = len(list(Path(folder).iterdir())) + 1
    (Path(folder) / str(run)).touch()
    if run == 1:
        die()
    return run


def is_loaded(module: str) -> bool:
    return module in sys.modules


def tell_process_id(report: Report) -> None:
    while True:
        report(float("nan"), str(os.getpid()))
        time.sleep(0.01)
