"""What a waveform file holds, from its headers alone; no file is ever unpickled."""

from __future__ import annotations

import bz2
import gzip
import re
import tempfile
import threading
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

from workbench.errors import SourceError
from workbench.sources.waveforms_gse import mend_gse_lines

__all__ = [
    "Segment",
    "ask_obspy",
    "channel_of",
    "gathered_warnings",
    "joined_codes",
    "read_headers",
    "read_stream",
    "station_of",
    "waveform_format",
]

# ObsPy asks the pickle format whether it knows a file by unpickling it, which runs whatever code the file holds.
_REFUSED_FORMATS = frozenset({"PICKLE"})
_ONE_FILE_ARCHIVES = {".gz": gzip.open, ".bz2": bz2.open}
_LARGEST_UNPACKED_BYTES = 2 << 30
_MOST_UNPACKED_BYTES, _MOST_RATIO = 64 << 20, 250
_SLOWEST_HZ, _FASTEST_HZ = 1e-6, 1e9
_FARTHEST_NS = 1 << 62
_warnings_lock = threading.RLock()


@dataclass(frozen=True)
class Segment:
    """Continuous samples of one channel in one file.

    Parameters
    ----------
    path, format
        Where they are, and ObsPy's name of the file format.
    station, channel
        ``"NET.STA.LOC"`` and the SEED channel code, which may be empty.
    start_ns, end_ns
        Times of the first and the last sample, nanoseconds since 1970.
    """

    path: Path
    format: str
    station: str
    channel: str
    start_ns: int
    end_ns: int
    rate_hz: float
    n_samples: int


def ask_obspy(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """What a function of ObsPy returns; whatever it raises becomes a :class:`SourceError`, without the file's name.

    ObsPy's formats share no error class, and some raise ``Exception`` itself over a broken file.
    """
    try:
        return function(*arguments, **options)
    except Exception as error:
        raise SourceError(f"cannot be read ({type(error).__name__}: {_one_line(error)})") from error


@contextmanager
def gathered_warnings() -> Iterator[list[str]]:
    """What libraries warn of inside the block, as distinct sentences, filled in when the block ends."""
    said: list[str] = []
    # Python 3.11 keeps the warning filters for all threads together.
    with _warnings_lock, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield said
        said.extend(_without_repeats(str(one.message) for one in caught if not _is_about_code(one.category)))


def _without_repeats(messages: Iterable[str]) -> list[str]:
    """One sentence for all messages that differ in figures only: a broken file gives thousands of them."""
    alike: dict[str, list[str]] = {}
    for message in messages:
        text = " ".join(message.split()).rstrip(".")
        alike.setdefault(re.sub(r"\d+", "0", text), []).append(text)
    return [texts[0] + (f" (and {len(texts) - 1} more like it)" if len(texts) > 1 else "") for texts in alike.values()]


def _is_about_code(category: type[Warning]) -> bool:
    return issubclass(category, DeprecationWarning | PendingDeprecationWarning | FutureWarning | ResourceWarning)


@cache
def _format_checks() -> tuple[tuple[str, Any], ...]:
    from obspy.core.util.base import ENTRY_POINTS, buffered_load_entry_point

    return tuple(
        (name, buffered_load_entry_point(point.dist.name, f"obspy.plugin.waveform.{name}", "isFormat"))
        for name, point in ENTRY_POINTS["waveform"].items()
        if name not in _REFUSED_FORMATS
    )


def waveform_format(path: Path) -> str:
    """ObsPy's name of a file's format (``"MSEED"``), from its first bytes; empty if it is none that ObsPy reads.

    Raises
    ------
    SourceError
        If a compressed file cannot be unpacked.
    """
    opener: Any = _ONE_FILE_ARCHIVES.get(path.suffix.lower())
    if opener is None:
        return _plain_format(path)
    with tempfile.NamedTemporaryFile(prefix="workbench-") as unpacked:
        _unpack(opener, path, unpacked)
        return _plain_format(Path(unpacked.name))


def _unpack(opener: Any, path: Path, unpacked: IO[bytes]) -> None:
    size = 0
    try:
        with opener(path, "rb") as packed:
            most = max(_MOST_UNPACKED_BYTES, _MOST_RATIO * path.stat().st_size)
            while size <= min(most, _LARGEST_UNPACKED_BYTES) and (block := packed.read(1 << 20)):
                size += unpacked.write(block)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"cannot be unpacked ({_one_line(error)})") from error
    if most < size <= _LARGEST_UNPACKED_BYTES:
        raise SourceError(
            f"unpacks to more than {_MOST_RATIO} times its size, which no waveform does; unpack it yourself if that is "
            "meant"
        )
    if size > _LARGEST_UNPACKED_BYTES:
        raise SourceError("unpacks to more than 2 GiB; unpack it yourself if that is meant")
    unpacked.flush()


