"""Whatever a PostgreSQL server does: one clear line without the password, and nothing half written."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import psycopg
import pytest

from tests.postgres_server import USER, PostgresServer
from workbench.errors import LabelStoreError, RequirementError
from workbench.labels.journal import Journal
from workbench.settings import load_settings

from .refusing import refused


@pytest.fixture
def store() -> str:
    """Servers only."""
    return "postgresql"


def test_a_plain_url_is_enough_and_shows_no_password(journal, postgres, database):
    assert journal.url == journal.place == f"postgresql://{USER}@127.0.0.1:{postgres.port}/{database}"
    assert (journal.folder, journal.writable) == (None, True)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql+psycopg", "postgresql+psycopg2"])
def test_whatever_driver_a_url_names_it_is_opened_with_ours(url, scheme, decide):
    with Journal(url.replace("postgresql", scheme, 1), "Ada") as journal:
        journal.record(decide())


def test_a_password_of_the_environment_will_do(url, postgres, monkeypatch, decide):
    monkeypatch.setenv("PGPASSWORD", postgres.password)
    with Journal(url.replace(f":{postgres.password}", ""), "Ada") as journal:
        journal.record(decide())


def test_what_keeps_one_out_is_said(postgres, database):
    good = postgres.url(database)
    with refused("user or password is wrong", "PGPASSWORD"):
        Journal(good.replace(postgres.password, "secret"), "Ada")
    with refused("no such database", "createdb", secret=postgres.password):
        Journal(postgres.url("nothing_here"), "Ada")
    with refused("does not answer", secret=postgres.password):
        Journal(good.replace(f":{postgres.port}", ":1"), "Ada")
    with refused("its host has no address", secret=postgres.password):
        Journal(good.replace("127.0.0.1", "no-such-host.invalid"), "Ada")
    with refused("names no database"):
        Journal("postgresql://ada:secret@127.0.0.1", "Ada")
    with refused("second @", "%40"):
        Journal("postgresql://ada:a@secret@127.0.0.1/labels", "Ada")
    with refused("second @", "%2F"):
        Journal("postgresql://ada:a@secret/more@127.0.0.1/labels", "Ada")


def test_a_server_that_says_nothing_is_not_waited_for_long():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with refused("does not answer"):
            Journal(f"postgresql://ada:secret@127.0.0.1:{silent.getsockname()[1]}/labels", "Ada", busy_timeout_s=0.1)


def test_without_psycopg_the_remedy_is_said(url, monkeypatch):
    monkeypatch.setattr("workbench.labels.postgres.address.importlib.util.find_spec", lambda name: None)
    with pytest.raises(RequirementError, match=r"pip install .seismic-workbench\[team\]"):
        Journal(url, "Ada")


def test_the_password_is_in_no_log_setting_or_address(url, postgres, caplog, decide, monkeypatch):
    monkeypatch.setenv("WORKBENCH_LABELS", url)
    settings = load_settings()
    assert settings.labels_url == url
    with caplog.at_level(logging.DEBUG), Journal(settings.labels_url, "Ada") as journal:
        journal.record(decide())
        shown = [caplog.text, repr(settings), journal.url, journal.place, repr(journal), repr(vars(journal))]
        shown += [repr(journal._store.engine), journal.read_only_words]
    assert [text for text in shown if postgres.password in text] == []


def test_a_database_of_another_program_is_refused_and_left_as_it_is(postgres, database, url):
    postgres.ask("CREATE TABLE journal (entry integer)", database=database)
    with refused("another program", "createdb", secret=postgres.password):
        Journal(url, "Ada")
    tables = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    assert postgres.ask(tables, database=database) == [("journal",)]


def test_a_database_that_cannot_hold_every_name_is_refused(postgres):
    postgres.ask("CREATE DATABASE narrow TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    try:
        with refused("LATIN1", "--encoding UTF8", secret=postgres.password):
            Journal(postgres.url("narrow"), "Ada")
    finally:
        postgres.drop("narrow")


def test_a_journal_of_a_newer_workbench_is_refused_and_left_as_it_is(journal, ask, url, decide, postgres):
    journal.record(decide())
    ask("UPDATE alembic_version SET version_num = '0999'")
    with refused("newer workbench", "0999", "pip install", secret=postgres.password):
        Journal(url, "Ada")
    assert ask("SELECT count(*) FROM journal") == [(1,)]


@pytest.fixture
def reader(postgres: PostgresServer) -> Iterator[str]:
    """A role that may look and not write."""
    name = "reader"
    postgres.ask(f"CREATE ROLE {name} LOGIN PASSWORD '{postgres.password}'", f"GRANT pg_read_all_data TO {name}")
    yield name
    postgres.ask(f"DROP ROLE {name}")


def test_a_role_that_may_not_write_sees_and_writes_nothing(journal, postgres, database, reader, decide, ask):
    journal.record(decide())
    theirs = postgres.url(database, user=reader)
    with Journal(theirs, "Grace", or_read_only=True) as shut:
        assert (shut.writable, len(shut.labels()), shut.recordings()["n_p"].tolist()) == (False, 1, [1])
        with refused("read-only for this user", "Nothing was written", secret=postgres.password):
            shut.record(decide())
    with refused("read-only for this user", secret=postgres.password):
        Journal(theirs, "Grace")
    ask("UPDATE alembic_version SET version_num = '0003'")
    with refused("of another version (revision 0003)", "Ask its owner", secret=postgres.password):
        Journal(theirs, "Grace", or_read_only=True)


def test_there_must_be_a_journal_for_whoever_may_make_none(postgres, database, reader, url):
    with refused("There is no label journal in", "Ask its owner", secret=postgres.password):
        Journal(postgres.url(database, user=reader), "Grace", or_read_only=True)
    with refused("There is no label journal in", "--labels", secret=postgres.password):
        Journal(url, "Ada", make=False)


def test_the_rights_that_the_readme_lists_are_enough_to_write(journal, postgres, database, decide):
    postgres.ask(
        f"CREATE ROLE bo LOGIN PASSWORD '{postgres.password}'",
        "GRANT SELECT, INSERT ON journal, settled TO bo",
        "GRANT SELECT, INSERT, UPDATE ON tally TO bo",
        "GRANT SELECT ON alembic_version TO bo",
        database=database,
    )
    try:
        with Journal(postgres.url(database, user="bo"), "Bo", or_read_only=True) as theirs:
            theirs.record(decide())
            theirs.undo("r1")
        assert journal.entries()["analyst"].tolist() == ["Bo", "Bo"]
    finally:
        postgres.ask("DROP OWNED BY bo", "DROP ROLE bo", database=database)


@pytest.fixture
def mortal(postgres: PostgresServer, request: pytest.FixtureRequest) -> Iterator[tuple[PostgresServer, str]]:
    """A server of this test's own, to be stopped and started, and the URL of a database on it."""
    from tests.postgres_server import server_programs

    own = PostgresServer(server_programs())
    yield own, own.url(own.new_database())
    own.stop()


