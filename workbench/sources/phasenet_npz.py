"""PhaseNet training files (Zhu & Beroza, 2019): one trace of one station in each ``.npz``, with its P and S sample."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import SourceError, UnknownNameError
from workbench.schema import (
    CATALOG,
    Event,
    Report,
    check_recordings_table,
    make_picks,
    make_recording,
    silent,
)
from workbench.sources.files import files_in, require_file
from workbench.sources.paths import shown
from workbench.sources.samples import component_ranks, time_after, usable_samples

__all__ = ["PhaseNetNpzSource"]

_SAMPLING_RATE_HZ = 100.0
_STORED_ORDER = "ENZ"
_MOST_VALUES = 2**28
_STAMP = re.compile(r"(?P<network>[^_.]*)[_.](?P<station>[^_.]*)[_.](?P<stamp>\d{14})(?P<hundredths>\d{2})?")
_DAMAGED = (OSError, ValueError, EOFError, SyntaxError, NotImplementedError, zipfile.BadZipFile, zlib.error)
"""What zipfile and numpy raise over a broken file."""
_ONSETS = {"P": ("itp", "p_idx"), "S": ("its", "s_idx")}


class PhaseNetNpzSource:
    """Traces of one station each, at 100 Hz, with analysts' P and S onsets.

    Parameters
    ----------
    path
        A folder of ``.npz`` files, or one of them. A recording's id is the file's name without suffix.
    roots
        Folders that files may lie in; None is no limit.
    """

    kind = "phasenet_npz"

    def __init__(self, path: str | Path, *, roots: Sequence[Path] | None = None) -> None:
        self._path = Path(path).expanduser()
        self._roots = roots
        self.title = self._path.stem if self._path.suffix else self._path.name
        self.location = str(self._path)

    @staticmethod
    def recognises(path: Path) -> bool:
        """Whether a path is a ``.npz`` file with the array ``data``, or a folder with such a file."""
        try:
            files = files_in(path, (".npz",)) if path.is_dir() else [path]
        except SourceError:
            return False
        first = next((file for file in files if file.suffix.lower() == ".npz" and file.is_file()), None)
        if first is None:
            return False
        try:
            with zipfile.ZipFile(first) as archive:
                return "data.npy" in archive.namelist()
        except (OSError, zipfile.BadZipFile):
            return False

    def scan(self, report: Report = silent) -> pd.DataFrame:
        """One row per file, from headers and onsets; a file that cannot be read stands in the notices."""
        rows, notices = [], []
        files = self._listed()
        for number, file in enumerate(files):
            if number % 100 == 0:
                report(number / len(files), f"{number:,} of {len(files):,} files read")
            try:
                rows.append(self._row(file))
            except SourceError as error:
                notices.append(str(error))
        if not rows:
            raise SourceError(notices[0] if notices else f"{self._path} holds no .npz file.")
        table = check_recordings_table(pd.DataFrame(rows))
        table.attrs["notices"] = notices
        return table

    def read(self, recording_id: str) -> xr.Dataset:
        """One trace, components Z, N, E; a component that the station does not have is NaN."""
        file = self._file(recording_id)
        content = _load(file, ("data", "channels", "t0", "station_id"))
        samples = content["data"]
        ranks = component_ranks(_STORED_ORDER)
        components = [_STORED_ORDER[rank] for rank in ranks]
        waveform, notices = usable_samples(samples.T[ranks], components)
        channels = _channels(content, components)
        for index, component in enumerate(components):
            if any(channels) and not channels[index] and not waveform[index].any():
                waveform[index] = np.nan
                notices = [line for line in notices if not line.startswith(f"Component {component} is dead")]
                notices.append(f"The station has no component {component}.")
        start, sure = _start(file, content)
        return make_recording(
            waveform[np.newaxis],
            stations=[_station(file, content)],
            components=components,
            start=start,
            sampling_rate_hz=_SAMPLING_RATE_HZ,
            recording_id=recording_id,
            source=self.location,
            channels=np.array([channels]),
            history=[
                f"read {file.name}, components {_STORED_ORDER} put in order ZNE",
                *([] if sure else ["start time taken from the file's name"]),
            ],
            notices=notices,
        )

    def reference_picks(self, recording_id: str) -> pd.DataFrame:
        """The P and S onsets of the file."""
        file = self._file(recording_id)
        content = _load(file, ("t0", "station_id", *(name for names in _ONSETS.values() for name in names)))
        start, _ = _start(file, content)
        rows = [
            {
                "station": _station(file, content),
                "phase": phase,
                "time": time,
            }
            for phase in _ONSETS
            for sample in _onsets(content, phase)
            if (time := time_after(pd.Timestamp(start), sample / _SAMPLING_RATE_HZ)) is not None
        ]
        return make_picks(rows, recording_id=recording_id, picker=CATALOG)

    def event(self, recording_id: str) -> Event | None:
        """None: the files do not tell of events."""
        self._file(recording_id)
        return None

    def _listed(self) -> list[Path]:
        if self._path.is_dir():
            return files_in(self._path, (".npz",))
        return [require_file(self._path, self._roots)]

    def _file(self, recording_id: str) -> Path:
        if self._path.is_dir():
            # Only a name in the folder itself: an id from a page's address may be anything.
            file = self._path / f"{recording_id}.npz"
            if file.parent != self._path or not file.exists():
                raise UnknownNameError("recording", recording_id, [file.stem for file in self._listed()[:500]])
        elif recording_id == self._path.stem:
            file = self._path
        else:
            raise UnknownNameError("recording", recording_id, [self._path.stem])
        return require_file(file, self._roots)

    def _row(self, file: Path) -> dict[str, Any]:
        require_file(file, self._roots)
        if shown(file.stem) != file.stem:
            raise SourceError(f"{shown(file)} has a name that is no text, or too long for an id; rename it.")
        n_samples = _data_shape(file)[0]
        content = _load(file, ("t0", "station_id", *(name for names in _ONSETS.values() for name in names)))
        first = {f"{phase.lower()}_arrival_sample": min(_onsets(content, phase), default=np.nan) for phase in _ONSETS}
        return {
            "recording_id": file.stem,
            "group": self.title,
            "start": _start(file, content)[0],
            "duration_s": n_samples / _SAMPLING_RATE_HZ,
            "n_stations": 1,
            "stations": _station(file, content),
            "sampling_rate_hz": _SAMPLING_RATE_HZ,
            **first,
        }


def _load(file: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Arrays of a file by name, those that it has; never a pickled object, which could run a program."""
    if "data" in names:
        _data_shape(file)
    try:
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in names if name in archive.files}
    except _DAMAGED as error:
        raise SourceError(f"{file} cannot be read as .npz; it may be damaged ({error}).") from error


