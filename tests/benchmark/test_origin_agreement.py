"""Agreement with a common origin, on picks that have one, and on picks that have none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.benchmark.origin_agreement import agreement_row, origin_residuals

KM = 111.195
BEGIN = pd.Timestamp("2024-01-01")
STATIONS = pd.DataFrame(
    {
        "station": [f"XX.S{number:02d}." for number in range(10)],
        "latitude_deg": 46.0 + np.array([-0.1, -0.08, -0.03, 0.0, 0.02, 0.05, 0.07, 0.1, 0.11, -0.05]),
        "longitude_deg": 13.0 + np.array([0.1, -0.12, 0.05, -0.02, 0.14, -0.09, 0.03, -0.15, 0.12, -0.06]),
    }
)


def picks_of_event(spread_s: float, *, after_s: float = 5.0, n_stations: int = 10, seed: int = 0) -> pd.DataFrame:
    """P and S of an event under 46.02, 13.01 at 7 km, each off by a normal error."""
    rng, used = np.random.default_rng(seed), STATIONS.head(n_stations)
    east = (used["longitude_deg"] - 13.01) * KM * np.cos(np.radians(46.0))
    away_km = np.sqrt(east**2 + ((used["latitude_deg"] - 46.02) * KM) ** 2 + 7.0**2)
    parts = []
    for phase, speed in (("P", 5.6), ("S", 3.2)):
        seconds = after_s + away_km / speed + spread_s * rng.standard_normal(n_stations)
        time = BEGIN + pd.to_timedelta((seconds * 1e9).round(), "ns")
        parts.append(pd.DataFrame({"station": used["station"], "phase": phase, "time": time, "probability": 0.9}))
    return pd.concat(parts, ignore_index=True)


def row_of(picks: pd.DataFrame) -> dict[str, float]:
    return agreement_row([origin_residuals(picks, STATIONS)], len(picks), np.random.default_rng(0))


@pytest.mark.parametrize("spread_s", [0.03, 0.1])
def test_spread_is_near_that_of_the_picks(spread_s):
    row = row_of(picks_of_event(spread_s))
    assert row["events"] == 1
    assert row["agree"] == 20
    # Six unknowns are fitted to twenty onsets: some of the error goes into the origin.
    assert 0.3 * spread_s < row["spread_s"] < 1.3 * spread_s


def test_a_pick_of_something_else_does_not_agree_and_barely_moves_the_spread():
    picks = picks_of_event(0.03)
    picks.loc[12, "time"] += pd.Timedelta("1.2s")
    row = row_of(picks)
    assert row["agree"] == 19
    assert row["agree_share"] == pytest.approx(0.95)
    assert row["spread_s"] < 0.06


def test_two_events_are_two():
    both = pd.concat([picks_of_event(0.03), picks_of_event(0.03, after_s=40.0, seed=1)], ignore_index=True)
    residuals = origin_residuals(both, STATIONS)
    assert residuals["event"].nunique() == 2
    assert residuals["residual_s"].abs().max() < 0.2


def test_picks_at_random_agree_less():
    rng = np.random.default_rng(3)
    picks = picks_of_event(0.03)
    picks["time"] = BEGIN + pd.to_timedelta((rng.uniform(0, 10, len(picks)) * 1e9).round(), "ns")
    assert row_of(picks)["agree_share"] < 0.7


def test_few_stations_or_none_are_no_event():
    few = picks_of_event(0.03, n_stations=4)
    assert row_of(few)["events"] == 0
    assert np.isnan(row_of(few)["spread_s"])
    assert origin_residuals(few.head(0), STATIONS).empty


def test_a_station_without_coordinates_takes_no_part():
    places = STATIONS.assign(latitude_deg=STATIONS["latitude_deg"].where(STATIONS["station"] != "XX.S03.", np.nan))
    residuals = origin_residuals(picks_of_event(0.03), places)
    assert "XX.S03." not in set(residuals["station"])
    assert residuals["station"].nunique() == 9
