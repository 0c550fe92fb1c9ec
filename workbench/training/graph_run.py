"""``train_graph``: from a configuration to weights of a network that sees all stations at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import ConcatDataset, Dataset, Subset

from workbench.processing.resampling import resample
from workbench.schema import Report, silent
from workbench.sources.split import Split, read_split
from workbench.sources.synthetic import SyntheticNetwork
from workbench.training.checkpoints import replace_atomically
from workbench.training.graph_config import EventsConfig, GraphTrainingConfig, MadeConfig
from workbench.training.graph_objectives import objective_of
from workbench.training.graph_trainer import GraphTrainer
from workbench.training.network_events import events_of_split
from workbench.training.network_synthetic import SyntheticEvents
from workbench.training.trainer import Result

__all__ = ["made_networks", "quiet_minutes", "train_graph"]

LAYOUTS = ("random", "ring", "grid", "line", "clusters")
_MINUTE_SAMPLES = 6000
_SURE = 0.1
"""Probability of an onset, by a XiaoNet, above which a minute is not taken for noise."""


def train_graph(config: GraphTrainingConfig, recordings: Path, report: Report = silent) -> Result:
    """Weights, and how the losses went; goes on from the last checkpoint if there is one.

    ``scores.json`` in the folder of results holds the scores of detection and magnitude of the best weights, on
    validation and on a test set of made events that neither training nor validation has seen.

    Parameters
    ----------
    recordings
        Folder that the paths of the split are relative to; not read if there is no split.
    """
    lessons = config.lessons
    split = read_split(Path(lessons.split)) if lessons.split else None
    noise = list(quiet_minutes(split, recordings, report)) if split and lessons.recorded_noise else []
    real = events_of_split(split, recordings, "train", training=True, seed=lessons.seed) if split else None
    maker = made_networks(lessons.made)

    def train_of(epoch: int) -> Dataset:
        return _epoch(lessons, epoch, maker, noise, real if lessons.real else None)

    results = Path(config.results)
    if lessons.split:
        text = Path(lessons.split).read_text(encoding="utf-8")
        replace_atomically(results / "split.json", lambda temporary: temporary.write_text(text, encoding="utf-8"))
    validation = SyntheticEvents(maker, lessons.validation, seed=lessons.seed + 1)
    trainer = GraphTrainer(config, train_of, validation, objective_of(config))
    result = trainer.run(report)
    _score(trainer, SyntheticEvents(maker, lessons.validation, seed=lessons.seed + 2), results)
    return result


def made_networks(made: MadeConfig, **changes: Any) -> SyntheticNetwork:
    """What draws made networks; `changes` are settings of :class:`~workbench.sources.synthetic.SyntheticNetwork`."""
    settings: dict[str, Any] = {
        "stations": (int(made.stations[0]), int(made.stations[1])),
        "layout": LAYOUTS,
        "radius_km": made.radius_km,
        "snr_db": made.snr_db,
        "magnitude": made.magnitude,
        "depth_km": made.depth_km,
        "events": made.events,
        "duration_s": made.duration_s,
    }
    return SyntheticNetwork(**{**settings, **changes})


def quiet_minutes(split: Split, folder: Path, report: Report = silent) -> Iterator[np.ndarray]:
    """Minutes of unlabelled recordings that train, shape (3, sample) at 100 Hz, in which a XiaoNet sees no onset."""
    from workbench.pickers import open_picker
    from workbench.pickers.three_components import three_components

    unlabelled = Split(tuple(each for each in split.sets if each.labels == "none"))
    picker = open_picker("xiaonet")
    for _, recording, _ in unlabelled.read(folder, "train"):
        at_rate = resample(recording, 100.0)
        report(float("nan"), f"{at_rate.attrs['recording_id']}: looking for quiet minutes")
        curves = picker.annotate(at_rate)["probability"].values
        for row, station in enumerate(map(str, at_rate["station"].values)):
            samples = three_components(at_rate, station)
            for first in range(0, samples.shape[-1] - _MINUTE_SAMPLES + 1, _MINUTE_SAMPLES):
                part = slice(first, first + _MINUTE_SAMPLES)
                moves = (samples[:, part].max(axis=-1) > samples[:, part].min(axis=-1)).all()
                seen = curves[row, :, part]
                if moves and np.isfinite(seen).any() and np.nanmax(seen) < _SURE:
                    yield samples[:, part]


def _epoch(
    lessons: EventsConfig, epoch: int, maker: SyntheticNetwork, noise: list[np.ndarray], real: Dataset | None
) -> Dataset:
    """Graphs of one epoch: made ones in made and in recorded noise, drawn anew, and recorded ones over and over."""
    shares = [("real", lessons.real, real is not None), ("recorded_noise", lessons.recorded_noise, bool(noise))]
    counts = {name: round(share * lessons.train) if there else 0 for name, share, there in shares}
    first = lessons.train - sum(counts.values())
    parts: list[Dataset] = [_drawn(maker, first, lessons.seed, epoch)]
    if counts["recorded_noise"]:
        parts.append(_drawn(replace(maker, noise=noise), counts["recorded_noise"], lessons.seed + 1000, epoch))
    if counts["real"] and real is not None:
        for part in real.datasets:  # type: ignore[attr-defined]
            part.epoch = epoch
        rng = np.random.default_rng((lessons.seed, epoch))
        parts.append(Subset(real, rng.integers(0, len(real), counts["real"]).tolist()))  # type: ignore[arg-type]
    return ConcatDataset(parts)


def _drawn(maker: SyntheticNetwork, count: int, seed: int, epoch: int) -> Dataset:
    made = SyntheticEvents(maker, count, training=True, seed=seed)
    made.epoch = epoch
    return made


def _score(trainer: GraphTrainer, test: Dataset, results: Path) -> None:
    from safetensors.torch import load_file

    trainer.network.load_state_dict(load_file(results / "best.safetensors"))
    scores = {"validation": trainer.validate()}
    trainer.validation = test
    scores["test"] = trainer.validate()
    text = json.dumps(scores, indent=1)
    replace_atomically(results / "scores.json", lambda temporary: temporary.write_text(text, encoding="utf-8"))
