"""What raises the number of samples in an exported graph, as one convolution at the lower rate.

Repeating samples before a convolution, or a transposed convolution, becomes one convolution with several outputs for
each sample, which then take turns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.inference.runtimes.onnx_constants import cut_of
from workbench.inference.runtimes.onnx_graph import Graph, attributes

__all__ = ["at_the_lower_rate"]


def at_the_lower_rate(graph: Graph) -> Iterator[Any]:
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
            spread = _spread(graph.constants[node.input[1]], attributes(node))
        if spread is None:
            yield node
            continue
        behind = [last, *_behind(graph, last)]
        skipped.update(name for each in behind for name in each.output)
        yield from _in_turns(graph, node.input[0], spread, behind)


def _behind(graph: Graph, node: Any) -> Iterator[Any]:
    """A rectifier, and then a cut, that nothing else comes between."""
    for wanted in (lambda found: found.op_type == "Relu", lambda found: cut_of(graph, found) is not None):
        reader = graph.consumers.get(node.output[0])
        if reader is not None and graph.uses[node.output[0]] == 1 and wanted(reader):
            yield reader
            node = reader


def _in_turns(graph: Graph, series: str, spread: _Spread, behind: list[Any]) -> Iterator[Any]:
    """A convolution and what is `behind` it, at the lower rate; then all outputs of a sample before those of the next.

    As images with the channels last, in which that costs nothing.
    """
    made = [graph.node("Unsqueeze", [series, graph.constant(np.array([2]), "axis")])]

    def then(kind: str, *inputs: str, output: str = "", **given: Any) -> None:
        made.append(graph.node(kind, [made[-1].output[0], *inputs], output, **given))

    inputs = [graph.constant(spread.weights[:, :, np.newaxis], "weights")]
    if len(behind[0].input) > 2:
        inputs.append(graph.constant(np.tile(graph.constants[behind[0].input[2]], spread.n_phases), "biases"))
    n_out, _, length = spread.weights.shape
    then("Conv", *inputs, kernel_shape=[1, length], pads=[0, spread.padding] * 2)
    if any(node.op_type == "Relu" for node in behind):
        then("Relu")
    then("Transpose", perm=[0, 2, 3, 1])
    then("Reshape", graph.constant(np.array([0, 1, -1, n_out // spread.n_phases]), "shape"))
    first, stop = spread.front, -spread.back or np.iinfo(np.int64).max
    if cut := cut_of(graph, behind[-1]):
        first, stop = spread.front + cut[0], spread.front + cut[1]
    if spread.front or spread.back or cut:
        made.append(graph.cut(made[-1].output[0], first, stop))
    then("Transpose", perm=[0, 3, 1, 2])
    then("Squeeze", graph.constant(np.array([2]), "axis"), output=behind[-1].output[0])
    yield from made


@dataclass(frozen=True)
class _Spread:
    """A convolution with `n_phases` outputs for each sample, one of all channels after the other.

    `front` and `back` of them are cut off.
    """

    weights: np.ndarray
    n_phases: int
    padding: int
    front: int = 0
    back: int = 0


def _is_spreading(graph: Graph, node: Any) -> bool:
    """Whether a node is a transposed convolution along time that an ordinary one can stand for."""
    if node.op_type != "ConvTranspose" or not graph.are_constant(node.input[1:]):
        return False
    given = attributes(node)
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
    phases = filled.reshape(n_in, n_out, n_taps, stride)[:, :, ::-1].transpose(3, 1, 0, 2)
    return _Spread(phases.reshape(n_out * stride, n_in, n_taps), stride, n_taps - 1, before, back)


def _doubles(graph: Graph, node: Any) -> bool:
    """Whether a node repeats every sample of a time series, for one consumer only."""
    if node.op_type != "Resize" or graph.uses[node.output[0]] != 1 or node.output[0] not in graph.consumers:
        return False
    given = attributes(node)
    scales = graph.constants.get(node.input[2]) if len(node.input) > 2 else None
    return (
        given.get("mode") == b"nearest"
        and given.get("coordinate_transformation_mode") == b"asymmetric"
        and given.get("nearest_mode") == b"floor"
        and scales is not None
        and list(scales) == [1, 1, 2]
    )


def _is_centred(graph: Graph, node: Any) -> bool:
    """Whether a node is an ordinary convolution along time, of odd length, whose output is as long as its input."""
    if node.op_type != "Conv" or not graph.are_constant(node.input[1:]):
        return False
    given = attributes(node)
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
    both = np.zeros((2, n_out, n_in, 2 * reach + 1), np.float64)
    for at in range(length):
        for phase in (0, 1):
            both[phase, :, :, (at - centre + phase) // 2 + reach] += weights[:, :, at]
    return _Spread(both.reshape(2 * n_out, n_in, -1).astype(weights.dtype), 2, reach)
