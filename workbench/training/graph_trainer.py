"""The loop for networks of stations: epochs over graphs, a checkpoint after each, resumed after a kill."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset
from torch_geometric.loader import DataLoader

from workbench.errors import JobError
from workbench.schema import Report, silent
from workbench.training.checkpoints import load_checkpoint, replace_atomically, save_checkpoint, save_weights
from workbench.training.graph_config import GraphTrainingConfig
from workbench.training.graph_edges import edges_for, hide_amplitudes
from workbench.training.graph_objectives import Objective
from workbench.training.trainer import BEST, CHECKPOINT, Result, chosen_device

__all__ = ["GraphTrainer"]

_REPORT_EVERY_S = 0.5


class GraphTrainer:
    """Trains one network on graphs; all that it needs to go on lies in ``last.pt`` after every epoch.

    Parameters
    ----------
    config
        Of the whole run.
    train_of
        Epoch to the graphs of that epoch.
    validation
        Graphs that are the same in every epoch.
    """

    def __init__(
        self, config: GraphTrainingConfig, train_of: Callable[[int], Dataset], validation: Dataset, objective: Objective
    ) -> None:
        self.config, self.train_of, self.validation, self.objective = config, train_of, validation, objective
        self.folder = Path(config.results)
        self.device = torch.device(chosen_device(config.device))
        self.network = objective.network.to(self.device)
        groups = objective.groups(config)
        rates = [group["lr"] for group in groups]
        self.optimiser = torch.optim.AdamW(groups, weight_decay=config.weight_decay)
        self.n_steps = math.ceil(config.lessons.train / config.batch_size)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, rates, total_steps=config.epochs * self.n_steps, pct_start=0.1
        )
        self.epoch, self.best_loss = 0, math.inf
        self.history: list[dict[str, float]] = []

    def run(self, report: Report = silent) -> Result:
        """Train until the last epoch.

        Raises
        ------
        JobError
            If the loss is no longer a number; the last good checkpoint and weights are kept.
        PickerError
            If the folder holds a checkpoint of another architecture.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._resume()
        self._write_json("config.json", asdict(self.config))
        while self.epoch < self.config.epochs:
            started = time.monotonic()
            train_loss = self._train(report)
            losses = self.validate()
            row = {"epoch": self.epoch, "train": train_loss, **losses, "seconds": time.monotonic() - started}
            self._keep(row)
        return Result(self.folder / BEST, tuple(self.history))

    def _resume(self) -> None:
        path = self.folder / CHECKPOINT
        if not path.is_file():
            return
        state = load_checkpoint(path, architecture=self.config.architecture)
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.epoch, self.best_loss, self.history = state["epoch"], state["best_loss"], state["history"]

    def _train(self, report: Report) -> float:
        self.network.train()
        total, said = 0.0, 0.0
        # Drawn from seed and epoch alone, so that a run that was stopped goes on as it would have.
        generator = torch.Generator().manual_seed(self.config.seed * 1000 + self.epoch)
        rng = np.random.default_rng((self.config.seed, self.epoch))
        graphs = DataLoader(
            self.train_of(self.epoch),
            self.config.batch_size,
            shuffle=True,
            generator=generator,  # type: ignore[arg-type]
        )
        for number, batch in enumerate(graphs):
            drawn = edges_for(batch, self.config.edges, rng, self.config.alone)
            total += self._step(hide_amplitudes(drawn, rng, self.config.unscaled).to(self.device))
            if time.monotonic() - said > _REPORT_EVERY_S:
                said = time.monotonic()
                done = (self.epoch + number / len(graphs)) / self.config.epochs
                mean = total / (number + 1)
                report(done, f"epoch {self.epoch + 1} of {self.config.epochs}, step {number + 1}, loss {mean:.4f}")
        return total / len(graphs)

    def _step(self, batch: Any) -> float:
        self.optimiser.zero_grad()
        loss = self.objective.loss(batch)["loss"]
        if not torch.isfinite(loss):
            raise JobError(
                f"The loss became {loss.item()} in epoch {self.epoch + 1}: training stopped. The last good checkpoint "
                f"and weights are in {self.folder}. Try a lower learning rate than {self.config.learning_rate}."
            )
        loss.backward()
        nn.utils.clip_grad_norm_([weight for weight in self.network.parameters() if weight.requires_grad], 1.0)
        self.optimiser.step()
        self.schedule.step()
        return float(loss.item())

    def batches(self, graphs: Dataset) -> Iterator[Any]:
        """Graphs in order, with the edges that this run has."""
        rng = np.random.default_rng(self.config.seed)
        for batch in DataLoader(graphs, self.config.batch_size):  # type: ignore[arg-type]
            yield edges_for(batch, self.config.edges, rng, 0.0).to(self.device)

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Mean of each loss over the validation graphs, and the scores of detection and magnitude."""
        self.network.eval()
        sums: dict[str, float] = {}
        said: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
        n_batches = 0
        for batch in self.batches(self.validation):
            losses = self.objective.loss(batch)
            for name in ("loss", "curves", "anchor"):
                if name in losses:
                    sums[name] = sums.get(name, 0.0) + float(losses[name])
            said.append((losses["said_detection"], losses["said_magnitude"], batch.event, batch.magnitude))
            n_batches += 1
        scores = self.objective.scores(said)
        return {**{f"validation_{name}": value / n_batches for name, value in sums.items()}, **scores}

    def _keep(self, row: dict[str, float]) -> None:
        """Weights if they are the best so far, then the checkpoint: a kill between the two loses nothing."""
        self.history.append(row)
        self.epoch += 1
        if row["validation_loss"] < self.best_loss:
            self.best_loss = row["validation_loss"]
            save_weights(self.folder / BEST, self.network.state_dict(), architecture=self.config.architecture)
        save_checkpoint(
            self.folder / CHECKPOINT,
            architecture=self.config.architecture,
            network=self.network.state_dict(),
            optimiser=self.optimiser.state_dict(),
            schedule=self.schedule.state_dict(),
            epoch=self.epoch,
            best_loss=self.best_loss,
            history=self.history,
        )
        self._write_json("history.json", self.history)

    def _write_json(self, name: str, content: Any) -> None:
        text = json.dumps(content, indent=1)
        replace_atomically(self.folder / name, lambda temporary: temporary.write_text(text, encoding="utf-8"))
