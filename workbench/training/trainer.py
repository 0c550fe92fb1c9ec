"""The loop: epochs over lessons, a checkpoint after each, stopped early, resumed after a kill."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from workbench.errors import JobError, PickerError
from workbench.networks.weights_file import load_xiaonet
from workbench.networks.xiaonet import XiaoNet
from workbench.schema import Report, silent
from workbench.training.checkpoints import load_checkpoint, replace_atomically, save_checkpoint, save_weights
from workbench.training.config import TrainingConfig, write_config
from workbench.training.datasets import EpochOrder, LessonWindows
from workbench.training.losses import distillation_loss, hint_loss, label_loss

__all__ = ["BEST", "CHECKPOINT", "Result", "Trainer", "chosen_device"]

CHECKPOINT = "last.pt"
BEST = "best.safetensors"
_REPORT_EVERY_S = 0.5


@dataclass(frozen=True)
class Result:
    """What a run came to.

    Parameters
    ----------
    weights
        File of those with the lowest validation loss.
    history
        One row an epoch: training and validation losses, seconds.
    stopped_early
        Whether patience ended it.
    """

    weights: Path
    history: tuple[dict[str, float], ...]
    stopped_early: bool = False


@dataclass
class _Progress:
    epoch: int = 0
    best_loss: float = math.inf
    epochs_since_best: int = 0
    history: list[dict[str, float]] = field(default_factory=list)


class Trainer:
    """Trains one network on lessons; all that it needs to go on lies in ``last.pt`` after every epoch.

    A plain loop: one network, one device and one optimiser leave nothing for a framework to take off our hands.

    Parameters
    ----------
    config
        Of the whole run.
    train, validation
        Windows.
    """

    def __init__(self, config: TrainingConfig, train: LessonWindows, validation: LessonWindows) -> None:
        torch.manual_seed(config.seed)
        self.config, self.train_windows, self.validation_windows = config, train, validation
        self.folder = Path(config.results)
        self.device = torch.device(chosen_device(config.device))
        self.network = _first_network(config).to(self.device)
        wants_hint = config.loss.teacher > 0 and config.loss.hint > 0 and train.hint_channels > 0
        # Only there to be trained against: it stays out of the weights.
        self.projection = (
            nn.Conv1d(self.network.n_features, train.hint_channels, 1).to(self.device) if wants_hint else None
        )
        parameters = [*self.network.parameters(), *(self.projection.parameters() if self.projection else ())]
        self.optimiser = torch.optim.AdamW(parameters, lr=config.learning_rate, weight_decay=config.weight_decay)
        self.sampler = EpochOrder(len(train), config.seed)
        n_steps = config.epochs * math.ceil(len(train) / config.batch_size)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, config.learning_rate, total_steps=n_steps, pct_start=0.15
        )
        self.scaler = torch.amp.GradScaler(enabled=self.device.type == "cuda")
        self.progress = _Progress()

    def run(self, report: Report = silent) -> Result:
        """Train until the last epoch, or until validation has not become better for long enough.

        Raises
        ------
        JobError
            If the loss is no longer a number; the last good checkpoint and weights are kept.
        PickerError
            If the folder holds a checkpoint of another architecture.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._resume()
        self._write_json("config.json", write_config(self.config))
        stopped = False
        while self.progress.epoch < self.config.epochs and not stopped:
            started = time.monotonic()
            train_loss = self._epoch(report)
            losses = self.validate()
            self._keep(
                {"epoch": self.progress.epoch, "train": train_loss, **losses, "seconds": time.monotonic() - started}
            )
            stopped = self.progress.epochs_since_best >= self.config.patience
        return Result(self.folder / BEST, tuple(self.progress.history), stopped)

    def _resume(self) -> None:
        path = self.folder / CHECKPOINT
        if not path.is_file():
            return
        state = load_checkpoint(path, architecture=self.config.architecture)
        self.network.load_state_dict(state["network"])
        if self.projection is not None:
            self.projection.load_state_dict(state["projection"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.scaler.load_state_dict(state["scaler"])
        torch.set_rng_state(state["torch_rng"])
        self.progress = _Progress(**state["progress"])

    def _epoch(self, report: Report) -> float:
        self.network.train()
        self.sampler.epoch = self.train_windows.epoch = self.progress.epoch
        loader = DataLoader(self.train_windows, self.config.batch_size, sampler=self.sampler)
        total, said = 0.0, 0.0
        for number, batch in enumerate(loader):
            loss = self._step(batch)
            total += loss
            if time.monotonic() - said > _REPORT_EVERY_S:
                said = time.monotonic()
                done = (self.progress.epoch + number / len(loader)) / self.config.epochs
                report(
                    done, f"epoch {self.progress.epoch + 1} of {self.config.epochs}, loss {total / (number + 1):.4f}"
                )
        return total / len(loader)

    def _step(self, batch: dict[str, Tensor]) -> float:
        self.optimiser.zero_grad()
        with torch.autocast(self.device.type, enabled=self.device.type == "cuda"):
            loss = self.loss({name: tensor.to(self.device) for name, tensor in batch.items()})["loss"]
        if not torch.isfinite(loss):
            raise JobError(
                f"The loss became {loss.item()} in epoch {self.progress.epoch + 1}: training stopped. The last good "
                f"checkpoint and weights are in {self.folder}. "
                f"Try a lower learning rate than {self.config.learning_rate}."
            )
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimiser)
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.schedule.step()
        return float(loss.item())

    def loss(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """The loss to be minimised, and its parts by name."""
        weights = self.config.loss
        logits, features = self.network.logits(batch["samples"])
        logits = logits.float()
        taught = weights.teacher > 0
        certain = 1 - batch["target"][:, 2]
        parts = {"labels": label_loss(logits, batch["target"], batch["labelled"] * (1 + weights.onset * certain))}
        if taught:
            expected = 1 - batch["teacher"][:, 2]
            emphasis = batch["heard"] * (1 + weights.onset * expected)
            parts["teacher"] = distillation_loss(logits, batch["teacher"], emphasis, weights.temperature)
        total = (1 - weights.teacher) * parts["labels"] + weights.teacher * parts.get("teacher", torch.zeros(()))
        if self.projection is not None and "hint" in batch:
            parts["hint"] = hint_loss(self.projection(features).float(), batch["hint"])
            total = total + weights.hint * parts["hint"]
        return {"loss": total, **parts}

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Mean of each loss over the validation windows."""
        self.network.eval()
        sums: dict[str, float] = {}
        loader = DataLoader(self.validation_windows, self.config.batch_size)
        for batch in loader:
            for name, value in self.loss({key: tensor.to(self.device) for key, tensor in batch.items()}).items():
                sums[name] = sums.get(name, 0.0) + float(value)
        return {f"validation_{name}": value / len(loader) for name, value in sums.items()}

    def _keep(self, row: dict[str, float]) -> None:
        """Weights if they are the best so far, then the checkpoint: a kill between the two loses nothing."""
        progress = self.progress
        progress.history.append(row)
        progress.epoch += 1
        progress.epochs_since_best += 1
        if not math.isfinite(row["validation_loss"]):
            raise JobError(
                f"The validation loss became {row['validation_loss']}; the last good weights are in {self.folder}."
            )
        if row["validation_loss"] < progress.best_loss:
            progress.best_loss, progress.epochs_since_best = row["validation_loss"], 0
            save_weights(self.folder / BEST, self.network.state_dict(), architecture=self.config.architecture)
        save_checkpoint(
            self.folder / CHECKPOINT,
            architecture=self.config.architecture,
            network=self.network.state_dict(),
            projection=self.projection.state_dict() if self.projection else {},
            optimiser=self.optimiser.state_dict(),
            schedule=self.schedule.state_dict(),
            scaler=self.scaler.state_dict(),
            torch_rng=torch.get_rng_state(),
            progress=vars(progress),
        )
        self._write_json("history.json", progress.history)

    def _write_json(self, name: str, content: Any) -> None:
        text = json.dumps(content, indent=1)
        replace_atomically(self.folder / name, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def _first_network(config: TrainingConfig) -> XiaoNet:
    if not config.start_from:
        return XiaoNet(config.size)
    network, path = load_xiaonet(config.start_from)
    if network.size != config.size:
        raise PickerError(
            f"{path} holds weights of the size {network.size}, and the configuration asks for {config.size}."
        )
    return network


def chosen_device(wanted: str) -> str:
    """Name of the device that ``"auto"`` stands for here; any other as it is."""
    if wanted != "auto":
        return wanted
    return "cuda" if torch.cuda.is_available() else "cpu"
