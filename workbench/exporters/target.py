"""A folder that appears whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from workbench.errors import SourceError

try:
    import fcntl
except ImportError:  # Windows: what a killed export left there stays until somebody removes it.
    fcntl = None  # type: ignore[assignment]

__all__ = ["new_folder"]


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to write in, which takes the name `folder` when the block ends, and vanishes if it fails.

    What an export to the same name left that was killed in the middle is removed first; one that still runs is not.

    Raises
    ------
    SourceError
        If `folder` holds something already, has no name that a folder can have, or cannot be written.
    """
    try:
        folder = Path(folder).expanduser().absolute()
        if "\0" in str(folder):
            raise ValueError("its name holds a null character")
        _check_free(folder)
        above = next(place for place in folder.parents if place.exists())
    except (OSError, RuntimeError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"{str(folder)[:200]!r} is no folder that can be written: {reason}.") from error
    if not above.is_dir():
        raise SourceError(f"{above} is a file, so nothing can be written below it; name another folder.")
    half_written = folder.with_name(f".{folder.name[:50]}.{uuid4().hex[:8]}.part")
    lock = -1
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        half_written.mkdir()
        lock = _lock(half_written)
        yield half_written
        _check_free(folder)
        if folder.exists():
            folder.rmdir()
        half_written.rename(folder)
    except SourceError:
        raise
    except OSError as error:
        said = str(error.strerror or error)
        # Arrow says which error of the system it was, and has no number for it.
        full = error.errno in (errno.ENOSPC, errno.EDQUOT) or os.strerror(errno.ENOSPC) in said
        remedy = "Make room on that disk, or name another folder." if full else "Name another folder."
        raise SourceError(f"{folder} could not be written: {said}. Nothing was left there. {remedy}") from error
    finally:
        if lock >= 0:
            os.close(lock)
        shutil.rmtree(half_written, ignore_errors=True)


def _lock(place: Path) -> int:
    """A descriptor that marks a folder as in use for as long as this process lives; -1 where there is no such thing."""
    if fcntl is None:
        return -1
    descriptor = os.open(place, os.O_RDONLY)
    # A disk that knows no locks (some network disks) is written all the same; nothing on it is ever swept.
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return descriptor


def _sweep(folder: Path) -> None:
    """Remove half-written folders of this name whose process ended: nobody marks them as in use."""
    if fcntl is None:
        return
    name = re.compile(rf"\.{re.escape(folder.name[:50])}\.[0-9a-f]{{8}}\.part")
    for remains in [path for path in folder.parent.iterdir() if name.fullmatch(path.name)]:
        with suppress(OSError):
            descriptor = os.open(remains, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(remains, ignore_errors=True)
            finally:
                os.close(descriptor)


def _check_free(folder: Path) -> None:
    try:
        if folder.is_dir():
            taken = next(folder.iterdir(), None)
            if taken is not None:
                raise SourceError(
                    f"{folder} already holds {taken.name!r}; an export overwrites nothing. Name a new folder."
                )
        elif folder.exists() or folder.is_symlink():
            raise SourceError(f"{folder} is a file; an export goes to a folder. Name a new one.")
    except PermissionError as error:
        raise SourceError(f"{folder} may not be read or written; name another folder.") from error
