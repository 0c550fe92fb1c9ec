"""ONNX Runtime: networks from their exports, on this computer's processor."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import torch

from workbench.errors import PickerError
from workbench.inference.runtimes.exports import exported
from workbench.pickers.base import TorchPicker
from workbench.pickers.execution import Step, in_halves
from workbench.registry import Availability

__all__ = ["FromArrays", "OnnxRuntime"]

_BATCH_SIZE = 8
"""Windows whose layers still fit into a processor's cache."""


class FromArrays:
    """Batches through a function of arrays; an :class:`~workbench.pickers.execution.Execution`.

    Parameters
    ----------
    evaluate
        Prepared windows to a list of the network's outputs.
    """

    def __init__(
        self, name: str, words: str, evaluate: Callable[[np.ndarray], list[np.ndarray]], batch_size: int = _BATCH_SIZE
    ) -> None:
        self.name, self.words, self.batch_size = name, words, batch_size
        self._evaluate = evaluate

    def run(self, batches: Iterable[torch.Tensor], step: Step) -> Iterator[np.ndarray]:
        """Outputs of each batch."""
        for windows in batches:
            yield np.concatenate(in_halves(self, windows, lambda part: step(part, self._forward).numpy()))

    def _forward(self, prepared: torch.Tensor) -> Any:
        # Copied: what a runtime gives may be its own memory, and some pickers write their blinding into it.
        outputs = [torch.from_numpy(np.array(part)) for part in self._evaluate(prepared.contiguous().numpy())]
        return outputs[0] if len(outputs) == 1 else tuple(outputs)


class OnnxRuntime:
    """Opens pickers in ONNX Runtime; a :class:`~workbench.inference.runtimes.base.Runtime`."""

    name, title, exact = "onnxruntime", "ONNX Runtime", True

    @staticmethod
    def availability() -> Availability:
        """Whether the packages that write and run the exports are installed."""
        for package in ("onnx", "onnxruntime"):
            if importlib.util.find_spec(package) is None:
                return Availability(
                    False,
                    f"The package {package!r} is not installed.",
                    "Install it with: pip install 'seismic-workbench[edge]'",
                )
        return Availability(True)

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
            session = _session(exported(picker, windows).read_bytes(), n_threads)
        except PickerError:
            session = _session(exported(picker, windows, anew=True).read_bytes(), n_threads)
        words = f"ONNX Runtime {onnxruntime.__version__}, fp32, {n_threads} {'thread' if n_threads == 1 else 'threads'}"
        return FromArrays(self.name, words, lambda windows: session.run(None, {"windows": windows}))


def _session(model: bytes, n_threads: int) -> Any:
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as states

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = n_threads, 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except (
        states.Fail,
        states.InvalidProtobuf,
        states.InvalidGraph,
        states.InvalidArgument,
        states.NotImplemented,
    ) as error:
        raise PickerError(f"ONNX Runtime refuses the network: {str(error).splitlines()[0]}") from error
