"""An exported graph, rewritten so that processors run it faster: the same sums, in another order.

Runtimes are tuned for images. On a time series they miss what these rewrites give back: convolutions along time become
convolutions of images one pixel high, for which fast kernels exist; what raises the number of samples (repeating them
before a convolution, or a transposed convolution) becomes one convolution at the lower rate with several outputs for
each sample; lengths are known beforehand, so that cuts come together and padding goes into convolutions; series that
are joined are convolved apart and added; of series of few channels two samples are computed at once; and a softmax over
three classes becomes plain arithmetic instead of a transposition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from workbench.inference.runtimes.onnx_constants import known_lengths, one_cut, padding_inside
from workbench.inference.runtimes.onnx_folds import folds
from workbench.inference.runtimes.onnx_graph import Graph, attributes
from workbench.inference.runtimes.onnx_images import images
from workbench.inference.runtimes.onnx_rates import at_the_lower_rate

__all__ = ["faster_form"]

_Rewrite = Callable[[Graph], Iterator[Any]]

_AT_ONCE = 8
"""Channels that kernels for images work on."""


def faster_form(model: Any) -> Any:
    """The model (``onnx.ModelProto``) with each rewrite where it fits; the rest stays as it is."""
    import onnx

    n_nodes = len(model.graph.node) + 1
    # A length that is known makes others known that lie behind it.
    while len(model.graph.node) < n_nodes:
        n_nodes = len(model.graph.node)
        model = _rewritten(model, known_lengths)
    rewrites = (
        _fold_norms,
        _plain_softmax,
        _bias_first,
        padding_inside,
        one_cut,
        at_the_lower_rate,
        images,
        _by_parts,
        folds,
    )
    for rewrite in rewrites:
        model = _rewritten(model, rewrite)
    onnx.checker.check_model(model, full_check=True)
    return model


def _rewritten(model: Any, rewrite: _Rewrite) -> Any:
    import onnx

    # What was inferred before a rewrite lacks what is new.
    del model.graph.value_info[:]
    model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    graph = Graph(model.graph)
    nodes, used = _wanted(list(rewrite(graph)), graph.outputs)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    kept = [entry for entry in (*model.graph.initializer, *graph.added) if entry.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    return model


def _wanted(nodes: list[Any], outputs: Iterable[str]) -> tuple[list[Any], set[str]]:
    """The nodes that outputs come from, and the names of all values that go into any of them."""
    used, kept = set(outputs), []
    for node in reversed(nodes):
        if used.intersection(node.output):
            used.update(node.input)
            kept.append(node)
    return kept[::-1], used


def _fold_norms(graph: Graph) -> Iterator[Any]:
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
        scale = scale / np.sqrt(variance + attributes(norm).get("epsilon", 1e-5))
        weights = graph.constants[node.input[1]] * scale[np.newaxis, :, np.newaxis]
        biases = graph.constants[node.input[2]] if len(node.input) > 2 else np.zeros(len(scale))
        inputs = [
            node.input[0],
            graph.constant(weights.astype(np.float32), "weights"),
            graph.constant(((biases - mean) * scale + shift).astype(np.float32), "biases"),
        ]
        folded.add(norm.output[0])
        yield graph.node("ConvTranspose", inputs, norm.output[0], **attributes(node))


def _can_fold(graph: Graph, node: Any, norm: Any) -> bool:
    return (
        node.op_type == "ConvTranspose"
        and norm.op_type == "BatchNormalization"
        and attributes(node).get("group", 1) == 1
        and graph.uses[node.output[0]] == 1
        and graph.are_constant([*node.input[1:], *norm.input[1:]])
    )


def _plain_softmax(graph: Graph) -> Iterator[Any]:
    """Softmax over classes, before time, as a maximum, a difference, an exponential and a quotient."""
    for node in graph.nodes:
        if node.op_type != "Softmax" or attributes(node).get("axis", -1) != 1:
            yield node
            continue
        axis = graph.constant(np.array([1], np.int64), "axis")
        highest = graph.node("ReduceMax", [node.input[0]], axes=[1], keepdims=1)
        below = graph.node("Sub", [node.input[0], highest.output[0]])
        powers = graph.node("Exp", [below.output[0]])
        total = graph.node("ReduceSum", [powers.output[0], axis], keepdims=1)
        yield from (highest, below, powers, total)
        yield graph.node("Div", [powers.output[0], total.output[0]], node.output[0])


def _bias_first(graph: Graph) -> Iterator[Any]:
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


def _by_parts(graph: Graph) -> Iterator[Any]:
    """A convolution of two series side by side as the sum of one of each, so that they need not be copied together."""
    joins = {node.output[0]: node for node in graph.nodes if _is_side_by_side(graph, node)}
    for node in graph.nodes:
        if node.output[0] in joins:
            continue
        if node.op_type != "Conv" or node.input[0] not in joins:
            yield node
            continue
        first, second = joins[node.input[0]].input
        n_first = graph.shapes[first][1]
        weights, given = graph.constants[node.input[1]], attributes(node)
        parts = [graph.constant(part, "weights") for part in (weights[:, :n_first], weights[:, n_first:])]
        before = graph.node("Conv", [first, parts[0]], **given)
        after = graph.node("Conv", [second, parts[1], *node.input[2:]], **given)
        yield from (before, after)
        yield graph.node("Add", [after.output[0], before.output[0]], node.output[0])


def _is_side_by_side(graph: Graph, node: Any) -> bool:
    if node.op_type != "Concat" or attributes(node)["axis"] != 1 or graph.uses[node.output[0]] != 1:
        return False
    reader, shapes = graph.consumers.get(node.output[0]), [graph.shapes.get(name, []) for name in node.input]
    if reader is None:
        # It is what the network answers.
        return False
    return (
        len(shapes) == 2
        and all(len(shape) in (3, 4) and shape[1] > 0 and shape[1] % _AT_ONCE == 0 for shape in shapes)
        and reader.op_type == "Conv"
        and reader.input[1] in graph.constants
        and attributes(reader).get("group", 1) == 1
    )