def _plain_format(path: Path) -> str:
    for name, knows in _format_checks():
        try:
            if ask_obspy(knows, str(path)):
                return name
        except SourceError:
            # A check that stumbles over foreign bytes has answered no.
            continue
    return ""


def read_stream(path: Path, format_name: str, **options: Any) -> Any:
    """An :class:`obspy.Stream` of a file whose format is known."""
    import obspy

    if format_name in ("GSE1", "GSE2"):
        mend_gse_lines()
    # ObsPy takes a path for a pattern, so that brackets in a file's name must be hidden from it.
    pattern = re.sub(r"([*?[])", r"[\1]", str(path))
    return ask_obspy(obspy.read, pattern, format=format_name, **options)


def read_headers(path: Path) -> tuple[list[Segment], list[str], list[Any]]:
    """Segments of a file, what its reader warned of, and the ObsPy headers (``trace.stats``) they were made from.

    Raises
    ------
    SourceError
        If the file holds no waveform that ObsPy can read; says why, without the file's name.
    """
    if path.stat().st_size == 0:
        raise SourceError("is empty (0 bytes)")
    with gathered_warnings() as said:
        format_name = waveform_format(path)
        if not format_name:
            raise SourceError("is of no waveform format that ObsPy reads")
        stream = read_stream(path, format_name, headonly=True)
    segments = [_segment(path, format_name, trace.stats) for trace in stream if _is_usable(trace)]
    if not segments:
        raise SourceError("holds no samples with a rate and a time that are possible")
    said += _cut_short(path, stream)
    return segments, said, [trace.stats for trace in stream if _is_usable(trace)]


def _cut_short(path: Path, stream: Any) -> list[str]:
    lengths = {trace.stats.get("mseed", {}).get("record_length", 0) for trace in stream}
    packed = path.suffix.lower() in _ONE_FILE_ARCHIVES
    if len(lengths) == 1 and not packed and lengths != {0} and path.stat().st_size % lengths.pop():
        return ["the file ends in the middle of a record; it is truncated or something was added to it"]
    return []


def _is_usable(trace: Any) -> bool:
    stats = trace.stats
    # Times further than 146 years from 1970 are a broken header, and more than a 64-bit count of nanoseconds takes.
    possible = max(abs(stats.starttime.ns), abs(stats.endtime.ns)) < _FARTHEST_NS
    return bool(stats.npts > 0 and _SLOWEST_HZ < stats.sampling_rate < _FASTEST_HZ and possible)


def _segment(path: Path, format_name: str, stats: Any) -> Segment:
    return Segment(
        path=path,
        format=format_name,
        station=station_of(path, stats),
        channel=channel_of(path, stats),
        start_ns=stats.starttime.ns,
        end_ns=stats.endtime.ns,
        rate_hz=float(stats.sampling_rate),
        n_samples=int(stats.npts),
    )


def channel_of(path: Path, stats: Any) -> str:
    """The SEED channel code in a header, else the one in the file's name, else ``"Z"``."""
    return stats.channel.strip().upper() or _channel_from_name(path)


def station_of(path: Path, stats: Any) -> str:
    """``"NET.STA.LOC"`` of a header; the start of the file's name stands for a station without code."""
    return joined_codes(stats.network, stats.station.strip() or path.stem[:8], stats.location)


def joined_codes(*codes: str | None) -> str:
    """Codes joined by dots; a dot inside a code would make two of it.

    >>> joined_codes("XX", "S.1", None)
    'XX.S-1.'
    """
    return ".".join((code or "").strip().replace(".", "-") for code in codes)


def _channel_from_name(path: Path) -> str:
    """The channel code that stands as a word of its own in a file's name, else ``"Z"``."""
    words = [word.upper() for word in re.split(r"[^A-Za-z0-9]+", path.name)]
    codes = [word for word in words if re.fullmatch(r"[A-Z][HLNGPM]?[ZNE123]|[ZNE]", word)]
    return codes[-1] if codes else "Z"


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text[:200] or "no reason given"
