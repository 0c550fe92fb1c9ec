"""The table of a scan: ids are there and unique, the rest is filled where it is not known."""

from __future__ import annotations

import pandas as pd
import pytest

from workbench.errors import SchemaError
from workbench.schema import RECORDING_COLUMNS, check_recordings_table


def test_what_is_not_known_is_filled_and_what_is_more_is_kept() -> None:
    table = check_recordings_table(pd.DataFrame({"source_id": ["x", "y"], "recording_id": ["b", "a"]}, index=[7, 9]))
    assert list(table.columns) == [*RECORDING_COLUMNS, "source_id"]
    assert {name: str(table[name].dtype) for name in RECORDING_COLUMNS} == dict(RECORDING_COLUMNS)
    assert table["recording_id"].tolist() == ["b", "a"]
    assert table.index.tolist() == [0, 1]
    assert table["start"].isna().all()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"name": ["a"]}), r"a column 'recording_id'; this one has \['name'\]"),
        (pd.DataFrame({"recording_id": ["a", None]}), "some rows have none"),
        (pd.DataFrame({"recording_id": ["a", ""]}), "some rows have none"),
        (pd.DataFrame({"recording_id": ["a", "b", "a"]}), "the same id 'a'"),
    ],
)
def test_ids_are_there_and_unique(table: pd.DataFrame, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        check_recordings_table(table)


def test_a_source_without_recordings_has_a_table_too() -> None:
    assert check_recordings_table(pd.DataFrame({"recording_id": pd.Series(dtype="str")})).empty
