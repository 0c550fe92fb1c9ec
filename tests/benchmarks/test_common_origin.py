"""Do the picks of one event agree with a common origin? On the Iceland events that are for tests, and on Hengill.

No labels are needed. Each picker is asked at its own thresholds, and at those that give as many P and S picks as
PhaseNet makes: who picks less is more exact for nothing. ``WORKBENCH_GRAPH_RUNS`` adds runs, as in
``test_station_graph.py``; those whose folder is named ``none_...`` are read without edges, as they were trained.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from workbench.benchmark.origin_agreement import agreement_row, origin_residuals
from workbench.inference.picking import picks_from
from workbench.networks.bundled import BUNDLED
from workbench.pickers import open_picker
from workbench.schema import PickerCard
from workbench.sources.split import read_split

REFERENCE = "PhaseNet original"
STEPS = np.linspace(0.02, 0.98, 97)
Curves = list[xr.Dataset]


def contenders() -> Iterator[tuple[str, object]]:
    yield REFERENCE, open_picker("phasenet", "original")
    yield "XiaoNet 100k", open_picker("xiaonet", "100k")
    yield "station graph, bundled", open_picker("station_graph")
    runs = os.environ.get("WORKBENCH_GRAPH_RUNS", "")
    for file in sorted(Path(runs).glob("*_[0-9]/best.safetensors")) if runs else ():
        settings = {"neighbours": 0} if file.parent.name.startswith("none") else {}
        yield f"run {file.parent.name}", open_picker("station_graph", str(file), **settings)


def picks_at(curves: Curves, card: PickerCard, limits: dict[str, float]) -> list[pd.DataFrame]:
    return [picks_from(each, card, limits) for each in curves]


def as_many(curves: Curves, card: PickerCard, wanted: dict[str, int]) -> dict[str, float]:
    """The thresholds at which about so many picks of each phase are made."""
    chosen = {}
    for phase, count in wanted.items():
        made = [
            sum(int((each["phase"] == phase).sum()) for each in picks_at(curves, card, {phase: at})) for at in STEPS
        ]
        chosen[phase] = float(STEPS[np.argmin(np.abs(np.array(made) - count))])
    return chosen


def places(recording: xr.Dataset) -> pd.DataFrame:
    columns = {name: recording[name].values for name in ("latitude_deg", "longitude_deg")}
    return pd.DataFrame({"station": recording["station"].values.astype(str), **columns})


def show(place: str, name: str, picks: list[pd.DataFrame], recordings: list[xr.Dataset]) -> None:
    residuals = [origin_residuals(own, places(each)) for own, each in zip(picks, recordings, strict=True)]
    row = agreement_row(residuals, sum(map(len, picks)), np.random.default_rng(0))
    spread = f"{row['spread_s']:.3f} ({row['spread_s_low']:.3f}-{row['spread_s_high']:.3f})"
    figures = f"{row['events']} | {row['picks']} | {row['agree']} | {row['agree_share']:.2f} | {spread}"
    print(f"| {place} | {name} | {figures} | {row['mae_s']:.3f} |", flush=True)  # noqa: T201


@pytest.mark.parametrize(("place", "role"), [("iceland", "test"), ("hengill", "train")])
def test_picks_of_one_event_agree(place: str, role: str, shared_data: Path, seisbench_cache: Path) -> None:
    split = read_split(BUNDLED / "split.json")
    read = [each for each in split.read(shared_data, role) if each[0].name == place]
    recordings = [recording for _, recording, _ in read]
    print("\n| where | picker | events | picks | agree within 0.5 s | share | spread s | MAE s |")  # noqa: T201
    known = [labels[labels["phase"].isin(["P", "S"])].assign(probability=1.0) for _, _, labels in read]
    if sum(map(len, known)):
        show(place, "catalogue", known, recordings)
    wanted: dict[str, int] = {}
    for name, picker in contenders():
        curves = [picker.annotate(recording) for recording in recordings]
        picks = picks_at(curves, picker.card, dict(picker.card.thresholds))
        if name == REFERENCE:
            wanted = {phase: sum(int((each["phase"] == phase).sum()) for each in picks) for phase in "PS"}
        show(place, name, picks, recordings)
        if name != REFERENCE:
            limits = as_many(curves, picker.card, wanted)
            show(place, f"{name}, as many picks", picks_at(curves, picker.card, limits), recordings)
