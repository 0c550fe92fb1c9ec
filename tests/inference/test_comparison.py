from __future__ import annotations

import pandas as pd
import pytest

from workbench.inference.comparison import compare, recall, wilson_interval


def table(*rows: tuple[str, str, float]) -> pd.DataFrame:
    start = pd.Timestamp("2024-01-01")
    return pd.DataFrame(
        {
            "station": [station for station, _, _ in rows],
            "phase": [phase for _, phase, _ in rows],
            "time": pd.Series([start + pd.Timedelta(seconds=second) for *_, second in rows], dtype="datetime64[ns]"),
            "pick_id": [f"{station}{phase}{second}" for station, phase, second in rows],
        }
    )


def test_known_differences_come_out_in_milliseconds() -> None:
    picks = table(("A", "P", 10.03), ("A", "S", 14.0), ("B", "P", 10.9))
    reference = table(("A", "P", 10.0), ("A", "S", 14.25), ("B", "P", 11.0))
    differences = compare(picks, reference, 0.5)
    assert list(differences["difference_ms"]) == pytest.approx([30, -100, -250])
    assert list(differences["station"]) == ["A", "B", "A"]


def test_picks_of_another_station_or_phase_do_not_meet() -> None:
    differences = compare(table(("A", "P", 10)), table(("B", "P", 10), ("A", "S", 10)))
    assert differences["difference_ms"].isna().all()
    assert len(differences) == 3


def test_each_pick_is_used_once_and_the_closest_pair_wins() -> None:
    differences = compare(table(("A", "P", 10.0)), table(("A", "P", 10.2), ("A", "P", 9.9)))
    assert list(differences["difference_ms"].dropna()) == pytest.approx([100])
    assert differences["time"].isna().sum() == 1


def test_difference_equal_to_the_tolerance_counts() -> None:
    assert compare(table(("A", "P", 10.5)), table(("A", "P", 10.0)), 0.5)["difference_ms"].notna().all()
    assert compare(table(("A", "P", 10.51)), table(("A", "P", 10.0)), 0.5)["difference_ms"].isna().all()


def test_nothing_against_nothing_is_an_empty_table() -> None:
    assert compare(table(), table()).empty


def test_recall_counts_references_by_phase_and_tolerance() -> None:
    picks = table(("A", "P", 10.05), ("B", "P", 10.3), ("A", "S", 14))
    reference = table(("A", "P", 10), ("B", "P", 10), ("C", "P", 10), ("A", "S", 14))
    results = {(result.phase, result.tolerance_s): (result.found, result.n) for result in recall(picks, reference)}
    assert results == {("P", 0.1): (1, 3), ("P", 0.5): (2, 3), ("S", 0.1): (1, 1), ("S", 0.5): (1, 1)}


def test_wilson_interval_agrees_with_the_textbook() -> None:
    # 8 of 10: Newcombe (1998) gives .490 to .943.
    assert wilson_interval(8, 10) == pytest.approx((0.490, 0.943), abs=5e-4)
