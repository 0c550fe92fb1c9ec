"""Thirty analysts at once, each with a journal of her own: nothing lost, nothing doubled, every chain whole."""

from __future__ import annotations

import threading

import pandas as pd

from workbench.errors import DecidedMeanwhileError, LabelStoreError
from workbench.labels.journal import Journal

N_ANALYSTS = 30
N_ROUNDS = 6


def check_chains(entries: pd.DataFrame) -> None:
    """Each row of a label replaces the one before it, and no two rows replace the same."""
    for _, rows in entries[entries["label_id"] != ""].sort_values("entry").groupby("label_id"):
        expected = [pd.NA, *rows["entry"].tolist()[:-1]]
        assert [pd.NA if pd.isna(value) else int(value) for value in rows["replaces"]] == expected


def together(work, number=N_ANALYSTS):
    """Run it in threads that begin at the same moment; raises what any of them raised."""
    start, failures = threading.Barrier(number), []

    def run(index: int) -> None:
        try:
            start.wait()
            work(index)
        except Exception as error:  # noqa: BLE001 - all of them are raised below
            failures.append(error)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def test_thirty_analysts_on_the_same_labels_lose_and_double_nothing(url, journal, decide):
    shared = [journal.record(decide(recording_id=f"r{k}", pick_id=f"p{k}")).label_id for k in range(5)]
    acknowledged: list[tuple[int, str]] = []

    def work(index: int) -> None:
        name = f"analyst {index}"
        with Journal(url, name, busy_timeout_s=60.0) as own:
            for number in range(N_ROUNDS):
                k = (index + number) % len(shared)
                entry = own.record(decide("move", label_id=shared[k], recording_id=f"r{k}", after_s=number))
                acknowledged.append((entry.entry, name))
            entry = own.record(decide(recording_id=name))
            acknowledged.append((entry.entry, name))
            acknowledged.append((own.undo(name).entry, name))

    together(work)
    entries = journal.entries()
    kept = entries[entries["analyst"] != "Ada"]
    assert len(acknowledged) == len(set(acknowledged)) == N_ANALYSTS * (N_ROUNDS + 2)
    assert sorted(zip(kept["entry"], kept["analyst"], strict=True)) == sorted(acknowledged)
    check_chains(entries)
    assert sorted(journal.labels()["label_id"]) == sorted(shared)
    assert journal.recordings()["n_p"].sum() == len(shared)


def test_of_thirty_who_see_the_same_pick_one_decides_and_all_others_are_told(url, journal, decide):
    seen, won, told = journal.look("r1").head, [], []

    def work(index: int) -> None:
        with Journal(url, f"analyst {index}", busy_timeout_s=60.0) as own:
            try:
                won.append(own.record(decide("accept", pick_id="p"), seen=seen).analyst)
            except DecidedMeanwhileError as error:
                told.append(str(error))

    together(work)
    assert (len(won), len(told)) == (1, N_ANALYSTS - 1)
    assert all(sentence.startswith(f"{won[0]} accepted this P") for sentence in told)
    assert len(journal.entries()) == 1


def test_analysts_who_open_a_new_journal_together_make_it_once(url, decide):
    def work(index: int) -> None:
        with Journal(url, f"analyst {index}", busy_timeout_s=60.0) as own:
            own.record(decide())

    together(work, 10)
    with Journal(url, "reader", make=False) as reader:
        assert len(reader.labels()) == 10


def test_a_turn_that_does_not_come_is_told(url, journal, decide):
    with Journal(url, "Bo", busy_timeout_s=0.2) as other:
        waiting, done = threading.Event(), threading.Event()

        def hold(connection):
            waiting.set()
            done.wait(30)

        thread = threading.Thread(target=lambda: journal._store.write(hold))
        thread.start()
        waiting.wait(30)
        # In one process the writers of one file wait for each other as long as it takes: two computers do not.
        other._store._turn = threading.RLock()
        try:
            other.record(decide())
            words = ""
        except LabelStoreError as error:
            words = str(error)
        finally:
            done.set()
            thread.join()
        assert "Nothing was written" in words
        other.record(decide())
    assert len(journal.entries()) == 1
