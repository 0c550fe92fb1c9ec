"""``Window``: one window of a picker's own grid, opened so that its network can be asked about it again and again."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import torch
import xarray as xr

from workbench.errors import PickerError, UnknownNameError
from workbench.explain.annotated import annotated_reading
from workbench.explain.lean import lean
from workbench.explain.prepared import read_station
from workbench.explain.refusals import require_samples, why_not
from workbench.pickers import Picker, TorchPicker
from workbench.pickers.segments import holds_samples
from workbench.pickers.windows import Piece, Reading
from workbench.schema import PickerCard

__all__ = ["Window", "answered", "cut", "open_window", "places", "read_outputs", "require_station", "why_only_asked"]

_OVERHANG = 0.1
"""Share of a window that may lie outside a stretch of samples, for a window whose start is given."""

_KEPT = 8
"""Windows of a network that are opened at once when they are asked for again."""

_answers: WeakKeyDictionary[torch.nn.Module, OrderedDict[tuple[bytes, int], tuple[torch.Tensor, torch.Tensor]]]
_answers = WeakKeyDictionary()
_lock = threading.Lock()

_STAND_IN = {"N": "1", "E": "2"}


@dataclass(frozen=True, eq=False)
class Window:
    """One window of one station, as a network takes it.

    Parameters
    ----------
    card
        Of the picker.
    station
        Its name in the recording.
    start
        Time of its first sample, UTC.
    components
        Letter in the recording of each channel of the network; empty where the recording has none for it.
    raw
        Samples as they are cut, float32, shape (1, channel, sample).
    inputs
        The same as the network takes them: normalised.
    there
        Which samples the recording holds, shape (channel, sample): padding and filled gaps do not count.
    outputs
        What the network says of the window, shape (output, label); NaN where the picker blinds.
    reading
        The network, and how its outputs are read.
    """

    card: PickerCard
    station: str
    start: pd.Timestamp
    components: tuple[str, ...]
    raw: torch.Tensor
    inputs: torch.Tensor
    there: torch.Tensor
    outputs: torch.Tensor
    reading: Reading

    @property
    def rate_hz(self) -> float:
        """Samples of the network in a second."""
        return self.reading.rate_hz

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.inputs.shape[-1] / self.rate_hz

    @property
    def output_rate_hz(self) -> float:
        """Outputs of the network in a second."""
        return self.rate_hz * self.reading.plan.outputs_per_sample

    def seconds_in(self, time: pd.Timestamp) -> float:
        """A time, in seconds after the first sample."""
        return (pd.Timestamp(time).as_unit("ns").value - self.start.value) * 1e-9

    def output_at(self, time: pd.Timestamp, label: str) -> int:
        """Index of the output that is nearest to a time; may lie outside the window."""
        if self.outputs.shape[0] == 1:
            return 0
        after_s = self.seconds_in(time) - self.reading.output_s.get(label, 0.0)
        return round(after_s * self.output_rate_hz)


@dataclass(frozen=True)
class _Place:
    """A window that could be opened: its piece, its first sample on the recording's axis, and how well a time lies."""

    piece: Piece
    first: int
    margin: float


def require_station(recording: xr.Dataset, station: str) -> str:
    """The name of a station, if the recording has it; its only one, if none is named.

    Raises
    ------
    UnknownNameError
        If it has no such station, or several and none was named.
    """
    names = [str(name) for name in recording["station"].values]
    if station in names:
        return station
    if not station and len(names) == 1:
        return names[0]
    raise UnknownNameError("station", station, names)


def open_window(
    recording: xr.Dataset,
    picker: Picker,
    station: str,
    time: pd.Timestamp,
    phase: str,
    window_start: pd.Timestamp | None = None,
) -> Window:
    """The window of the picker's own grid in which a time lies farthest from the edges of what counts.

    Where the curve is the highest of what overlapping windows say, it is the window that says most: its answer is what
    the curve shows.

    Parameters
    ----------
    phase
        A label of the network's outputs.
    window_start
        Take the window that begins there in place of one of the grid. A tenth of it may lie outside the stretch of
        samples around the time; the first or the last sample stands there.

    Raises
    ------
    PickerError
        If the picker says nothing of that time (outside the recording, in a gap, blinded), or not of that phase.
    """
    time = pd.Timestamp(time)
    origin, end = (pd.Timestamp(recording["time"].values[at]) for at in (0, -1))
    if phase not in picker.card.phases:
        known = ", ".join(picker.card.phases)
        raise PickerError(f"{picker.card.title} has no curve {phase!r} to explain; it has {known}.")
    if not origin <= time <= end:
        raise PickerError(f"{time} lies outside the recording, which runs from {origin} to {end}; choose a time in it.")
    require_samples(recording, station, time, origin)
    reading, channels = _reading(recording, picker, station, time)
    if window_start is None:
        found_places = sorted(places(reading, origin, time, phase), key=lambda place: -place.margin)
    else:
        found_places = [_place_from(reading, recording, picker.card, station, time, pd.Timestamp(window_start))]
    window, found = None, []
    for place in found_places:
        window = _opened(recording, picker.card, station, reading, channels, place)
        at = window.output_at(time, phase)
        if 0 <= at < len(window.outputs) and bool(torch.isfinite(window.outputs[at]).any()):
            if reading.plan.stacking != "max":
                return window
            found.append((float(window.outputs[at, reading.labels.index(phase)].nan_to_num(-1.0)), window))
    if found:
        return max(found, key=lambda each: each[0])[1]
    raise PickerError(why_not(recording, picker.card, reading, station, time, phase, window))


