"""OpenVINO: networks from the same exports as for ONNX Runtime, on processors for which it is the faster of both."""

from __future__ import annotations

import numpy as np
import torch

from workbench.errors import PickerError
from workbench.inference.runtimes.exports import exported
from workbench.inference.runtimes.onnx_runtime import FromArrays
from workbench.pickers.base import TorchPicker
from workbench.registry import Availability, needs

__all__ = ["OpenVinoRuntime"]


class OpenVinoRuntime:
    """Opens pickers in OpenVINO; a :class:`~workbench.inference.runtimes.base.Runtime`."""

    name, title, exact = "openvino", "OpenVINO", True
    precision = "f32"

    @staticmethod
    def availability() -> Availability:
        """Whether the packages that write and run the exports are installed."""
        return needs("seismic-workbench[openvino]", "onnx", "openvino")

    def open(self, picker: TorchPicker, windows: torch.Tensor) -> FromArrays:
        """The picker's network, compiled for this processor.

        Raises
        ------
        PickerError
            If it cannot be exported, or the runtime refuses it.
        """
        import openvino

        n_threads = torch.get_num_threads()
        settings = {
            "INFERENCE_NUM_THREADS": n_threads,
            "NUM_STREAMS": n_threads,
            # Left to itself it computes in half precision where the processor can.
            "INFERENCE_PRECISION_HINT": self.precision,
        }
        core = openvino.Core()
        path = exported(picker, windows)
        try:
            compiled = core.compile_model(core.read_model(path), "CPU", settings)
        except RuntimeError as error:
            # The reason stands last, below where it was thrown.
            reason = [line for line in str(error).splitlines() if line.strip()][-1]
            raise PickerError(f"OpenVINO refuses the network: {reason}") from error

        def evaluate(batch: np.ndarray) -> list[np.ndarray]:
            # A request of its own for each call: two threads may run the same picker.
            results = compiled.create_infer_request().infer({0: batch}, share_inputs=True)
            # Copied, for they lie in the request's own memory.
            return [np.array(results[output]) for output in compiled.outputs]

        version = openvino.__version__.partition("-")[0]
        threads = "thread" if n_threads == 1 else "threads"
        precision = "fp32" if self.exact else "bf16"
        return FromArrays(self.name, f"OpenVINO {version}, {precision}, {n_threads} {threads}", evaluate, n_threads)


class OpenVinoBfloat16Runtime(OpenVinoRuntime):
    """The same in bfloat16, on processors that compute in it."""

    name, title, exact = "openvino_bf16", "OpenVINO in bfloat16", False
    precision = "bf16"

    @staticmethod
    def availability() -> Availability:
        """Whether OpenVINO is installed, and the processor computes in bfloat16."""
        found = OpenVinoRuntime.availability()
        if not found.ok:
            return found
        import openvino

        if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            return Availability(False, "This processor does not compute in bfloat16.", "Use the mode 'exact'.")
        return Availability(True)