def test_a_server_that_was_restarted_is_found_again(mortal, decide):
    server, url = mortal
    with Journal(url, "Ada", busy_timeout_s=2.0) as journal:
        journal.record(decide())
        server.halt()
        for action in (lambda: journal.record(decide(after_s=1)), journal.labels, lambda: journal.undo("r1")):
            with refused("does not answer", "Nothing was written", secret=server.password):
                action()
        server.start()
        journal.record(decide(after_s=2))
        assert len(journal.labels()) == 2


class Wire:
    """A wire to a server that is cut when COMMIT passes: before it arrives, or before the answer to it comes back."""

    def __init__(self, port: int, *, arrives: bool) -> None:
        self._port, self._arrives = port, arrives
        self.armed = self.cut = self._swallows = False
        self._near: set[socket.socket] = set()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self._ends: list[socket.socket] = [self._door]
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def _start(self, function: Callable[..., None], *arguments: socket.socket) -> None:
        self._threads.append(threading.Thread(target=function, args=arguments, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._port))
            self._ends += [near, far]
            self._near.add(near)
            self._start(self._pass, near, far)
            self._start(self._pass, far, near)

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self._swallows and target in self._near:
                    # The answer to COMMIT: it came to this side of the wire, and goes no farther.
                    break
                if self.armed and b"COMMIT\0" in data:
                    self.armed, self.cut, self._swallows = False, True, self._arrives
                    if not self._arrives:
                        break
                target.sendall(data)
        self._swallows = False
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for end in list(self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(30)
        for end in self._ends:
            end.close()


@pytest.mark.parametrize("arrives", [False, True])
def test_a_connection_that_breaks_at_the_last_moment_leaves_no_doubt(postgres, database, url, decide, arrives):
    wire = Wire(postgres.port, arrives=arrives)
    with Journal(url.replace(f":{postgres.port}", f":{wire.port}"), "Ada", busy_timeout_s=20.0) as journal:
        journal.record(decide())
        wire.armed = True
        if arrives:
            written = journal.record(decide(after_s=5)).entry
            assert journal.entries()["entry"].tolist()[0] == written
        else:
            with refused("was lost while a decision was written. Nothing was written", secret=postgres.password):
                journal.record(decide(after_s=5))
        assert wire.cut
        assert len(journal.entries()) == 1 + arrives
        journal.record(decide(after_s=9))
    wire.close()


def test_a_writer_that_is_killed_leaves_nothing_half_and_holds_nobody_up(journal, url, decide):
    script = f"""
import sys, time
from workbench.labels.journal import Journal
from workbench.labels.rows import decision_row
from workbench.schema import Decision
import pandas as pd
journal = Journal({url!r}, "Bo")
def work(connection):
    from sqlalchemy import insert
    from workbench.labels.tables import journal as table
    row = decision_row(Decision("add", "r1", "XX.A.", "P", pd.Timestamp("2024")), "half", None, "Bo")
    connection.execute(insert(table), row)
    print("halfway", flush=True)
    time.sleep(600)
journal._store.write(work)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"halfway\n"
        os.kill(writer.pid, signal.SIGKILL)
    with Journal(url, "Ada", busy_timeout_s=60.0) as patient:
        patient.record(decide())
    assert journal.entries()["analyst"].tolist() == ["Ada"]
    assert journal.recordings()["n_p"].tolist() == [1]


def test_an_answer_that_never_comes_is_said_to_be_unknown(mortal, decide, monkeypatch):
    server, url = mortal
    with Journal(url, "Ada", busy_timeout_s=0.5) as journal:
        entry = journal.record(decide())
        server.halt()
        with pytest.raises(LabelStoreError, match="look whether it is there") as caught:
            journal._store._look_for(entry)
        assert "Nothing was written" not in str(caught.value)
        server.start()
        assert journal._store._look_for(entry) == entry
        with pytest.raises(LabelStoreError, match="Nothing was written"):
            journal._store._look_for(replace(entry, analyst="Bo"))


def test_rows_past_the_journal_cannot_be_changed_by_the_owner_either(journal, postgres, database, decide):
    journal.record(decide())
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        postgres.ask("TRUNCATE journal, settled", database=database)
