"""An exported graph, rewritten so that processors run it faster: the same sums, in another order.

Runtimes are tuned for images. On a time series they miss what these rewrites give back: convolutions along time become
convolutions of images one pixel high, for which fast kernels exist; what raises the number of samples (repeating them
before a convolution, or a transposed convolution) becomes one convolution at the lower rate with several outputs for
each sample; and a softmax over three classes becomes plain arithmetic instead of a transposition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

__all__ = ["faster_form"]

_ONE_TO_ONE = {"Relu", "Sigmoid", "Tanh", "LeakyRelu", "Elu"}
_ALONG_TIME = {"Conv", "MaxPool"}
_ALONG_TIME_ONE = {"kernel_shape": 1, "strides": 1, "dilations": 1}
_FEWEST_CHANNELS = 3


def faster_form(model: Any) -> Any:
    """The model (``onnx.ModelProto``) with each rewrite where it fits; the rest stays as it is."""
    import onnx

    model = onnx.shape_inference.infer_shapes(model)
    for rewrite in (_fold_norms, _plain_softmax, _bias_first, _at_the_lower_rate, _images):
        graph = _Graph(model.graph)
        nodes = list(rewrite(graph))
        del model.graph.node[:]
        model.graph.node.extend(nodes)
        used = {name for node in nodes for name in node.input}
        kept = [entry for entry in (*model.graph.initializer, *graph.added) if entry.name in used]
        del model.graph.initializer[:]
        model.graph.initializer.extend(kept)
    onnx.checker.check_model(model)
    return model


class _Graph:
    """A graph's nodes, what is known of its values, and a way to make new ones."""

    def __init__(self, graph: Any) -> None:
        from onnx import numpy_helper

        self.nodes = list(graph.node)
        self.constants = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
        for node in self.nodes:
            if node.op_type == "Constant" and node.attribute[0].name == "value":
                self.constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        self.shapes = {
            value.name: [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
            for value in (*graph.value_info, *graph.input, *graph.output)
        }
        self.uses = Counter(name for node in self.nodes for name in node.input)
        self.outputs = [value.name for value in graph.output]
        self.uses.update(self.outputs)
        self.consumers = {name: node for node in self.nodes for name in node.input}
        self.added: list[Any] = []
        self._count = 0
        taken = {name for node in self.nodes for name in node.output} | set(self.constants)
        self._stem = next(stem for stem in ("_" * n for n in count(1)) if not any(n.startswith(stem) for n in taken))

    def are_constant(self, names: Iterable[str]) -> bool:
        """Whether all of these are known beforehand."""
        return all(name in self.constants for name in names)

    def name(self, what: str) -> str:
        """A new name."""
        self._count += 1
        return f"{self._stem}{self._count}_{what}"

    def constant(self, values: np.ndarray, what: str = "constant") -> str:
        """Name of a new constant."""
        from onnx import numpy_helper

        name = self.name(what)
        self.added.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str = "", **attributes: Any) -> Any:
        """A new node; its output gets a new name if none is given."""
        from onnx import helper

        return helper.make_node(kind, inputs, [output or self.name(kind.lower())], **attributes)


def _attributes(node: Any) -> dict[str, Any]:
    from onnx import helper

    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def _fold_norms(graph: _Graph) -> Iterator[Any]:
    """A normalisation after a transposed convolution becomes part of its weights, as it does after ordinary ones."""
    folded: set[str] = set()
    for node in graph.nodes:
        norm = graph.consumers.get(node.output[0])
        if node.output[0] in folded:
            continue
        if norm is None or not _can_fold(graph, node, norm):
            yield node
            continue
        scale, shift, mean, variance = (graph.constants[name].astype(np.float64) for name in norm.input[1:5])
        scale = scale / np.sqrt(variance + _attributes(norm).get("epsilon", 1e-5))
        weights = graph.constants[node.input[1]] * scale[np.newaxis, :, np.newaxis]
        biases = graph.constants[node.input[2]] if len(node.input) > 2 else np.zeros(len(scale))
        inputs = [
            node.input[0],
            graph.constant(weights.astype(np.float32), "weights"),
            graph.constant(((biases - mean) * scale + shift).astype(np.float32), "biases"),
        ]
        folded.add(norm.output[0])
        yield graph.node("ConvTranspose", inputs, norm.output[0], **_attributes(node))


def _can_fold(graph: _Graph, node: Any, norm: Any) -> bool:
    return (
        node.op_type == "ConvTranspose"
        and norm.op_type == "BatchNormalization"
        and _attributes(node).get("group", 1) == 1
        and graph.uses[node.output[0]] == 1
        and graph.are_constant([*node.input[1:], *norm.input[1:]])
    )


def _plain_softmax(graph: _Graph) -> Iterator[Any]:
    """Softmax over classes, before time, as a maximum, a difference, an exponential and a quotient."""
    for node in graph.nodes:
        if node.op_type != "Softmax" or _attributes(node).get("axis", -1) != 1:
            yield node
            continue
        axis = graph.constant(np.array([1], np.int64), "axis")
        highest = graph.node("ReduceMax", [node.input[0]], axes=[1], keepdims=1)
        below = graph.node("Sub", [node.input[0], highest.output[0]])
        powers = graph.node("Exp", [below.output[0]])
        total = graph.node("ReduceSum", [powers.output[0], axis], keepdims=1)
        yield from (highest, below, powers, total)
        yield graph.node("Div", [powers.output[0], total.output[0]], node.output[0])


