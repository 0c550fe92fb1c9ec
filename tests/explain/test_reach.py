"""Networks that look at a part of the window only are run on that part, and say the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.explain.test_run import at, recording
from workbench.explain.run import explain, open_question
from workbench.pickers import open_picker

Save = Callable[..., Path]


def both(name: str, weights: str, time_s: float, target: str):
    """Values and gradients of a dozen windows by a question that was cut, and by one that was not; and the cut."""
    found = []
    for seek in (True, False):
        question = open_question(
            recording(40_000), open_picker(name, weights), [("XX.A.", "P", at(time_s))], target=target
        )
        question._cut_sought = not seek
        rows = question.inputs * torch.linspace(0, 1, 12)[:, None, None]
        found.append(question.gradients(rows, torch.zeros(12, dtype=torch.long)))
        if seek:
            cut = question._cut
    return found, cut


@pytest.mark.parametrize("target", ["probability", "logit"])
@pytest.mark.parametrize("time_s", [2.0, 41.0, 44.4])
@pytest.mark.parametrize(("name", "kind"), [("phasenetlight", "PhaseNetLight"), ("skynet", "Skynet")])
def test_part_says_what_the_whole_says(
    name: str, kind: str, time_s: float, target: str, tmp_path: Path, save_random: Save
) -> None:
    weights = str(save_random(tmp_path, kind, "r"))
    ((values, slopes), (whole_values, whole_slopes)), cut = both(name, weights, time_s, target)
    assert cut is not None
    assert cut[1] - cut[0] < 0.7 * whole_slopes.shape[-1]
    np.testing.assert_allclose(values, whole_values, atol=1e-5)
    np.testing.assert_allclose(slopes, whole_slopes, atol=1e-4 * float(whole_slopes.abs().max()))
    assert not whole_slopes[..., : cut[0]].any()
    assert not whole_slopes[..., cut[1] :].any()


def test_what_is_not_looked_at_is_not_asked_about(tmp_path: Path, save_random: Save) -> None:
    picker = open_picker("phasenetlight", str(save_random(tmp_path, "PhaseNetLight", "r")))
    told: list[str] = []
    given = {"station": "XX.A.", "phase": "P", "time": at(41)}
    found = explain(recording(), picker, **given, method="feature_ablation", report=lambda _, step: told.append(step))[
        "attribution"
    ].values[0]
    asked = max(int(step.split()[-1]) for step in told if step.startswith("window"))
    assert asked < 50
    assert np.isfinite(found).sum(axis=-1).tolist() == [3001] * 3
    assert np.count_nonzero(found == 0) > 3 * 1000


@pytest.mark.parametrize(("name", "kind"), [("phasenet", "PhaseNet"), ("eqtransformer", "EQTransformer")])
def test_network_that_sees_the_whole_window_is_not_cut(name: str, kind: str, tmp_path: Path, save_random: Save) -> None:
    assert both(name, str(save_random(tmp_path, kind, "r")), 41.0, "probability")[1] is None
