"""Pieces of a station's waveform that a network can be run on: ObsPy streams, cut at gaps, padded where too short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from workbench.errors import PickerError
from workbench.pickers.decimation import every_how_many, every_nth
from workbench.pickers.rows import Rows
from workbench.pickers.segments import finite_runs, holds_samples, is_dead, what_is_finite
from workbench.schema import PickerCard, one_station

__all__ = [
    "SLOWEST_SHARE",
    "StationPieces",
    "Wanted",
    "network_rate",
    "pieces_of",
    "rate_notices",
    "require_output",
    "station_pieces",
]

SLOWEST_SHARE = 0.2
"""Data of a rate below this share of the network's hold too little of what it was trained on."""


_STAND_IN = {"1": "N", "2": "E", "N": "1", "E": "2"}
_SHORTEST_S = 1.0
_TAPER_S = 1.0


@dataclass(frozen=True)
class Wanted:
    """What a network wants of a piece.

    Parameters
    ----------
    component_order
        Letters of the components.
    length_s
        Of the shortest piece that it can be run on.
    lead_s
        Part of that length, at the start, that gives no output.
    all_components
        Whether a missing component must be there as zeros for it to run at all.
    as_it_is_hz
        Rate at which it takes samples without any filter of its own; 0 for a network that has one.
    rate_hz
        Its rate; 0 where a stretch is long enough with one sample more than `length_s` says.
    zero_phase
        Whether what brings them down to that rate is to leave onsets where they are.
    """

    component_order: str
    length_s: float
    lead_s: float = 0.0
    all_components: bool = False
    as_it_is_hz: float = 0.0
    rate_hz: float = 0.0
    zero_phase: bool = True


@dataclass
class StationPieces:
    """Streams of one station, each without a stretch where all components are missing, and what was done to them.

    Where nothing need be done to the samples but to leave some out, there are
    :class:`~workbench.pickers.rows.Rows` in place of a stream, at the network's rate.
    `padded` holds, for each stream with padding, where its samples begin and end, in seconds since the recording began.
    """

    streams: list[Any] = field(default_factory=list)
    padded: list[tuple[float, float] | None] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def station_pieces(recording: xr.Dataset, station: str, wanted: Wanted) -> StationPieces:
    """Streams of a station, ready for a network.

    A stretch shorter than the network's window is demeaned, tapered and padded with zeros: SeisBench by itself gives
    nothing at all for it. A component that is missing is left out, which SeisBench takes for zeros.
    """
    rate_hz = float(recording.attrs["sampling_rate_hz"])
    pieces = StationPieces()
    traces = _alive(recording, station, wanted.component_order, pieces.notices)
    if not traces:
        return pieces
    there = {letter: what_is_finite(samples) for letter, samples in traces.items()}
    finite = next((known for known in there.values() if known.all()), None)
    if finite is None:
        finite = np.logical_or.reduce(list(there.values()))
    # One sample more, at the network's rate: bringing samples down to it may cost one.
    n_more = max(1, int(np.ceil(rate_hz / wanted.rate_hz))) if wanted.rate_hz else 1
    n_wanted = int(np.ceil(wanted.length_s * rate_hz - 1e-6)) + n_more
    n_padded = n_short = 0
    for start, stop in finite_runs(finite):
        if stop - start < _SHORTEST_S * rate_hz and not finite.all():
            n_short += 1
            continue
        cut = {letter: samples[start:stop] for letter, samples in traces.items()}
        first, inner = start, None
        if stop - start < n_wanted:
            before = round(wanted.lead_s * rate_hz)
            cut = {letter: _pad(samples, before, n_wanted, rate_hz) for letter, samples in cut.items()}
            first, inner = start - before, (start / rate_hz, stop / rate_hz)
            n_padded += 1
        if wanted.all_components:
            cut = _fill_missing(cut, wanted.component_order)
        is_whole = inner is None and (wanted.all_components or all(part[start:stop].all() for part in there.values()))
        whole = _whole(cut, wanted, first, rate_hz) if is_whole else None
        pieces.streams.append(_stream(cut, station, recording, first, rate_hz) if whole is None else whole)
        pieces.padded.append(inner)
    pieces.notices += _gap_notices(finite, rate_hz, wanted.length_s, n_padded, n_short)
    return pieces


