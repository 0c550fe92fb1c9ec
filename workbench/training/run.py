"""``train``: from a configuration to weights; makes clips and lessons first where they are missing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import numpy as np

from workbench.schema import Report, silent
from workbench.sources.split import read_split
from workbench.training.checkpoints import replace_atomically
from workbench.training.clips import Clip, make_clips, synthetic_clips, write_clips
from workbench.training.config import LessonsConfig, TrainingConfig
from workbench.training.datasets import LessonWindows
from workbench.training.lessons import make_lessons
from workbench.training.targets import Targets
from workbench.training.trainer import Result, Trainer

__all__ = ["prepare_lessons", "train"]


def train(config: TrainingConfig, recordings: Path, report: Report = silent, workers: int = 1) -> Result:
    """Weights, and how the losses went; goes on from the last checkpoint if there is one.

    Parameters
    ----------
    recordings
        Folder that the paths of the split are relative to; not read if the lessons are there already.
    workers
        Processes that make lessons, where they are missing.
    """
    paths = prepare_lessons(config.lessons, recordings, report, workers)
    targets = Targets(config.target, config.sigma_samples)
    windows = {
        role: LessonWindows(
            path,
            config.window_samples,
            targets,
            seed=config.seed,
            freshness=config.freshness if role == "train" else None,
        )
        for role, path in paths.items()
    }
    split = Path(config.lessons.split).read_text(encoding="utf-8")
    results = Path(config.results)
    replace_atomically(results / "split.json", lambda temporary: temporary.write_text(split, encoding="utf-8"))
    return Trainer(config, windows["train"], windows["validation"]).run(report)


def prepare_lessons(
    config: LessonsConfig, recordings: Path, report: Report = silent, workers: int = 1
) -> dict[str, Path]:
    """Files of lessons for training and validation, made if they are not there.

    Their names hold a fingerprint of all that they depend on, so that no run ever reads lessons of another recipe.
    """
    folder = Path(config.folder)
    digest = hashlib.blake2b(Path(config.split).read_bytes(), digest_size=6)
    plain = asdict(config)
    del plain["folder"], plain["split"]
    digest.update(json.dumps(plain, sort_keys=True).encode())
    paths = {role: folder / f"{role}_{digest.hexdigest()}.hdf5" for role in ("train", "validation")}
    missing = [role for role, path in paths.items() if not path.is_file()]
    if not missing:
        return paths
    clips = folder / f"clips_{digest.hexdigest()}"
    if not (clips / "metadata.csv").is_file():  # SeisBench writes the metadata last
        write_clips(_all_clips(config, recordings, report), clips)
    teachers = ([(teacher.picker, teacher.weights) for teacher in config.teachers], config.hint_layer)
    counts = {"train": config.train, "validation": config.validation}
    for role in missing:
        seed = config.seed + (100 if role == "validation" else 0)
        make_lessons(
            clips, paths[role], count=counts[role], role=role, recipe=config.recipe, teachers=teachers, seed=seed,
            workers=workers, report=report,
        )  # fmt: skip
    return paths


def _all_clips(config: LessonsConfig, recordings: Path, report: Report) -> Iterator[Clip]:
    split = read_split(Path(config.split))
    rng = np.random.default_rng(config.clip_seed)
    for role, count in (("train", config.synthetic), ("validation", max(config.synthetic // 15, 1))):
        yield from chain(make_clips(split, recordings, role, report), synthetic_clips(rng, count, role))
