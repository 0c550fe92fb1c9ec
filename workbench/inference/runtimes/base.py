"""What a runtime is: says whether it can be used here, and opens a picker's network."""

from __future__ import annotations

from typing import Protocol

import torch

from workbench.pickers.base import TorchPicker
from workbench.pickers.execution import Execution
from workbench.registry import Availability

__all__ = ["Runtime"]


class Runtime(Protocol):
    """Opens pickers' networks somewhere else than in torch on the processor.

    `exact` says whether it computes in single precision, and so may stand for torch without the user's consent.
    """

    name: str
    title: str
    exact: bool

    @staticmethod
    def availability() -> Availability:
        """Whether it can be used on this computer and, if not, why and what to do."""
        ...

    def open(self, picker: TorchPicker, windows: torch.Tensor) -> Execution:
        """The picker's network, ready to run; `windows` are some that it can be traced and calibrated with.

        Raises
        ------
        PickerError
            If this network cannot run there; says why.
        """
        ...
