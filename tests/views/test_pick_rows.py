"""Rows of the pick table: labels first, and pickers measured against them."""

import numpy as np
import pandas as pd

from workbench.schema import CATALOG, Decision, empty_labels, make_picks
from workbench.views.pick_rows import pick_rows

T0 = pd.Timestamp("2024-01-01T00:00:10")


def picks(name: str, *onsets: tuple[str, str, float]) -> pd.DataFrame:
    rows = [{"station": station, "phase": phase, "time": T0 + pd.Timedelta(seconds=s)} for station, phase, s in onsets]
    return make_picks(rows, recording_id="r", picker=name)


def label(station: str, phase: str, seconds: float, decision: str = "add", **values: object) -> pd.DataFrame:
    made = Decision(decision, "r", station, phase, T0 + pd.Timedelta(seconds=seconds), **values)
    row = {name: getattr(made, name) for name in empty_labels() if hasattr(made, name)}
    row |= {"label_id": f"{station}{phase}", "entry": 1, "analyst": "a", "decided_at": T0, "provenance": "{}"}
    return pd.DataFrame([row]).astype(empty_labels().dtypes.to_dict())[list(empty_labels())]


def test_a_label_is_the_reference_of_every_picker() -> None:
    labels = label("A", "P", 0.0, uncertainty_minus_s=0.02, uncertainty_plus_s=0.04, polarity="positive")
    (row,) = pick_rows(labels, {"one": picks("one", ("A", "P", 0.12)), "two": picks("two", ("A", "P", -0.03))}, ["A"])
    assert (row.who, row.identity, row.polarity) == ("human", "AP", "positive")
    np.testing.assert_allclose([row.differences_ms["one"], row.differences_ms["two"]], [120.0, -30.0])
    np.testing.assert_allclose([row.minus_ms, row.plus_ms], [20.0, 40.0])


def test_without_a_label_the_first_picker_is_the_reference() -> None:
    one, two = picks("one", ("A", "S", 1.0)), picks("two", ("A", "S", 1.5), ("B", "S", 1.0))
    rows = pick_rows(empty_labels(), {"one": one, "two": two}, ["B", "A"])
    assert [(row.station, row.who, row.picker) for row in rows] == [("B", "model", "two"), ("A", "model", "one")]
    assert dict(rows[1].differences_ms) == {"two": 500.0}
    assert rows[1].identity == one["pick_id"].iloc[0]


def test_other_phases_stations_and_far_onsets_stay_apart() -> None:
    given = picks("one", ("A", "S", 0.0), ("B", "P", 0.0), ("A", "P", 9.0))
    rows = pick_rows(label("A", "P", 0.0), {"one": given}, ["A", "B"])
    assert [(row.station, row.phase, row.who) for row in rows] == [
        ("A", "P", "human"),
        ("A", "S", "model"),
        ("A", "P", "model"),
        ("B", "P", "model"),
    ]
    assert all(not row.differences_ms for row in rows)


def test_rejected_and_catalogue_onsets_are_named_as_such() -> None:
    labels = label("A", "P", 0.0, decision="reject")
    rows = pick_rows(labels, {CATALOG: picks(CATALOG, ("A", "S", 2.0))}, ["A"])
    assert [row.who for row in rows] == ["rejected", "catalog"]
