"""Samples of the channels of one interval, on one time axis: gaps NaN, overlaps merged, rates and starts made equal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from workbench.errors import SourceError
from workbench.processing.large_arrays import let_go
from workbench.processing.resampling import resample_run
from workbench.sources.waveforms_grid import SAME_START, Grid
from workbench.sources.waveforms_grouping import Interval
from workbench.sources.waveforms_headers import (
    Segment,
    ask_obspy,
    channel_of,
    gathered_warnings,
    read_stream,
    station_of,
)

__all__ = ["Findings", "fill_rows"]

_SIMILAR_RATE = 1e-3


class Findings:
    """What reading found, gathered by kind so that twenty stations give one sentence."""

    def __init__(self) -> None:
        self._names: dict[str, list[str]] = defaultdict(list)

    def add(self, sentence: str, name: str = "") -> None:
        """Note a name under a sentence that has ``{}`` in the place of the names."""
        names = self._names[sentence]
        if name not in names:
            names.append(name)

    def sentences(self) -> list[str]:
        """One sentence for each kind of finding."""
        return [sentence.replace("{}", _listed(names)) for sentence, names in self._names.items()]


def _listed(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def fill_rows(
    interval: Interval,
    rows: Mapping[tuple[str, str], np.ndarray],
    segments: Iterable[Segment],
    grid: Grid,
    findings: Findings,
) -> None:
    """Write the samples of each channel (station, code) into its row, which comes filled with NaN.

    Raises
    ------
    SourceError
        If no file could be read.
    """
    files = {segment.path: segment.format for segment in segments}
    failed: list[str] = []
    off_grid: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for path, format_name in files.items():
        try:
            traces = _read_file(path, format_name, interval, findings)
        except SourceError as error:
            failed.append(f"{path.name} {error}")
            findings.add(failed[-1] + "; it is left out.")
            continue
        for trace in traces:
            key = (station_of(path, trace.stats), channel_of(path, trace.stats))
            if key not in rows or not trace.stats.npts:
                continue
            if _is_on_grid(trace, grid):
                _place(trace, key, rows[key], grid, findings)
            else:
                off_grid[key].append(trace)
        for row in list(rows.values())[:1]:
            let_go(row)
    for key, traces in off_grid.items():
        for trace in _joined(traces):
            _place(trace, key, rows[key], grid, findings)
    if failed and len(failed) == len(files):
        raise SourceError(f"No file of this recording can be read: {failed[0]}.")


def _is_on_grid(trace: Any, grid: Grid) -> bool:
    """Whether a trace's samples are on the grid, but for rounding, from its first to its last."""
    start = grid.index_of(trace.stats.starttime.ns)
    return _has_rate(trace, grid) and abs(start - round(start)) <= SAME_START


def _has_rate(trace: Any, grid: Grid) -> bool:
    """Whether a trace has the grid's rate, to less than half a sample over its length."""
    difference = abs(float(trace.stats.sampling_rate) / grid.rate_hz - 1.0)
    return difference < _SIMILAR_RATE and difference * trace.stats.npts < 0.5


def _joined(traces: list[Any]) -> list[Any]:
    """Traces of one channel, those that follow one another made one, so that interpolation meets fewer ends."""
    from obspy import Stream

    # Those that ObsPy refuses to join.
    kinds = {(trace.stats.sampling_rate, trace.stats.calib, trace.data.dtype) for trace in traces}
    if len(traces) == 1 or len(kinds) > 1 or any(np.ma.isMaskedArray(trace.data) for trace in traces):
        return traces
    return list(Stream(traces).merge(-1))


def _read_file(path: Path, format_name: str, interval: Interval, findings: Findings) -> Any:
    from obspy import UTCDateTime

    margin_ns = 10**9
    options = {}
    if any(s.path == path and _reaches_out(s, interval, margin_ns) for s in interval.segments):
        options = {
            "starttime": UTCDateTime(ns=interval.start_ns - margin_ns),
            "endtime": UTCDateTime(ns=interval.end_ns + margin_ns),
        }
    with gathered_warnings() as said:
        try:
            stream = read_stream(path, format_name, **options)
        except SourceError:
            if format_name != "MSEED":
                raise
            stream = _salvaged(path, findings)
    for text in said:
        findings.add(f"{path.name}: {text}.")
    return stream


