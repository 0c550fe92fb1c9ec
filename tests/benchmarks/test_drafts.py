"""Draft mode by data set: time against picks lost, by threshold. ``WORKBENCH_BENCH_DAY=1`` takes a day, not 2 h."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import xarray as xr

sys.path.insert(0, str(Path(__file__).parent))
from engine_process import continuous, hengill, recording_of

from workbench.inference import drafts
from workbench.inference.picking import picks_from
from workbench.inference.run import annotate
from workbench.inference.runtimes.choice import choose
from workbench.pickers import open_picker
from workbench.schema import PickerCard
from workbench.sources import open_source

THRESHOLDS = (0.005, 0.02, 0.05, 0.1)
HEADINGS = ("data", "network", "draft at", "exact s", "draft s", "ratio", "picks found", "windows left out")
HEAD = f"\n| {' | '.join(HEADINGS)} |\n|{'---|' * len(HEADINGS)}\n"


def data_sets(data: Path) -> Iterator[tuple[str, list[xr.Dataset]]]:
    hours = 24.0 if os.environ.get("WORKBENCH_BENCH_DAY") else 2.0
    yield f"continuous, {hours:g} h", [recording_of(continuous(data, hours))]
    yield "hengill", [recording_of(hengill(data))]
    for name in ("ncedc", "stead"):
        source = open_source(data / name)
        yield name, [source.read(recording_id) for recording_id in source.scan()["recording_id"]]


def found(recording: xr.Dataset, name: str, weights: str, mode: str, card: PickerCard) -> tuple[set[tuple], str]:
    annotations = annotate(recording, name, weights, mode=mode)
    picks = picks_from(annotations, card)
    return set(zip(picks["station"], picks["phase"], picks["time"], strict=True)), annotations.attrs["notices"]


@pytest.mark.usefixtures("seisbench_cache")
@pytest.mark.parametrize("name", ["phasenet", "eqtransformer"])
def test_what_drafts_cost_and_lose(name: str, shared_data: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    torch.set_num_threads(1)
    picker = open_picker(name, "original")
    choose(picker)
    drafts_of = drafts.drafts_of
    with capsys.disabled():
        sys.stdout.write(HEAD)
    for label, recordings in data_sets(shared_data):
        began = time.process_time()
        whole = [found(recording, name, "original", "exact", picker.card)[0] for recording in recordings]
        exact_s = time.process_time() - began
        for threshold in THRESHOLDS:
            monkeypatch.setattr(drafts, "drafts_of", lambda r, hz, at=threshold: drafts_of(r, hz, threshold=at))
            began = time.process_time()
            drafted = [found(recording, name, "original", "draft", picker.card) for recording in recordings]
            draft_s = time.process_time() - began
            n_found = sum(len(picks & all_of_them) for (picks, _), all_of_them in zip(drafted, whole, strict=True))
            numbers = [re.search(r"in (\d+) of (\d+) windows", notices).groups() for _, notices in drafted]
            left_out, n_windows = (sum(int(pair[at]) for pair in numbers) for at in (0, 1))
            cells = (label, name, threshold, f"{exact_s:.2f}", f"{draft_s:.2f}", f"{exact_s / draft_s:.2f}")
            counts = f"{n_found} of {sum(map(len, whole))} | {left_out} of {n_windows}"
            with capsys.disabled():
                sys.stdout.write(f"| {' | '.join(map(str, cells))} | {counts} |\n")
            # A draft decides where to look, never what is seen there.
            assert all(picks <= all_of_them for (picks, _), all_of_them in zip(drafted, whole, strict=True))
