"""The index of all of STEAD: made once, small in memory, whole."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from workbench.sources import metadata_index, stead_index, text_columns
from workbench.sources.metadata_index import MetadataIndex, unique_names
from workbench.sources.stead import SteadSource
from workbench.sources.text_columns import to_times

from .dataset_files import NOISE_ROW, STEAD_ROW

ALL_OF_STEAD = 1_270_000


@pytest.fixture(scope="module")
def all_of_stead(tmp_path_factory):
    """A CSV file as long as that of all of STEAD: four earthquakes, then one noise trace, and so on."""
    path = tmp_path_factory.mktemp("stead") / "merge.csv"
    columns = list(STEAD_ROW)
    quake, noise = (",".join(row[name] for name in columns) for row in (STEAD_ROW, NOISE_ROW))
    with path.open("w") as file:
        file.write(",".join([*columns, "trace_name"]) + "\n")
        for start in range(0, ALL_OF_STEAD, 10_000):
            numbers = range(start, start + 10_000)
            file.writelines(
                f"{noise},109C.TA_{n:014d}_NO\n" if n % 5 == 4 else f"{quake},109C.TA_{n:014d}_EV\n" for n in numbers
            )
    yield path
    path.unlink()


def test_all_of_stead_is_indexed_once_in_little_memory_and_opened_without_its_csv(all_of_stead, monkeypatch, tmp_path):
    in_use = []
    before = pa.total_allocated_bytes()
    source = SteadSource(all_of_stead, cache=tmp_path)
    source._ready(lambda fraction, step: in_use.append(pa.total_allocated_bytes() - before))
    assert len(in_use) > 20
    assert max(in_use) < 200e6 < all_of_stead.stat().st_size

    def refuse(*_):
        raise AssertionError("the CSV file is read again")

    monkeypatch.setattr(text_columns, "csv_tables", refuse)
    monkeypatch.setattr(stead_index, "csv_tables", refuse)
    again = SteadSource(all_of_stead, cache=tmp_path)
    table = again.scan()
    assert len(table) == ALL_OF_STEAD
    assert table["category"].value_counts().to_dict() == {"earthquake_local": 1_016_000, "noise": 254_000}
    assert table["magnitude"].count() == 1_016_000
    assert table["snr_db"].iloc[-2] == 53.0
    last = table.iloc[-1]
    assert (last["recording_id"], last["start"]) == ("109C.TA_00000001269999_NO", pd.Timestamp("2006-11-03 15:56:53"))
    assert again.event("109C.TA_00000001269998_EV").magnitude == 3.6
    assert again.event("109C.TA_00000001269999_NO") is None


def rows_of(names):
    def build(report, notices):
        notices.append("a notice")
        for start in range(0, len(names), 3):
            yield pa.table({"recording_id": names[start : start + 3], "n": range(start, min(start + 3, len(names)))})

    return build


@pytest.mark.parametrize("n_rows", [1, 3, 4, 8, 9, 25])
def test_every_row_is_found_again_wherever_it_lies(tmp_path, monkeypatch, n_rows):
    monkeypatch.setattr(metadata_index, "_GROUP_ROWS", 4)
    monkeypatch.setattr(metadata_index, "_GROUPS_KEPT", 2)
    (tmp_path / "input").write_text("x")
    names = [f"r{number}" for number in range(n_rows)]
    index = MetadataIndex([tmp_path / "input"], rows_of(names), kind="test", folder=tmp_path)
    assert index.table()["recording_id"].to_pylist() == names
    assert [index.row(name)["n"] for name in names] == list(range(n_rows))
    assert index.notices == ["a notice"]


def test_two_names_of_one_hash_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(metadata_index, "_hash_names", lambda names: np.zeros(len(names), np.uint64))
    (tmp_path / "input").write_text("x")
    index = MetadataIndex([tmp_path / "input"], rows_of(["a", "b"]), kind="test", folder=tmp_path)
    assert (index.row("a")["n"], index.row("b")["n"]) == (0, 1)


def test_repeated_names_are_made_unique_even_where_a_suffix_is_taken():
    names = unique_names(pa.array(["a", "a@1", "a", "a"]), ["@0", "@0", "@1", "@1"]).to_pylist()
    assert names[:2] == ["a", "a@1"]
    assert len(set(names)) == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("27/10/2016 19:12", "2016-10-27T19:12"),
        ("04/08/2011 17:37", "2011-08-04T17:37"),
        ("4/7/2011 5:23", "2011-07-04T05:23"),
        ("2009-02-09T00:26:57.220800Z", "2009-02-09T00:26:57.2208"),
        ("2006-07-23 15:58:50.88", "2006-07-23T15:58:50.88"),
        ("2007/01/01 01:42:45.08", "2007-01-01T01:42:45.08"),
        ("2013-01-01 00:00:00+00:00", "2013-01-01T00:00"),
        ("2013-01-01T02:00:00+02:00", "2013-01-01T00:00"),
        ("1500-01-01 00:00:00", None),
        ("31/02/2016 19:12", None),
        ("no time", None),
        (None, None),
    ],
)
def test_times_of_every_kind_are_read_alone_and_in_company(text, expected):
    expected = None if expected is None else pd.Timestamp(expected)
    assert to_times(pa.array([text], pa.string())).to_pylist() == [expected]
    company = to_times(pa.array(["2020-01-01 00:00:00", text, "27/10/2016 19:12"]))
    assert company.to_pylist() == [pd.Timestamp("2020-01-01"), expected, pd.Timestamp("2016-10-27T19:12")]
