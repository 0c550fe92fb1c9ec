"""A common origin from made onsets: found where it was, and a wrong onset stands out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.processing.common_origin import fit_common_origin, origin_needs
from workbench.processing.onset_groups import group_onsets, onsets_of_group, spread_km
from workbench.schema import Event

ORIGIN = pd.Timestamp("2024-01-01T00:00:10")
KM = 111.195


def onsets_from(latitude, longitude, *, depth_km=6.0, p_km_s=5.5, ratio=1.75, n=8, middle=(46.0, 13.0), seed=0):
    """P and S at stations around a middle, from an epicentre."""
    rng = np.random.default_rng(seed)
    rows = []
    for row in range(n):
        place = middle[0] + rng.uniform(-0.12, 0.12), (middle[1] + rng.uniform(-0.17, 0.17) + 180) % 360 - 180
        east = ((place[1] - longitude + 180) % 360 - 180) * KM * np.cos(np.radians(latitude))
        away = np.sqrt(east**2 + ((place[0] - latitude) * KM) ** 2 + depth_km**2)
        for phase, speed in (("P", p_km_s), ("S", p_km_s / ratio)):
            time = ORIGIN + pd.Timedelta(round(1e9 * away / speed), "ns")
            rows.append((f"XX.S{row}.", phase, time, "model", 0.9, *place))
    columns = ["station", "phase", "time", "who", "probability", "latitude_deg", "longitude_deg"]
    return pd.DataFrame(rows, columns=columns)


def test_an_origin_is_found_where_it_was():
    found = fit_common_origin(onsets_from(46.03, 13.05))
    assert found is not None
    assert found.latitude_deg == pytest.approx(46.03, abs=0.01)
    assert found.longitude_deg == pytest.approx(13.05, abs=0.015)
    assert abs((found.time - ORIGIN).total_seconds()) < 0.2
    assert np.abs(found.residual_s).max() < 0.05


@pytest.mark.parametrize("wrong_s", [-0.7, 0.5, 2.0])
def test_one_wrong_onset_stands_out_and_moves_no_other(wrong_s):
    onsets = onsets_from(46.03, 13.05)
    onsets.loc[5, "time"] += pd.Timedelta(wrong_s, "s")
    residual = fit_common_origin(onsets).residual_s
    assert residual[5] == pytest.approx(wrong_s, abs=0.2)
    assert np.abs(np.delete(residual, 5)).max() < 0.15


def test_across_the_antimeridian_nothing_changes():
    here = fit_common_origin(onsets_from(46.03, 13.05))
    there = fit_common_origin(onsets_from(46.03, -179.95, middle=(46.0, 180.0)))
    assert there.longitude_deg == pytest.approx(-179.95, abs=0.015)
    np.testing.assert_allclose(there.residual_s, here.residual_s, atol=0.01)
    assert there.distance_km(np.array([46.03]), np.array([179.95]))[0] == pytest.approx(0.1 * KM * 0.694, rel=0.2)


def test_a_place_that_the_catalogue_gives_is_kept():
    event = Event("e", ORIGIN, 46.05, 13.0, 8.0)
    found = fit_common_origin(onsets_from(46.05, 13.0, depth_km=8.0, n=3), event)
    assert found.given
    assert (found.latitude_deg, found.longitude_deg) == pytest.approx((46.05, 13.0))
    assert found.depth_km == pytest.approx(8.0, abs=0.2)


def test_too_few_onsets_give_no_origin_but_a_reason():
    few = onsets_from(46.03, 13.05, n=2)
    assert fit_common_origin(few) is None
    assert "2 stations with coordinates" in origin_needs(few)
    lost = onsets_from(46.03, 13.05).assign(latitude_deg=np.nan)
    assert "0 stations" in origin_needs(lost)


def test_an_onset_without_coordinates_has_no_residual():
    onsets = onsets_from(46.03, 13.05)
    onsets.loc[onsets["station"] == "XX.S3.", "latitude_deg"] = np.nan
    residual = fit_common_origin(onsets).residual_s
    assert np.isnan(residual[6:8]).all()
    assert np.isfinite(np.delete(residual, [6, 7])).all()


# ---- groups


def test_two_events_are_two_groups_and_no_onset_is_in_both():
    first = onsets_from(46.03, 13.05)
    later = first.assign(time=first["time"] + pd.Timedelta("40s"))
    both = pd.concat([first, later], ignore_index=True)
    spread = spread_km(both["latitude_deg"].to_numpy(), both["longitude_deg"].to_numpy())
    groups = group_onsets(both, spread)
    assert [group.n_stations for group in groups] == [8, 8]
    assert len(onsets_of_group(both, groups[0], spread)) == 16
    assert onsets_of_group(both, groups[1], spread)["time"].min() == later["time"].min()


def test_a_lone_false_pick_is_no_event_beside_a_real_one():
    onsets = onsets_from(46.03, 13.05)
    lone = onsets.iloc[[0]].assign(time=ORIGIN + pd.Timedelta("60s"))
    assert len(group_onsets(pd.concat([onsets, lone], ignore_index=True), 30.0)) == 1


def test_one_station_is_a_group_by_itself():
    assert [group.n_stations for group in group_onsets(onsets_from(46.03, 13.05, n=1), 20.0)] == [1]


def test_an_analysts_onset_comes_before_a_surer_pick():
    onsets = onsets_from(46.03, 13.05)
    own = onsets.iloc[[0]].assign(time=onsets["time"].iloc[0] + pd.Timedelta("80ms"), who="human", probability=np.nan)
    both = pd.concat([onsets, own], ignore_index=True)
    chosen = onsets_of_group(both, group_onsets(both, 30.0)[0], 30.0)
    row = chosen[(chosen["station"] == "XX.S0.") & (chosen["phase"] == "P")]
    assert list(row["who"]) == ["human"]


def test_no_onsets_are_no_group():
    assert group_onsets(onsets_from(46.03, 13.05).iloc[:0], 20.0) == []
    assert spread_km(np.array([np.nan]), np.array([np.nan])) == 20.0


def test_a_group_without_a_p_keeps_its_s():
    onsets = onsets_from(46.03, 13.05)
    only_s = onsets[onsets["phase"] == "S"].reset_index(drop=True)
    chosen = onsets_of_group(only_s, group_onsets(only_s, 30.0)[0], 30.0)
    assert len(chosen) > 0
    assert set(chosen["phase"]) == {"S"}
