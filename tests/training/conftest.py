"""A tiny study: a folder of recordings, a split, and a teacher that needs no weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from workbench.training.synthetic import coloured_noise, synthetic_event

CONFIG = """
results = "{results}"
size = "5k"
epochs = {epochs}
batch_size = 4

[lessons]
split = "split.json"
folder = "{folder}"
train = 12
validation = 4
synthetic = 6
{teachers}

[loss]
teacher = {teacher}
"""


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """PhaseNet's training files of eight made events."""
    folder = tmp_path / "recordings" / "npz"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(8):
        event = synthetic_event(rng, n_samples=9001, p_sample=3000)
        samples = event.samples + 0.01 * coloured_noise(rng, (3, 9001))
        np.savez(
            folder / f"XX_S{number}_2020010100000{number}.npz",
            data=samples[::-1].T.astype(np.float32), itp=3000, its=min(event.s_sample, 9000), channels="HHE_HHN_HHZ",
        )  # fmt: skip
    return tmp_path / "recordings"


@pytest.fixture
def study(tmp_path: Path, recordings: Path):
    """Writes a configuration; its training recordings are S0 to S4."""
    names = sorted(path.stem for path in (recordings / "npz").glob("*.npz"))
    roles = {"train": names[:5], "validation": names[5:6], "test": names[6:]}
    entry = {"name": "made", "path": "npz", "kind": "phasenet_npz", "labels": "analyst", "recordings": roles}
    (tmp_path / "split.json").write_text(json.dumps({"sets": [entry]}))

    def write(name: str = "run", *, epochs: int = 2, teacher: float = 0.5) -> Path:
        teachers = '[[lessons.teachers]]\npicker = "xiaonet"\nweights = "25k"' if teacher else ""
        path = tmp_path / f"{name}.toml"
        path.write_text(
            CONFIG.format(
                results=tmp_path / name, folder=tmp_path / "lessons", epochs=epochs, teachers=teachers, teacher=teacher
            )
        )
        return path

    return write
