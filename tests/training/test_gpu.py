"""Mixed precision on a GPU: the same loss as on the CPU, and a loss that falls; runs where a GPU is at hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from workbench.training.config import LessonsConfig, TrainingConfig
from workbench.training.datasets import LessonWindows
from workbench.training.synthetic import coloured_noise, synthetic_event
from workbench.training.targets import Targets
from workbench.training.trainer import Trainer

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="No CUDA device is on this computer."),
]


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    """Made events with true onsets, and a teacher that knows them."""
    rng = np.random.default_rng(0)
    path = tmp_path / "lessons.hdf5"
    events = [synthetic_event(rng) for _ in range(32)]
    onsets = np.full((32, 2, 8), np.nan, np.float32)
    onsets[:, 0, 0] = [event.p_sample for event in events]
    onsets[:, 1, 0] = [event.s_sample for event in events]
    teacher = [Targets().curves(6000, {"P": p, "S": s}) for p, s in onsets]
    with h5py.File(path, "w") as file:
        file["samples"] = np.stack([e.samples + 0.02 * coloured_noise(rng, (3, 6000)) for e in events]).astype("f2")
        file["teacher"] = np.stack(teacher).astype("f2")
        file["onsets"] = onsets
        file["labelled"] = np.tile(np.float32([0, 6000]), (32, 1))
    return path


def trainer(lessons: Path, device: str, **changes) -> Trainer:
    config = TrainingConfig(
        results=str(lessons.parent / device), lessons=LessonsConfig("", ""), size="5k", batch_size=8, device=device
    )
    windows = LessonWindows(lessons, 3000, Targets())
    return Trainer(replace(config, **changes), windows, windows)


def test_losses_on_the_gpu_are_those_on_the_cpu(lessons):
    on_cpu, on_gpu = trainer(lessons, "cpu"), trainer(lessons, "cuda")
    on_gpu.network.load_state_dict(on_cpu.network.state_dict())
    assert on_gpu.validate()["validation_loss"] == pytest.approx(on_cpu.validate()["validation_loss"], rel=1e-3)


def test_training_in_mixed_precision_lowers_the_loss(lessons):
    run = trainer(lessons, "cuda", epochs=25, patience=99)
    history = run.run().history
    assert run.scaler.is_enabled()
    assert history[-1]["validation_loss"] < 0.7 * history[0]["validation_loss"]


def test_run_resumes_on_the_gpu(lessons):
    trainer(lessons, "cuda", epochs=3).run()
    assert [row["epoch"] for row in trainer(lessons, "cuda", epochs=3).run().history] == [0, 1, 2]
