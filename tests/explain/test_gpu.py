"""Explanations on a graphics card: the same as on the processor, back through LSTMs too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from tests.explain.test_run import at, recording
from workbench.explain.run import explain

Save = Callable[..., Path]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("kind", [{}, {"original_compatible": "conservative"}], ids=["lstm", "hand-written lstm"])
@pytest.mark.parametrize("method", ["saliency", "integrated_gradients", "grad_cam"])
def test_eqtransformer_on_a_card(method: str, kind: dict[str, str], tmp_path: Path, save_random: Save) -> None:
    weights = str(save_random(tmp_path, "EQTransformer", "r", **kind))
    given = {"station": "XX.A.", "phase": "P", "time": pd.Timestamp(at(41)), "target": "logit", "method": method}
    steps = {"steps": 20} if method == "integrated_gradients" else {}
    here = explain(recording(), "eqtransformer", weights, **given, **steps)
    there = explain(recording(), "eqtransformer", weights, device="cuda", **given, **steps)
    scale = np.nanmax(np.abs(here["attribution"].values))
    np.testing.assert_allclose(there["attribution"], here["attribution"], atol=0.02 * scale)
