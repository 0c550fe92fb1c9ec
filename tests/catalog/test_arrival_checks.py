"""Residuals and Wadati's diagram: onsets made from a model have none, a wrong one stands out."""

import numpy as np
import pandas as pd
import pytest

from workbench.catalog.arrival_checks import NE_ITALY, check_arrivals
from workbench.processing.distances import distances
from workbench.schema import CATALOG, Event, make_picks
from workbench.sources import open_source
from workbench.sources.synthetic.travel_times import TravelTimes

EVENT = Event("made", pd.Timestamp("2024-01-01T00:00:00"), 46.3, 13.0, 8.0)
STATIONS = pd.DataFrame(
    {
        "station": [f"XX.S{n}." for n in range(6)],
        "latitude_deg": [46.3, 46.4, 46.5, 46.1, 46.0, 46.9],
        "longitude_deg": [13.1, 12.8, 13.2, 13.0, 12.6, 13.4],
    }
)


def made_picks(late_s=None):
    times = TravelTimes(NE_ITALY)
    km = distances(EVENT, STATIONS)["distance_km"].to_numpy()
    rows = []
    for phase in "PS":
        after_s = times.rays(phase, np.full(km.size, EVENT.depth_km), km).first_s
        for station, seconds in zip(STATIONS["station"], after_s, strict=True):
            late = (late_s or {}).get((station, phase), 0.0)
            rows.append({"station": station, "phase": phase, "time": EVENT.time + pd.Timedelta(seconds + late, "s")})
    return make_picks(rows, recording_id="made", picker=CATALOG)


def test_onsets_of_the_model_have_no_residual_and_give_its_ratio():
    checks = check_arrivals(EVENT, made_picks(), STATIONS)
    assert checks.problem == ""
    assert checks.onsets["residual_s"].abs().max() < 0.03
    assert checks.vp_vs == pytest.approx(1.78, abs=0.005)
    assert abs((checks.wadati_origin - EVENT.time).total_seconds()) < 0.05
    assert checks.n_far_off == 0


def test_a_late_s_stands_out_in_both():
    checks = check_arrivals(EVENT, made_picks({("XX.S2.", "S"): 2.5}), STATIONS)
    worst = checks.onsets.loc[checks.onsets["residual_s"].abs().idxmax()]
    assert (worst["station"], worst["phase"]) == ("XX.S2.", "S")
    assert worst["residual_s"] == pytest.approx(2.5, abs=0.05)
    assert checks.pairs.loc[checks.pairs["misfit_s"].idxmax(), "station"] == "XX.S2."
    assert checks.vp_vs == pytest.approx(1.78, abs=0.03)
    assert checks.n_far_off == 2


@pytest.mark.parametrize(
    ("event", "stations", "words"),
    [
        (None, STATIONS.assign(latitude_deg=np.nan), "no coordinates"),
        (EVENT, STATIONS.assign(latitude_deg=np.nan), "no coordinates"),
        (Event("far", EVENT.time, -20.0, 50.0), STATIONS, "too far"),
    ],
)
def test_what_is_lacking_is_said_and_wadati_stays(event, stations, words):
    checks = check_arrivals(event, made_picks(), stations)
    assert words in checks.problem
    assert checks.onsets["residual_s"].isna().all()
    assert checks.vp_vs == pytest.approx(1.78, abs=0.005)


def test_without_an_event_residuals_are_to_an_origin_fitted_to_the_onsets():
    checks = check_arrivals(None, made_picks({("XX.S2.", "S"): 2.5}), STATIONS)
    assert (checks.problem, checks.fitted) == ("", True)
    worst = checks.onsets.loc[checks.onsets["residual_s"].abs().idxmax()]
    assert (worst["station"], worst["phase"]) == ("XX.S2.", "S")
    assert worst["residual_s"] == pytest.approx(2.5, abs=0.4)
    assert np.allclose(checks.onsets["distance_km"], checks.onsets["station"].map(
        distances(EVENT, STATIONS).set_index("station")["distance_km"]), atol=3.0)  # fmt: skip
    assert not check_arrivals(EVENT, made_picks(), STATIONS).fitted


def test_onsets_that_agree_on_no_origin_have_no_residuals():
    late = {(station, phase): 6.0 * n * (1 if phase == "P" else -1) for n, station in enumerate(STATIONS["station"])
            for phase in "PS"}  # fmt: skip
    checks = check_arrivals(None, made_picks(late), STATIONS)
    assert "onsets agree on one" in checks.problem
    assert checks.onsets["residual_s"].isna().all()
    few = made_picks()
    few = check_arrivals(None, few[few["station"].isin(["XX.S0.", "XX.S5."])], STATIONS)
    assert "2 stations" in few.problem


def test_the_interval_of_the_ratio_holds_the_true_one_most_often():
    rng = np.random.default_rng(3)
    holds = []
    for _ in range(40):
        late = {(station, phase): rng.normal(0, 0.05) for station in STATIONS["station"] for phase in "PS"}
        low, high = check_arrivals(EVENT, made_picks(late), STATIONS).vp_vs_interval
        holds.append(low <= 1.78 <= high)
    assert np.mean(holds) >= 0.85
    three = made_picks()
    three = check_arrivals(EVENT, three[three["station"].isin(STATIONS["station"][:3])], STATIONS)
    assert np.isfinite(three.vp_vs)
    assert np.isnan(three.vp_vs_interval).all()


def test_no_onsets_and_two_pairs_draw_no_line():
    empty = check_arrivals(EVENT, made_picks().iloc[:0], STATIONS)
    assert "no onsets" in empty.problem
    assert np.isnan(empty.vp_vs)
    two = made_picks()
    few = check_arrivals(EVENT, two[two["station"].isin(["XX.S0.", "XX.S5."])], STATIONS)
    assert len(few.pairs) == 2
    assert np.isnan(few.vp_vs)


def test_the_real_catalogue_fits_its_model(shared_data):
    source = open_source(shared_data / "ogs")
    table = source.scan()
    row = table[table["start"].dt.year == 2024].sort_values("n_picks").iloc[-1]
    stations = pd.DataFrame([vars(station) for station in source.stations(row["recording_id"])])
    picks = source.event_picks(row["recording_id"], row["recording_id"])
    checks = check_arrivals(source.event(row["recording_id"]), picks, stations)
    assert checks.onsets["residual_s"].abs().median() < 1.0
    assert 1.6 < checks.vp_vs < 1.9
