"""Other people's readers of what the exporters write, and stand-ins for those that are not installed everywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import obspy
import pandas as pd

_HYP = Path(obspy.__file__).parent / "io" / "nlloc" / "tests" / "data" / "nlloc_v7.hyp"
_WORD = re.compile(r"'((?:[^'\\]|\\.)*)'|(\S+)")
_PREDICTED = ">   1.3    0.1   1.0   1.0 2.0 3.0  10.0  20.0 90.0  0.0 0  0.0"


def picks_located_with(obs: Path) -> list[Any]:
    """Picks of a phase file, by ObsPy's reader of NonLinLoc's hypocentre files.

    NonLinLoc copies the lines of a phase file into the hypocentre file and adds what it predicts after them; here they
    take the place of the phase lines of ObsPy's own example.
    """
    lines = _HYP.read_text().splitlines()
    first, last = (next(n for n, line in enumerate(lines) if line.startswith(word)) for word in ("PHASE ", "END_PHASE"))
    phases = [line for line in obs.read_text().splitlines() if not line.startswith("PUBLIC_ID")]
    located = [*lines[: first + 1], *(f"{line} {_PREDICTED}" for line in phases), *lines[last:]]
    place = obs.with_suffix(".hyp")
    place.write_text("\n".join(located) + "\n")
    try:
        (event,) = obspy.read_events(str(place), format="NLLOC_HYP")
    finally:
        place.unlink()
    return list(event.picks)


def _unquoted(word: re.Match[str]) -> str:
    return word[2] or re.sub(r"\\(.)", r"\1", word[1])


@dataclass(frozen=True)
class Marker:
    """A line of a marker file."""

    what: str
    time: pd.Timestamp
    kind: int
    channels: list[list[str]]
    event_hash: str | None
    phase: str | None = None
    polarity: int | None = None
    automatic: bool = False
    event_name: str | None = None


def read_markers(path: Path) -> list[Marker]:
    """Markers as ``pyrocko.gui.snuffler.marker.load_markers`` reads them: words by their place in the line.

    ``test_pyrocko.py`` compares the two.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# Snuffler Markers File Version 0.2")
    markers = []
    for line in lines[1:]:
        words = [None if word == "None" else word for word in map(_unquoted, _WORD.finditer(line))]
        time, kind = pd.Timestamp(f"{words[1]} {words[2]}"), int(words[3])
        if words[0] == "event:":
            assert len(words) == 12
            markers.append(Marker("event:", time, kind, [], words[4], event_name=words[10]))
        else:
            assert len(words) == 11
            polarity = None if words[9] is None else int(words[9])
            channels = [name.split(".") for name in words[4].split(",")]
            automatic = words[10] == "True"
            markers.append(Marker("phase:", time, kind, channels, words[5], words[8], polarity, automatic))
    return markers