def why_only_asked(picker: Picker) -> str:
    """Why a picker cannot be gone back through, but only asked, in words; empty for a network that can."""
    order = picker.card.component_order
    n_channels = getattr(picker, "window_shape", (len(order),))[0]
    if n_channels != len(order):
        return f"{picker.card.title} reads {n_channels} features of the whole stream, not the traces"
    if hasattr(picker, "reading"):
        return ""
    is_network = isinstance(picker, TorchPicker)
    return f"{picker.card.title} " + ("does not say how it reads a window" if is_network else "is no network")


def _reading(recording: xr.Dataset, picker: Picker, station: str, time: pd.Timestamp) -> tuple[Reading, Sequence[str]]:
    """How a picker reads a station, and the components that it reads."""
    why = why_only_asked(picker)
    if why:
        return annotated_reading(recording, picker, station, time, why)
    return read_station(recording, picker, station), picker.card.component_order


def places(reading: Reading, origin: pd.Timestamp, time: pd.Timestamp, phase: str) -> Iterator[_Place]:
    """Windows of the grid whose outputs may hold a time; what they blind is seen when they are opened."""
    plan, at_s = reading.plan, (time - origin).total_seconds()
    first_used, stop_used = reading.used or (0, round(plan.window_samples * plan.outputs_per_sample))
    for piece in reading.pieces:
        if piece.kept is not None and not piece.kept[0] <= at_s * reading.rate_hz <= piece.kept[1]:
            continue
        starts = piece.start + plan.offsets(piece)
        into = (at_s - starts / reading.rate_hz - reading.output_s.get(phase, 0.0)) * reading.rate_hz
        if plan.stacking:
            outputs = np.round(into * plan.outputs_per_sample)
            margins = np.minimum(outputs - first_used, stop_used - 1 - outputs) + 0.5
        else:
            margins = plan.step_samples / 2 + 0.5 - np.abs(into)
        for number in np.flatnonzero(margins > 0):
            yield _Place(piece, int(starts[number]), float(margins[number]))


def _place_from(
    reading: Reading,
    recording: xr.Dataset,
    card: PickerCard,
    station: str,
    time: pd.Timestamp,
    start: pd.Timestamp,
) -> _Place:
    """The window that begins at a time, in the stretch of samples that holds another."""
    origin = pd.Timestamp(recording["time"].values[0])
    first = round((start - origin).total_seconds() * reading.rate_hz)
    at = (time - origin).total_seconds() * reading.rate_hz
    length = reading.plan.window_samples
    if not first <= at < first + length:
        raise PickerError(f"The window from {start} on, {length / reading.rate_hz:g} s long, does not hold {time}.")
    for piece in reading.pieces:
        stop = piece.start + piece.samples.shape[-1]
        if piece.start - 0.5 <= at < stop and (piece.kept is None or piece.kept[0] <= at <= piece.kept[1]):
            outside = max(0, piece.start - first) + max(0, first + length - stop)
            if outside > _OVERHANG * length:
                raise PickerError(
                    f"{outside / reading.rate_hz:g} s of the window from {start} on lie outside the samples of "
                    f"{station} around {time}; at most {_OVERHANG * length / reading.rate_hz:g} s may."
                )
            return _Place(piece, first, 0.0)
    raise PickerError(why_not(recording, card, reading, station, time, "", None))


