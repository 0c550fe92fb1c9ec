"""Layer Grad-CAM (Selvaraju et al., 2017): which steps of one layer spoke for the target, by Captum."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import torch
from torch.nn import functional

from workbench.errors import PickerError, UnknownNameError
from workbench.explain.base import Attributed
from workbench.explain.baselines import Baseline
from workbench.explain.target import Question

__all__ = ["GradCam", "last_layer"]

_WITHOUT_CHANNELS = (torch.nn.Linear, torch.nn.Dropout, torch.nn.LayerNorm)
"""Layers whose values do not lie as (window, channel, step)."""

_MOST_PADDED = 1.1

_last_layers: WeakKeyDictionary[torch.nn.Module, str] = WeakKeyDictionary()
_lock = threading.Lock()


class GradCam:
    """Values of one layer, weighted by how its channels bear on the target, stretched to the samples of the window.

    It does not tell components apart: each gets the same share.

    Parameters
    ----------
    layer
        Name of a module in the network; empty for the last one that all its outputs have in common.
    positive
        Leave out steps that speak against the target, as the authors do.
    """

    title = "layer Grad-CAM"
    needs_gradients = True
    has_baseline = False
    adds_up = False
    unit = "{target} times the unit of the layer, for a step of it"

    def __init__(self, layer: str = "", positive: bool = False) -> None:
        self.layer, self.positive = layer, positive

    def attribute(self, question: Question, baseline: Baseline) -> Attributed:  # noqa: ARG002
        """In the unit of the target times that of the layer; of one step of the layer, not of one sample."""
        from captum.attr import LayerGradCam

        # Captum hangs hooks on the layer: on a copy, whatever runs the picker meanwhile does not meet them.
        network = copy.deepcopy(question.network).eval()
        name = self.layer or last_layer(question)
        modules = dict(network.named_modules())
        if name not in modules or not name:
            raise UnknownNameError("layer", name, [known for known in modules if known])

        def ask(inputs: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
            return question.ask(inputs, which, network)

        def run(part: slice) -> torch.Tensor:
            inputs = question.inputs[part].clone().requires_grad_(True)
            try:
                found = LayerGradCam(ask, modules[name]).attribute(
                    inputs,
                    additional_forward_args=question.which[part],
                    relu_attributions=self.positive,
                    attr_dim_summation=True,
                )
            except (AssertionError, IndexError) as error:
                raise PickerError(
                    f"The layer {name!r} gives no values by step, so Grad-CAM has none to show."
                ) from error
            return found.detach().cpu()

        steps = torch.cat(list(question.in_batches(len(question), run)))
        if steps.ndim != 3 or steps.shape[-1] < 2:
            raise PickerError(
                f"The layer {name!r} gives values of shape {tuple(steps.shape[1:])}, not one row of steps in time; "
                "name another layer."
            )
        n_channels, n_samples = question.inputs.shape[1:]
        stretched = _stretched(steps, n_samples) / n_channels
        return Attributed(
            stretched.expand(-1, n_channels, -1).clone(),
            settings={"layer": name, "steps_in_layer": steps.shape[-1]},
            notices=("Grad-CAM does not tell components apart: each has the same share.",),
        )


def _stretched(steps: torch.Tensor, n_samples: int) -> torch.Tensor:
    """Values of steps (target, 1, step) at samples, linear between the middles of steps."""
    n_steps = steps.shape[-1]
    whole = round(n_samples / n_steps)
    # Networks pad a window to a whole number of steps, and the last ones may lie behind it.
    covered = whole * n_steps if n_samples <= whole * n_steps <= _MOST_PADDED * n_samples else n_samples
    return functional.interpolate(steps, covered, mode="linear")[..., :n_samples]


def last_layer(question: Question) -> str:
    """Name of the last module whose values, in steps of time, all outputs of a network depend on.

    What belongs to one output alone, and the output itself, come after it.

    Raises
    ------
    PickerError
        If there is none.
    """
    with _lock:
        known = _last_layers.get(question.network)
    if known is None:
        known = _find_last_layer(question)
        with _lock:
            _last_layers[question.network] = known
    return known


def _find_last_layer(question: Question) -> str:
    network = copy.deepcopy(question.network).eval()
    with _values_of_layers(network) as seen, torch.inference_mode(False), torch.enable_grad():
        outputs = question.outputs(question.inputs[:1].clone().requires_grad_(True), network)
        if not outputs.requires_grad:
            raise PickerError("What the network says does not hang on its input: there is nothing to explain.")
        # A layer that gives as many channels as there are outputs is the head.
        names = [name for name, values in seen.items() if values.shape[1] not in (1, outputs.shape[-1])]
        shared = set(names)
        for label in range(outputs.shape[-1]):
            total = outputs[..., label].nan_to_num().sum()
            slopes = torch.autograd.grad(total, [seen[name] for name in names], retain_graph=True, allow_unused=True)
            found = zip(names, slopes, strict=True)
            moved = {name for name, slope in found if slope is not None and bool(slope.any())}
            # An output that never changes depends on nothing.
            shared &= moved or shared
    wide = [name for name in names if name in shared]
    if not wide:
        raise PickerError("The network has no layer with steps in time for Grad-CAM to show; choose another.")
    return wide[-1]


@contextmanager
def _values_of_layers(network: torch.nn.Module) -> Iterator[dict[str, torch.Tensor]]:
    """Name of each module without parts to what it gave last, of those that give channels of steps in time."""
    seen: dict[str, torch.Tensor] = {}

    def keep(name: str):
        def hook(module: torch.nn.Module, inputs: object, output: object) -> None:  # noqa: ARG001
            if isinstance(output, torch.Tensor) and output.ndim == 3 and output.shape[-1] > 1:
                seen.pop(name, None)
                seen[name] = output

        return hook

    handles = [
        module.register_forward_hook(keep(name))
        for name, module in network.named_modules()
        if name and not list(module.children()) and not isinstance(module, _WITHOUT_CHANNELS)
    ]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()
