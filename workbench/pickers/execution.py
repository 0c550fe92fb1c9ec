"""How batches of windows go through a network: in torch as it is, or as ``inference.runtimes`` has arranged it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

import numpy as np
import torch

__all__ = ["Eager", "Execution", "Forward", "Step", "in_halves", "is_out_of_memory"]

Forward = Callable[[torch.Tensor], Any]
"""Prepared windows to what the module gives for them: a tensor, or a tuple of tensors."""

Step = Callable[[torch.Tensor, Forward], torch.Tensor]
"""Windows (B, C, T) and a forward pass to outputs (B, T_out, labels), or (B, labels): prepares and interprets."""

T = TypeVar("T")

_OUT_OF_MEMORY = re.compile(r"out of memory|not enough memory|failed to allocate|can't allocate|bad_alloc", re.I)


class Execution(Protocol):
    """Runs batches one after the other.

    `words` says for people where and how; `batch_size` is how many windows are best at once, and may fall in a run.
    """

    name: str
    words: str
    batch_size: int

    def run(self, batches: Iterable[torch.Tensor], step: Step) -> Iterator[np.ndarray]:
        """Outputs of each batch, in order; may look one batch ahead."""
        ...


class Eager:
    """The module itself, on this computer's processor: SeisBench's own arithmetic, to the last bit."""

    name = "torch"

    def __init__(self, module: Any, batch_size: int) -> None:
        self.module = module
        self.batch_size = batch_size
        self.words = f"torch {torch.__version__.partition('+')[0]}"

    def run(self, batches: Iterable[torch.Tensor], step: Step) -> Iterator[np.ndarray]:
        """Outputs of each batch; see :class:`Execution`."""
        for windows in batches:
            yield np.concatenate(in_halves(self, windows, lambda part: step(part, self.module).numpy()))


def in_halves(execution: Execution, windows: torch.Tensor, run: Callable[[torch.Tensor], T]) -> list[T]:
    """What `run` gives for windows; where memory does not suffice, in ever smaller parts, and so from then on.

    Raises
    ------
    MemoryError, RuntimeError
        If memory does not suffice for one window, or anything else went wrong.
    """
    outputs: list[T] = []
    at = 0
    size = len(windows)
    while at < len(windows):
        try:
            # Inside the loop: a generator that held inference mode would spread it to whoever takes its values.
            with torch.inference_mode():
                outputs.append(run(windows[at : at + size]))
        except (MemoryError, RuntimeError) as error:
            if size == 1 or not is_out_of_memory(error):
                raise
            size = execution.batch_size = max(1, size // 2)
            torch.cuda.empty_cache()
            continue
        at += size
    return outputs


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch, CUDA or ONNX Runtime says that memory did not suffice.

    >>> is_out_of_memory(RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried ..."))
    True
    """
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or bool(_OUT_OF_MEMORY.search(str(error)))
