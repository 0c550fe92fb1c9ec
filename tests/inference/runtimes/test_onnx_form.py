"""Each rewrite of an exported graph fits where it should, and leaves the values as they were."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from workbench.inference.runtimes.onnx_form import faster_form


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


@pytest.fixture(autouse=True)
def settled_weights() -> None:
    torch.manual_seed(4)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("length", [3, 5, 7, 11])
def test_doubling_before_a_convolution_is_done_at_the_lower_rate(length: int, tmp_path: Any) -> None:
    module = nn.Sequential(nn.Upsample(scale_factor=2.0), nn.Conv1d(4, 6, length, padding=length // 2), nn.ReLU())
    model = faster_form(export(module, (4, 50), tmp_path))
    assert kinds(model)["Resize"] == 0
    assert largest_difference(module, model, (4, 50)) < 1e-5


@pytest.mark.filterwarnings("ignore")
def test_doubling_before_a_convolution_that_is_not_centred_stays(tmp_path: Any) -> None:
    module = nn.Sequential(nn.Upsample(scale_factor=2.0), nn.Conv1d(4, 6, 5, padding=1))
    model = faster_form(export(module, (4, 50), tmp_path))
    assert kinds(model)["Resize"] == 1
    assert largest_difference(module, model, (4, 50)) < 1e-5


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("length", "stride", "padding"), [(7, 4, 0), (8, 4, 2), (6, 2, 2), (7, 4, 3), (1, 1, 0), (3, 1, 1)]
)
@pytest.mark.parametrize("bias", [True, False])
def test_transposed_convolutions_become_ordinary_ones(
    length: int, stride: int, padding: int, bias: bool, tmp_path: Any
) -> None:
    norm = nn.BatchNorm1d(5)
    norm.running_mean.uniform_(-1, 1)
    norm.running_var.uniform_(0.5, 2)
    module = nn.Sequential(nn.ConvTranspose1d(4, 5, length, stride, padding, bias=bias), norm, nn.ReLU())
    model = faster_form(export(module, (4, 31), tmp_path))
    assert kinds(model)["ConvTranspose"] == kinds(model)["BatchNormalization"] == 0
    assert largest_difference(module, model, (4, 31)) < 1e-5


@pytest.mark.filterwarnings("ignore")
def test_a_transposed_convolution_that_appends_samples_stays(tmp_path: Any) -> None:
    module = nn.ConvTranspose1d(4, 5, 3, 3, output_padding=2)
    model = faster_form(export(module, (4, 31), tmp_path))
    assert kinds(model)["ConvTranspose"] == 1
    assert largest_difference(module, model, (4, 31)) < 1e-5


class Skipping(nn.Module):
    """What of a U-Net becomes images, and what must become a time series again."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(3, 8, 7, padding=3), nn.Conv1d(16, 8, 5, stride=2)
        self.single = nn.Conv1d(8, 1, 3)
        self.pool = nn.MaxPool1d(2)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        first = torch.relu(self.first(windows))
        both = torch.cat([first, first.flip(-1)], dim=1)
        second = self.pool(torch.sigmoid(self.second(both)) + self.second(both))
        return torch.softmax(torch.cat([second, self.single(torch.nn.functional.pad(second, (1, 1)))], dim=1), dim=1)


@pytest.mark.filterwarnings("ignore")
def test_convolutions_become_those_of_images_and_softmax_plain_arithmetic(tmp_path: Any) -> None:
    model = faster_form(export(Skipping(), (3, 60), tmp_path))
    shapes = [
        len(attribute.ints)
        for node in model.graph.node
        for attribute in node.attribute
        if node.op_type == "Conv" and attribute.name == "kernel_shape"
    ]
    assert kinds(model)["Softmax"] == 0
    assert kinds(model)["Unsqueeze"] > 0
    # Two as images; the one with a single output, for which that does not pay, along time as before.
    assert sorted(shapes) == [1, 2, 2]
    torch.manual_seed(4)
    assert largest_difference(Skipping(), model, (3, 60)) < 1e-6


@pytest.mark.filterwarnings("ignore")
def test_nothing_unused_is_left_in_the_file(tmp_path: Any) -> None:
    model = faster_form(export(nn.Sequential(nn.ConvTranspose1d(4, 5, 8, 4), nn.BatchNorm1d(5)), (4, 31), tmp_path))
    used = {name for node in model.graph.node for name in node.input}
    assert {entry.name for entry in model.graph.initializer} <= used
