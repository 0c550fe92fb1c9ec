"""Torch on the processor: always there, and what the others are measured by."""

from __future__ import annotations

import torch

from workbench.pickers.base import TorchPicker
from workbench.pickers.execution import Eager
from workbench.registry import Availability

__all__ = ["TorchRuntime"]


class TorchRuntime:
    """The module itself; a :class:`~workbench.inference.runtimes.base.Runtime`."""

    name, title, exact = "torch", "torch", True

    @staticmethod
    def availability() -> Availability:
        """Always."""
        return Availability(True)

    def open(self, picker: TorchPicker, windows: torch.Tensor) -> Eager:  # noqa: ARG002
        """The picker's module, in batches of the size that the picker was opened with."""
        return Eager(picker.module, picker.batch_size)
