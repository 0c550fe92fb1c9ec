"""Where explanations of real picks look, and how often they hold: by method, picker and phase, over labelled traces.

Prints a table; run it in pieces with ``WORKBENCH_TRACES`` (traces of each folder, drawn at random),
``WORKBENCH_CHECKED`` (those of them whose explanations are checked too) and ``WORKBENCH_METHODS`` (names with commas
between).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from workbench.benchmark.intervals import wilson
from workbench.errors import PickerError
from workbench.explain import EXPLAINERS
from workbench.explain.checks import CHECKS, check_explanation
from workbench.explain.run import explain
from workbench.explain.shares import component_shares, second_shares
from workbench.pickers import open_picker
from workbench.schema import Check, make_recording

START = pd.Timestamp("2024-01-01")
Labelled = tuple[xr.Dataset, dict[str, pd.Timestamp]]


def labelled(samples: np.ndarray, name: str, onsets: dict[str, float]) -> Labelled:
    """From samples (time, component), order E, N, Z."""
    recording = make_recording(
        np.ascontiguousarray(samples.T[::-1], np.float32)[None],
        stations=["XX.A."],
        components=list("ZNE"),
        start=START,
        sampling_rate_hz=100.0,
        recording_id=name,
        source="labelled",
    )
    return recording, {phase: START + pd.Timedelta(at / 100.0, "s") for phase, at in onsets.items()}


def stead(folder: Path) -> Iterator[Labelled]:
    with h5py.File(folder / "stead" / "sample.hdf5") as file:
        for name in sorted(key for key in file["data"] if key.endswith("_EV")):
            attrs = file["data"][name].attrs
            onsets = {phase: float(attrs[f"{phase.lower()}_arrival_sample"]) for phase in "PS"}
            yield labelled(file["data"][name][()], name, onsets)


def ncedc(folder: Path) -> Iterator[Labelled]:
    for path in sorted((folder / "ncedc").glob("*.npz")):
        with np.load(path, allow_pickle=False) as held:
            onsets = {"P": float(np.ravel(held["itp"])[0]), "S": float(np.ravel(held["its"])[0])}
            yield labelled(held["data"], path.stem, onsets)


def row_of(explained: xr.Dataset) -> dict[str, float]:
    """Shares of the weight by component and by seconds from the label."""
    return {share.name: share.whole for share in (*component_shares(explained), *second_shares(explained))}


def line_of(rows: list[dict[str, float]], checks: list[list[Check]]) -> str:
    parts = [f"n {len(rows)}"]
    for name in rows[0]:
        low, middle, high = (100 * value for value in np.quantile([row[name] for row in rows], (0.25, 0.5, 0.75)))
        parts.append(f"{name} {middle:.0f} ({low:.0f}-{high:.0f})")
    for name in CHECKS:
        made = [check.verdict for each in checks for check in each if check.name == name and check.verdict != "none"]
        if made:
            passed = made.count("pass")
            low, high = wilson(passed, len(made))
            parts.append(f"{name} {passed}/{len(made)} ({100 * low:.0f}-{100 * high:.0f} %)")
    return " | ".join(parts)


@pytest.mark.parametrize("name", ["phasenet", "eqtransformer"])
def test_where_explanations_look(name: str, shared_data: Path, seisbench_cache: Path) -> None:
    chance = np.random.default_rng(0)
    most = int(os.environ.get("WORKBENCH_TRACES", "1000"))
    checked = int(os.environ.get("WORKBENCH_CHECKED", "1000"))
    traces = [
        (*each[at], number < checked)
        for each in (list(stead(shared_data)), list(ncedc(shared_data)))
        for number, at in enumerate(chance.permutation(len(each))[:most])
    ]
    methods = os.environ.get("WORKBENCH_METHODS", ",".join(EXPLAINERS)).split(",")
    picker = open_picker(name, "original")
    for method in methods:
        for phase in "PS":
            rows, checks, left = [], [], 0
            for recording, onsets, is_checked in traces:
                try:
                    found = explain(recording, picker, phase=phase, time=onsets[phase], method=method)
                except PickerError:
                    # A label in the blinded range, or a phase of which nothing is said.
                    left += 1
                    continue
                rows.append(row_of(found))
                if is_checked:
                    checks.append(check_explanation(recording, found, picker))
            assert rows
            print(f"{name} {method} {phase} | {left} left out | {line_of(rows, checks)}", flush=True)  # noqa: T201
