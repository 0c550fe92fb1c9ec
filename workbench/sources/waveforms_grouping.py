"""Which files belong together: segments of channels -> recordings of several stations over one interval.

1. A file that holds several stations is one piece. A file of one station is one piece too, but the files of a channel
   in one folder that follow one another (less than half a file between or over them) make one piece.
2. A file whose samples lie far apart (a gap longer than its longest run and than five minutes) is cut there.
3. Pieces that overlap by at least half of the shorter belong to one recording, unless both hold the same channel there:
   files of neighbouring earthquakes overlap in time and must stay apart.
4. What is longer than a day is cut at midnights (UTC), and further where it would not fit into memory.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from workbench.sources.waveforms_headers import Segment

__all__ = ["Interval", "group_segments"]

_DAY_NS = 86_400 * 10**9
_LONGEST_NS = 25 * 3600 * 10**9
_SLIVER_NS = 600 * 10**9
_FAR_APART_NS = 300 * 10**9
_BYTES_PER_SAMPLE = 4


@dataclass
class Interval:
    """What one recording is read from: segments, and the span of time that is wanted of them."""

    segments: list[Segment]
    start_ns: int
    end_ns: int
    spans_ns: dict[tuple[str, str], list[tuple[int, int]]] = field(default_factory=dict)
    """Where each channel (station, code) lies, by piece."""
    cut_s: float = 0.0
    """Length to which a day was cut because it would not fit into memory; 0 if it was not."""

    @classmethod
    def around(cls, segments: Iterable[Segment]) -> Interval:
        """The interval that holds all of some segments."""
        found = list(segments)
        start_ns = min(segment.start_ns for segment in found)
        end_ns = max(segment.end_ns for segment in found)
        channels = {(segment.station, segment.channel) for segment in found}
        return cls(found, start_ns, end_ns, {channel: [(start_ns, end_ns)] for channel in channels})

    @property
    def length_ns(self) -> int:
        """From the first to the last sample; at least 1, so that single samples can be compared."""
        return max(1, self.end_ns - self.start_ns)

    @property
    def stations(self) -> list[str]:
        """Sorted ``"NET.STA.LOC"``."""
        return sorted({station for station, _ in self.spans_ns})


def group_segments(segments: Sequence[Segment], most_bytes: int) -> list[Interval]:
    """Intervals sorted by time, one per recording, as the module's text says.

    Parameters
    ----------
    most_bytes
        What the samples of one recording may take; longer ones are cut.
    """
    pieces = sorted(_pieces(segments), key=lambda piece: (piece.start_ns, -piece.length_ns, _name(piece)))
    joined = _joined(pieces)
    cut = [part for interval in joined for part in _cut(interval, most_bytes)]
    return sorted(cut, key=lambda interval: (interval.start_ns, _name(interval)))


def _name(interval: Interval) -> str:
    return str(interval.segments[0].path)


def _pieces(segments: Sequence[Segment]) -> list[Interval]:
    by_file: dict[Path, list[Segment]] = defaultdict(list)
    for segment in segments:
        by_file[segment.path].append(segment)
    done: list[Interval] = []
    to_chain: dict[tuple[Path, frozenset[tuple[str, str]]], list[Interval]] = defaultdict(list)
    for path, held in by_file.items():
        for piece in _split_far_apart(held):
            if len(piece.stations) > 1:
                done.append(piece)
            else:
                to_chain[path.parent, frozenset(piece.spans_ns)].append(piece)
    for pieces in to_chain.values():
        done += _chained(pieces)
    return done


def _split_far_apart(segments: list[Segment]) -> list[Interval]:
    """The segments of one file, cut where nothing is for longer than its longest run and than five minutes."""
    if len(segments) == 1:
        return [Interval.around(segments)]
    runs: list[list[Segment]] = []
    end_ns = 0
    for segment in sorted(segments, key=lambda segment: segment.start_ns):
        if runs and segment.start_ns - end_ns <= _FAR_APART_NS:
            runs[-1].append(segment)
            end_ns = max(end_ns, segment.end_ns)
        else:
            runs.append([segment])
            end_ns = segment.end_ns
    pieces = [Interval.around(run) for run in runs]
    longest_ns = max(piece.length_ns for piece in pieces)
    return _merged(pieces, lambda gap_ns, _: gap_ns <= longest_ns)


def _chained(pieces: list[Interval]) -> list[Interval]:
    pieces.sort(key=lambda piece: piece.start_ns)
    return _merged(pieces, lambda gap_ns, shorter_ns: abs(gap_ns) * 2 < shorter_ns)


def _merged(pieces: list[Interval], belongs: Callable[[int, int], bool]) -> list[Interval]:
    """Pieces sorted by time, neighbours joined if ``belongs(gap_ns, length of the shorter)``."""
    groups = [[pieces[0]]]
    for before, piece in pairwise(pieces):
        shorter_ns = min(before.length_ns, piece.length_ns)
        if belongs(piece.start_ns - before.end_ns, shorter_ns):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return [
        group[0] if len(group) == 1 else Interval.around(segment for piece in group for segment in piece.segments)
        for group in groups
    ]


def _joined(pieces: list[Interval]) -> list[Interval]:
    """Pieces that overlap by half of the shorter, without a channel that both hold, made into one."""
    closed: list[Interval] = []
    still_open: list[Interval] = []
    for piece in pieces:
        closed += [interval for interval in still_open if interval.end_ns < piece.start_ns]
        still_open = [interval for interval in still_open if interval.end_ns >= piece.start_ns]
        fitting = [interval for interval in still_open if _belong_together(interval, piece)]
        if not fitting:
            still_open.append(piece)
            continue
        best = max(fitting, key=lambda interval: _likeness(interval, piece))
        best.segments += piece.segments
        for channel, spans_ns in piece.spans_ns.items():
            best.spans_ns[channel] = best.spans_ns.get(channel, []) + spans_ns
        best.start_ns, best.end_ns = min(best.start_ns, piece.start_ns), max(best.end_ns, piece.end_ns)
    return closed + still_open


def _overlap_ns(one: Interval, other: Interval) -> int:
    return min(one.end_ns, other.end_ns) - max(one.start_ns, other.start_ns)


def _belong_together(one: Interval, other: Interval) -> bool:
    for channel in other.spans_ns.keys() & one.spans_ns.keys():
        if any(start_ns <= other.end_ns and end_ns >= other.start_ns for start_ns, end_ns in one.spans_ns[channel]):
            return False
    return 2 * _overlap_ns(one, other) >= min(one.length_ns, other.length_ns) - 1


def _likeness(one: Interval, other: Interval) -> tuple[bool, float]:
    """Files of one folder go together first, then those with the most alike spans."""
    same_folder = one.segments[0].path.parent == other.segments[0].path.parent
    return same_folder, _overlap_ns(one, other) / max(one.length_ns, other.length_ns)


def _cut(interval: Interval, most_bytes: int) -> list[Interval]:
    days = _split(interval, _borders(interval, _DAY_NS, _SLIVER_NS)) if interval.length_ns > _LONGEST_NS else [interval]
    parts: list[Interval] = []
    for day in days:
        rate_hz = max(segment.rate_hz for segment in day.segments)
        bytes_per_second = rate_hz * len(day.stations) * 3 * _BYTES_PER_SAMPLE
        step_ns = _DAY_NS
        while step_ns > 60 * 10**9 and min(day.length_ns, step_ns) / 1e9 * bytes_per_second > most_bytes:
            step_ns //= 2
        if step_ns == _DAY_NS:
            parts.append(day)
        else:
            parts += [replace(part, cut_s=step_ns / 1e9) for part in _split(day, _borders(day, step_ns, 0))]
    return parts


def _borders(interval: Interval, step_ns: int, sliver_ns: int) -> list[int]:
    """Multiples of a step since 1970 inside the interval, but not within `sliver_ns` of its ends."""
    first = -(-(interval.start_ns + sliver_ns + 1) // step_ns) * step_ns
    return list(range(first, interval.end_ns - sliver_ns, step_ns))


def _split(interval: Interval, borders: list[int]) -> list[Interval]:
    """The interval cut before each border; parts without a sample are left out."""
    held: list[list[Segment]] = [[] for _ in range(len(borders) + 1)]
    for segment in interval.segments:
        for index in range(bisect_right(borders, segment.start_ns), bisect_right(borders, segment.end_ns) + 1):
            held[index].append(segment)
    edges = [interval.start_ns, *borders, interval.end_ns + 10**9]
    parts = []
    for segments, (begin_ns, end_ns) in zip(held, pairwise(edges), strict=True):
        if segments:
            part = Interval.around(segments)
            # The reader takes a time within a hundredth of a sample for the same: a sample on the border comes once.
            before_ns = max(1, round(0.02e9 / max(segment.rate_hz for segment in segments)))
            part.start_ns, part.end_ns = max(begin_ns, part.start_ns), min(end_ns - before_ns, part.end_ns)
            parts.append(part)
    return parts
