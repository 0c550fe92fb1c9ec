"""``workbench pick --stream``: picks as they come, one JSON line each."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click
import numpy as np

from workbench.errors import PickerError, SourceError

__all__ = ["pick_stream"]


def pick_stream(
    place: str, picker: str, weights: str, thresholds: Mapping[str, float | None], *, kind: str | None = None,
    speed: float = 0.0, output: Path | None = None,
) -> None:  # fmt: skip
    """Pick a feed until it ends; each pick is written as soon as it is final.

    Parameters
    ----------
    place
        ``seedlink://HOST:PORT/NET.STA.LOC.CHA,...``, or a source whose recordings are played again.
    weights
        As for a file; or the path of an ``.onnx`` file, which needs no torch.
    speed
        Of a replay: seconds of recording for one of the clock; 0 is as fast as possible.
    output
        File for the picks, JSON lines; None writes them to stdout.
    """
    from workbench.inference.streaming import StreamPicker

    network, defaults = _network(picker, weights)
    limits = {phase: value if value is not None else defaults[phase] for phase, value in thresholds.items()}
    streaming = StreamPicker(network.evaluate, network.grid, limits)
    latencies = []
    with _opened(output) as file:
        for pick in streaming.pick_all(_packets(place, kind, speed)):
            latencies.append(pick.latency_s)
            row = {
                "station": pick.station,
                "phase": pick.phase,
                "time": f"{np.datetime_as_string(pick.time, unit='us')}Z",
                "probability": round(pick.probability, 4),
                "latency_s": round(pick.latency_s, 2),
                "compute_ms": round(pick.compute_s * 1e3, 3),
            }
            file.write(json.dumps(row) + "\n")
            file.flush()
    late = sum(stream.late_samples for stream in streaming.stations.values())
    median = f", median latency {np.median(latencies):.1f} s" if latencies else ""
    dropped = f"; {late} samples came too late and were dropped" if late else ""
    click.echo(f"{len(latencies)} picks on {len(streaming.stations)} stations{median}{dropped}.", err=True)


def _network(picker: str, weights: str) -> tuple[Any, Mapping[str, float]]:
    if weights.endswith(".onnx"):
        from workbench.inference.onnx_network import OnnxNetwork

        network = OnnxNetwork(weights)
        return network, network.thresholds
    from workbench.pickers import open_picker

    opened = open_picker(picker, weights)
    if not hasattr(opened, "grid"):
        raise PickerError(
            f"{picker} cannot pick a stream, for its windows hang on where a recording starts; xiaonet can."
        )
    return opened, opened.card.thresholds


def _packets(place: str, kind: str | None, speed: float) -> Iterator[Any]:
    from workbench.inference.feeds import parse_seedlink, replay, seedlink

    if place.startswith("seedlink:"):
        return seedlink(parse_seedlink(place))
    from workbench.sources import open_source

    source = open_source(place, kind)
    table = source.scan()
    if table.empty:
        raise SourceError(f"{source.location} holds no recording.")
    ordered = table.sort_values("start", kind="stable")["recording_id"]
    return replay((source.read(recording_id) for recording_id in ordered), speed=speed)


@contextmanager
def _opened(output: Path | None) -> Iterator[IO[str]]:
    if output is None:
        yield sys.stdout
        return
    try:
        file = output.open("w", encoding="utf-8")
    except OSError as error:
        raise SourceError(f"{output} cannot be written: {error.strerror}.") from error
    with file:
        yield file
