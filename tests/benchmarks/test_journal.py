"""A journal of a million rows: how long a page waits for it at opening and at each decision, in either database.

Run it by name: ``pytest tests/benchmarks/test_journal.py -s``. It prints a table and asserts what the workbench
promises: a list of `N_QUEUE` recordings with what stands on them, the open one, and what became of the most doubtful
onsets where a queue is taken up again, in under 100 ms, and a decision with all that follows it in under 20 ms. What
became of the others follows in pieces; all of it is printed. The server waits for the disk, as a team's does.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import create_engine, text

from tests.postgres_server import PostgresServer, server_programs
from workbench.labels import migrations
from workbench.labels.journal import Journal
from workbench.labels.reading import all_recordings
from workbench.schema import Decision
from workbench.session.decisions import Decisions
from workbench.session.doubting import _AT_ONCE
from workbench.views.recordings_query import Statuses

N_RECORDINGS = 100_000
N_QUEUE = 5_000
T0_NS = pd.Timestamp("2024-01-01").value
COLUMNS = (
    "entry", "decision", "recording_id", "label_id", "station", "phase", "time_ns", "analyst", "decided_at_ns",
    "replaces", "restores", "undoes", "pick_id", "provenance", "text",
)  # fmt: skip
PROVENANCE = json.dumps({"picker": "phasenet", "weights": "original", "filter": "1-20 Hz", "source": "waveforms:made"})


def rows() -> Iterator[tuple]:
    """Ten rows a recording: four labels, three of them moved, one of those taken back, one rejected, a status."""
    entry = 0
    for number in range(N_RECORDINGS):
        name, at = f"recording {number:07d}", T0_NS + number * 10**9
        analyst, first = f"analyst {number % 30}", entry
        for k in range(10):
            entry += 1
            label, phase = (k % 4, "PS"[k % 2]) if k < 9 else (-1, "")
            decision = ("add", "move", "reject")[k // 4] if k < 8 else ("restore", "status")[k - 8]
            decision = "reject" if k == 7 else decision
            onset = (f"{number:07d}{label:025d}", f"XX.S{label // 2}.", phase, at) if label >= 0 else ("", "", "", None)
            replaces = first + k - 3 if 4 <= k < 9 else None
            restores, undoes = (first + 1, first + 5) if k == 8 else (None, None)
            pick = f"{number:08d}{label:08d}" if label >= 0 else ""
            yield (
                entry, decision, name, *onset, analyst, at + entry, replaces, restores, undoes, pick,
                PROVENANCE if label >= 0 else "{}", "done" if k == 9 else "",
            )  # fmt: skip


def fill(url: str) -> None:
    """A journal of the second revision, as one of a year's work may be found; opening it brings it up to date."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        migrations.migrate(connection, "0002")
        if connection.dialect.name == "sqlite":
            question = ",".join("?" * len(COLUMNS))
            raw = connection.connection.dbapi_connection
            raw.executemany(f"INSERT INTO journal ({','.join(COLUMNS)}) VALUES ({question})", rows())
        else:
            cursor = connection.connection.dbapi_connection.cursor()
            with cursor.copy(f"COPY journal ({','.join(COLUMNS)}) FROM STDIN") as copy:
                for row in rows():
                    copy.write_row(row)
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence('journal', 'entry'), max(entry)) FROM journal")
            )
    engine.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        made = f"sqlite:///{tmp_path_factory.mktemp('journal') / 'labels.sqlite'}"
        fill(made)
        yield made
        return
    server = PostgresServer(server_programs() or Path(), safe=True)
    try:
        database = server.new_database()
        made = server.url(database)
        fill(made)
        yield made
    finally:
        server.stop()


def median_ms(work: Callable[[], object], times: int = 7) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


def test_a_million_rows(url: str) -> None:
    began = time.perf_counter()
    journal = Journal(url, "Ada")
    print(f"\n{url.split(':')[0]}: brought up to date in {time.perf_counter() - began:.1f} s")  # noqa: T201
    queue = [f"recording {number:07d}" for number in np.random.default_rng(1).permutation(N_RECORDINGS)[:N_QUEUE]]
    figures = {
        "open the journal": median_ms(lambda: Journal(url, "Ada").close()),
        f"statuses of {N_QUEUE:,} recordings": median_ms(lambda: journal.recordings(queue)),
        "outcomes of the first piece": median_ms(lambda: journal.outcomes(queue[:_AT_ONCE])),
        f"outcomes of {N_QUEUE:,} recordings": median_ms(lambda: journal.outcomes(queue)),
        "look at one recording": median_ms(lambda: journal.look(queue[0])),
        "rows of one recording": median_ms(lambda: journal.entries(queue[0], 2000)),
        "is there anything new": median_ms(lambda: journal.since(journal.head())),
        f"statuses of all {N_RECORDINGS:,}": median_ms(journal.recordings, 3),
        "all labels": median_ms(journal.labels, 1),
    }
    figures |= decisions(journal, queue)
    for name, ms in figures.items():
        print(f"  {name:40s} {ms:8.1f} ms")  # noqa: T201
    journal.close()
    page = (f"statuses of {N_QUEUE:,} recordings", "look at one recording", "outcomes of the first piece")
    assert sum(figures[name] for name in page) < 100
    assert max(ms for name, ms in figures.items() if name.startswith("edit")) < 20


def decisions(journal: Journal, queue: list[str]) -> dict[str, float]:
    """One edit after the other as a session makes them, where all recordings of the journal are listed."""
    session = Decisions()
    session.journal = journal
    session.statuses, session._status_rows = all_recordings(journal)
    listed = Statuses(pd.Index(session.statuses["recording_id"]))
    first = median_ms(lambda: Statuses(pd.Index(session.statuses["recording_id"])).update(session.statuses), 3)
    listed.update(session.statuses)
    names = iter(queue)

    def edit() -> None:
        session.recording_id = next(names)
        label = session.journal.look(session.recording_id)
        row = label.labels.iloc[0]
        move = Decision(
            "move", row["recording_id"], row["station"], row["phase"], row["time"], label_id=row["label_id"]
        )
        parts[0].append(timed(lambda: journal.record(move, seen=label.head)))
        parts[1].append(timed(session._refresh_labels))
        parts[2].append(timed(lambda: listed.update(session.statuses)))

    parts: list[list[float]] = [[], [], []]
    for _ in range(30):
        edit()
    write, read, listing = (statistics.median(part) for part in parts)
    whole = [sum(each) for each in zip(*parts, strict=True)]
    return {
        "list statuses of all, first time": first,
        "edit, written": write,
        "edit, what stands read anew": read,
        "edit, list of all brought up to date": listing,
        "edit, all of it": statistics.median(whole),
    }


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)
