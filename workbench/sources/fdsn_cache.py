"""Files that came of a service: on disk whole or not at all, and final once their time was long over."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pandas as pd

from workbench.errors import SourceError

__all__ = ["fetch_whole", "is_final", "open_cache"]

_LATE = pd.Timedelta(2, "D")
_ABANDONED_S = 3600.0


def open_cache(folder: Path) -> None:
    """Make a folder for what comes, and sweep out what a run that was killed left half done.

    Raises
    ------
    SourceError
        If it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for half in folder.glob(".*.half"):
            # A younger one may be what another tab, or another server, is fetching now.
            with suppress(FileNotFoundError):
                if half.stat().st_mtime < time.time() - _ABANDONED_S:
                    half.unlink()
    except OSError as error:
        raise SourceError(f"The cache {folder} cannot be written: {error.strerror}.") from error


def is_final(file: Path, end: pd.Timestamp) -> bool:
    """Whether a file is there and was made two days or more after the end of its time: data come late.

    Parameters
    ----------
    end
        UTC, without a zone.
    """
    try:
        made = file.stat().st_mtime
    except FileNotFoundError:
        return False
    return pd.Timestamp(made, unit="s") > end + _LATE


def fetch_whole(target: Path, fetch: Callable[[Path], None]) -> None:
    """Have a file fetched beside its place, which it takes when it is whole.

    Raises
    ------
    SourceError
        Those of ``fetch``, and if the file cannot take its place.
    """
    half = target.parent / f".{uuid4().hex}.half"
    try:
        fetch(half)
        half.replace(target)
    except SourceError:
        raise
    except OSError as error:
        raise SourceError(f"The cache file {target} cannot be written: {error.strerror or error}.") from error
    finally:
        half.unlink(missing_ok=True)
