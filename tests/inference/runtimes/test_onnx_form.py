"""Each rewrite of an exported graph fits where it should, and leaves the values as they were."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from tests.inference.runtimes.small_exports import export, kinds, largest_difference
from workbench.inference.runtimes.onnx_form import faster_form


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
    # As images, that of two series side by side once for each; along time only the one with a single output, for which
    # that does not pay.
    assert sorted(shapes) == [1, 2, 2, 2]
    torch.manual_seed(4)
    assert largest_difference(Skipping(), model, (3, 60)) < 1e-6


@pytest.mark.filterwarnings("ignore")
def test_nothing_unused_is_left_in_the_file(tmp_path: Any) -> None:
    model = faster_form(export(nn.Sequential(nn.ConvTranspose1d(4, 5, 8, 4), nn.BatchNorm1d(5)), (4, 31), tmp_path))
    used = {name for node in model.graph.node for name in node.input}
    assert {entry.name for entry in model.graph.initializer} <= used


class Cutting(nn.Module):
    """A U-Net that fits its parts together by their lengths, as PhaseNet does."""

    def __init__(self, value: float = 0.0) -> None:
        super().__init__()
        self.value = value
        self.first, self.down, self.up = nn.Conv1d(3, 8, 7), nn.Conv1d(8, 8, 7, 4), nn.ConvTranspose1d(8, 8, 7, 4)
        self.last = nn.Conv1d(16, 4, 7, padding=3)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        first = torch.relu(self.first(windows))
        down = torch.relu(self.down(nn.functional.pad(first, (2, 3), value=self.value)))
        up = torch.relu(self.up(down))[:, :, 1:-2]
        offset = (up.shape[-1] - first.shape[-1]) // 2
        return self.last(torch.cat([first, up[:, :, offset : offset + first.shape[-1]]], dim=1))


@pytest.mark.filterwarnings("ignore")
def test_nothing_is_computed_from_lengths_that_are_known(tmp_path: Any) -> None:
    module = Cutting()
    model = faster_form(export(module, (3, 101), tmp_path))
    found = kinds(model)
    assert not {"Shape", "Gather", "Sub", "Div", "Cast", "Constant"} & set(found)
    # Zeros before and after became the convolution's own, and three cuts one after the other one.
    assert (found["Pad"], found["Slice"]) == (0, 1)
    # What lay side by side is not copied together.
    assert (found["Concat"], found["Conv"]) == (0, 5)
    assert largest_difference(module, model, (3, 101)) < 1e-5


@pytest.mark.filterwarnings("ignore")
def test_padding_with_anything_but_zeros_stays(tmp_path: Any) -> None:
    module = Cutting(value=1.0)
    model = faster_form(export(module, (3, 101), tmp_path))
    assert kinds(model)["Pad"] == 1
    assert largest_difference(module, model, (3, 101)) < 1e-5


def test_the_end_of_a_shape_is_not_taken_for_the_whole_of_it() -> None:
    """Of (window, 3, 40) what is first from the last dimension on is 40."""
    helper = onnx.helper
    nodes = [
        helper.make_node("Shape", ["windows"], ["lengths"], start=2),
        helper.make_node("Gather", ["lengths", "first"], ["length"]),
    ]
    given = helper.make_tensor_value_info("windows", onnx.TensorProto.FLOAT, [2, 3, 40])
    told = helper.make_tensor_value_info("length", onnx.TensorProto.INT64, [1])
    first = onnx.numpy_helper.from_array(np.array([0]), "first")
    graph = helper.make_graph(nodes, "lengths", [given], [told], [first])
    model = faster_form(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    assert session.run(None, {"windows": np.zeros((2, 3, 40), np.float32)})[0].tolist() == [40]


class CutTwice(nn.Module):
    """One cut is read by two, so each must find it as it was."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.ConvTranspose1d(3, 8, 4, 2)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        cut = self.up(windows)[:, :, 2:-3]
        return torch.sigmoid(cut[:, :, 1:]) * cut[:, :, :-1]


@pytest.mark.filterwarnings("ignore")
def test_a_cut_that_two_read_stays_one_of_its_own(tmp_path: Any) -> None:
    module = CutTwice()
    model = faster_form(export(module, (3, 40), tmp_path))
    assert kinds(model)["Slice"] == 3
    assert largest_difference(module, model, (3, 40)) < 1e-6


class Heads(nn.Module):
    """A head for each class, whose outputs joined are the answer."""

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.body = nn.Conv1d(3, 8, 7, padding=3)
        self.heads = nn.ModuleList(nn.Conv1d(8, n_channels, 1) for _ in range(3 if n_channels == 1 else 2))

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        seen = torch.relu(self.body(windows))
        return torch.cat([torch.sigmoid(head(seen)) for head in self.heads], dim=1)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("n_channels", [1, 8])
def test_series_that_are_joined_to_be_the_answer_stay_joined(n_channels: int, tmp_path: Any) -> None:
    module = Heads(n_channels)
    model = faster_form(export(module, (3, 40), tmp_path))
    assert kinds(model)["Concat"] == 1
    assert largest_difference(module, model, (3, 40)) < 1e-6