def _reaches_out(segment: Segment, interval: Interval, margin_ns: int) -> bool:
    return segment.start_ns < interval.start_ns - margin_ns or segment.end_ns > interval.end_ns + margin_ns


def _salvaged(path: Path, findings: Findings) -> Any:
    """The records of a miniSEED file that can be unpacked; one broken record makes ObsPy refuse all the others.

    Raises
    ------
    SourceError
        If there is none.
    """
    from obspy import Stream
    from obspy.io.mseed.util import get_record_information

    content = ask_obspy(path.read_bytes)
    length = int(ask_obspy(get_record_information, BytesIO(content))["record_length"])
    stream = Stream()
    lost = 0
    pending = [(0, -(-len(content) // length))]
    while pending:
        first, stop = pending.pop()
        try:
            stream += _read_bytes(content[first * length : stop * length])
        except SourceError:
            if stop - first == 1:
                lost += 1
            else:
                middle = (first + stop) // 2
                pending += [(middle, stop), (first, middle)]
    if not stream:
        raise SourceError("none of its records can be unpacked")
    findings.add(f"{path.name}: {lost} of {-(-len(content) // length)} records cannot be unpacked; they are gaps.")
    return stream


def _read_bytes(content: bytes) -> Any:
    """An :class:`obspy.Stream` of miniSEED in memory."""
    import obspy

    return ask_obspy(obspy.read, BytesIO(content), format="MSEED")


def _place(trace: Any, key: tuple[str, str], row: np.ndarray, grid: Grid, findings: Findings) -> None:
    station, channel = key
    name = f"{station} {channel}"
    rate_hz = float(trace.stats.sampling_rate)
    same_rate = _has_rate(trace, grid)
    if not same_rate:
        findings.add(f"Resampled from {rate_hz:g} Hz to the {grid.rate_hz:g} Hz of most channels: {{}}.", name)
    for begin, samples in _runs(trace, name, findings):
        start = grid.index_of(trace.stats.starttime.ns) + begin / rate_hz * grid.rate_hz
        # The first grid point not before the first sample.
        index = int(np.ceil(start - SAME_START))
        offset_s = max(0.0, (index - start) / grid.rate_hz)
        if same_rate and offset_s * grid.rate_hz > SAME_START:
            moved = f"{name} ({min(index - start, start - index + 1) * 1e3 / grid.rate_hz:.3g} ms)"
            findings.add("Starts between two samples of the common axis, interpolated: {}.", moved)
        placed = resample_run(samples, grid.rate_hz if same_rate else rate_hz, grid.rate_hz, offset_s)
        _merge(placed, index, row, name, findings)


def _runs(trace: Any, name: str, findings: Findings) -> Iterator[tuple[int, np.ndarray]]:
    """First index and float32 samples of each run that is neither masked nor NaN nor infinite."""
    samples = trace.data
    if np.ma.isMaskedArray(samples):
        samples = np.ma.filled(samples.astype(np.float64), np.nan)
    if np.iscomplexobj(samples) or samples.dtype.kind not in "iufb":
        findings.add("Holds no plain numbers, left out: {}.", name)
        return
    with np.errstate(over="ignore"):
        samples = samples.astype(np.float32)
    valid = np.isfinite(samples)
    if valid.all():
        yield 0, samples
        return
    findings.add("Holds NaN or infinite samples, shown as gaps: {}.", name)
    edges = np.flatnonzero(np.diff(valid.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    for begin, end in edges:
        yield int(begin), samples[begin:end]


def _merge(samples: np.ndarray, index: int, row: np.ndarray, name: str, findings: Findings) -> None:
    """Write samples where the row has none yet; of two that differ the first one stays."""
    samples = samples[max(0, -index) :]
    index = max(0, index)
    samples = samples[: max(0, row.size - index)]
    there = row[index : index + samples.size]
    taken = np.isfinite(there)
    if not taken.any():
        there[:] = samples
        return
    differ = int(np.count_nonzero(there[taken] != samples[taken]))
    if differ:
        findings.add("Overlapping samples differ; the first ones are kept: {}.", name)
    else:
        findings.add("Overlapping samples are the same and were merged: {}.", name)
    there[~taken] = samples[~taken]
