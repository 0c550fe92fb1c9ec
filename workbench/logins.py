"""Who may log in: names with hashed passwords in a JSON file that nobody but its owner may read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.private_files import read_private, write_private

__all__ = ["Login", "check_name", "hash_password", "password_fits", "read_logins", "remove_login", "set_login"]

_SHORTEST, _LONGEST = 8, 1024
_LONGEST_NAME = 64
_FORM = "scrypt"
_LOG_N, _R, _P = 15, 8, 1
_MOST_LOG_N = 18
_MEMORY_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True)
class Login:
    """One who may log in.

    Parameters
    ----------
    name
        Written beside every decision.
    password
        As :func:`hash_password` gives it.
    read_only
        Sees everything that is served, and writes nothing.
    """

    name: str
    password: str
    read_only: bool = False

    def __repr__(self) -> str:
        return f"Login({self.name!r}, '***', read_only={self.read_only})"


def hash_password(password: str) -> str:
    """What is kept of a password (scrypt, RFC 7914): nobody can read the password from it, only try others.

    Raises
    ------
    WorkbenchError
        If it is too short or too long.
    """
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise WorkbenchError(f"A password has {_SHORTEST} to {_LONGEST:,} characters; this one has {len(password)}.")
    salt = os.urandom(16)
    parts = (_FORM, str(_LOG_N), str(_R), str(_P), _text(salt), _text(_scrypt(password, salt, _LOG_N, _R, _P)))
    return "$".join(parts)


def password_fits(password: str, kept: str) -> bool:
    """Whether a password is the one that was hashed; takes about a tenth of a second, so that guessing is slow."""
    _, log_n, r, p, salt, digest = kept.split("$")
    if len(password) > _LONGEST:
        return False
    found = _scrypt(password, base64.b64decode(salt), int(log_n), int(r), int(p))
    return hmac.compare_digest(found, base64.b64decode(digest))


def _scrypt(password: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    # A lone surrogate, which no keyboard gives but a request may, has no bytes in UTF-8 proper.
    word = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(word, salt=salt, n=2**log_n, r=r, p=p, maxmem=_MEMORY_BYTES, dklen=32)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def check_name(name: str) -> str:
    """The name, if it can be told apart from others on the screen and kept in a journal.

    Raises
    ------
    WorkbenchError
        If it is empty, too long, begins or ends with a space, or holds what cannot be seen.
    """
    if not name or len(name) > _LONGEST_NAME or name != name.strip() or not name.isprintable():
        raise WorkbenchError(
            f"{name!r} is no name to log in with: 1 to {_LONGEST_NAME} characters that can be seen, "
            "and no space at either end."
        )
    return name


def read_logins(path: Path) -> Mapping[str, Login]:
    """Everybody of a file by name: ``{"anna": {"password": "scrypt$...", "read_only": false}}``.

    Raises
    ------
    WorkbenchError
        If others may read the file, or it is not of this form; a password in plain text is refused.
    """
    try:
        content = json.loads(read_private(path))
    except ValueError as error:
        raise WorkbenchError(f"{path} is not JSON: {error}. `workbench login` writes such files.") from error
    if not isinstance(content, dict) or not content:
        raise WorkbenchError(f"{path} names nobody. `workbench login {path} NAME` adds one who may log in.")
    return {name: _as_login(path, name, entry) for name, entry in content.items()}


def _as_login(path: Path, name: str, entry: object) -> Login:
    # A bare text is how Panel's own files look.
    table = {"password": entry} if isinstance(entry, str) else entry
    if not isinstance(table, dict) or set(table) - {"password", "read_only"}:
        raise WorkbenchError(f"{path}: {name!r} has a password and, maybe, read_only; nothing else.")
    password, read_only = table.get("password"), table.get("read_only", False)
    if not isinstance(read_only, bool):
        raise WorkbenchError(f"{path}: read_only of {name!r} is true or false; this is {read_only!r}.")
    if not isinstance(password, str) or not _is_hash(password):
        raise WorkbenchError(
            f"{path}: the password of {name!r} is not hashed. Set it with `workbench login {path} {name}`, which keeps "
            "what cannot be read back."
        )
    return Login(check_name(name), password, read_only)


def _is_hash(password: str) -> bool:
    parts = password.split("$")
    if len(parts) != 6 or parts[0] != _FORM:
        return False
    try:
        log_n, r, p = (int(part) for part in parts[1:4])
        salt, digest = (base64.b64decode(part, validate=True) for part in parts[4:])
    except ValueError:
        return False
    # The first limit keeps a weak hash out, the others one that would take all memory.
    return 14 <= log_n <= _MOST_LOG_N and r == 8 and 1 <= p <= 4 and len(salt) >= 8 and len(digest) == 32


def set_login(path: Path, name: str, password: str, *, read_only: bool = False) -> None:
    """Add somebody to the file, or give them another password or role; makes the file if it is not there.

    Raises
    ------
    WorkbenchError
        As :func:`read_logins`, :func:`check_name` and :func:`hash_password`; then the file is as it was.
    """
    there = dict(read_logins(path)) if path.exists() else {}
    there[check_name(name)] = Login(name, hash_password(password), read_only)
    _write(path, there)


def remove_login(path: Path, name: str) -> None:
    """Take somebody out of the file.

    Raises
    ------
    WorkbenchError
        If nobody of that name is in it, or nobody would be left.
    """
    there = dict(read_logins(path))
    if there.pop(name, None) is None:
        raise WorkbenchError(f"{path} names nobody {name!r}; it names {', '.join(sorted(there))}.")
    if not there:
        raise WorkbenchError(f"{name!r} is the only one in {path}. Remove the file instead.")
    _write(path, there)


def _write(path: Path, logins: Mapping[str, Login]) -> None:
    content = {name: {"password": one.password, "read_only": one.read_only} for name, one in sorted(logins.items())}
    write_private(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
