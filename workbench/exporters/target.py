"""A folder that appears whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from workbench.errors import SourceError

__all__ = ["new_folder"]


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to write in, which takes the name `folder` when the block ends, and vanishes if it fails.

    Raises
    ------
    SourceError
        If `folder` holds something already, or cannot be written.
    """
    folder = Path(folder).expanduser().absolute()
    _check_free(folder)
    half_written = folder.with_name(f".{folder.name[:50]}.{uuid4().hex[:8]}.part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        half_written.mkdir()
        yield half_written
        _check_free(folder)
        if folder.exists():
            folder.rmdir()
        half_written.rename(folder)
    except SourceError:
        raise
    except OSError as error:
        raise SourceError(
            f"{folder} could not be written: {error.strerror or error}. Nothing was left there."
        ) from error
    finally:
        shutil.rmtree(half_written, ignore_errors=True)


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
