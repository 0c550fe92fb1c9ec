"""Series of few channels in an exported graph, folded: two samples side by side, as twice the channels.

Processors compute as many channels at once as their registers hold, sixteen as a rule, and half of that is wasted on
eight. Of a series that was folded, a convolution computes two samples at once. The sums are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from workbench.inference.runtimes.onnx_graph import Graph, attributes

__all__ = ["at_once", "folded_weights", "folds"]

_ONE_TO_ONE = ("Relu", "Sigmoid")
_SHORTEST = 256
"""Samples: of shorter series there is nothing to gain."""
_FEW_CHANNELS = 3
"""So many cost little to unfold, at the end of a network."""
_NOTHING_PASSES = -1e30
"""With this added, a rectifier gives zero, whatever it is added to."""


def folds(graph: Graph) -> Iterator[Any]:
    """Narrow series, folded from the convolution that makes them to the one after which they are wide or short.

    Where the processor has no more channels at once than they, or one who reads them could not, they stay as they are.
    """
    return _Folds(graph, at_once() // 2).nodes()


@cache
def at_once() -> int:
    """Channels that ONNX Runtime computes at once on this processor, with kernels that want them side by side."""
    import torch

    return 16 if torch.backends.cpu.get_cpu_capability().startswith("AVX512") else 8


def folded_weights(
    weights: np.ndarray, stride: int, before: int, *, fold_in: int, fold_out: int
) -> tuple[np.ndarray, int, int]:
    """Weights, stride and padding before, for series of which `fold_in` samples came together, and `fold_out` shall.

    Parameters
    ----------
    weights
        (out, in, length); the result has (fold_out x out, fold_in x in, another length), all channels of the first of
        the samples that came together before those of the next.
    stride
        `fold_out` times it must be a multiple of `fold_in`.
    before
        Zeros that the convolution puts before the series; the padding that is given back counts folded samples.
    fold_in, fold_out
        How many samples came together in the series that is read, and in the one that is made; 1 for a plain one.
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
        self.closings: dict[tuple[int, int], str] = {}

    def nodes(self) -> Iterator[Any]:
        """The graph's nodes, with what is folded."""
        for node in self.graph.nodes:
            name = node.output[0]
            if node.op_type == "Conv" and (name in self.folded or node.input[0] in self.folded):
                yield self._convolution(node)
            elif name in self.folded:
                yield from self._between(node)
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
        shapes, maker = self.graph.shapes, self.makers[name]
        few = shapes[name][1] <= _FEW_CHANNELS
        if maker.op_type == "Conv":
            made = self._is_plain(maker) and (not few or maker.input[0] in self.folded)
        else:
            made = maker.op_type in (*_ONE_TO_ONE, "Add") and all(
                given in self.folded and shapes[given] == shapes[name] for given in maker.input
            )
        readers = self.readers.get(name, [])
        known = made and (few or bool(readers)) and all(self._takes(node, few) for node in readers)
        return known and (self._can_be_closed(name) or not self._is_read_past_its_end(name))

    def _can_be_closed(self, name: str) -> bool:
        """Whether a sample that is not there can be made zero: before a rectifier, and as many times as windows."""
        windows = self.graph.inputs[0]
        as_many = self.graph.how_many(name) == self.graph.how_many(windows) != ""
        return self.makers[name].op_type == "Relu" and as_many and len(self.graph.shapes[windows]) == 3

    def _takes(self, node: Any, few: bool) -> bool:
        """Whether a node can read a folded series."""
        if node.op_type == "Conv":
            return self._is_plain(node) and (_stride(node) % 2 == 0 or node.output[0] in self.folded)
        return few or node.output[0] in self.folded

    def _is_plain(self, node: Any) -> bool:
        """Whether a node is an ordinary convolution along the time of images one pixel high."""
        given = attributes(node)
        shapes = [self.graph.shapes.get(name, []) for name in (node.input[0], node.output[0])]
        return (
            self.graph.are_constant(node.input[1:])
            and given.get("group", 1) == 1
            and set(given.get("dilations", [1])) == {1}
            and len(given.get("kernel_shape", [])) == 2
            and given["kernel_shape"][0] == 1
            # What puts as little as possible on both sides is only read where that is the same for every length.
            and (given.get("auto_pad", b"NOTSET") in (b"NOTSET", b"VALID") or _stride(node) == 1)
            and all(len(shape) == 4 and shape[2] == 1 and shape[3] > 0 for shape in shapes)
        )

    def _is_read_past_its_end(self, name: str) -> bool:
        """Whether somebody reads the sample that an odd number of them lacks; it must be zero, as past any end."""
        n_samples = self.graph.shapes[name][3]
        if n_samples % 2 == 0:
            return False
        for node in self.readers.get(name, []):
            if node.op_type == "Conv":
                last = (self.graph.shapes[node.output[0]][3] - 1) * _stride(node) - _before(node)
                if last + attributes(node)["kernel_shape"][1] > n_samples:
                    return True
        return False

    def _is_read_otherwise(self, name: str) -> bool:
        others = [node for node in self.readers.get(name, []) if node.op_type != "Conv"]
        return name in self.graph.outputs or any(node.output[0] not in self.folded for node in others)

    # ---- how

    def _convolution(self, node: Any) -> Any:
        series, made = node.input[0], node.output[0]
        fold_in, fold_out = (2 if name in self.folded else 1 for name in (series, made))
        n_read, n_made = (
            -(-self.graph.shapes[name][3] // fold) for name, fold in ((series, fold_in), (made, fold_out))
        )
        weights, stride, before = folded_weights(
            self.graph.constants[node.input[1]][:, :, 0],
            _stride(node),
            _before(node),
            fold_in=fold_in,
            fold_out=fold_out,
        )
        after = (n_made - 1) * stride + weights.shape[2] - before - n_read
        if after < 0:
            # It does not read to the end: zero weights do, for otherwise there might be one more to be made.
            weights = np.pad(weights, ((0, 0), (0, 0), (0, -after)))
        inputs = [self.folded.get(series, series), self.graph.constant(weights[:, :, np.newaxis], "weights")]
        if len(node.input) > 2:
            biases = self.graph.constants[node.input[2]]
            inputs.append(self.graph.constant(np.tile(biases, fold_out), "biases"))
        given = {
            "kernel_shape": [1, weights.shape[2]],
            "strides": [1, stride],
            "pads": [0, before, 0, max(0, after)],
        }
        return self.graph.node("Conv", inputs, self.folded.get(made, made), **given)

    def _between(self, node: Any) -> Iterator[Any]:
        """What lies between convolutions; a rectifier closes a series that is read past its end."""
        name, inputs = node.output[0], [self.folded[given] for given in node.input]
        if self._is_read_past_its_end(name):
            size = self._folded_size(name)
            if size not in self.closings:
                yield from self._closing(*size)
            closed = self.graph.node("Add", [*inputs, self.closings[size]])
            yield closed
            inputs = [closed.output[0]]
        yield self.graph.node(node.op_type, inputs, self.folded[name], **attributes(node))

    def _closing(self, n_channels: int, n_samples: int) -> Iterator[Any]:
        """Zeros in the form of a folded series, but for what lets nothing pass in the sample past its end."""
        graph = self.graph
        # From the windows themselves, for a runtime adds within a convolution only what it knows to be of its shape.
        # (0, 0) to (1, 1) of the axes 1 and 2: the first sample of one channel, which is never below itself.
        ends = [graph.constant(np.array(at, np.int64), "end") for at in ((0, 0), (1, 1), (1, 2))]
        first = graph.node("Slice", [graph.inputs[0], *ends])
        made = [first, graph.node("Less", [first.output[0], first.output[0]])]

        def then(kind: str, *inputs: str, **given: Any) -> None:
            made.append(graph.node(kind, [made[-1].output[0], *inputs], **given))

        then("Cast", to=1)
        then("Unsqueeze", graph.constant(np.array([2], np.int64), "axis"))
        for before, after, value in ((n_samples - 2, 0, 0.0), (0, 1, _NOTHING_PASSES)):
            pads = graph.constant(np.array([0, 0, 0, before, 0, 0, 0, after], np.int64), "pads")
            then("Pad", pads, graph.constant(np.array(value, np.float32), "value"))
        second = np.repeat(np.array([0, 1], np.float32), n_channels // 2).reshape(-1, 1, 1, 1)
        then("Conv", graph.constant(second, "weights"), kernel_shape=[1, 1])
        self.closings[n_channels, n_samples] = made[-1].output[0]
        yield from made

    def _folded_size(self, name: str) -> tuple[int, int]:
        """Channels and samples of a series when it is folded."""
        _, n_channels, _, n_samples = self.graph.shapes[name]
        return 2 * n_channels, -(-n_samples // 2)

    def _unfolded(self, name: str) -> Iterator[Any]:
        graph, (_, n_channels, _, n_samples) = self.graph, self.graph.shapes[name]
        n_folded = -(-n_samples // 2)
        apart = graph.constant(np.array([0, 2, n_channels, n_folded], np.int64), "shape")
        together = graph.constant(np.array([0, n_channels, 1, 2 * n_folded], np.int64), "shape")
        first = graph.node("Reshape", [self.folded[name], apart])
        then = graph.node("Transpose", [first.output[0]], perm=[0, 2, 3, 1])
        last = graph.node("Reshape", [then.output[0], together], "" if n_samples % 2 else name)
        yield from (first, then, last)
        if n_samples % 2:
            yield graph.cut(last.output[0], 0, n_samples, name, axis=3)


def _stride(node: Any) -> int:
    return int(attributes(node).get("strides", [1, 1])[1])


def _before(node: Any) -> int:
    """How many zeros a convolution, as `_is_plain` lets through, puts before a series."""
    given = attributes(node)
    kind, length = given.get("auto_pad", b"NOTSET"), given["kernel_shape"][1]
    same = {b"SAME_UPPER": (length - 1) // 2, b"SAME_LOWER": length // 2}
    return int(same.get(kind, 0) if kind != b"NOTSET" else given.get("pads", [0, 0, 0, 0])[1])