def _alive(recording: xr.Dataset, station: str, order: str, notices: list[str]) -> dict[str, np.ndarray]:
    """Samples by letter of the components of one station that hold anything; constant ones count, and are said."""
    waveform = recording["waveform"].values[_row_of(recording, station)]
    traces: dict[str, np.ndarray] = {}
    for letter, samples in zip(recording["component"].values, waveform, strict=True):
        if holds_samples(samples):
            traces[str(letter)] = samples
    if not traces:
        notices.append("holds no samples.")
        return {}
    if all(is_dead(samples) for samples in traces.values()):
        notices.append("all components are constant; nothing to pick.")
        return {}
    for letter in [letter for letter in traces if letter in "12" and _STAND_IN[letter] in traces]:
        notices.append(f"has both {letter} and {_STAND_IN[letter]}; {_STAND_IN[letter]} is used.")
        del traces[letter]
    used = {
        letter: samples for letter, samples in traces.items() if letter in order or _STAND_IN.get(letter, "?") in order
    }
    for letter in [letter for letter in used if letter in "12" and letter not in order]:
        notices.append(f"component {letter} taken as {_STAND_IN[letter]}.")
    missing = [letter for letter in order if letter not in used and _STAND_IN.get(letter, "?") not in used]
    if missing:
        many = len(missing) > 1
        notices.append(
            f"component{'s' * many} {', '.join(missing)} missing: zeros in {'their' if many else 'its'} place."
        )
    dead = [letter for letter, samples in used.items() if is_dead(samples)]
    if dead:
        notices.append(f"component {', '.join(dead)} is constant.")
    return used


def _row_of(recording: xr.Dataset, station: str) -> int:
    # For a short recording, letting xarray look a label up takes as long as running the network.
    return int(np.flatnonzero(recording["station"].values == station)[0])


