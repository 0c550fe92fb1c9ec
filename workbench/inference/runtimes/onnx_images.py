"""Convolutions along time in an exported graph as those of images one pixel high, for which runtimes are tuned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from workbench.inference.runtimes.onnx_graph import Graph, attributes

__all__ = ["images"]

_ONE_TO_ONE = {"Relu", "Sigmoid", "Tanh", "LeakyRelu", "Elu"}
_ALONG_TIME = {"Conv", "MaxPool"}
_ALONG_TIME_ONE = {"kernel_shape": 1, "strides": 1, "dilations": 1}
_FEWEST_CHANNELS = 3


def images(graph: Graph) -> Iterator[Any]:
    """Convolutions along time as convolutions of images one pixel high, and what is between them likewise."""
    return _Images(graph).nodes()


class _Images:
    """Where a graph's time series have become images: `tall` names the image for each, `tall_only` has no series."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.tall: dict[str, str] = {}
        self.tall_only: set[str] = set()
        self.renamed: dict[str, str] = {}
        self.axis = graph.constant(np.array([2], np.int64), "axis")

    def nodes(self) -> Iterator[Any]:
        """The graph's nodes, and those that raise series to images and flatten them again where needed."""
        for node in self.graph.nodes:
            if self._is_between(node):
                continue
            wanted = self._series(node)
            if not wanted:
                yield from self._flat(node.input)
                yield self._renamed(node)
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

    def _is_between(self, node: Any) -> bool:
        """Whether a node makes a series of an image, or the image of one that there is: then it is not needed."""
        if node.op_type not in ("Squeeze", "Unsqueeze") or len(node.input) < 2:
            return False
        axes, n_axes = self.graph.constants.get(node.input[1]), len(self.graph.shapes.get(node.input[0], []))
        if axes is None or axes.tolist() != [2]:
            return False
        name, made = node.input[0], node.output[0]
        if made in self.graph.outputs:
            return False
        if node.op_type == "Squeeze" and n_axes == 4:
            self.tall[made] = self.renamed.get(name, name)
            self.tall_only.add(made)
        elif node.op_type == "Unsqueeze" and name in self.tall:
            self.renamed[made] = self.tall[name]
        else:
            return False
        return True

    def _renamed(self, node: Any) -> Any:
        for at, name in enumerate(node.input):
            node.input[at] = self.renamed.get(name, name)
        return node

    def _series(self, node: Any) -> list[str]:
        """Inputs of a node that become images; none for a node that stays as it is."""
        kind, given = node.op_type, attributes(node)
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
        given = attributes(node)
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
