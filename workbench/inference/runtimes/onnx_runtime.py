"""ONNX Runtime: networks from their exports, on this computer's processor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, partial
from typing import Any

import numpy as np
import torch

from workbench.errors import PickerError
from workbench.inference.runtimes.deviations import QuickDeviations
from workbench.inference.runtimes.exports import exported
from workbench.pickers.base import TorchPicker
from workbench.pickers.execution import Step, in_halves
from workbench.registry import Availability, needs

__all__ = ["FromArrays", "OnnxRuntime"]

_BATCH_SIZE = 8
"""Windows whose layers still fit into a processor's cache, and enough that what is done once a batch hardly counts."""


class FromArrays:
    """Batches through a function of arrays; an :class:`~workbench.pickers.execution.Execution`.

    Several threads take a batch each: the layers of these networks are too small to be shared out among threads. While
    they compute, the next pieces are read, filtered and cut.

    Parameters
    ----------
    evaluate
        Prepared windows to a list of the network's outputs, in the thread that calls it. Arrays of their own, for some
        pickers write their blinding into them.
    n_threads
        How many batches are run side by side.
    """

    def __init__(
        self, name: str, words: str, evaluate: Callable[[np.ndarray], list[np.ndarray]], n_threads: int = 1
    ) -> None:
        self.name, self.words, self.batch_size = name, words, _BATCH_SIZE
        self._evaluate, self._n_threads = evaluate, n_threads

    def run(self, batches: Iterable[torch.Tensor], step: Step) -> Iterator[np.ndarray]:
        """Outputs of each batch, in order."""
        if self._n_threads == 1:
            yield from (self._one(windows, step) for windows in batches)
            return
        underway: deque[Future[np.ndarray]] = deque()
        with ThreadPoolExecutor(self._n_threads, thread_name_prefix="batch") as workers:
            for windows in batches:
                underway.append(workers.submit(self._one, windows, step))
                if len(underway) > self._n_threads:
                    yield underway.popleft().result()
            while underway:
                yield underway.popleft().result()

    def _one(self, windows: torch.Tensor, step: Step) -> np.ndarray:
        def run(part: torch.Tensor) -> np.ndarray:
            with QuickDeviations():
                return np.asarray(step(part, self._forward).numpy())

        found = in_halves(self, windows, run)
        return found[0] if len(found) == 1 else np.concatenate(found)

    def _forward(self, prepared: torch.Tensor) -> Any:
        outputs = [torch.from_numpy(part) for part in self._evaluate(prepared.contiguous().numpy())]
        return outputs[0] if len(outputs) == 1 else tuple(outputs)


class OnnxRuntime:
    """Opens pickers in ONNX Runtime; a :class:`~workbench.inference.runtimes.base.Runtime`."""

    name, title, exact = "onnxruntime", "ONNX Runtime", True

    @staticmethod
    def availability() -> Availability:
        """Whether the packages that write and run the exports are installed."""
        return needs("seismic-workbench[edge]", "onnx", "onnxruntime")

    def open(self, picker: TorchPicker, windows: torch.Tensor) -> FromArrays:
        """The picker's network in a session; its export is made if it is not in the cache, and again if it is damaged.

        Raises
        ------
        PickerError
            If it cannot be exported, or the runtime refuses it.
        """
        import onnxruntime

        n_threads = torch.get_num_threads()
        try:
            session = _session(exported(picker, windows).read_bytes())
        except PickerError:
            session = _session(exported(picker, windows, anew=True).read_bytes())
        words = f"ONNX Runtime {onnxruntime.__version__}, fp32, {n_threads} {'thread' if n_threads == 1 else 'threads'}"
        return FromArrays(self.name, words, partial(_evaluate, session), n_threads)


def _evaluate(session: Any, windows: np.ndarray) -> list[np.ndarray]:
    try:
        return list(session.run(None, {"windows": windows}))
    except _own_errors() as error:
        # What torch raises, and what whoever runs a network looks for: memory that does not suffice, or another reason.
        raise RuntimeError(str(error)) from error


@cache
def _own_errors() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises: classes that have nothing in common but ``Exception``."""
    from onnxruntime.capi import onnxruntime_pybind11_state as states

    return tuple(kind for kind in vars(states).values() if isinstance(kind, type) and issubclass(kind, Exception))


def _session(model: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = 1, 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except _own_errors() as error:
        raise PickerError(f"ONNX Runtime refuses the network: {str(error).splitlines()[0]}") from error
