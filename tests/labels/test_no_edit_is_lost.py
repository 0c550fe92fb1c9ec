"""No acknowledged edit is lost: writers killed at random moments, and several writers at once."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.labels.journal import Journal

N_KILLS = {"sqlite": 36, "postgresql": 12}


class Writers:
    """Writers that append decisions in a process of their own."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}
        script = Path(__file__).with_name("append_stream.py")
        self._process = subprocess.Popen(
            [sys.executable, "-u", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, url: str, count: int = 10**9) -> int:
        self._process.stdin.write(f"{url} {count}\n")
        self._process.stdin.flush()
        while True:
            word, pid, *_ = self._process.stdout.readline().split()
            if word == "pid":
                return int(pid)

    def wait_for_one(self) -> None:
        """Return once the writer has acknowledged a decision."""
        words = self._process.stdout.readline().split()
        self._seen[int(words[2])] = int(words[1])

    def until_ended(self) -> dict[int, int]:
        """Entry number to time_ns of what was acknowledged."""
        acknowledged, self._seen = self._seen, {}
        while (words := self._process.stdout.readline().split())[0] != "ended":
            acknowledged[int(words[2])] = int(words[1])
        return acknowledged

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture
def writers() -> Iterator[Writers]:
    writers = Writers()
    yield writers
    writers.close()


def is_sound(path: Path) -> bool:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()


def test_a_writer_killed_at_random_moments_loses_no_acknowledged_edit(writers, store, url, path):
    chance = random.Random(20241120)
    acknowledged: dict[int, int] = {}
    logs_left = 0
    for number in range(N_KILLS[store]):
        pid = writers.start(url)
        if number % 3:
            writers.wait_for_one()
        time.sleep(chance.uniform(0.0, 0.15))
        os.kill(pid, signal.SIGKILL)
        acknowledged |= writers.until_ended()
        logs_left += path.with_name(path.name + "-wal").exists()
        with Journal(url, "reader") as journal:
            table = journal.entries()
            assert journal.recordings()["n_labels"].sum() == len(journal.labels())
        kept = dict(zip(table["entry"], table["time"].astype("int64"), strict=True))
        assert kept.items() >= acknowledged.items()
    assert len(acknowledged) >= N_KILLS[store] // 3 * 2
    if store == "sqlite":
        assert is_sound(path)
        assert logs_left >= N_KILLS[store] // 3 * 2


def test_a_kill_while_the_journal_is_made_leaves_one_that_opens(writers, tmp_path, decide):
    chance = random.Random(1)
    for number in range(12):
        path = tmp_path / f"{number}.sqlite"
        pid = writers.start(f"sqlite:///{path}")
        time.sleep(chance.uniform(0.0, 0.06))
        os.kill(pid, signal.SIGKILL)
        acknowledged = writers.until_ended()
        with Journal(path, "Ada") as journal:
            journal.record(decide())
            assert len(journal.entries()) >= len(acknowledged) + 1
        assert is_sound(path)


def test_processes_that_write_at_once_lose_no_rows(store, url, path):
    teams = [Writers() for _ in range(3)]
    for team in teams:
        team.start(url, 70)
    acknowledged = [team.until_ended() for team in teams]
    for team in teams:
        team.close()
    together = {number: at for part in acknowledged for number, at in part.items()}
    assert [len(part) for part in acknowledged] == [80, 80, 80]
    assert len(together) == 240
    with Journal(url, "reader") as journal:
        table = journal.entries()
        assert dict(zip(table["entry"], table["time"].astype("int64"), strict=True)) == together
        assert journal.labels()["recording_id"].value_counts().tolist() == [60, 60, 60]
    if store == "sqlite":
        assert is_sound(path)


def test_no_row_is_lost_when_another_program_closes_a_journal_that_two_sessions_have_open(tmp_path, decide):
    path = tmp_path / "labels.sqlite"
    read = (
        f"from workbench.labels.journal import Journal; j = Journal({str(path)!r}); print(len(j.entries())); j.close()"
    )
    with Journal(str(path), "Ada") as ada:
        ada.record(decide())
        with Journal(str(path), "Ben") as ben:
            seen = []
            for _ in range(2):
                ran = subprocess.run([sys.executable, "-c", read], capture_output=True, text=True, check=True)
                seen.append(int(ran.stdout))
                ada.record(decide())
                ben.record(decide())
    assert seen == [1, 3]
