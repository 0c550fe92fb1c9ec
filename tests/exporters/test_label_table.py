"""The CSV table of labels."""

from __future__ import annotations

import pandas as pd
import pytest

from workbench.errors import SchemaError
from workbench.exporters.tables import CsvExporter
from workbench.schema import LABEL_COLUMNS, Event


def test_times_are_iso_utc_to_the_nanosecond(tmp_path, labels, reader):
    _, path = CsvExporter().export(labels({}), reader(), tmp_path / "out")
    row = pd.read_csv(path, dtype=str).iloc[0]
    assert row["time"] == "2024-01-01T00:00:10.123456789Z"
    assert row["decided_at"] == "2024-02-02T03:04:05.000000006Z"


def test_columns_are_those_of_labels_and_the_event_where_asked(tmp_path, labels, reader):
    _, path = CsvExporter().export(labels({}), reader(), tmp_path / "a")
    assert list(pd.read_csv(path)) == list(LABEL_COLUMNS)
    known = {"r1": Event("ev1", pd.Timestamp(0))}
    _, path = CsvExporter().export(labels({}, {"recording_id": "r2"}), reader(), tmp_path / "b", events=known.get)
    assert pd.read_csv(path, keep_default_na=False)["event_id"].tolist() == ["ev1", ""]


def test_an_empty_table_is_told(tmp_path, labels, reader):
    with pytest.raises(SchemaError, match="no label"):
        CsvExporter().export(labels({}).iloc[:0], reader(), tmp_path / "out")
