"""The journal keeps what was decided, exactly, and folds it into what stands."""

from __future__ import annotations

import json
import math
import threading

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.exc import DBAPIError

from workbench.errors import SchemaError
from workbench.labels.journal import Journal
from workbench.schema import LABEL_COLUMNS, STATUSES

T0 = pd.Timestamp("2024-01-01T00:00:10.123456789")


def test_every_field_of_a_decision_comes_back(journal, url, decide):
    provenance = {
        "picker": "phasenet",
        "weights": "original",
        "weights_hash": "0123456789abcdef",
        "versions": {"seisbench": "0.12.6"},
        "thresholds": {"P": np.float32(0.25), "S": 0.3},
        "filter": "1–20 Hz",
        "waveform_hash": "fedcba9876543210",
        "source": "Höfn/日本",
    }
    entry = journal.record(
        decide(
            "accept",
            recording_id="r/ä $",
            station="BW.RJOB.",
            phase="Pn",
            uncertainty_minus_s=0.01,
            uncertainty_plus_s=0.25,
            polarity="negative",
            onset_quality="impulsive",
            weight=2.0,
            pick_id="0011223344556677",
            provenance=provenance,
        )
    )
    journal.close()
    with Journal(url) as again:
        labels = again.labels()
    (row,) = labels.to_dict("records")
    assert json.loads(row.pop("provenance")) == provenance | {"thresholds": {"P": 0.25, "S": 0.3}}
    assert row == {
        "label_id": entry.label_id,
        "entry": entry.entry,
        "recording_id": "r/ä $",
        "station": "BW.RJOB.",
        "phase": "Pn",
        "time": T0,
        "uncertainty_minus_s": 0.01,
        "uncertainty_plus_s": 0.25,
        "polarity": "negative",
        "onset_quality": "impulsive",
        "weight": 2.0,
        "decision": "accept",
        "analyst": "Ada",
        "decided_at": entry.decided_at,
        "pick_id": "0011223344556677",
    }
    assert {name: str(dtype) for name, dtype in labels.dtypes.items()} == dict(LABEL_COLUMNS)


def test_fields_that_were_not_given_stay_unknown(journal, decide):
    journal.record(decide())
    row = journal.labels().iloc[0]
    assert math.isnan(row["uncertainty_minus_s"])
    assert math.isnan(row["uncertainty_plus_s"])
    assert math.isnan(row["weight"])
    assert (row["polarity"], row["onset_quality"], row["pick_id"]) == ("", "", "")


def test_times_with_a_zone_are_kept_as_utc(journal, decide):
    journal.record(decide(time=pd.Timestamp("2024-01-01T02:00:10.123456789+02:00")))
    assert journal.labels()["time"][0] == T0


def test_an_empty_journal_gives_empty_tables_of_the_agreed_form(journal):
    labels = journal.labels()
    assert labels.empty
    assert {name: str(dtype) for name, dtype in labels.dtypes.items()} == dict(LABEL_COLUMNS)
    assert journal.recordings().empty
    assert journal.entries().empty
    assert journal.labels([]).empty


def test_moved_pick_replaces_its_label(journal, decide):
    first = journal.record(decide())
    second = journal.record(decide("move", after_s=0.5, label_id=first.label_id))
    labels = journal.labels()
    assert labels["time"].tolist() == [T0 + pd.Timedelta(seconds=0.5)]
    assert labels["decision"].tolist() == ["move"]
    assert second.replaces == first.entry
    assert journal.entries()["entry"].tolist() == [second.entry, first.entry]


def test_a_phase_may_be_changed_and_another_of_the_same_name_may_stand_beside_it(journal, decide):
    first = journal.record(decide())
    journal.record(decide("edit", phase="Pg", label_id=first.label_id))
    journal.record(decide(phase="Pg", after_s=3))
    assert journal.labels()["phase"].tolist() == ["Pg", "Pg"]


def test_rejected_onset_stands_as_rejected(journal, decide):
    journal.record(decide("reject", pick_id="aa"))
    assert journal.labels()["decision"].tolist() == ["reject"]
    assert journal.recordings().loc[0, ["n_labels", "n_p", "status"]].tolist() == [0, 0, "in work"]


