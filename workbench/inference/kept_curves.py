"""Curves kept on disk, so that a second visit, a comparison or a restart costs no new run.

An entry is found by what went in: the samples, the picker with its weights, its settings and the mode. Writing is
atomic; a file that is damaged is thrown away and its curves are made again. When the folder grows too large, the
entries used longest ago go.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from workbench import __version__
from workbench.errors import SchemaError
from workbench.inference.run import annotate
from workbench.inference.whole_files import write_whole
from workbench.pickers import Picker, TorchPicker, open_picker
from workbench.pickers.segments import library_versions
from workbench.schema import Report, check_annotations, silent, waveform_hash

__all__ = ["KeptCurves", "annotate_or_recall", "curves_key"]

_BYTES_KEPT = 2 * 2**30
_KEPT_BETWEEN_TRIMS = 20
"""To look through a full folder takes longer than to write one file into it."""

_DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, SchemaError)


def annotate_or_recall(
    recording: xr.Dataset,
    picker: str,
    weights: str = "",
    report: Report = silent,
    mode: str = "exact",
    **settings: Any,
) -> xr.Dataset:
    """As :func:`workbench.inference.run.annotate`, from the cache folder if the same was asked before.

    Raises
    ------
    UnknownNameError, RequirementError, PickerError
        As there.
    """
    from workbench.settings import load_settings

    kept = KeptCurves(load_settings().cache_folder / "curves")
    key = curves_key(recording, open_picker(picker, weights, **settings), mode, settings)
    annotations = kept.recall(key)
    if annotations is None:
        annotations = annotate(recording, picker, weights, report, mode, **settings)
        kept.keep(key, annotations)
    # The same samples may be known by another name.
    annotations.attrs["recording_id"] = recording.attrs["recording_id"]
    return annotations


def curves_key(recording: xr.Dataset, picker: Picker, mode: str, settings: dict[str, Any]) -> str:
    """Stands for what a picker's curves of a recording hang on; another version of the workbench has other keys."""
    form = drafting = ""
    versions = library_versions("numpy", "scipy", "obspy")
    if isinstance(picker, TorchPicker):
        from workbench.inference.drafts import drafting_key
        from workbench.inference.runtimes.exports import network_key

        form = network_key(picker)
        versions |= library_versions("torch", "seisbench")
        drafting = drafting_key() if mode == "draft" else ""
    wanted = (
        __version__,
        sorted(versions.items()),
        repr(picker.card),
        form,
        mode,
        drafting,
        sorted((name, repr(value)) for name, value in settings.items()),
    )
    return f"{waveform_hash(recording)}-{hashlib.blake2b(repr(wanted).encode(), digest_size=8).hexdigest()}"


_n_kept: dict[Path, int] = {}


class KeptCurves:
    """Annotations in files of one folder.

    Parameters
    ----------
    folder
        Made when the first are kept.
    bytes_kept
        Of all files together. One larger than this is not kept.
    trim_every
        After how many new files, of this process, the folder is looked through; it may grow by so many meanwhile.
    """

    def __init__(self, folder: Path, *, bytes_kept: int = _BYTES_KEPT, trim_every: int = _KEPT_BETWEEN_TRIMS) -> None:
        self.folder = folder
        self._bytes_kept, self._trim_every = bytes_kept, trim_every

    def recall(self, key: str) -> xr.Dataset | None:
        """The annotations kept under a key; None if there are none, or their file is damaged."""
        path = self._path(key)
        try:
            # Opened here: numpy leaves a file open where it is no archive.
            with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
                annotations = xr.Dataset(
                    {"probability": (("station", "phase", "time"), content["probability"])},
                    coords={name: content[name] for name in ("station", "phase")}
                    | {"time": content["time"].astype("datetime64[ns]")},
                    attrs=json.loads(str(content["attrs"])),
                )
            check_annotations(annotations)
            os.utime(path)
        except FileNotFoundError:
            return None
        except _DAMAGED:
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        return annotations

    def keep(self, key: str, annotations: xr.Dataset) -> None:
        """Write annotations; where the disk is full or the folder cannot be written, they are not kept."""
        if annotations.nbytes > self._bytes_kept:
            return
        content: dict[str, Any] = {
            name: annotations[name].values for name in ("probability", "station", "phase", "time")
        }
        content["attrs"] = np.asarray(json.dumps(annotations.attrs))

        def write(path: Path) -> None:
            with path.open("wb") as file:
                np.savez(file, **content)

        # A cache that cannot be written costs time, and must not cost the curves.
        with contextlib.suppress(OSError):
            write_whole(self._path(key), write)
            # The first of a process trims too, for a process may keep only a few.
            n_before = _n_kept.get(self.folder, 0)
            _n_kept[self.folder] = n_before + 1
            if n_before % self._trim_every == 0:
                self._trim()

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npz"

    def _trim(self) -> None:
        """Remove what was used longest ago, until the rest is small enough."""
        found = []
        # Not what begins with a point: another process is writing it.
        for path in self.folder.glob("[!.]*.npz"):
            # Another process may have removed it just now.
            with contextlib.suppress(FileNotFoundError):
                state = path.stat()
                found.append((state.st_mtime_ns, state.st_size, path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found)[:-1]:
            if total <= self._bytes_kept:
                return
            path.unlink(missing_ok=True)
            total -= size
