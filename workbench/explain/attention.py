"""Which part of its window a network with attention read, on the time grid of its steps."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
import xarray as xr

from workbench.explain.attention_hooks import Captured, attention_layers, capture_attention
from workbench.explain.memory import memory_in_words
from workbench.explain.window import Window, open_window, require_station
from workbench.pickers import Picker, open_picker
from workbench.schema import Report, check_recording, make_attention, silent

__all__ = ["attention_between", "attention_of", "attention_received", "step_samples", "window_attention"]

_ONE_PHASE_S_BRANCH = re.compile(r"pick_attentions\.(\d+)")


@memory_in_words("look at the attention")
def attention_of(
    recording: xr.Dataset,
    picker: str | Picker,
    weights: str = "",
    *,
    station: str = "",
    time: pd.Timestamp | str,
    phase: str = "",
    window_start: pd.Timestamp | None = None,
    report: Report = silent,
) -> list[xr.Dataset]:
    """Attention of each layer of a picker's network over the window that holds a time; empty where it has none.

    Parameters
    ----------
    picker, weights, station, window_start
        As for :func:`workbench.explain.run.explain`, which takes the same window.
    phase
        Whose window is taken; the picker's first if not named. It matters only for networks that say one thing for a
        whole window.

    Raises
    ------
    PickerError
        If the picker says nothing at that time; says why.
    """
    report(0.0, "opening the picker")
    opened = open_picker(picker, weights) if isinstance(picker, str) else picker
    module = getattr(opened, "module", None)
    if not isinstance(module, torch.nn.Module) or not attention_layers(module):
        return []
    recording = check_recording(recording)
    name = require_station(recording, station)
    phase = phase or opened.card.phases[0]
    window = open_window(recording, opened, name, pd.Timestamp(time), phase, window_start)
    report(0.5, "looking at what each layer reads")
    return window_attention(window, str(recording.attrs["recording_id"]))


def window_attention(window: Window, recording_id: str = "") -> list[xr.Dataset]:
    """Attention of each layer over an opened window."""
    network = window.reading.network
    caught = [call for call in capture_attention(network, lambda own: own(window.inputs)) if not call.is_graph]
    titles = _titles(caught, _phases_of(network))
    return [
        make_attention(
            _rows_to_one(call.weights[0]),
            window_start=window.start,
            window_s=_length_s(window, call),
            recording_id=recording_id,
            station=window.station,
            picker=window.card.name,
            weights=window.card.weights,
            layer=call.layer,
            title=title,
        )
        for call, title in zip(caught, titles, strict=True)
    ]


def attention_received(attention: xr.Dataset, head: int = 0) -> xr.DataArray:
    """How much of all that was read came from each step: by time of the step, sums to one.

    Parameters
    ----------
    head
        From 1 on; 0 for the mean of all.
    """
    matrix = attention["attention"]
    matrix = matrix.sel(head=head) if head else matrix.mean("head")
    return matrix.mean("query").rename("received")


def attention_between(captured: Captured, stations: Sequence[str], title: str = "", *, window: int = 0) -> xr.Dataset:
    """What stations heard of one another, of a network that reads several at once: (head, query, key) by their names.

    Parameters
    ----------
    captured
        Of :func:`~workbench.explain.attention_hooks.capture_attention`, on such a network.
    stations
        Names in the order in which the network was given them; what lies behind is padding, and left out.
    window
        Which of several windows that were run at once.
    """
    names, n_stations = [str(station) for station in stations], len(stations)
    return xr.Dataset(
        {"attention": (("head", "query", "key"), captured.weights[window, :, :n_stations, :n_stations])},
        coords={"head": np.arange(1, captured.weights.shape[1] + 1), "query": names, "key": names},
        attrs={"layer": captured.layer, "title": title or captured.layer},
    )


def step_samples(n_samples: int, n_steps: int) -> float:
    """Samples that one step stands for, in a network that makes so many steps of a window.

    A whole number where it divides the window. Otherwise the network has halved the window again and again and rounded
    up, so that the last step reaches beyond it: EQTransformer's 47 steps of 6000 samples are 128 samples long.

    >>> step_samples(6000, 47), step_samples(12000, 375), step_samples(6000, 150)
    (128.0, 32.0, 40.0)
    """
    if n_samples % n_steps == 0:
        return n_samples / n_steps
    halved = next((2**times for times in range(1, 20) if -(-n_samples // 2**times) == n_steps), 0)
    return float(halved) or n_samples / n_steps


def _length_s(window: Window, call: Captured) -> float:
    """Of all steps together, which may reach beyond the window."""
    n_steps = call.weights.shape[-1]
    return n_steps * step_samples(window.inputs.shape[-1], n_steps) / window.rate_hz


def _rows_to_one(weights: np.ndarray) -> np.ndarray:
    """Rows that sum to one: SeisBench's fall short by what it adds against division by zero."""
    sums = weights.sum(axis=-1, keepdims=True)
    return np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0)


def _phases_of(network: torch.nn.Module) -> list[str]:
    """Of the branches of EQTransformer and its kin, which each have an attention of their own."""
    for module in network.modules():
        phases = getattr(module, "phases", None)
        if isinstance(phases, str | list | tuple) and phases:
            return [str(phase) for phase in phases]
    return []


def _titles(caught: Sequence[Captured], phases: Sequence[str]) -> list[str]:
    """What layers are called on the screen: "global, layer 2", "local, P"."""
    titles: list[str] = []
    counts = {"global": 0, "local": 0}
    for call in caught:
        kind = "local" if call.width else "global"
        counts[kind] += 1
        branch = _ONE_PHASE_S_BRANCH.search(call.layer)
        is_named = branch is not None and int(branch[1]) < len(phases)
        titles.append(f"{kind}, {phases[int(branch[1])] if branch and is_named else f'layer {counts[kind]}'}")
    return titles