def test_label_ids_stay_with_their_recording(journal, decide):
    first = journal.record(decide())
    with pytest.raises(SchemaError, match="belongs to the recording 'r1'"):
        journal.record(decide("move", recording_id="r2", label_id=first.label_id))
    assert len(journal.entries()) == 1


def test_restore_is_written_by_undo_only(journal, decide):
    with pytest.raises(SchemaError, match=r"undo\(\)"):
        journal.record(decide("restore"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"provenance": {"curve": object()}}, "plain values"),
        ({"station": "XX.\udcff."}, "not text"),
        ({"station": "XX.\0."}, "not text"),
        ({"time": pd.Timestamp("9999-01-01")}, "nanoseconds"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_is_written(journal, decide, values, words):
    with pytest.raises(SchemaError, match=words):
        journal.record(decide(**values))
    assert journal.entries().empty


def test_labels_of_some_recordings_only(journal, decide):
    for number in range(4):
        journal.record(decide(recording_id=f"r{number}"))
    assert journal.labels(["r3", "r1", "other"])["recording_id"].tolist() == ["r1", "r3"]
    many = [f"r{number}" for number in range(2, 2000)]
    assert journal.labels(many)["recording_id"].tolist() == ["r2", "r3"]
    assert journal.recordings(many)["recording_id"].tolist() == ["r2", "r3"]
    assert journal.recordings(["r0"])["recording_id"].tolist() == ["r0"]


def test_recordings_are_counted_by_phase(journal, decide):
    for phase, decision in (("P", "add"), ("Pn", "add"), ("S", "accept"), ("S", "reject"), ("Lg", "add")):
        journal.record(decide(decision, phase=phase))
    row = journal.recordings().iloc[0]
    assert (row["n_p"], row["n_s"], row["n_labels"]) == (2, 1, 4)


def test_status_and_note_live_in_the_journal(journal, decide):
    journal.set_note("r1", "two events?")
    assert journal.recordings().loc[0, "status"] == "untouched"
    journal.record(decide())
    assert journal.recordings().loc[0, "status"] == "in work"
    for status in STATUSES:
        journal.set_status("r1", status)
        assert journal.recordings().loc[0, "status"] == status
    journal.set_note("r1", "")
    assert journal.recordings().loc[0, "note"] == ""
    assert journal.entries("r1")["text"].tolist()[-1] == "two events?"
    with pytest.raises(SchemaError, match="untouched"):
        journal.set_status("r1", "finished")


def test_entries_show_the_newest_first_and_only_as_many_as_asked(journal, decide):
    numbers = [journal.record(decide(recording_id=f"r{number % 2}")).entry for number in range(6)]
    assert journal.entries()["entry"].tolist() == numbers[::-1]
    assert journal.entries(limit=2)["entry"].tolist() == numbers[:3:-1]
    assert journal.entries("r1", limit=1)["entry"].tolist() == [numbers[5]]


def test_the_database_itself_refuses_to_change_or_delete_rows(journal, store, ask, decide):
    journal.record(decide())
    statements = ["UPDATE journal SET phase = 'S'", "DELETE FROM journal"]
    for statement in statements + (["TRUNCATE journal"] if store == "postgresql" else []):
        with pytest.raises(DBAPIError, match="append-only"):
            ask(statement)
    assert journal.labels()["phase"].tolist() == ["P"]


def test_another_connection_sees_an_edit_as_soon_as_it_is_acknowledged(journal, ask, decide):
    for expected in range(1, 6):
        journal.record(decide())
        assert ask("SELECT count(*) FROM journal") == [(expected,)]


def test_threads_write_to_one_journal_without_losing_rows(journal, decide):
    def write(name: str) -> None:
        for _ in range(25):
            journal.record(decide(recording_id=name))
            journal.labels([name])

    threads = [threading.Thread(target=write, args=(f"r{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert journal.labels()["recording_id"].value_counts().to_dict() == {f"r{number}": 25 for number in range(6)}
