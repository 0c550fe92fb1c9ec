"""What is trained, and what it is blamed for: the station graph's network, or EPGNN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from workbench.errors import SchemaError
from workbench.networks.epgnn import Epgnn
from workbench.networks.station_graph_net import StationGraphNet
from workbench.networks.weights_file import load_epgnn, load_station_graph_net, load_xiaonet
from workbench.training.event_scores import detection_scores, magnitude_scores
from workbench.training.graph_config import GraphTrainingConfig
from workbench.training.graph_losses import anchor_loss, curve_loss, detection_loss, magnitude_loss

__all__ = ["EpgnnObjective", "Objective", "StationGraphObjective", "objective_of"]

Said = Sequence[tuple[Tensor, Tensor, Tensor, Tensor]]
"""Detection logit and magnitude as said, event and magnitude as they are; batch by batch."""


class Objective(Protocol):
    """A network and its loss."""

    @property
    def network(self) -> nn.Module:
        """In training, what :meth:`loss` asks."""
        ...

    def groups(self, config: GraphTrainingConfig) -> list[dict[str, Any]]:
        """Weights to be trained, with their learning rates."""
        ...

    def loss(self, batch: Any) -> dict[str, Tensor]:
        """The loss to be minimised, its parts, and what the network said of each graph."""
        ...

    def scores(self, said: Said) -> dict[str, float]:
        """How good what it said is, by name."""
        ...


def objective_of(config: GraphTrainingConfig) -> Objective:
    """What a run trains, with its first weights."""
    torch.manual_seed(config.seed)
    return EpgnnObjective(config) if config.network == "epgnn" else StationGraphObjective(config)


class StationGraphObjective:
    """Curves at every station, detection and magnitude; the XiaoNet within is left as it is."""

    def __init__(self, config: GraphTrainingConfig) -> None:
        self.weights = config.loss
        if config.weights:
            network, _ = load_station_graph_net(config.weights)
            sizes = {"size": network.size, "channels": network.channels, "rounds": network.n_rounds}
            _check_sizes(config, {"network": "station_graph", **sizes})
            network.fall_back = None
        else:
            alone, _ = load_xiaonet(config.start_from)
            network = StationGraphNet(config.start_from, config.channels, config.rounds).start_from(alone)
        network.requires_grad_(config.trains == "all")
        network.alone.requires_grad_(False)
        network.event.requires_grad_(True)
        self.network: StationGraphNet = network

    def groups(self, config: GraphTrainingConfig) -> list[dict[str, Any]]:
        """What was a XiaoNet's is trained with the lower rate."""
        fine = [*self.network.up.parameters(), *self.network.head.parameters()]
        fine = [each for each in fine if each.requires_grad]
        known = {id(weight) for weight in fine}
        new = [each for each in self.network.parameters() if each.requires_grad and id(each) not in known]
        groups: list[dict[str, Any]] = [{"params": new, "lr": config.learning_rate}]
        return [*groups, {"params": fine, "lr": config.fine_rate}] if fine else groups

    def loss(self, batch: Any) -> dict[str, Tensor]:
        """See :class:`Objective`."""
        says = self.network.says(batch.x, batch.edge_index, batch.edge_attr, batch.batch, _amplitude(batch))
        parts = {
            "curves": curve_loss(says.logits, batch, self.weights.onset),
            "anchor": anchor_loss(says.logits, says.alone, batch, self.weights.onset),
            "detection": detection_loss(says.detection, batch.event),
            "magnitude": magnitude_loss(says.magnitude, batch.magnitude),
        }
        total = parts["curves"] + self.weights.anchor * parts["anchor"]
        total = total + self.weights.detection * parts["detection"]
        total = total + self.weights.magnitude * parts["magnitude"]
        return {"loss": total, **parts, "said_detection": says.detection, "said_magnitude": says.magnitude}

    def scores(self, said: Said) -> dict[str, float]:
        """See :class:`Objective`."""
        return _scores(said)


class EpgnnObjective:
    """Detection and magnitude, each masked where it is not known."""

    def __init__(self, config: GraphTrainingConfig) -> None:
        self.network: Epgnn = load_epgnn(config.weights)[0] if config.weights else Epgnn(config.channels)
        _check_sizes(config, {"network": "epgnn", "channels": self.network.channels})

    def groups(self, config: GraphTrainingConfig) -> list[dict[str, Any]]:
        """All of it."""
        return [{"params": list(self.network.parameters()), "lr": config.learning_rate}]

    def loss(self, batch: Any) -> dict[str, Tensor]:
        """See :class:`Objective`."""
        detection, magnitude = self.network(batch.x, batch.edge_index, batch.edge_attr, batch.batch, _amplitude(batch))
        parts = {
            "detection": detection_loss(detection, batch.event),
            "magnitude": magnitude_loss(magnitude, batch.magnitude),
        }
        return {"loss": sum(parts.values()), **parts, "said_detection": detection, "said_magnitude": magnitude}  # type: ignore[dict-item]

    def scores(self, said: Said) -> dict[str, float]:
        """See :class:`Objective`."""
        return _scores(said)


def _check_sizes(config: GraphTrainingConfig, loaded: Mapping[str, Any]) -> None:
    """What a run writes is headed by its configuration, so weights of other sizes would never open again."""
    if loaded != config.architecture:
        held, wanted = (", ".join(f"{k}={v}" for k, v in each.items()) for each in (loaded, config.architecture))
        raise SchemaError(
            f"The run goes on from {config.weights}, which holds {held}, and says itself {wanted} (size is its "
            "start_from). Set them alike, or begin anew without weights."
        )


def _amplitude(batch: Any) -> Tensor:
    """Where samples are not in m/s, an amplitude tells nothing."""
    physical = torch.tensor([units == "m/s" for units in batch.units], device=batch.x.device)
    amplitude: Tensor = torch.where(physical[batch.batch], batch.log_amplitude, torch.nan)
    return amplitude


def _scores(said: Said) -> dict[str, float]:
    detection, magnitude, event, true = (torch.cat(part).cpu().numpy() for part in zip(*said, strict=True))
    return {
        **detection_scores(1 / (1 + np.exp(-np.clip(detection, -50, 50))), event),
        **magnitude_scores(magnitude, true),
    }
