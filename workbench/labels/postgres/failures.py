"""What PostgreSQL says when it fails, in words that tell an analyst what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import DBAPIError

from workbench.errors import LabelStoreError

__all__ = ["in_words", "is_lost"]

_AWAY = "does not answer: its server is stopped, starting or out of reach. Try again when it is back"
_LOST = "cannot be reached any more: the connection was lost. Try again; the workbench connects anew by itself"
_KEY = "does not let you in: user or password is wrong. Correct the URL, or the password in PGPASSWORD or ~/.pgpass"
_GONE = "is not there: the server has no such database. Correct the URL, or make it with: createdb NAME"
_FULL_HOUSE = "has no connection free. Close pages that nobody uses, or raise max_connections of the server"
_NOT_YOURS = "does not let this user do that. Ask its owner for the rights that the README lists"

# By the beginning of the five characters by which PostgreSQL tells its failures apart; the first that fits.
_BY_CODE = (
    ("55P03", "is being written by others and did not become free. Wait a moment, and try again"),
    ("40", "was being changed by another analyst at the same moment. Try again"),
    ("57P", _AWAY),
    ("08", _LOST),
    ("53100", "cannot grow: the disk of its server is full. Free some space there and try again"),
    ("53300", _FULL_HOUSE),
    ("53", "cannot be read or written: its server has no memory or disk left. Try again later"),
    ("25006", "is read-only on this server. Choose the server that takes writes"),
    ("42501", _NOT_YOURS),
    ("28", _KEY),
    ("3D000", _GONE),
    ("42P01", "is not whole: its table was removed. Put back a copy of the database"),
)

# By words of a server that lets nobody in yet: it gives no code then.
_BY_WORDS = (
    ("password authentication failed", _KEY),
    ("no password supplied", _KEY),
    ("role ", _KEY),
    ("no pg_hba.conf entry", "does not let this user in from this computer. Ask whoever runs its server (pg_hba.conf)"),
    ("permission denied for database", _NOT_YOURS),
    ("too many clients", _FULL_HOUSE),
    ("remaining connection slots", _FULL_HOUSE),
    ("too many connections", _FULL_HOUSE),
    ("starting up", _AWAY),
    ("shutting down", _AWAY),
    ("refused", _AWAY),
    ("timeout", _AWAY),
    ("timed out", _AWAY),
    ("failed to resolve host", "cannot be found: its host has no address. Correct the URL, or look at the network"),
    ("database ", _GONE),
    ("closed the connection", _LOST),
    ("connection is lost", _LOST),
    ("connection is closed", _LOST),
    ("connection failed", _AWAY),
)


@contextmanager
def in_words(place: str, secrets: Sequence[str]) -> Iterator[None]:
    """Failures of the database inside the block, raised as :class:`~workbench.errors.LabelStoreError`.

    Nothing of what the driver said is chained to it where it holds a secret.
    """
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        holds_one = any(secret in str(error) for secret in secrets)
        raise LabelStoreError(_sentence(place, cause, secrets)) from (None if holds_one else error)


def is_lost(error: DBAPIError) -> bool:
    """Whether a failure means that the connection is gone, and with it the server's answer."""
    return bool(error.connection_invalidated)


def _sentence(place: str, cause: BaseException | None, secrets: Sequence[str]) -> str:
    code, words = getattr(cause, "sqlstate", None) or "", " ".join(str(cause).split())
    for secret in secrets:
        words = words.replace(secret, "***")
    found = next((said for beginning, said in _BY_CODE if code.startswith(beginning)), None)
    if found is None and not code:
        found = next((said for part, said in _BY_WORDS if part in words), None)
    if found is None:
        return f"The label journal {place} failed: {words}. Nothing was written."
    return f"The label journal {place} {found}. Nothing was written."
