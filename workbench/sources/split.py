"""Which recordings train, which validate, and which are never trained on: one file, kept beside every result."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from workbench.errors import SchemaError, SourceError
from workbench.sources import open_source

__all__ = ["ROLES", "RecordingSet", "Split", "read_split", "write_split"]

ROLES = ("train", "validation", "test", "unused")

LABELLINGS = ("analyst", "automatic", "none")
"""Whether onsets were read by people (all within the recording count as known), by a program (only those that it names
are known), or not at all."""


@dataclass(frozen=True)
class RecordingSet:
    """Recordings of one place, and what each is for.

    Parameters
    ----------
    name
        Short, for tables.
    path
        Of the source, relative to the folder of data that a run is given.
    kind
        Of the source.
    labels
        One of ``"analyst"``, ``"automatic"``, ``"none"``.
    recordings
        Role to ids or patterns of recordings (``*`` and ``?``); the first that fits counts.
    hold_back_s
        For continuous recordings: seconds at the end that are for validation, whatever their role.
    """

    name: str
    path: str
    kind: str
    labels: str
    recordings: Mapping[str, tuple[str, ...]]
    hold_back_s: float = 0.0

    def role_of(self, recording_id: str) -> str:
        """The role of a recording; ``"unused"`` if no pattern fits, so that a new file never slips into training."""
        if self._plain is not None:
            return self._plain.get(recording_id, "unused")
        for role in ROLES:
            if any(fnmatchcase(recording_id, pattern) for pattern in self.recordings.get(role, ())):
                return role
        return "unused"

    @cached_property
    def _plain(self) -> dict[str, str] | None:
        """Role by id, where no name is a pattern: a split of a large data set names a million."""
        named = {name: role for role in reversed(ROLES) for name in self.recordings.get(role, ())}
        return None if any(set(name) & set("*?[") for name in named) else named


@dataclass(frozen=True)
class Split:
    """All sets of recordings of a study."""

    sets: tuple[RecordingSet, ...] = field(default_factory=tuple)

    def read(self, folder: Path, role: str) -> Iterator[tuple[RecordingSet, xr.Dataset, pd.DataFrame]]:
        """Each recording of that role with its set and reference picks, held-back ends cut off or given alone.

        Raises
        ------
        SourceError
            If a set is not in the folder; names it.
        """
        for recordings in self.sets:
            if role not in recordings.recordings and not (role == "validation" and recordings.hold_back_s):
                continue
            place = folder / recordings.path
            if not place.exists():
                raise SourceError(f"There is no {place}, which the split names as {recordings.name!r}.")
            source = open_source(place, recordings.kind)
            for recording_id in source.scan()["recording_id"]:
                part = _part(recordings, recording_id, role)
                if part is not None:
                    recording = _cut(source.read(recording_id), part, recordings.hold_back_s)
                    yield recordings, recording, source.reference_picks(recording_id)


def _part(recordings: RecordingSet, recording_id: str, role: str) -> str | None:
    """``"all"``, ``"before"`` or ``"held back"``: what a role may have of a recording; None for nothing."""
    own = recordings.role_of(recording_id)
    if not recordings.hold_back_s:
        return "all" if own == role else None
    if own == "train" and role in ("train", "validation"):
        return "before" if role == "train" else "held back"
    return "all" if own == role else None


def _cut(recording: xr.Dataset, part: str, hold_back_s: float) -> xr.Dataset:
    if part == "all":
        return recording
    n_back = round(hold_back_s * recording.attrs["sampling_rate_hz"])
    return recording.isel(time=slice(None, -n_back) if part == "before" else slice(-n_back, None))


def read_split(path: Path) -> Split:
    """The split that a JSON file describes.

    Raises
    ------
    SourceError
        If there is no such file, or it is not JSON.
    SchemaError
        If it has an unknown key, or a recording stands in two roles.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SourceError(f"The split {path} cannot be read: {error.strerror}.") from error
    except json.JSONDecodeError as error:
        raise SourceError(f"The split {path} is not JSON: {error}.") from error
    sets = content.get("sets") if isinstance(content, dict) else None
    if not isinstance(sets, list):
        raise SchemaError(f"The split {path} has a list 'sets'; this one has none.")
    return Split(tuple(_recording_set(entry, path) for entry in sets))


def write_split(split: Split, path: Path) -> Path:
    """The path of a JSON file that :func:`read_split` reads.

    Raises
    ------
    SourceError
        If it cannot be written.
    """
    content = {"sets": [asdict(recordings) for recordings in split.sets]}
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(json.dumps(content, indent=1), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise SourceError(f"The split {path} could not be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    return path


def _recording_set(entry: Mapping[str, Any], path: Path) -> RecordingSet:
    known = set(RecordingSet.__dataclass_fields__)
    strange, missing = sorted(set(entry) - known), sorted({"name", "path", "kind", "labels", "recordings"} - set(entry))
    if strange or missing:
        raise SchemaError(f"A set in {path} has unknown keys {strange} or lacks {missing}; it takes {sorted(known)}.")
    if entry["labels"] not in LABELLINGS:
        raise SchemaError(f"'labels' of {entry['name']!r} is one of {list(LABELLINGS)}, not {entry['labels']!r}.")
    roles = entry["recordings"]
    if strange := sorted(set(roles) - set(ROLES)):
        raise SchemaError(f"{entry['name']!r} has unknown roles {strange}; known are {list(ROLES)}.")
    named = [name for names in roles.values() for name in names]
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise SchemaError(f"{twice[0]!r} of {entry['name']!r} stands in two roles; one recording has one.")
    return RecordingSet(**{**entry, "recordings": {role: tuple(names) for role, names in roles.items()}})