def _pad(samples: np.ndarray, before: int, n_wanted: int, rate_hz: float) -> np.ndarray:
    """Demeaned, gaps as zeros, tapered over one second at both ends, zeros behind.

    Behind, and tapered: with zeros on both sides, or a step to them, EQTransformer finds half as many onsets, or an
    onset at the step.
    """
    demeaned = np.nan_to_num(samples - np.nanmean(samples)) if np.isfinite(samples).any() else np.zeros_like(samples)
    n_taper = min(round(_TAPER_S * rate_hz), samples.size // 4)
    ramp = 0.5 * (1 - np.cos(np.pi * np.arange(n_taper) / max(1, n_taper)))
    demeaned[:n_taper] *= ramp
    demeaned[demeaned.size - n_taper :] *= ramp[::-1]
    return np.pad(demeaned, (before, max(0, n_wanted - before - samples.size)))


def _whole(traces: dict[str, np.ndarray], wanted: Wanted, first: int, rate_hz: float) -> Rows | None:
    """The samples themselves, of which none is missing, if a network takes them as they are, or every so many."""
    if not wanted.as_it_is_hz or not all(letter in traces for letter in wanted.component_order):
        return None
    step = every_how_many(rate_hz, wanted.as_it_is_hz)
    if not step:
        return None
    rows = [every_nth(traces[letter], rate_hz, step, zero_phase=wanted.zero_phase) for letter in wanted.component_order]
    # SeisBench counts samples by the time between the first and the last, and so may come out at one less.
    kept_hz = rate_hz / step
    n_counted = int(round((rows[0].size - 1) * 1e9 / kept_hz) / 1e9 * kept_hz) + 1
    return Rows([row[:n_counted] for row in rows], round(first * 1e9 / rate_hz))


def _fill_missing(traces: dict[str, np.ndarray], order: str) -> dict[str, np.ndarray]:
    n_samples = next(iter(traces.values())).size
    present = set(traces) | {_STAND_IN.get(letter, "?") for letter in traces}
    zeros = {letter: np.zeros(n_samples, np.float32) for letter in order if letter not in present}
    filled = {
        letter: samples if np.isfinite(samples).all() else np.nan_to_num(samples) for letter, samples in traces.items()
    }
    return filled | zeros


def _stream(traces: dict[str, np.ndarray], station: str, recording: xr.Dataset, first: int, rate_hz: float) -> Any:
    from obspy import Stream, Trace, UTCDateTime

    network, code, location = (*station.split("."), "", "")[:3]
    start_ns = int(recording["time"].values[0].astype("int64")) + round(first * 1e9 / rate_hz)
    stream = Stream()
    for letter, samples in traces.items():
        for start, stop in finite_runs(np.isfinite(samples)):
            header = {
                "network": network,
                "station": code,
                "location": location,
                "channel": f"HH{letter}",
                "sampling_rate": rate_hz,
                "starttime": UTCDateTime(ns=start_ns + round(start * 1e9 / rate_hz)),
            }
            # A copy, for SeisBench filters and resamples in place.
            stream.append(Trace(samples[start:stop].copy(), header))
    return stream


def _gap_notices(finite: np.ndarray, rate_hz: float, length_s: float, n_padded: int, n_short: int) -> Sequence[str]:
    notices = []
    if n_padded and finite.all():
        notices.append(f"padded from {finite.size / rate_hz:.2f} s to the picker's window of {length_s:.2f} s.")
    elif n_padded:
        notices.append(f"{_stretches(n_padded)} between gaps padded to the picker's window of {length_s:.2f} s.")
    if n_short:
        notices.append(f"{_stretches(n_short)} shorter than {_SHORTEST_S:g} s between gaps left out.")
    return notices


def network_rate(recording: xr.Dataset, card: PickerCard) -> float:
    """Rate at which a network runs on a recording.

    Raises
    ------
    PickerError
        If the recording's rate is so low that resampling would make up most of the signal's band.
    """
    given = float(recording.attrs["sampling_rate_hz"])
    wanted = given if np.isnan(card.sampling_rate_hz) else card.sampling_rate_hz
    if given < SLOWEST_SHARE * wanted:
        raise PickerError(
            f"{card.title} wants {wanted:g} Hz; this recording has {given:g} Hz, and resampling cannot bring back what "
            "was not recorded. Open data of a higher rate."
        )
    return wanted


def rate_notices(recording: xr.Dataset, card: PickerCard) -> list[str]:
    """A sentence if the recording has to be resampled."""
    given, wanted = float(recording.attrs["sampling_rate_hz"]), network_rate(recording, card)
    return [] if given == wanted else [f"Resampled from {given:g} to {wanted:g} Hz for {card.title}."]


def require_output(curves: np.ndarray, card: PickerCard, notices: Sequence[str]) -> None:
    """Nothing, if a picker said anything of any station.

    Raises
    ------
    PickerError
        If not; tells what was found wrong with the stations.
    """
    if not np.isfinite(curves).any():
        raise PickerError(f"{card.title} found no trace to work on. {' '.join(notices[:3])}")


def pieces_of(
    model: Any,
    arguments: Mapping[str, Any],
    recording: xr.Dataset,
    stations: list[str],
    wanted: Wanted,
    rate_hz: float,
    notices: list[str],
) -> Iterator[Any]:
    """Pieces of each station in turn, as a model wants them; what was done to them is added to `notices`."""
    # Imported here, for the module imports torch.
    from workbench.pickers.windows import Piece

    start_ns = int(recording["time"].values[0].astype("int64"))
    for row, station in enumerate(stations):
        native = _as_recorded(recording, station)
        found = station_pieces(native, station, wanted)
        notices += [f"{station}: {sentence}" for sentence in found.notices]
        late_ns = int(native["time"].values[0].astype("int64")) - start_ns
        late_s = late_ns * 1e-9
        for stream, padded in zip(found.streams, found.padded, strict=True):
            if isinstance(stream, Rows):
                yield Piece(row, stream, round((late_ns + stream.start_ns) * 1e-9 * rate_hz))
                continue
            kept = padded and (round((late_s + padded[0]) * rate_hz), round((late_s + padded[1]) * rate_hz))
            for group in _grouped_arrays(model, stream, arguments):
                start = round((group.start_time.ns - start_ns) * 1e-9 * rate_hz)
                yield Piece(row, group.data.astype(np.float32), start, kept)


def _as_recorded(recording: xr.Dataset, station: str) -> xr.Dataset:
    """The recording without the samples that reading added to a station which others exceed in rate.

    Brought down again by a filter they would cost the network a pick here and there.
    """
    rate_hz = float(recording.attrs["sampling_rate_hz"])
    native_hz = float(recording["native_sampling_rate_hz"].values[_row_of(recording, station)])
    step = round(rate_hz / native_hz) if native_hz > 0 else 1
    if step < 2 or abs(step * native_hz / rate_hz - 1) > 1e-6:
        return recording
    there = np.isfinite(one_station(recording, station)["waveform"].values[0]).any(axis=0)
    own = recording.isel(time=slice(int(np.argmax(there)) % step, None, step))
    return own.assign_attrs(sampling_rate_hz=rate_hz / step)


def _grouped_arrays(model: Any, stream: Any, arguments: Mapping[str, Any]) -> Iterator[Any]:
    """What SeisBench makes of a stream: filtered, resampled, as arrays in the model's component order."""
    model.annotate_stream_pre(stream, arguments)
    if not len(stream):
        return
    letters, _ = model._build_comp_dict(
        stream, model._argdict_get_with_default(arguments, "flexible_horizontal_components")
    )
    shortest_s = (model.in_samples - 1) / stream[0].stats.sampling_rate
    strict = model._argdict_get_with_default(arguments, "strict")
    for traces in model._grouping.group_stream(stream, strict=strict, min_length_s=shortest_s, comp_dict=letters):
        yield model.stream_to_array(traces, arguments)


def _stretches(n: int) -> str:
    return f"{n} stretch" if n == 1 else f"{n} stretches"
