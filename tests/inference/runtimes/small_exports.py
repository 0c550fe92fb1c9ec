"""Small networks as ONNX models, and how far such a model is from its network."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

__all__ = ["export", "kinds", "largest_difference"]


def export(module: nn.Module, shape: tuple[int, ...], tmp_path: Any) -> onnx.ModelProto:
    file = tmp_path / "plain.onnx"
    torch.onnx.export(
        module.eval(),
        (torch.zeros(2, *shape),),
        str(file),
        dynamo=False,
        opset_version=17,
        input_names=["windows"],
        dynamic_axes={"windows": {0: "window"}},
    )
    return onnx.load(str(file))


def kinds(model: onnx.ModelProto) -> Counter[str]:
    return Counter(node.op_type for node in model.graph.node)


def largest_difference(module: nn.Module, model: onnx.ModelProto, shape: tuple[int, ...]) -> float:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    windows = torch.from_numpy(np.random.default_rng(3).standard_normal((5, *shape)).astype(np.float32))
    with torch.inference_mode():
        expected = module.eval()(windows).numpy()
    return float(np.abs(session.run(None, {"windows": windows.numpy()})[0] - expected).max())
