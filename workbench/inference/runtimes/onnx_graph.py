"""An ONNX graph that is being rewritten: what is known of its values, and new nodes and constants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import count
from typing import Any

import numpy as np

__all__ = ["Graph", "attributes"]


class Graph:
    """A graph's nodes, what is known of its values, and a way to make new ones."""

    def __init__(self, graph: Any) -> None:
        from onnx import numpy_helper

        self.nodes = list(graph.node)
        self.constants = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
        for node in self.nodes:
            if node.op_type == "Constant" and node.attribute[0].name == "value":
                self.constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        known = {
            value.name: value.type.tensor_type.shape.dim for value in (*graph.value_info, *graph.input, *graph.output)
        }
        self.shapes = {name: [dimension.dim_value for dimension in shape] for name, shape in known.items()}
        self._firsts = {name: shape[0] for name, shape in known.items() if len(shape)}
        self.uses = Counter(name for node in self.nodes for name in node.input)
        self.inputs = [value.name for value in graph.input]
        self.outputs = [value.name for value in graph.output]
        self.uses.update(self.outputs)
        self.consumers = {name: node for node in self.nodes for name in node.input}
        # With a start or an end it is a part of the shape only.
        shapes = [node for node in self.nodes if node.op_type == "Shape" and not node.attribute]
        self.shape_of = {node.output[0]: node.input[0] for node in shapes}
        self.added: list[Any] = []
        self._count = 0
        taken = {name for node in self.nodes for name in node.output} | set(self.constants)
        self._stem = next(stem for stem in ("_" * n for n in count(1)) if not any(n.startswith(stem) for n in taken))

    def how_many(self, name: str) -> str:
        """The length of a value's first axis, or what it is called where it is open; empty where nothing is known."""
        first = self._firsts.get(name)
        return "" if first is None else first.dim_param or str(first.dim_value or "")

    def are_constant(self, names: Iterable[str]) -> bool:
        """Whether all of these are known beforehand."""
        return all(name in self.constants for name in names)

    def name(self, what: str) -> str:
        """A new name."""
        self._count += 1
        return f"{self._stem}{self._count}_{what}"

    def constant(self, values: np.ndarray, what: str = "constant", name: str = "") -> str:
        """Name of a new constant: the one given, or a new one."""
        from onnx import numpy_helper

        name = name or self.name(what)
        # A number by itself stays one.
        self.added.append(numpy_helper.from_array(np.array(values, order="C"), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str = "", **attributes: Any) -> Any:
        """A new node; its output gets a new name if none is given."""
        from onnx import helper

        return helper.make_node(kind, inputs, [output or self.name(kind.lower())], **attributes)

    def cut(self, series: str, first: int, stop: int, output: str = "", axis: int = 2) -> Any:
        """A new node that keeps a series from its sample `first` to the one before `stop`."""
        ends = [self.constant(np.array([end], np.int64), "end") for end in (first, stop, axis)]
        return self.node("Slice", [series, *ends], output)


def attributes(node: Any) -> dict[str, Any]:
    """A node's attributes by name."""
    from onnx import helper

    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
