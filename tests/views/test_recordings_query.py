"""Which recordings are listed, for a question and a status."""

import numpy as np
import pandas as pd
import pytest

from workbench.schema import check_recordings_table
from workbench.views.recordings_query import Query, Statuses, chosen_rows, group_starts

NAN = float("nan")


@pytest.fixture
def table() -> pd.DataFrame:
    return check_recordings_table(
        pd.DataFrame(
            {
                "recording_id": ["a.quake", "b.noise", "c.quake", "d.quake"],
                "stations": ["BW.RJOB.", "XW.SS48.", "BW.UH1.", "7D.FN18A."],
                "start": pd.to_datetime(["2009-08-24T00:20", "2016-10-27T00:00", "2010-05-27T00:00", None]),
                "category": ["earthquake_local", "noise", "earthquake_local", "earthquake_local"],
                "magnitude": [2.5, NAN, 1.1, 3.0],
                "distance_km": [10.0, NAN, 30.0, NAN],
            }
        )
    )


@pytest.fixture
def statuses(table: pd.DataFrame) -> Statuses:
    made = Statuses(pd.Index(table["recording_id"]))
    rows = {"recording_id": ["c.quake", "gone"], "status": ["done", "in work"], "note": ["glitch at the start", ""]}
    made.update(pd.DataFrame(rows | {"n_p": [2, 1], "n_s": [1, 0]}))
    return made


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (Query(), [0, 1, 2, 3]),
        (Query(text="bw. QUAKE"), [0, 2]),
        (Query(text="2009-08"), [0]),
        (Query(text="glitch"), [2]),
        (Query(text="(*["), []),
        (Query(status="done"), [2]),
        (Query(status="untouched", category="noise"), [1]),
        (Query(ranges={"magnitude": (2.0, NAN)}), [0, 3]),
        (Query(ranges={"magnitude": (NAN, 2.9), "distance_km": (20.0, 40.0)}), [2]),
        (Query(sort="magnitude"), [2, 0, 3, 1]),
        (Query(sort="magnitude", descending=True), [3, 0, 2, 1]),
        (Query(sort="start"), [0, 2, 1, 3]),
        (Query(text="quake", sort="recording_id", descending=True), [3, 2, 0]),
    ],
)
def test_a_query_lists_what_it_asks_for(table: pd.DataFrame, statuses: Statuses, query: Query, rows: list[int]) -> None:
    assert chosen_rows(table, statuses, query).tolist() == rows


def test_statuses_of_other_sources_do_not_count(statuses: Statuses) -> None:
    assert statuses.totals() == {"untouched": 3, "in work": 0, "done": 1, "rejected": 0}
    assert statuses.counts_of(2) == (2, 1)


def test_an_empty_source_lists_nothing() -> None:
    empty = check_recordings_table(pd.DataFrame({"recording_id": pd.Series([], dtype=str)}))
    rows = chosen_rows(empty, Statuses(pd.Index(empty["recording_id"])), Query(text="x", sort="magnitude"))
    assert rows.dtype.kind == "i"
    assert len(rows) == 0


def test_a_query_says_whether_it_filters() -> None:
    assert not Query(text="  ", sort="start").filters
    assert Query(ranges={"snr_db": (1.0, NAN)}).filters
    assert np.isnan(Query(ranges={"snr_db": (1.0, NAN)}).ranges["snr_db"][1])


def test_groups_begin_where_the_name_changes_among_the_rows_that_are_listed():
    groups = pd.Series(["a", "a", None, "b", "b", "a"], dtype="str")
    assert group_starts(groups, np.arange(6)).tolist() == [0, 2, 3, 5]
    # Of rows 1, 3 and 4, and of all but the third and the last.
    assert group_starts(groups, np.array([1, 3, 4])).tolist() == [0, 1]
    assert group_starts(groups, np.array([0, 1, 3, 4])).tolist() == [0, 2]
    assert group_starts(groups.astype(object), np.array([5])).tolist() == [0]
    assert group_starts(groups, np.zeros(0, dtype=int)).tolist() == []
