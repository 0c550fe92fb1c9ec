"""How many planted label errors come first, against the simplest control: the distance to the nearest pick.

``pytest tests/benchmarks/test_label_errors.py -s`` prints the tables. Errors are planted in every third recording;
those that the labels had before count as wrongly found, so precision is a lower bound.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from workbench.inference.comparison import wilson_interval
from workbench.labels.doubt import REASONS, doubt_table, gather_evidence, rank
from workbench.labels.doubt.planting import plant_errors
from workbench.sources import open_source

SEEDS = (0, 1, 2)


def found_first(queue, truth):
    """Of the recordings that come first, as many as have an error: how many have one."""
    first = list(queue["recording_id"].drop_duplicates()[: len(truth)])
    return truth.assign(found=truth["recording_id"].isin(first))


def measure(source, ids, pickers):
    recordings = {name: source.read(name) for name in ids}
    labels = {name: source.reference_picks(name) for name in ids}
    rows = []
    for seed in SEEDS:
        planted, truth = plant_errors(labels, 1 / 3, np.random.default_rng(seed))
        doubts = doubt_table(
            gather_evidence(recordings[name], planted[name], pickers, event=source.event(name)) for name in ids
        )
        ways = {
            "all reasons": {},
            "distance to pickers alone": {name: 0.0 for name in REASONS if name != "against_pickers"},
        }
        for way, weights in ways.items():
            rows.append(found_first(rank(doubts, weights), truth).assign(way=way, seed=seed))
    return pd.concat(rows)


def tell(title, table, n_recordings):
    n_wrong = len(table) // (2 * len(SEEDS))
    lines = [f"{title}: {n_recordings} recordings, errors in {n_wrong} of them, {len(SEEDS)} seeds"]
    for way, own in table.groupby("way"):
        n, k = len(own), int(own["found"].sum())
        low, high = wilson_interval(k, n)
        seeds = " ".join(f"{share:.2f}" for share in own.groupby("seed")["found"].mean())
        lines.append(
            f"  {way}: {k} of {n} among the first {n_wrong}, {k / n:.2f} [{low:.2f}, {high:.2f}]; seeds {seeds}"
        )
        if way == "all reasons":
            lines += [f"    {error}: {int(of['found'].sum())} of {len(of)}" for error, of in own.groupby("error")]
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
    shares = table.groupby("way")["found"].mean()
    assert shares["all reasons"] > shares["distance to pickers alone"]


@pytest.mark.usefixtures("seisbench_cache")
@pytest.mark.parametrize("others", [[], [("phasenet", "original"), ("eqtransformer", "original")]], ids=["1", "3"])
def test_errors_planted_in_northern_california(shared_data, others):
    """The half of the recordings that no network and no weight of a reason was chosen on."""
    pickers = [("xiaonet", ""), *others]
    source = open_source(str(shared_data / "ncedc"))
    ids = sorted(source.scan()["recording_id"])[1::2]
    tell(f"ncedc, {len(pickers)} pickers", measure(source, ids, pickers), len(ids))


def test_errors_planted_in_synthetic_networks():
    source = open_source("synthetic:77")
    ids = list(source.scan()["recording_id"])
    tell("synthetic networks", measure(source, ids, [("xiaonet", "")]), len(ids))
