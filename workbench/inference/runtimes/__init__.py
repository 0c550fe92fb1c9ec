"""Where networks run: every runtime by name. ``choice`` picks the fastest one that says the same as torch.

To add one, write a class like those of :mod:`~workbench.inference.runtimes.base` and a line in the table below.
"""

from __future__ import annotations

from workbench.registry import Registry

__all__ = ["RUNTIMES"]

_HERE = "workbench.inference.runtimes"

RUNTIMES = Registry(
    "runtime",
    {
        "torch": f"{_HERE}.torch_runtime:TorchRuntime",
        "onnxruntime": f"{_HERE}.onnx_runtime:OnnxRuntime",
        "openvino": f"{_HERE}.openvino_runtime:OpenVinoRuntime",
        "openvino_bf16": f"{_HERE}.openvino_runtime:OpenVinoBfloat16Runtime",
        "cuda": f"{_HERE}.cuda:CudaRuntime",
        "cuda_bf16": f"{_HERE}.cuda:CudaBfloat16Runtime",
    },
)
"""Every runtime by name."""
