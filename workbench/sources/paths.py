"""Which places may be read: inside the served folders, and files or folders only."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from workbench.errors import SourceError

__all__ = ["is_inside", "open_refusal", "readable", "resolve_place", "shown", "walk_files"]

_LONGEST_SHOWN = 300


def readable(text: str) -> str:
    """The same text, with what is no text in it replaced: names of files may hold any bytes.

    >>> readable(os.fsdecode(bytes([97, 255]))) == "a" + chr(0xFFFD)
    True
    """
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def shown(place: str | Path) -> str:
    """A path as it can be written in a sentence: readable, and without the middle of a long one."""
    text = readable(str(place))
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:200]}…{text[-60:]}"


def is_inside(path: Path, roots: Sequence[Path] | None) -> bool:
    """Whether a path lies in one of the folders once every symbolic link is followed; None means no limit.

    >>> is_inside(Path("/data/../etc/passwd"), [Path("/data")])
    False
    """
    if roots is None:
        return True
    try:
        target = path.resolve()
    except (OSError, RuntimeError, ValueError):
        # A link that leads to itself leads nowhere.
        return False
    return any(target.is_relative_to(Path(root).expanduser().resolve()) for root in roots)


def resolve_place(place: str | Path, roots: Sequence[Path] | None = None) -> Path:
    """The absolute path of a file or folder that can be read, links followed.

    Raises
    ------
    SourceError
        If there is no such place, it is outside `roots`, it is neither a file nor a folder, or it cannot be read.
    """
    try:
        path = Path(place).expanduser()
        # The border is checked first, so that nobody learns from the message what lies outside it.
        if not is_inside(path, roots):
            raise SourceError(f"{shown(place)} is outside the folders that are served here. Open a place inside them.")
        path = path.resolve()
        refusal = open_refusal(path)
    except (ValueError, RuntimeError) as error:
        raise SourceError(f"{shown(place)!r} is not a usable path: {error}.") from error
    if refusal:
        raise SourceError(f"{shown(path)} {refusal}.")
    return path


def open_refusal(path: Path) -> str:
    """Why a path cannot be opened for reading, as the end of a sentence; empty if it can."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "does not exist"
    except OSError as error:
        return f"cannot be looked at: {error.strerror}"
    if stat.S_ISDIR(mode):
        readable = os.access(path, os.R_OK | os.X_OK)
        return "" if readable else "is a folder without permission to read it; ask its owner for read and enter rights"
    if not stat.S_ISREG(mode):
        return f"is {_special(mode)}, neither a file nor a folder; it is not opened"
    return "" if os.access(path, os.R_OK) else "may not be read; ask its owner for read permission"


def _special(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a named pipe (FIFO)"
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a device"


def walk_files(
    folder: Path, roots: Sequence[Path] | None, say: Callable[[str], None], *, follow_links: bool = False
) -> Iterator[Path]:
    """Every readable regular file under a folder, sorted; what is left out goes to `say`, one sentence each.

    Parameters
    ----------
    roots
        Links may lead anywhere inside these; None stands for `folder` itself.
    follow_links
        Whether links may also leave the folder where no `roots` are given.
    """
    limit = roots if roots is not None else (None if follow_links else [folder])
    seen: set[tuple[int, int]] = set()
    _is_new(folder, seen)
    pending = [folder]
    while pending:
        current = pending.pop()
        try:
            entries = sorted(os.scandir(current), key=lambda entry: entry.name)
        except OSError as error:
            say(f"{shown(current.relative_to(folder))} is a folder that cannot be read ({error.strerror}).")
            continue
        below = []
        for entry in entries:
            path = Path(entry.path)
            if entry.name.startswith("."):
                continue
            if entry.is_symlink() and not is_inside(path, limit):
                name = shown(path.relative_to(folder))
                say(f"{name} is a link that leaves the folder; open what it points to instead.")
            elif refusal := open_refusal(path):
                say(f"{shown(path.relative_to(folder))} {refusal}.")
            elif _is_new(path, seen):
                if path.is_dir():
                    below.append(path)
                else:
                    yield path
        pending.extend(reversed(below))


def _is_new(path: Path, seen: set[tuple[int, int]]) -> bool:
    """Whether a file or folder has not been met yet under another name: links make circles and doubles."""
    found = path.stat()
    key = (found.st_dev, found.st_ino)
    if key in seen:
        return False
    seen.add(key)
    return True
