"""``train_graph``: from a configuration to weights of a network that sees all stations at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
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
from workbench.training.network_unlabelled import UnlabelledWindows
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
    drawn = _lessons(lessons, recordings, report)
    maker, results = drawn.maker, Path(config.results)
    if lessons.split:
        text = Path(lessons.split).read_text(encoding="utf-8")
        replace_atomically(results / "split.json", lambda temporary: temporary.write_text(text, encoding="utf-8"))
    validation = SyntheticEvents(maker, lessons.validation, seed=lessons.seed + 1)
    trainer = GraphTrainer(config, drawn.epoch, validation, objective_of(config))
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
        "bursts": made.bursts,
        "duration_s": made.duration_s,
    }
    return SyntheticNetwork(**{**settings, **changes})


def quiet_minutes(recordings: Sequence[xr.Dataset], report: Report = silent) -> Iterator[np.ndarray]:
    """Minutes of recordings at 100 Hz, shape (3, sample), in which a XiaoNet sees no onset."""
    from workbench.pickers import open_picker
    from workbench.pickers.three_components import three_components

    picker = open_picker("xiaonet")
    for recording in recordings:
        report(float("nan"), f"{recording.attrs['recording_id']}: looking for quiet minutes")
        curves = picker.annotate(recording)["probability"].values
        for row, station in enumerate(map(str, recording["station"].values)):
            samples = three_components(recording, station)
            for first in range(0, samples.shape[-1] - _MINUTE_SAMPLES + 1, _MINUTE_SAMPLES):
                part = slice(first, first + _MINUTE_SAMPLES)
                moves = (samples[:, part].max(axis=-1) > samples[:, part].min(axis=-1)).all()
                seen = curves[row, :, part]
                if moves and np.isfinite(seen).any() and np.nanmax(seen) < _SURE:
                    yield samples[:, part]


@dataclass(frozen=True)
class _Lessons:
    """What the graphs of every epoch are drawn from."""

    config: EventsConfig
    maker: SyntheticNetwork
    noise: Sequence[np.ndarray] = ()
    real: Dataset | None = None
    unlabelled: UnlabelledWindows | None = None

    def epoch(self, number: int) -> Dataset:
        """Made events in made and in recorded noise, drawn anew, and recorded windows over and over."""
        config, seed = self.config, self.config.seed
        counts = {
            "real": round(config.real * config.train) if self.real is not None else 0,
            "noise": round(config.recorded_noise * config.train) if self.noise else 0,
            "unlabelled": round(config.unlabelled * config.train) if self.unlabelled is not None else 0,
        }
        parts = [_drawn(self.maker, config.train - sum(counts.values()), seed, number)]
        if counts["noise"]:
            parts.append(_drawn(replace(self.maker, noise=self.noise), counts["noise"], seed + 1000, number))
        if self.unlabelled is not None and counts["unlabelled"]:
            self.unlabelled.epoch = number
            parts.append(Subset(self.unlabelled, range(counts["unlabelled"])))  # type: ignore[arg-type]
        if self.real is not None and counts["real"]:
            for part in self.real.datasets:  # type: ignore[attr-defined]
                part.epoch = number
            chosen = np.random.default_rng((seed, number)).integers(0, len(self.real), counts["real"])  # type: ignore[arg-type]
            parts.append(Subset(self.real, chosen.tolist()))
        return ConcatDataset(parts)


def _lessons(config: EventsConfig, recordings: Path, report: Report) -> _Lessons:
    maker = made_networks(config.made)
    if not config.split:
        return _Lessons(config, maker)
    split = read_split(Path(config.split))
    without = Split(tuple(each for each in split.sets if each.labels == "none"))
    read = [resample(recording, 100.0) for _, recording, _ in without.read(recordings, "train")]
    return _Lessons(
        config,
        maker,
        noise=list(quiet_minutes(read, report)) if config.recorded_noise else (),
        real=events_of_split(split, recordings, "train", training=True, seed=config.seed) if config.real else None,
        unlabelled=UnlabelledWindows(read, config.train, training=True, seed=config.seed) if read else None,
    )


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