def cut(piece: Piece, first: int, reading: Reading) -> torch.Tensor:
    """Samples of a window, shape (1, channel, sample); beyond the piece, those at its ends."""
    length, n_samples = reading.plan.window_samples, piece.samples.shape[-1]
    begin, end = first - piece.start, first - piece.start + length
    samples = np.asarray(piece.samples[:, max(0, begin) : min(n_samples, end)], np.float32)
    samples = np.pad(samples, ((0, 0), (max(0, -begin), max(0, end - n_samples))), mode="edge")
    return torch.from_numpy(np.array(samples[np.newaxis]))


def read_outputs(reading: Reading, inputs: torch.Tensor, network: torch.nn.Module | None = None) -> torch.Tensor:
    """Outputs (B, output, label) of inputs (B, channel, sample) by a network, or the reading's own; differentiable."""
    network = reading.network if network is None else network
    device = next((weight.device for weight in network.parameters()), inputs.device)
    # On a card, cuDNN's LSTMs know no way back unless they are being trained.
    on_card = device.type == "cuda" and any(isinstance(part, torch.nn.RNNBase) for part in network.modules())
    with torch.backends.cudnn.flags(enabled=False) if on_card else nullcontext():
        outputs = network(inputs.to(device))
    # Blinding writes into what it is given, which the way back through the network still needs.
    outputs = tuple(part.clone() for part in outputs) if isinstance(outputs, tuple) else outputs.clone()
    outputs = reading.read(outputs).cpu()
    return outputs.unsqueeze(1) if outputs.ndim == 2 else outputs


def _opened(
    recording: xr.Dataset, card: PickerCard, station: str, reading: Reading, channels: Sequence[str], place: _Place
) -> Window:
    raw = cut(place.piece, place.first, reading)
    if reading.network_at is not None:
        reading = replace(reading, network=reading.network_at(place.first))
    origin = pd.Timestamp(recording["time"].values[0]).as_unit("ns")
    inputs, outputs = answered(reading, raw)
    components = tuple(_letter(recording, station, letter) for letter in channels)
    return Window(
        card=card,
        station=station,
        start=origin + pd.Timedelta(round(place.first * 1e9 / reading.rate_hz), "ns"),
        components=components,
        raw=raw,
        inputs=inputs,
        there=torch.from_numpy(_there(recording, station, components, place, reading)),
        outputs=outputs,
        reading=reading,
    )


def answered(reading: Reading, raw: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """What the network takes of a window and what it says; known already if it was opened a moment ago."""
    digest = hashlib.blake2b(raw.numpy().tobytes(), digest_size=16).digest()
    key = (digest, sum(0 if weight.is_inference() else weight._version for weight in reading.network.parameters()))
    with _lock:
        known = _answers.setdefault(reading.network, OrderedDict())
        if key in known:
            known.move_to_end(key)
            return known[key]
    with torch.inference_mode(False), torch.no_grad():
        inputs = reading.prepare(raw)
        network = reading.network
        if not reading.no_gradients:
            network = lean(network, range(len(reading.labels)), len(reading.labels))
        answer = inputs, read_outputs(reading, inputs, network)[0]
    with _lock:
        known[key] = answer
        while len(known) > _KEPT:
            known.popitem(last=False)
    return answer


def _letter(recording: xr.Dataset, station: str, letter: str) -> str:
    """Component of the recording that a channel reads."""
    row = [str(name) for name in recording["station"].values].index(station)
    present = [str(name) for name in recording["component"].values]
    for candidate in (letter, _STAND_IN.get(letter, "")):
        if candidate in present and holds_samples(recording["waveform"].values[row, present.index(candidate)]):
            return candidate
    return ""


def _there(
    recording: xr.Dataset, station: str, components: tuple[str, ...], place: _Place, reading: Reading
) -> np.ndarray:
    """Which samples of a window the recording holds."""
    index = place.first + np.arange(reading.plan.window_samples)
    piece = place.piece
    inside = (index >= piece.start) & (index < piece.start + piece.samples.shape[-1])
    if piece.kept is not None:
        inside &= (index >= piece.kept[0]) & (index < piece.kept[1])
    nearest = np.round(index * float(recording.attrs["sampling_rate_hz"]) / reading.rate_hz).astype(int)
    inside &= (nearest >= 0) & (nearest < recording.sizes["time"])
    there = np.zeros((len(components), index.size), bool)
    # By number: to xarray, looking a label up is more work than all of this.
    at_station = [str(name) for name in recording["station"].values].index(station)
    present = [str(letter) for letter in recording["component"].values]
    for row, letter in enumerate(components):
        if letter:
            samples = recording["waveform"].values[at_station, present.index(letter)]
            there[row, inside] = np.isfinite(samples[nearest[inside]])
    return there