def _bias_first(graph: _Graph) -> Iterator[Any]:
    """(a + b) + bias as a + (b + bias): in attention, a + b has a value for each pair of times and b for each time."""
    sums = {node.output[0]: node for node in graph.nodes if node.op_type == "Add" and graph.uses[node.output[0]] == 1}
    vectors = {name for name, values in graph.constants.items() if values.ndim == 1}
    added = [node.input for node in graph.nodes if node.op_type == "Add"]
    moved = {first for first, second in added if first in sums and second in vectors}
    for node in graph.nodes:
        if node.output[0] in moved:
            continue
        if node.op_type == "Add" and node.input[0] in moved:
            first, second = sums[node.input[0]].input
            biased = graph.node("Add", [second, node.input[1]])
            yield biased
            yield graph.node("Add", [first, biased.output[0]], node.output[0])
        else:
            yield node


def _at_the_lower_rate(graph: _Graph) -> Iterator[Any]:
    """What raises the number of samples as an ordinary convolution with several outputs for each of its samples."""
    skipped: set[str] = set()
    for node in graph.nodes:
        if node.output[0] in skipped:
            continue
        last, spread = node, None
        if _doubles(graph, node) and _is_centred(graph, graph.consumers[node.output[0]]):
            last = graph.consumers[node.output[0]]
            spread = _doubled(graph.constants[last.input[1]])
        elif _is_spreading(graph, node):
            spread = _spread(graph.constants[node.input[1]], _attributes(node))
        if spread is None:
            yield node
            continue
        inputs = [node.input[0], graph.constant(spread.weights, "weights")]
        if len(last.input) > 2:
            inputs.append(graph.constant(np.repeat(graph.constants[last.input[2]], spread.n_phases), "biases"))
        length = spread.weights.shape[-1]
        made = graph.node("Conv", inputs, kernel_shape=[length], pads=[spread.padding] * 2)
        yield made
        after = graph.consumers.get(last.output[0])
        skipped.add(last.output[0])
        if after is not None and after.op_type == "Relu" and graph.uses[last.output[0]] == 1:
            skipped.add(after.output[0])
            last, made = after, graph.node("Relu", [made.output[0]])
            yield made
        yield from _interleaved(graph, made.output[0], spread, last.output[0])


@dataclass(frozen=True)
class _Spread:
    """A convolution with `n_phases` outputs for each sample and channel; `front` and `back` of them are cut off."""

    weights: np.ndarray
    n_phases: int
    padding: int
    front: int = 0
    back: int = 0


