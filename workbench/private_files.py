"""Files that only their owner may read: logins and the secret that cookies are signed with."""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from pathlib import Path

from workbench.errors import WorkbenchError

__all__ = ["kept_secret", "read_private", "write_private"]

_SECRET_BYTES = 32


def read_private(path: Path) -> str:
    """The text of a file that nobody but its owner may read or change.

    Raises
    ------
    WorkbenchError
        If there is no such file, it is somebody else's, others may read or change it, or it is no text.
    """
    try:
        with path.open("rb") as file:
            # Of the opened file, not of the name: between two looks the name may come to stand for another one.
            _check_private(path, os.fstat(file.fileno()))
            return file.read().decode("utf-8")
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise WorkbenchError(f"{path} is not text in UTF-8.") from error


def _check_private(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise WorkbenchError(f"{path} is not an ordinary file.")
    if os.name != "posix":
        return
    if found.st_uid not in (0, os.getuid()):
        raise WorkbenchError(f"{path} belongs to another user, who could change it. Make a copy of your own.")
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise WorkbenchError(
            f"{path} may be read or changed by others (its mode is {stat.S_IMODE(found.st_mode):04o}). "
            f"Take that right away: chmod 600 {path}"
        )


def write_private(path: Path, text: str) -> None:
    """Write a file as a whole, for its owner only; at no moment is there half of it, or one that others may read.

    Raises
    ------
    WorkbenchError
        If it cannot be written; the file before, if any, is as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        number, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(text)
            Path(part).replace(path)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be written: {error.strerror}.") from error


def kept_secret(path: Path) -> str:
    """A random secret that is made once and kept in a private file.

    Raises
    ------
    WorkbenchError
        As :func:`read_private` and :func:`write_private`; or if the file holds too little to be one.
    """
    if not path.exists():
        write_private(path, secrets.token_urlsafe(_SECRET_BYTES) + "\n")
    secret = read_private(path).strip()
    if len(secret) < _SECRET_BYTES:
        raise WorkbenchError(f"{path} holds no secret of {_SECRET_BYTES} characters or more. Remove it: one is made.")
    return secret