def _data_shape(file: Path) -> tuple[int, ...]:
    """Shape of the waveform, from its header."""
    try:
        with zipfile.ZipFile(file) as archive, archive.open("data.npy") as stream:
            version = np.lib.format.read_magic(stream)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = read(stream)
    except KeyError as error:
        raise SourceError(f"{file} holds no array 'data', where PhaseNet keeps its waveform.") from error
    except _DAMAGED as error:
        raise SourceError(f"{file} cannot be read as .npz; it may be damaged ({error}).") from error
    if len(shape) != 2 or shape[1] != len(_STORED_ORDER) or dtype.kind not in "fiu":
        raise SourceError(
            f"The waveform in {file} has shape {shape} of {dtype}; expected (samples, 3) numbers, components E, N, Z."
        )
    if not 0 < shape[0] * shape[1] <= _MOST_VALUES:
        raise SourceError(f"The waveform in {file} has shape {shape}: it is empty, or too large for one trace.")
    return tuple(shape)


def _onsets(content: dict[str, np.ndarray], phase: str) -> list[float]:
    """Samples of the onsets of a phase; missing ones are written as NaN or below zero."""
    name = next((name for name in _ONSETS[phase] if name in content), None)
    if name is None or content[name].dtype.kind not in "fiu":
        return []
    return [float(value) for value in np.ravel(content[name]) if np.isfinite(value) and value >= 0]


def _channels(content: dict[str, np.ndarray], components: Sequence[str]) -> list[str]:
    """Channel codes by component from ``"HHE_HHN_HHZ"``; empty where there is no such channel."""
    names = [
        part for value in np.ravel(content.get("channels", [])) for part in str(value).replace(",", "_").split("_")
    ]
    letters = {"Z": "Z3", "N": "N1", "E": "E2"}
    return [next((name for name in names if name[-1:] and name[-1] in letters[part]), "") for part in components]


def _station(file: Path, content: dict[str, np.ndarray]) -> str:
    if "station_id" in content:
        parts = [*str(content["station_id"]).split("."), "", ""][:3]
        return ".".join(parts)
    match = _STAMP.match(file.stem)
    return f"{match['network']}.{match['station']}." if match else f".{file.stem}."


def _start(file: Path, content: dict[str, np.ndarray]) -> tuple[np.datetime64, bool]:
    """Time of the first sample, and whether the file itself gives it."""
    if "t0" in content:
        time = pd.to_datetime(str(content["t0"]), errors="coerce", utc=True)
        if not pd.isna(time):
            return np.datetime64(time.tz_localize(None), "ns"), True
    match = _STAMP.match(file.stem)
    time = pd.NaT
    if match:
        # Some names have 60 hundredths or seconds: they are added, not parsed.
        stamp = match["stamp"]
        time = pd.to_datetime(stamp[:12], format="%Y%m%d%H%M", errors="coerce")
        time += pd.Timedelta(int(stamp[12:]) * 1000 + int(match["hundredths"] or 0) * 10, "ms")
    return np.datetime64(pd.Timestamp(0) if pd.isna(time) else time, "ns"), False
