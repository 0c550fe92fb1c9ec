"""Decisions and labels: nothing half-said goes into the journal."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from workbench.errors import SchemaError
from workbench.schema import DECISIONS, LABEL_COLUMNS, Decision, check_labels, empty_labels

DECISION = Decision("add", "a", "BW.UH1.", "Pg", pd.Timestamp("2018-12-30T03:00:05"))


def one_label(**values: object) -> pd.DataFrame:
    row = {"label_id": "1", "entry": 1, "time": DECISION.time, "decided_at": DECISION.time} | values
    rest = {name: "" if dtype == "str" else float("nan") for name, dtype in LABEL_COLUMNS.items() if name not in row}
    return pd.DataFrame([row | rest]).astype(dict(LABEL_COLUMNS))[list(LABEL_COLUMNS)]


@pytest.mark.parametrize("decision", DECISIONS)
def test_every_decision_is_taken(decision: str) -> None:
    assert replace(DECISION, decision=decision).decision == decision


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"decision": "delete"}, "'delete'"),
        ({"recording_id": ""}, "names its recording"),
        ({"station": ""}, "names its recording"),
        ({"phase": ""}, "names its recording"),
        ({"time": pd.NaT}, "Pg on BW.UH1., has none"),
        ({"polarity": "up"}, "'up'"),
        ({"onset_quality": "sharp"}, "'sharp'"),
        ({"uncertainty_minus_s": -0.1}, "0 seconds or more"),
        ({"uncertainty_plus_s": -0.1}, "0 seconds or more"),
        ({"uncertainty_plus_s": float("inf")}, "this is inf"),
        ({"weight": 5.0}, "between 0 .full. and 4"),
        ({"weight": -1.0}, "between 0 .full. and 4"),
    ],
)
def test_half_said_decision_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        replace(DECISION, **change)


def test_labels_of_the_agreed_form_are_let_through() -> None:
    for table in (empty_labels(), one_label()):
        assert check_labels(table) is table


def test_missing_column_is_named() -> None:
    with pytest.raises(SchemaError, match=r"lacks \['analyst'\]"):
        check_labels(one_label().drop(columns="analyst"))


def test_label_stands_once() -> None:
    with pytest.raises(SchemaError, match="stand twice"):
        check_labels(pd.concat([one_label(), one_label()], ignore_index=True))


def test_label_times_are_utc_without_zone() -> None:
    with pytest.raises(SchemaError, match="naive UTC"):
        check_labels(one_label().assign(time=lambda table: table["time"].dt.tz_localize("UTC")))
