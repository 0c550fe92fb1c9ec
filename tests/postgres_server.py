"""A real PostgreSQL server for tests: in a temporary folder, on this computer only, gone with the tests.

Its databases are named for the tests that use them, and each test has its own.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

__all__ = ["USER", "PostgresServer", "server_programs"]

USER = "ada"
"""Owner of every database, with a password."""

# To drop a database the server waits until every process of it has answered, which one of them may not.
_NOT_FOR_EVER = "SET statement_timeout = '60s'"

# The server ends with its standard input: that closes when the tests end, however they end.
_KEEPER = """
"$@" & server=$!
trap 'kill -INT $server' INT TERM
cat >/dev/null
kill -INT $server 2>/dev/null
wait $server
"""


def server_programs() -> Path | None:
    """The folder of ``initdb`` and ``postgres``, of the newest version that is installed; None where there is none."""
    # Debian keeps them out of the path; what lies there may be a link to `postgres` alone.
    folders = [found.parent for found in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if folders:
        return max(folders, key=lambda folder: float(folder.parent.name))
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


class PostgresServer:
    """A server on 127.0.0.1; :meth:`stop` must be called.

    Parameters
    ----------
    programs
        Folder of ``initdb`` and ``postgres``.
    safe
        Whether what is acknowledged survives a power cut: slower, and what a benchmark must measure.
    """

    def __init__(self, programs: Path, *, safe: bool = False) -> None:
        self._programs, self._safe = programs, safe
        self.password = secrets.token_hex(16)
        self._folder = Path(tempfile.mkdtemp(prefix="workbench-postgres-"))
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            # A server refuses to run as root.
            someone = pwd.getpwnam("postgres")
            self._as = {"user": someone.pw_uid, "group": someone.pw_gid, "extra_groups": []}
            os.chown(self._folder, someone.pw_uid, someone.pw_gid)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        try:
            self._make()
            self.start()
        except BaseException:
            self.stop()
            raise

    def _make(self) -> None:
        secret = self._folder / "password"
        secret.write_text(self.password)
        secret.chmod(0o644)
        command = [self._programs / "initdb", "-D", self._folder / "data", "-U", USER, "-A", "scram-sha-256"]
        command += ["--pwfile", secret, "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions"]
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder, **self._as)
        secret.unlink()

    def start(self) -> None:
        """Start it, and return when it answers."""
        command = [self._programs / "postgres", "-D", self._folder / "data", "-p", str(self.port)]
        for setting in ("listen_addresses=127.0.0.1", f"unix_socket_directories={self._folder}", "max_connections=120"):
            command += ["-c", setting]
        if not self._safe:
            command += ["-c", "fsync=off"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", _KEEPER, "keeper", *command], stdin=subprocess.PIPE, stdout=log, stderr=log,
                cwd=self._folder, start_new_session=True, **self._as,
            )  # fmt: skip
        end = time.monotonic() + 60
        while True:
            try:
                self.ask("SELECT 1")
                return
            except psycopg.OperationalError:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise RuntimeError(f"PostgreSQL did not start:\n{(self._folder / 'log').read_text()}") from None
                time.sleep(0.02)

    def halt(self) -> None:
        """Stop it, and keep its databases for another start."""
        if self._process is not None:
            self._process.stdin.close()
            self._process.wait(60)
            self._process = None

    def stop(self) -> None:
        """Stop it for good."""
        try:
            self.halt()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def ask(self, *statements: str, database: str = "postgres", user: str = USER) -> list[tuple[Any, ...]]:
        """Rows of the last statement, as the superuser or as another user with the same password."""
        place = {"host": "127.0.0.1", "port": self.port, "user": user, "password": self.password, "connect_timeout": 60}
        with psycopg.connect(dbname=database, autocommit=True, **place) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def new_database(self) -> str:
        """The name of a new and empty database."""
        name = f"labels_{secrets.token_hex(6)}"
        self.ask(_NOT_FOR_EVER, f"CREATE DATABASE {name} TEMPLATE template0")
        return name

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected to it; one that cannot be now goes with the server."""
        with suppress(psycopg.errors.QueryCanceled):
            self.ask(_NOT_FOR_EVER, f"DROP DATABASE {database} WITH (FORCE)")

    def url(self, database: str, *, user: str = USER, password: str | None = None) -> str:
        """The URL of a database, with its password."""
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
