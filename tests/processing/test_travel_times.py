"""Distances on the ellipsoid, and arrivals of a one-dimensional Earth against TauP itself."""

import numpy as np
import pandas as pd
import pytest

from workbench.processing.distances import distances, station_table
from workbench.processing.travel_times import theoretical_arrivals
from workbench.schema import Event, make_recording

ORIGIN = pd.Timestamp("2024-05-01T12:00:00")
EVENT = Event("e", ORIGIN, latitude_deg=46.0, longitude_deg=13.0, depth_km=8.0)


def table(*places):
    return pd.DataFrame(places, columns=["station", "latitude_deg", "longitude_deg"])


def test_distance_and_azimuth_of_a_station_due_north():
    row = distances(EVENT, table(("XX.N.", 47.0, 13.0))).iloc[0]
    assert row["distance_km"] == pytest.approx(111.15, abs=0.1)
    assert row["azimuth_deg"] % 360 == pytest.approx(0.0, abs=1e-6)
    assert row["back_azimuth_deg"] == pytest.approx(180.0)


def test_a_station_without_coordinates_has_no_distance_and_no_arrivals():
    stations = table(("XX.A.", 46.5, 13.0), ("XX.B.", np.nan, np.nan))
    assert np.isnan(distances(EVENT, stations)["distance_km"].iloc[1])
    assert set(theoretical_arrivals(EVENT, stations)["station"]) == {"XX.A."}


def test_an_event_without_epicentre_has_no_arrivals():
    arrivals = theoretical_arrivals(Event("e", ORIGIN), table(("XX.A.", 46.5, 13.0)))
    assert arrivals.empty
    assert list(arrivals.columns) == ["station", "phase", "time"]


@pytest.mark.parametrize("degrees", [0.05, 0.6, 3.0])
def test_first_arrivals_agree_with_taup(degrees):
    from obspy.taup import TauPyModel

    arrivals = theoretical_arrivals(EVENT, table(("XX.N.", 46.0 + degrees, 13.0))).set_index("phase")["time"]
    wanted = TauPyModel("iasp91").get_travel_times(8.0, degrees, ["p", "P", "Pn", "s", "S", "Sn"])
    for kind in "PS":
        first = min(each.time for each in wanted if each.name[0].upper() == kind)
        assert (arrivals[kind] - ORIGIN).total_seconds() == pytest.approx(first, abs=0.15)


def test_many_stations_are_interpolated_close_to_the_exact_times():
    rng = np.random.default_rng(0)
    stations = table(*((f"XX.S{n}.", 46.0 + dy, 13.0 + dx) for n, (dy, dx) in enumerate(rng.uniform(-1, 1, (60, 2)))))
    together = theoretical_arrivals(EVENT, stations).set_index(["station", "phase"])["time"]
    alone = theoretical_arrivals(EVENT, stations.iloc[:5]).set_index(["station", "phase"])["time"]
    assert len(together) == 120
    assert (together[alone.index] - alone).abs().max() < pd.Timedelta("0.15s")


def test_a_recording_gives_its_stations():
    recording = make_recording(
        np.zeros((1, 1, 2)),
        stations=["XX.A."],
        components=["Z"],
        start="2024-01-01",
        sampling_rate_hz=1.0,
        recording_id="r",
        source="test",
        latitude_deg=[46.5],
        longitude_deg=[13.0],
    )
    assert theoretical_arrivals(EVENT, station_table(recording))["phase"].tolist() == ["P", "S"]
