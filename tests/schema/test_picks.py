"""Picks: one row per measured onset, and an id that is the same each time."""

from __future__ import annotations

import pandas as pd
import pytest

from workbench.errors import SchemaError
from workbench.schema import PICK_COLUMNS, check_picks, empty_picks, make_picks, pick_id

LATER = {"station": "BW.UH1.", "phase": "S", "time": pd.Timestamp("2018-12-30T03:00:09"), "probability": 0.4}
EARLIER = {"station": "BW.UH1.", "phase": "P", "time": "2018-12-30T03:00:05.123456789", "probability": 0.9}


def picks(*rows: dict[str, object]) -> pd.DataFrame:
    return make_picks(rows, recording_id="a", picker="phasenet", weights="original")


def test_picks_are_sorted_by_time_and_typed() -> None:
    table = picks(LATER, EARLIER)
    assert table["phase"].tolist() == ["P", "S"]
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(PICK_COLUMNS)
    assert table["time"][0] == pd.Timestamp("2018-12-30T03:00:05.123456789")
    assert table["uncertainty_s"].isna().all()


def test_no_picks_are_a_table_too() -> None:
    assert picks().empty
    assert list(picks().columns) == list(PICK_COLUMNS)
    assert check_picks(empty_picks()).dtypes.equals(picks(EARLIER).dtypes)


def test_the_same_onset_has_the_same_id_and_another_one_has_not() -> None:
    time = pd.Timestamp(EARLIER["time"])
    first = pick_id("a", "phasenet", "original", "BW.UH1.", "P", time)
    assert picks(LATER, EARLIER)["pick_id"][0] == first
    others = {
        pick_id("b", "phasenet", "original", "BW.UH1.", "P", time),
        pick_id("a", "gpd", "original", "BW.UH1.", "P", time),
        pick_id("a", "phasenet", "stead", "BW.UH1.", "P", time),
        pick_id("a", "phasenet", "original", "BW.UH2.", "P", time),
        pick_id("a", "phasenet", "original", "BW.UH1.", "S", time),
        pick_id("a", "phasenet", "original", "BW.UH1.", "P", time + pd.Timedelta(1, "ns")),
    }
    assert len(others - {first}) == 6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probability": 1.2}, "between 0 and 1"),
        ({"polarity": "up"}, "'up'"),
        ({"time": pd.NaT}, "some of these are missing"),
    ],
)
def test_wrong_pick_is_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        picks(EARLIER | change)


def test_table_from_elsewhere_is_checked() -> None:
    with pytest.raises(SchemaError, match="probability"):
        check_picks(picks(EARLIER).drop(columns="probability"))
    with pytest.raises(SchemaError, match="naive UTC"):
        check_picks(picks(EARLIER).assign(time=lambda table: table["time"].dt.tz_localize("UTC")))
