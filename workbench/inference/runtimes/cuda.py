"""CUDA: networks on an NVIDIA graphics card, in single precision or, where the user asked for speed, in bfloat16.

While the card computes one batch, this computer cuts the next and stacks the one before: windows go over in pinned
memory and on a stream of their own, and outputs come back one batch later. How many windows make a batch follows from
the card's free memory.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch

from workbench.pickers.base import TorchPicker
from workbench.pickers.execution import Step, in_halves
from workbench.registry import Availability

__all__ = ["CudaBfloat16Runtime", "CudaRuntime", "OnCard"]

_MOST_AT_ONCE = 512
"""Windows in a batch: beyond, a card gains nothing, and a run takes longer to stop."""

_SHARE_OF_MEMORY = 0.4


class OnCard:
    """Batches through a module on a card; an :class:`~workbench.pickers.execution.Execution`.

    Parameters
    ----------
    module
        On the card.
    is_half
        Whether it computes in bfloat16.
    """

    def __init__(self, name: str, words: str, module: Any, *, is_half: bool, batch_size: int = 8) -> None:
        self.name, self.words, self.batch_size = name, words, batch_size
        self._module, self._is_half = module, is_half
        self._device = next(module.parameters()).device
        self._copying = torch.cuda.Stream(self._device)

    def run(self, batches: Iterable[torch.Tensor], step: Step) -> Iterator[np.ndarray]:
        """Outputs of each batch, taken from the card when the next one is under way."""
        underway: tuple[torch.Tensor, torch.cuda.Event] | None = None
        for windows in batches:
            begun = self._begin(windows, step)
            if underway is not None:
                yield _end(*underway)
            underway = begun
        if underway is not None:
            yield _end(*underway)

    def _begin(self, windows: torch.Tensor, step: Step) -> tuple[torch.Tensor, torch.cuda.Event]:
        """Outputs in memory that the card is about to write, and what tells when it has."""
        with torch.cuda.device(self._device), self._precision():
            outputs = torch.cat(in_halves(self, windows.pin_memory(), lambda part: self._compute(part, step)))
            here = torch.empty(outputs.shape, dtype=torch.float32, pin_memory=True)
            here.copy_(outputs, non_blocking=True)
            done = torch.cuda.Event()
            done.record()
        return here, done

    def _compute(self, part: torch.Tensor, step: Step) -> torch.Tensor:
        now = torch.cuda.current_stream(self._device)
        with torch.cuda.stream(self._copying):
            there = part.to(self._device, non_blocking=True)
        now.wait_stream(self._copying)
        there.record_stream(now)
        return step(there, self._forward).float()

    def _forward(self, prepared: torch.Tensor) -> Any:
        with torch.autocast("cuda", torch.bfloat16, enabled=self._is_half):
            outputs = self._module(prepared.to(self._device))
        return tuple(part.float() for part in outputs) if isinstance(outputs, tuple) else outputs.float()

    def _precision(self) -> AbstractContextManager[Any]:
        # Left to itself cuDNN rounds the inputs of convolutions to ten bits.
        return torch.backends.cudnn.flags(enabled=True, benchmark=False, allow_tf32=self._is_half)

    def fit_to_memory(self, step: Step, windows: torch.Tensor) -> None:
        """Set how many windows are run at once by what a few take of the card's free memory."""
        for _ in self.run([windows], step):
            torch.cuda.synchronize(self._device)
        torch.cuda.reset_peak_memory_stats(self._device)
        before = torch.cuda.memory_allocated(self._device)
        for _ in self.run([windows], step):
            torch.cuda.synchronize(self._device)
        each = max(1, (torch.cuda.max_memory_allocated(self._device) - before) // len(windows))
        free, _ = torch.cuda.mem_get_info(self._device)
        self.batch_size = int(min(_MOST_AT_ONCE, max(1, _SHARE_OF_MEMORY * free // each)))


def _end(outputs: torch.Tensor, done: torch.cuda.Event) -> np.ndarray:
    done.synchronize()
    return outputs.numpy()


class CudaRuntime:
    """Opens pickers on a card, in single precision; a :class:`~workbench.inference.runtimes.base.Runtime`."""

    name, title, exact = "cuda", "CUDA", True

    @staticmethod
    def availability() -> Availability:
        """Whether torch sees a card."""
        if not torch.cuda.is_available():
            return Availability(
                False,
                "torch sees no CUDA device on this computer.",
                "Run on a computer that has one, with a torch that was built for CUDA.",
            )
        return Availability(True)

    def open(self, picker: TorchPicker, windows: torch.Tensor) -> OnCard:
        """A copy of the picker's module on the card."""
        device = torch.device("cuda", torch.cuda.current_device())
        module = copy.deepcopy(picker.module).to(device).eval()
        precision = "fp32" if self.exact else "bf16"
        words = f"CUDA on {torch.cuda.get_device_name(device)}, {precision}"
        opened = OnCard(self.name, words, module, is_half=not self.exact)
        opened.fit_to_memory(picker.step, windows)
        opened.words += f", {opened.batch_size} windows at once"
        return opened


class CudaBfloat16Runtime(CudaRuntime):
    """The same in bfloat16, where torch knows an operation to bear it."""

    name, title, exact = "cuda_bf16", "CUDA in bfloat16", False