def _interleaved(graph: _Graph, name: str, spread: _Spread, output: str) -> Iterator[Any]:
    """Channels (a0, a1, b0, b1, ...) of the lower rate to channels (a, b, ...) of the higher one."""
    shape = [0, len(spread.weights) // spread.n_phases, spread.n_phases, -1]
    cut = spread.front > 0 or spread.back > 0
    apart = graph.node("Reshape", [name, graph.constant(np.array(shape), "shape")])
    turned = graph.node("Transpose", [apart.output[0]], perm=[0, 1, 3, 2])
    flat = graph.constant(np.array([0, shape[1], -1]), "shape")
    joined = graph.node("Reshape", [turned.output[0], flat], "" if cut else output)
    yield from (apart, turned, joined)
    if cut:
        ends = [np.array([spread.front]), np.array([-spread.back or np.iinfo(np.int64).max]), np.array([2])]
        yield graph.node("Slice", [joined.output[0], *(graph.constant(end, "end") for end in ends)], output)


def _is_spreading(graph: _Graph, node: Any) -> bool:
    """Whether a node is a transposed convolution along time that an ordinary one can stand for."""
    if node.op_type != "ConvTranspose" or not graph.are_constant(node.input[1:]):
        return False
    given = _attributes(node)
    is_plain = given.get("group", 1) == 1 and set(given.get("dilations", [1])) == {1} and "output_shape" not in given
    return is_plain and given.get("auto_pad", b"NOTSET") == b"NOTSET" and len(given.get("kernel_shape", [])) == 1


def _spread(weights: np.ndarray, given: Mapping[str, Any]) -> _Spread | None:
    """A transposed convolution, weights (in, out, length); None if it adds samples beyond those it computes."""
    n_in, n_out, length = weights.shape
    stride = given.get("strides", [1])[0]
    before, after = given.get("pads", [0, 0])
    n_taps = -(-length // stride)
    back = n_taps * stride + after - length - given.get("output_padding", [0])[0]
    if back < 0:
        return None
    filled = np.zeros((n_in, n_out, n_taps * stride), weights.dtype)
    filled[..., :length] = weights
    # Tap by tap backwards in time: a transposed convolution adds what a sample gives to later ones.
    phases = filled.reshape(n_in, n_out, n_taps, stride)[:, :, ::-1].transpose(1, 3, 0, 2)
    return _Spread(phases.reshape(n_out * stride, n_in, n_taps), stride, n_taps - 1, before, back)


def _doubles(graph: _Graph, node: Any) -> bool:
    """Whether a node repeats every sample of a time series, for one consumer only."""
    if node.op_type != "Resize" or graph.uses[node.output[0]] != 1 or node.output[0] not in graph.consumers:
        return False
    given = _attributes(node)
    scales = graph.constants.get(node.input[2]) if len(node.input) > 2 else None
    return (
        given.get("mode") == b"nearest"
        and given.get("coordinate_transformation_mode") == b"asymmetric"
        and given.get("nearest_mode") == b"floor"
        and scales is not None
        and list(scales) == [1, 1, 2]
    )


def _is_centred(graph: _Graph, node: Any) -> bool:
    """Whether a node is an ordinary convolution along time, of odd length, whose output is as long as its input."""
    if node.op_type != "Conv" or not graph.are_constant(node.input[1:]):
        return False
    given = _attributes(node)
    length = (given.get("kernel_shape") or [0])[0]
    return (
        len(given.get("kernel_shape", [])) == 1
        and length % 2 == 1
        and list(given.get("pads", [])) == [length // 2, length // 2]
        and given.get("group", 1) == 1
        and set(given.get("strides", [1])) == {1}
        and set(given.get("dilations", [1])) == {1}
    )


def _doubled(weights: np.ndarray) -> _Spread:
    """Weights that give, from samples, what `weights` (out, in, length) give from samples repeated."""
    n_out, n_in, length = weights.shape
    centre = length // 2
    reach = (centre + 1) // 2
    both = np.zeros((n_out, 2, n_in, 2 * reach + 1), np.float64)
    for at in range(length):
        for phase in (0, 1):
            both[:, phase, :, (at - centre + phase) // 2 + reach] += weights[:, :, at]
    return _Spread(both.reshape(2 * n_out, n_in, -1).astype(weights.dtype), 2, reach)


def _images(graph: _Graph) -> Iterator[Any]:
    """Convolutions along time as convolutions of images one pixel high, and what is between them likewise."""
    return _Images(graph).nodes()


class _Images:
    """Where a graph's time series have become images: `tall` names the image for each, `tall_only` has no series."""

    def __init__(self, graph: _Graph) -> None:
        self.graph = graph
        self.tall: dict[str, str] = {}
        self.tall_only: set[str] = set()
        self.axis = graph.constant(np.array([2], np.int64), "axis")

    def nodes(self) -> Iterator[Any]:
        """The graph's nodes, and those that raise series to images and flatten them again where needed."""
        for node in self.graph.nodes:
            wanted = self._series(node)
            if not wanted:
                yield from self._flat(node.input)
                yield node
                continue
            for name in wanted:
                if name not in self.tall:
                    raised = self.graph.node("Unsqueeze", [name, self.axis])
                    self.tall[name] = raised.output[0]
                    yield raised
            made = self._image(node, wanted)
            self.tall[node.output[0]] = made.output[0]
            self.tall_only.add(node.output[0])
            yield made
        yield from self._flat(self.graph.outputs)

    def _series(self, node: Any) -> list[str]:
        """Inputs of a node that become images; none for a node that stays as it is."""
        kind, given = node.op_type, _attributes(node)
        if kind in _ALONG_TIME and len(given.get("kernel_shape", [])) == 1 and len(node.output) == 1:
            weights = self.graph.constants.get(node.input[1]) if kind == "Conv" else None
            # Kernels for images work on eight channels at once, needed or not.
            fits = kind == "MaxPool" or (weights is not None and len(weights) >= _FEWEST_CHANNELS)
            return [node.input[0]] if fits else []
        are_series = all(len(self.graph.shapes.get(name, [])) == 3 for name in node.input)
        if not are_series or not any(name in self.tall for name in node.input):
            return []
        joins = (kind == "Concat" and given["axis"] == 1) or kind == "Add"
        return list(node.input) if joins or kind in _ONE_TO_ONE else []

    def _image(self, node: Any, wanted: list[str]) -> Any:
        given = _attributes(node)
        inputs = [self.tall.get(name, name) if name in wanted else name for name in node.input]
        if node.op_type in _ALONG_TIME:
            if node.op_type != "MaxPool":
                weights = self.graph.constants[node.input[1]]
                inputs[1] = self.graph.constant(weights[:, :, np.newaxis], "weights")
            given |= {name: [neutral, *given[name]] for name, neutral in _ALONG_TIME_ONE.items() if name in given}
            if "pads" in given:
                before, after = given["pads"]
                given["pads"] = [0, before, 0, after]
        return self.graph.node(node.op_type, inputs, **given)

    def _flat(self, names: Iterable[str]) -> Iterator[Any]:
        for name in names:
            if name in self.tall_only:
                self.tall_only.remove(name)
                yield self.graph.node("Squeeze", [self.tall[name], self.axis], name)
