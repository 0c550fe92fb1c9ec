"""How a PostgreSQL database is named: to the driver with its password, to everybody else without."""

from __future__ import annotations

import importlib.util

from sqlalchemy import URL

from workbench.errors import LabelStoreError, RequirementError

__all__ = ["driver_url", "secrets_of", "shown_url"]

_SECRET_OPTIONS = ("password", "sslpassword")
_SHOWN_OPTIONS = ("host", "port", "service")


def driver_url(url: URL) -> URL:
    """The same database by psycopg 3, whatever driver the URL names.

    Raises
    ------
    RequirementError
        If psycopg is not installed.
    LabelStoreError
        If it names no database, or its password is written so that a part of it is taken for the host.
    """
    if importlib.util.find_spec("psycopg") is None:
        raise RequirementError(
            "A label journal on PostgreSQL needs psycopg, which is not installed. Install it with: "
            'pip install "seismic-workbench[team]"'
        )
    # With a slash in the password, too, the rest of it is taken for the database.
    if "@" in (url.host or "") or "@" in (url.database or ""):
        raise LabelStoreError("The label journal's URL has a second @: write @ in a password as %40, and / as %2F.")
    if not (url.database or "service" in url.query or "dbname" in url.query):
        raise LabelStoreError(
            "The label journal's URL names no database. Give postgresql://USER@HOST/DATABASE; make one with: "
            "createdb labels"
        )
    return url.set(drivername="postgresql+psycopg")


def shown_url(url: URL) -> str:
    """The URL without password and without options that say nothing about the place."""
    shown = {name: value for name, value in url.query.items() if name in _SHOWN_OPTIONS}
    return URL.create(
        "postgresql", username=url.username, host=url.host, port=url.port, database=url.database, query=shown
    ).render_as_string()


def secrets_of(url: URL) -> list[str]:
    """What must never be shown of a URL."""
    options = [value for name in _SECRET_OPTIONS for value in url.normalized_query.get(name, ())]
    return [secret for secret in (str(url.password or ""), *options) if secret]
