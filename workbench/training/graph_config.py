"""A training run of a network that sees all stations at once, as one TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workbench.errors import SchemaError, SourceError
from workbench.networks.bundled import bundled_weights
from workbench.training.config import build_table, read_toml

__all__ = [
    "EDGES",
    "NETWORKS",
    "TRAINS",
    "EventsConfig",
    "GraphLossConfig",
    "GraphTrainingConfig",
    "MadeConfig",
    "read_graph_config",
]

NETWORKS = ("station_graph", "epgnn")
EDGES = ("graph", "none", "shuffled")
"""Edges as they are; none, so that each station is alone; or laid over the stations at random: the two controls."""

TRAINS = ("all", "event")
"""All that is not a XiaoNet's; or of a trained station graph only what tells of detection and magnitude."""


@dataclass(frozen=True)
class MadeConfig:
    """Ranges of made networks; see :class:`~workbench.sources.synthetic.SyntheticNetwork`."""

    stations: tuple[float, float] = (1.0, 14.0)
    radius_km: tuple[float, float] = (10.0, 60.0)
    snr_db: tuple[float, float] = (-8.0, 25.0)
    magnitude: tuple[float, float] = (-0.5, 4.0)
    depth_km: tuple[float, float] = (2.0, 20.0)
    events: tuple[float, ...] = (0.2, 0.6, 0.15, 0.05)
    bursts: float = 0.6
    duration_s: float = 40.0


@dataclass(frozen=True)
class EventsConfig:
    """What is learned from.

    Parameters
    ----------
    split
        JSON file of recordings and their roles; see :mod:`workbench.sources.split`. Empty for made events alone.
    train, validation
        Windows in an epoch, and in validation.
    recorded_noise
        Share of the windows of an epoch whose made events lie in noise cut from the split's recordings without labels.
    real, unlabelled
        Shares that are recorded events, and any windows of recordings without labels.
    seed
        Of what is made for training; validation has the next one.
    """

    split: str = ""
    train: int = 4000
    validation: int = 200
    recorded_noise: float = 0.25
    real: float = 0.12
    unlabelled: float = 0.13
    seed: int = 1
    made: MadeConfig = field(default_factory=MadeConfig)


@dataclass(frozen=True)
class GraphLossConfig:
    """Weights of the parts of the loss; the curves have one.

    Parameters
    ----------
    onset
        How much more a sample counts where an onset is.
    anchor
        Of what a XiaoNet says alone, where nobody has labelled.
    detection, magnitude
        Of an event's detection, and of its magnitude.
    """

    onset: float = 10.0
    anchor: float = 0.3
    detection: float = 0.05
    magnitude: float = 0.1


@dataclass(frozen=True)
class GraphTrainingConfig:
    """A whole run.

    Parameters
    ----------
    results
        Folder for checkpoints, weights, history and this configuration.
    network
        One of :data:`NETWORKS`.
    edges
        One of :data:`EDGES`.
    start_from
        Weights of the XiaoNet within, which are not trained on.
    learning_rate, fine_rate
        Of what is new, and of what was trained already.
    alone
        Share of the graphs from which all edges are taken, and of the stations in others that lose theirs: so a station
        alone is not read worse for having learned to listen.
    unscaled
        Share of the graphs whose amplitudes are hidden, as those of recordings in counts are: recorded events are, and
        whoever never sees noise without an amplitude learns that what has none is an event.
    trains
        One of :data:`TRAINS`.
    weights
        Path of a run's weights to go on from; empty to begin anew.
    """

    results: str
    lessons: EventsConfig
    network: str = "station_graph"
    edges: str = "graph"
    start_from: str = "100k"
    channels: int = 64
    rounds: int = 2
    seed: int = 0
    epochs: int = 3
    batch_size: int = 4
    learning_rate: float = 2e-3
    fine_rate: float = 3e-4
    weight_decay: float = 1e-4
    alone: float = 0.15
    unscaled: float = 0.3
    trains: str = "all"
    weights: str = ""
    device: str = "auto"
    loss: GraphLossConfig = field(default_factory=GraphLossConfig)

    @property
    def architecture(self) -> dict[str, Any]:
        """What a checkpoint must agree in."""
        if self.network == "epgnn":
            return {"network": "epgnn", "channels": self.channels}
        sizes = {"size": self.start_from, "channels": self.channels, "rounds": self.rounds}
        return {"network": "station_graph", **sizes}


def read_graph_config(path: Path, changes: Mapping[str, Any] = MappingProxyType({})) -> GraphTrainingConfig:
    """The run that a TOML file describes; see :func:`~workbench.training.config.read_config`."""
    config: GraphTrainingConfig = build_table(GraphTrainingConfig, read_toml(path, changes), "")
    for name, value, known in (
        ("network", config.network, NETWORKS),
        ("edges", config.edges, EDGES),
        ("start_from", config.start_from, bundled_weights()),
        ("trains", config.trains, TRAINS),
    ):
        if value not in known:
            raise SchemaError(f"{name} is one of {list(known)}, not {value!r}.")
    if config.weights and not Path(config.weights).is_file():
        raise SourceError(f"{path} goes on from the weights {config.weights}, and there is no such file.")
    if config.trains == "event" and not (config.weights and config.network == "station_graph"):
        raise SchemaError("trains = 'event' goes on from a trained station graph: name its file as weights.")
    if config.lessons.split and not Path(config.lessons.split).is_file():
        raise SourceError(f"{path} names the split {config.lessons.split}, and there is no such file.")
    lessons, words = config.lessons, "lessons.real, lessons.unlabelled and lessons.recorded_noise"
    recorded = lessons.real + lessons.unlabelled + lessons.recorded_noise
    if not lessons.split and recorded > 0:
        raise SchemaError(f"{words} take recordings from lessons.split, which is empty.")
    if recorded >= 1:
        raise SchemaError(f"{words} are shares, together below 1: the rest is made. They are {recorded:g}.")
    for name in ("epochs", "batch_size", "learning_rate", "fine_rate", "channels"):
        if getattr(config, name) <= 0:
            raise SchemaError(f"{name} is above 0; it is {getattr(config, name)}.")
    return config
