"""Where memory does not suffice, a batch is run in parts, with the same outputs, and later batches are smaller."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from workbench.pickers.execution import Eager


class Cramped(torch.nn.Module):
    """Doubles windows, as many at once as fit."""

    def __init__(self, n_fit: int, words: str = "CUDA out of memory. Tried to allocate 20 MiB") -> None:
        super().__init__()
        self.n_fit, self.words = n_fit, words
        self.sizes: list[int] = []

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        self.sizes.append(len(windows))
        if len(windows) > self.n_fit:
            raise RuntimeError(self.words)
        return 2 * windows


def step(windows, forward):
    return forward(windows)


def test_a_batch_too_large_is_halved_until_it_fits() -> None:
    module = Cramped(3)
    execution = Eager(module, 8)
    windows = torch.arange(8.0 * 3 * 5).reshape(8, 3, 5)
    (outputs,) = execution.run([windows], step)
    np.testing.assert_array_equal(outputs, 2 * windows.numpy())
    assert module.sizes == [8, 4, 2, 2, 2, 2]
    assert execution.batch_size == 2


def test_a_window_that_does_not_fit_by_itself_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="out of memory"):
        list(Eager(Cramped(0), 4).run([torch.zeros(4, 3, 5)], step))


def test_another_error_is_not_taken_for_want_of_memory() -> None:
    module = Cramped(1, "shapes do not match")
    with pytest.raises(RuntimeError, match="shapes do not match"):
        list(Eager(module, 4).run([torch.zeros(4, 3, 5)], step))
    assert module.sizes == [4]


def test_inference_mode_does_not_leak_to_who_takes_the_outputs() -> None:
    for _ in Eager(Cramped(9), 2).run([torch.zeros(2, 3, 5), torch.zeros(2, 3, 5)], step):
        assert not torch.is_inference_mode_enabled()
