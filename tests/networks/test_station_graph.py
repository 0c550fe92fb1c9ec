"""The station graph: who is whose neighbour, how far and in which direction, and what is said of the others."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from obspy.geodetics import gps2dist_azimuth

from workbench.errors import SchemaError
from workbench.networks.station_graph import EDGE_ATTRIBUTES, shuffled_edges, station_graph


def names(count: int) -> list[str]:
    return [f"XX.S{number}." for number in range(count)]


def scattered(count: int, seed: int = 0, around: tuple[float, float] = (46.0, 13.0)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return around[0] + rng.uniform(-1, 1, count), around[1] + rng.uniform(-1, 1, count)


@pytest.mark.parametrize("around", [(46.0, 13.0), (0.0, 180.0), (-41.0, 179.9), (89.0, 30.0), (64.0, -19.0)])
def test_distance_and_azimuth_are_those_of_the_ellipsoid(around):
    latitude, longitude = scattered(12, around=around)
    latitude = np.clip(latitude, -90, 90)
    graph = station_graph(names(12), latitude, longitude, radius_km=400)
    assert graph.n_edges
    for source, target, distance_km, azimuth_deg in zip(
        *graph.edge_index, graph.distance_km, graph.azimuth_deg, strict=True
    ):
        true_m, true_azimuth, _ = gps2dist_azimuth(
            latitude[source], longitude[source], latitude[target], longitude[target]
        )
        assert distance_km == pytest.approx(true_m / 1000, rel=3e-3)
        assert abs((azimuth_deg - true_azimuth + 180) % 360 - 180) < 0.1


@settings(max_examples=40, deadline=None)
@given(count=st.integers(1, 40), seed=st.integers(0, 99), neighbours=st.integers(0, 12), radius_km=st.floats(1, 300))
def test_every_edge_has_one_back_and_lies_within_the_radius(count, seed, neighbours, radius_km):
    latitude, longitude = scattered(count, seed)
    graph = station_graph(names(count), latitude, longitude, neighbours=neighbours, radius_km=radius_km)
    pairs = set(zip(*graph.edge_index.tolist(), strict=True))
    assert len(pairs) == graph.n_edges
    assert all((target, source) in pairs and source != target for source, target in pairs)
    assert (graph.distance_km <= radius_km).all()
    assert np.isfinite(graph.edge_attr).all()
    assert graph.edge_attr.shape == (graph.n_edges, len(EDGE_ATTRIBUTES))
    assert (np.diff(graph.edge_index[1]) >= 0).all()
    in_pairs = {end for pair in pairs for end in pair}
    assert set(graph.alone) == {name for number, name in enumerate(names(count)) if number not in in_pairs}


def test_neighbours_are_the_nearest_ones():
    latitude, longitude = scattered(60)
    graph = station_graph(names(60), latitude, longitude, neighbours=4, radius_km=500)
    every = station_graph(names(60), latitude, longitude, neighbours=59, radius_km=500)
    source, target = every.edge_index
    for station in range(60):
        here = target == station
        nearest = source[here][np.argsort(every.distance_km[here])][:4]
        asked = graph.edge_index[0][graph.edge_index[1] == station]
        assert set(nearest) <= set(asked)
    assert graph.n_edges <= 2 * 4 * 60


def test_attributes_say_what_their_names_say():
    graph = station_graph(["A", "B"], [46.0, 46.5], [13.0, 13.0], [200.0, 1700.0])
    there = dict(zip(EDGE_ATTRIBUTES, graph.edge_attr[graph.edge_index[0] == 0][0], strict=True))
    distance_km = gps2dist_azimuth(46.0, 13.0, 46.5, 13.0)[0] / 1000
    assert there["log10_distance_km"] == pytest.approx(np.log10(distance_km), abs=1e-3)
    assert there["cos_azimuth"] == pytest.approx(1.0, abs=1e-4)
    assert there["sin_azimuth"] == pytest.approx(0.0, abs=1e-4)
    assert there["elevation_difference_km"] == pytest.approx(1.5)
    assert there["largest_p_moveout_s"] == pytest.approx(distance_km / 5.0, rel=1e-3)
    assert there["largest_s_moveout_s"] == pytest.approx(distance_km / 2.9, rel=1e-3)


def test_moveout_follows_the_velocities_given():
    graph = station_graph(["A", "B"], [0, 0], [0, 0.5], p_velocity_km_s=8.0, s_velocity_km_s=4.0)
    np.testing.assert_allclose(graph.edge_attr[:, 4] * 8.0, graph.distance_km, rtol=1e-5)
    np.testing.assert_allclose(graph.edge_attr[:, 5] * 4.0, graph.distance_km, rtol=1e-5)


def test_longitudes_from_0_to_360_are_the_same():
    latitude, longitude = scattered(15, around=(-17.0, 180.0))
    wrapped = (longitude + 180) % 360 - 180
    one, other = (station_graph(names(15), latitude, each) for each in (longitude, wrapped))
    np.testing.assert_array_equal(one.edge_index, other.edge_index)
    np.testing.assert_allclose(one.edge_attr, other.edge_attr, atol=1e-4)


def test_one_station_has_no_edges_and_is_named():
    graph = station_graph(["XX.A."], [46.0], [13.0])
    assert graph.edge_index.shape == (2, 0)
    assert graph.edge_attr.shape == (0, 6)
    assert graph.alone == ("XX.A.",)
    assert "XX.A.: no other station within 120 km" in graph.notices[0]


def test_station_without_coordinates_stays_as_a_node_and_is_named():
    graph = station_graph(["A", "B", "C"], [46.0, np.nan, 46.1], [13.0, 13.0, 13.1], [0.0, 5.0, np.nan])
    assert graph.stations == ("A", "B", "C")
    assert graph.without_coordinates == ("B",)
    assert graph.alone == ()
    assert set(graph.edge_index.ravel()) == {0, 2}
    assert np.isfinite(graph.edge_attr).all()
    assert "B: no coordinates" in graph.notices[0]


def test_no_coordinates_at_all_leave_single_nodes():
    graph = station_graph(["A", "B"], [np.nan, np.nan], [np.nan, np.nan])
    assert graph.n_edges == 0
    assert graph.without_coordinates == ("A", "B")


@pytest.mark.parametrize("count", [2, 3, 9, 30])
def test_stations_at_one_place_are_neighbours_at_no_distance(count):
    graph = station_graph(names(count), np.full(count, 46.0), np.full(count, 13.0), neighbours=4)
    source, target = graph.edge_index
    assert (source != target).all()
    assert set(target) == set(range(count))
    assert (graph.distance_km == 0).all()
    assert np.isnan(graph.azimuth_deg).all()
    assert (graph.edge_attr[:, 1:] == 0).all()
    assert np.isfinite(graph.edge_attr).all()


def test_far_station_is_alone():
    latitude, longitude = scattered(6)
    graph = station_graph(names(7), [*latitude, -30.0], [*longitude, 100.0])
    assert graph.alone == ("XX.S6.",)
    assert graph.neighbours_of("XX.S6.") == ()


def test_edges_grow_with_the_stations_and_not_with_their_square():
    counts = [100, 200, 400]
    edges = [station_graph(names(count), *scattered(count), radius_km=500).n_edges for count in counts]
    assert edges[0] < 2 * 8 * 100
    assert edges[2] < 4.4 * edges[0]


def test_shuffled_edges_tell_of_other_ways():
    latitude, longitude = scattered(20)
    graph = station_graph(names(20), latitude, longitude, neighbours=3)
    other = shuffled_edges(graph, np.random.default_rng(0))
    assert other.n_edges == graph.n_edges
    assert set(zip(*other.edge_index, strict=True)) != set(zip(*graph.edge_index, strict=True))
    np.testing.assert_allclose(np.sort(other.distance_km), np.sort(graph.distance_km))
    assert (np.diff(other.edge_index[1]) >= 0).all()


@pytest.mark.parametrize(
    ("arguments", "settings_", "words"),
    [
        (([], [], []), {}, "at least one station"),
        ((["A", "A"], [0, 0], [0, 1]), {}, "A stands there more than once"),
        ((["A", "B"], [0], [0, 1]), {}, r"2 stations have 2 latitudes"),
        ((["A"], [120.0], [46.0]), {}, "exchanged"),
        ((["A"], [0], [0]), {"neighbours": -1}, "0 neighbours or more"),
        ((["A"], [0], [0]), {"radius_km": float("nan")}, "radius"),
        ((["A"], [0], [0]), {"s_velocity_km_s": 7.0}, "P runs faster than S"),
    ],
)
def test_what_makes_no_sense_is_said(arguments, settings_, words):
    with pytest.raises(SchemaError, match=words):
        station_graph(*arguments, **settings_)


def test_importing_it_loads_no_torch():
    code = "import sys, workbench.networks.station_graph; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
