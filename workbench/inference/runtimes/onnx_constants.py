"""What of an exported graph is known beforehand: the lengths of its series, and what is computed from them.

Only the number of windows is open. Exporters leave the arithmetic on lengths in the graph, which costs a runtime more
than it seems: dozens of tiny operations, and cuts and paddings that it cannot put together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from workbench.inference.runtimes.onnx_graph import Graph, attributes

__all__ = ["cut_of", "known_lengths", "one_cut", "padding_inside"]

_ON_LENGTHS = {
    *("Add", "Cast", "Concat", "ConstantOfShape", "Div", "Gather", "Mul", "Reshape"),
    *("Slice", "Squeeze", "Sub", "Transpose", "Unsqueeze"),
}
_MOST_LENGTHS = 16
_TIME = 2


def known_lengths(graph: Graph) -> Iterator[Any]:
    """Lengths as constants, wherever they do not depend on the number of windows."""
    for node in graph.nodes:
        values = _lengths(graph, node)
        if values is None or values.size > _MOST_LENGTHS or values.dtype.kind != "i":
            yield node
            continue
        graph.constants[node.output[0]] = values
        graph.constant(values, name=node.output[0])


def _lengths(graph: Graph, node: Any) -> np.ndarray | None:
    if node.op_type == "Gather" and node.input[0] in graph.shape_of:
        shape = graph.shapes.get(graph.shape_of[node.input[0]], [])
        which = graph.constants.get(node.input[1])
        # An open length counts as 0.
        if which is None or not shape or (taken := np.asarray(shape)[which]).min() <= 0:
            return None
        return np.asarray(taken, np.int64)
    if node.op_type not in _ON_LENGTHS or not node.input or not graph.are_constant(node.input):
        return None
    if any(graph.constants[name].size > _MOST_LENGTHS for name in node.input):
        return None
    from onnx.reference import ReferenceEvaluator

    found: Any = ReferenceEvaluator(node).run(None, {name: graph.constants[name] for name in node.input})
    return np.asarray(found[0])


def one_cut(graph: Graph) -> Iterator[Any]:
    """Cuts of a series one after the other as one cut."""
    before: dict[str, Any] = {}
    inner = {node.input[0] for node in graph.nodes if cut_of(graph, node) is not None}
    inner = {name for name in inner if graph.uses[name] == 1}
    for node in graph.nodes:
        cut = cut_of(graph, node)
        if cut is None:
            yield node
            continue
        source, first, stop = node.input[0], *cut
        if source in before:
            source, earlier = before[source]
            first, stop = first + earlier, stop + earlier
        if node.output[0] in inner:
            before[node.output[0]] = source, first
            continue
        yield graph.cut(source, first, stop, node.output[0])


def cut_of(graph: Graph, node: Any) -> tuple[int, int] | None:
    """First sample and the one after the last that a node keeps of a series; None if it does anything else."""
    if node.op_type != "Slice" or not graph.are_constant(node.input[1:]):
        return None
    firsts, stops, *rest = (graph.constants[name] for name in node.input[1:])
    length = (graph.shapes.get(node.input[0]) or [0])[-1]
    along = [int(part[0]) for part in rest]
    if len(firsts) != 1 or length <= 0 or along not in ([_TIME], [_TIME, 1]):
        return None
    if len(graph.shapes[node.input[0]]) != _TIME + 1:
        return None
    first, stop, _ = slice(int(firsts[0]), int(stops[0])).indices(length)
    return first, stop


def padding_inside(graph: Graph) -> Iterator[Any]:
    """Zeros before and after a series become the padding of the convolution that reads it."""
    skipped: dict[str, Any] = {}
    for node in graph.nodes:
        if _can_be_inside(graph, node):
            skipped[node.output[0]] = node
        elif node.op_type == "Conv" and node.input[0] in skipped:
            pad = skipped[node.input[0]]
            amounts = graph.constants[pad.input[1]]
            given = attributes(node)
            before, after = given.get("pads", [0, 0])
            given["pads"] = [before + int(amounts[_TIME]), after + int(amounts[2 * _TIME + 1])]
            yield graph.node("Conv", [pad.input[0], *node.input[1:]], node.output[0], **given)
        else:
            yield node


def _can_be_inside(graph: Graph, node: Any) -> bool:
    if node.op_type != "Pad" or graph.uses[node.output[0]] != 1 or not graph.are_constant(node.input[1:2]):
        return False
    filled = [graph.constants.get(name) for name in node.input[2:3] if name]
    amounts = graph.constants[node.input[1]]
    along_time = len(amounts) == 2 * (_TIME + 1) and amounts.min() >= 0
    along_time = along_time and not amounts[[0, 1, 3, 4]].any()
    is_zero = all(value is not None and not np.any(value) for value in filled)
    reader = graph.consumers.get(node.output[0])
    given = attributes(node)
    return bool(
        along_time
        and is_zero
        and given.get("mode", b"constant") == b"constant"
        and len(node.input) < 4
        and reader is not None
        and reader.op_type == "Conv"
        and reader.input[0] == node.output[0]
        and attributes(reader).get("auto_pad", b"NOTSET") == b"NOTSET"
    )
