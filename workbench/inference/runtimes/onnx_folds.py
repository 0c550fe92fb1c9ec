"""Series of few channels in an exported graph, folded: two samples side by side, as twice the channels.

Processors compute as many channels at once as their registers hold, sixteen as a rule, and half of that is wasted on
eight. Of a series that was folded, a convolution computes two samples at once. The sums are the same.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from workbench.inference.runtimes.onnx_graph import Graph, attributes

__all__ = ["folded_weights", "folds"]

_ONE_TO_ONE = ("Relu", "Sigmoid")
_SHORTEST = 256
_FEW_CHANNELS = 3
"""So many cost little to unfold, at the end of a network."""
_NOTHING_PASSES = -1e30


def folds(graph: Graph) -> Iterator[Any]:
    """Narrow series, folded from the convolution that makes them to the one after which they are wide or short."""
    return _Folds(graph, at_once() // 2).nodes()


@cache
def at_once() -> int:
    """Channels that ONNX Runtime computes at once on this processor."""
    import torch

    wide = torch.backends.cpu.get_cpu_capability().startswith("AVX512") or platform.machine() in ("arm64", "aarch64")
    return 16 if wide else 8


def folded_weights(
    weights: np.ndarray, stride: int, before: int, *, fold_in: int, fold_out: int
) -> tuple[np.ndarray, int, int]:
    """Weights, stride and padding before, for series of which `fold_in` samples came together, and `fold_out` shall.

    Parameters
    ----------
    weights
        (out, in, length); the result has (fold_out x out, fold_in x in, length), all channels of the first of the
        samples that came together before those of the next.
    stride
        `fold_out` times it must be a multiple of `fold_in`.
    before
        Zeros that the convolution puts before the series.
    """
    n_out, n_in, length = weights.shape
    reads = np.array([[stride * phase + at - before for at in range(length)] for phase in range(fold_out)])
    first, last = min(0, int(reads.min()) // fold_in), int(reads.max()) // fold_in
    folded = np.zeros((fold_out, n_out, fold_in, n_in, last - first + 1), weights.dtype)
    for phase in range(fold_out):
        for at in range(length):
            sample, part = divmod(int(reads[phase, at]), fold_in)
            folded[phase, :, part, :, sample - first] = weights[:, :, at]
    return folded.reshape(fold_out * n_out, fold_in * n_in, -1), stride * fold_out // fold_in, -first


class _Folds:
    """Which series of a graph are folded: `folded` names what stands for each."""

    def __init__(self, graph: Graph, narrow: int) -> None:
        self.graph, self.narrow = graph, narrow
        self.readers: dict[str, list[Any]] = {}
        for node in graph.nodes:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)
        self.makers = {node.output[0]: node for node in graph.nodes}
        self.folded = {name: graph.name("folded") for name in self.makers if self._is_narrow(name)}
        # Whether one can be depends on others.
        while wrong := [name for name in self.folded if not self._can_be(name)]:
            for name in wrong:
                del self.folded[name]
        self.ends: dict[tuple[int, int], str] = {}

    def nodes(self) -> Iterator[Any]:
        """The graph's nodes, with what is folded."""
        for node in self.graph.nodes:
            name = node.output[0]
            if node.op_type == "Conv" and (name in self.folded or node.input[0] in self.folded):
                yield self._convolution(node)
            elif name in self.folded:
                inputs = [self.folded[given] for given in node.input]
                if self._is_read_past_its_end(name):
                    yield from self._end(name)
                    inputs = [self.graph.name("ended")]
                    yield self.graph.node("Add", [self.folded[node.input[0]], self._ends(name)], inputs[0])
                yield self.graph.node(node.op_type, inputs, self.folded[name], **attributes(node))
            else:
                yield node
            # Who reads it otherwise gets it as it was.
            if name in self.folded and self._is_read_otherwise(name):
                yield from self._unfolded(name)

    # ---- what can be folded

    def _is_narrow(self, name: str) -> bool:
        shape = self.graph.shapes.get(name, [])
        return len(shape) == 4 and 0 < shape[1] <= self.narrow and shape[2] == 1 and shape[3] >= _SHORTEST

    def _can_be(self, name: str) -> bool:
        maker, few = self.makers[name], self.graph.shapes[name][1] <= _FEW_CHANNELS
        if maker.op_type == "Conv":
            made = self._is_plain(maker) and (not few or maker.input[0] in self.folded)
        else:
            made = maker.op_type in {*_ONE_TO_ONE, "Add"} and all(given in self.folded for given in maker.input)
        # Before a rectifier, what lies past the end can be made nothing.
        closed = maker.op_type == "Relu" or not self._is_read_past_its_end(name)
        readers = self.readers.get(name, [])
        return made and closed and (few or bool(readers)) and all(self._takes(node, few) for node in readers)

    def _takes(self, node: Any, few: bool) -> bool:
        """Whether a node can read a folded series."""
        if node.op_type == "Conv":
            return self._is_plain(node) and (_stride(node) % 2 == 0 or node.output[0] in self.folded)
        return few or node.output[0] in self.folded

    def _is_plain(self, node: Any) -> bool:
        given, shapes = attributes(node), self.graph.shapes
        return (
            self.graph.are_constant(node.input[1:])
            and given.get("group", 1) == 1
            and set(given.get("dilations", [1])) == {1}
            and len(given.get("kernel_shape", [])) == 2
            and given["kernel_shape"][0] == 1
            and all(len(shapes.get(name, [])) == 4 and shapes[name][3] > 0 for name in (node.input[0], node.output[0]))
        )

    def _is_read_past_its_end(self, name: str) -> bool:
        """Whether somebody reads the sample that an odd number of them lacks; it must be zero, as past any end."""
        convolutions = [node for node in self.readers.get(name, []) if node.op_type == "Conv"]
        is_odd = self.graph.shapes[name][3] % 2 == 1
        return is_odd and any(attributes(node)["kernel_shape"][1] > 1 for node in convolutions)

    def _is_read_otherwise(self, name: str) -> bool:
        others = [node for node in self.readers.get(name, []) if node.op_type != "Conv"]
        return name in self.graph.outputs or any(node.output[0] not in self.folded for node in others)

    # ---- how

    def _convolution(self, node: Any) -> Any:
        series, made = node.input[0], node.output[0]
        n_before, n_made = (self.graph.shapes[name][3] for name in (series, made))
        fold_in, fold_out = (2 if name in self.folded else 1 for name in (series, made))
        weights, stride, before = folded_weights(
            self.graph.constants[node.input[1]][:, :, 0],
            _stride(node),
            _before(node, n_before),
            fold_in=fold_in,
            fold_out=fold_out,
        )
        length = weights.shape[2]
        after = (-(-n_made // fold_out) - 1) * stride + length - before - -(-n_before // fold_in)
        inputs = [self.folded.get(series, series), self.graph.constant(weights[:, :, np.newaxis], "weights")]
        if len(node.input) > 2:
            biases = self.graph.constants[node.input[2]]
            inputs.append(self.graph.constant(np.tile(biases, fold_out), "biases"))
        given = {
            "group": 1,
            "dilations": [1, 1],
            "kernel_shape": [1, length],
            "strides": [1, stride],
            "pads": [0, before, 0, max(0, after)],
        }
        return self.graph.node("Conv", inputs, self.folded.get(made, made), **given)

    def _end(self, name: str) -> Iterator[Any]:
        """What makes the sample past the end of a folded series nothing in a rectifier, made once for each shape."""
        key = self._shape(name)
        if key in self.ends:
            return
        n_channels, n_samples = key
        graph = self.graph
        # From the windows themselves, for a runtime adds within a convolution only what it knows to be of its shape.
        # (0, 0) to (1, 1) of the axes 1 and 2: the first sample of one channel, made nothing.
        ends = [graph.constant(np.array(at, np.int64), "end") for at in ((0, 0), (1, 1), (1, 2))]
        made = [graph.node("Slice", [graph.inputs[0], *ends])]

        def then(kind: str, *inputs: str, **given: Any) -> None:
            made.append(graph.node(kind, [made[-1].output[0], *inputs], **given))

        then("Mul", graph.constant(np.array(0, np.float32), "nothing"))
        then("Unsqueeze", graph.constant(np.array([2], np.int64), "axis"))
        for before, after, value in ((n_samples - 2, 0, 0.0), (0, 1, _NOTHING_PASSES)):
            pads = graph.constant(np.array([0, 0, 0, before, 0, 0, 0, after], np.int64), "pads")
            then("Pad", pads, graph.constant(np.array(value, np.float32), "value"))
        second = np.repeat(np.array([0, 1], np.float32), n_channels // 2).reshape(-1, 1, 1, 1)
        then("Conv", graph.constant(second, "weights"), kernel_shape=[1, 1])
        self.ends[key] = made[-1].output[0]
        yield from made

    def _ends(self, name: str) -> str:
        return self.ends[self._shape(name)]

    def _shape(self, name: str) -> tuple[int, int]:
        """Channels and samples of a series when it is folded."""
        _, n_channels, _, n_samples = self.graph.shapes[name]
        return 2 * n_channels, -(-n_samples // 2)

    def _unfolded(self, name: str) -> Iterator[Any]:
        graph, n_samples = self.graph, self.graph.shapes[name][3]
        n_channels, n_folded = self._shape(name)
        apart = graph.constant(np.array([0, 2, n_channels // 2, n_folded], np.int64), "shape")
        together = graph.constant(np.array([0, n_channels // 2, 1, 2 * n_folded], np.int64), "shape")
        first = graph.node("Reshape", [self.folded[name], apart])
        then = graph.node("Transpose", [first.output[0]], perm=[0, 2, 3, 1])
        last = graph.node("Reshape", [then.output[0], together], "" if n_samples % 2 else name)
        yield from (first, then, last)
        if n_samples % 2:
            ends = [graph.constant(np.array([at], np.int64), "end") for at in (0, n_samples, 3)]
            yield graph.node("Slice", [last.output[0], *ends], name)


def _stride(node: Any) -> int:
    return int(attributes(node).get("strides", [1, 1])[1])


def _before(node: Any, n_samples: int) -> int:
    """How many zeros a convolution puts before a series."""
    given = attributes(node)
    kind = given.get("auto_pad", b"NOTSET")
    if kind == b"NOTSET":
        return int(given.get("pads", [0, 0, 0, 0])[1])
    if kind == b"VALID":
        return 0
    stride, length = _stride(node), given["kernel_shape"][1]
    total = max(0, (-(-n_samples // stride) - 1) * stride + length - n_samples)
    return int(total // 2 if kind == b"SAME_UPPER" else total - total // 2)
