"""Files that a source may open: regular, readable, inside the served folders; and what tells that one has changed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from workbench.errors import SourceError
from workbench.sources.paths import is_inside, open_refusal

__all__ = ["files_in", "fingerprint", "require_file"]


def require_file(path: Path, roots: Sequence[Path] | None = None) -> Path:
    """The same path, if it is a regular file that may be read; nothing is opened, so that a FIFO cannot block.

    Raises
    ------
    SourceError
        If it is outside `roots`, does not exist, is a folder, a FIFO, a device, or may not be read.
    """
    if not is_inside(path, roots):
        raise SourceError(f"{path.name} leads outside the folders that are served here; it is not opened.")
    refusal = open_refusal(path)
    if not refusal and path.is_dir():
        refusal = "is a folder that is named like a file; expected a file"
    if refusal:
        raise SourceError(f"{path} {refusal}.")
    return path


def files_in(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """Entries of a folder with one of these suffixes, sorted by name; upper and lower case alike.

    Raises
    ------
    SourceError
        If the folder cannot be listed.
    """
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        raise SourceError(
            f"The folder {folder} cannot be read ({error.strerror}). Ask its owner for read and enter rights."
        ) from error
    return [folder / name for name in names if Path(name).suffix.lower() in suffixes]


def fingerprint(path: Path) -> tuple[str, int, int]:
    """Path, size in bytes and time of last change in ns: another file, or a changed one, has another fingerprint."""
    try:
        state = path.stat()
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}).") from error
    return str(path), state.st_size, state.st_mtime_ns
