"""Travel times against TauP on the same layers, and where a wave must behave in one way."""

import numpy as np
import pytest

from workbench.errors import SchemaError
from workbench.sources.synthetic import VelocityModel
from workbench.sources.synthetic.travel_times import TravelTimes

KM_PER_DEG = np.pi * 6371 / 180
DEEP_EARTH = (
    "2891 13.7 7.3 5.5\nouter-core\n2891 8 0 9.9\n5150 10.3 0 12.1\ninner-core\n5150 11 3.5 12.7\n6371 11.3 3.7 13.1\n"
)
INVERSION = VelocityModel((0.0, 2.0, 5.0, 30.0), (4.5, 6.2, 5.6, 8.0), (2.6, 3.6, 3.2, 4.6), (2.5, 2.7, 2.6, 3.3))


def taup(model, folder):
    """ObsPy's TauP on the layers of a model, over a mantle and a core that no ray here reaches."""
    from obspy.taup import TauPyModel
    from obspy.taup.taup_create import build_taup_model

    bottom = [*model.top_km[1:], 200.0]
    lines = []
    for top, below, *rest in zip(model.top_km, bottom, model.p_km_s, model.s_km_s, model.density_g_cm3, strict=True):
        if below == 200.0:
            lines.append("mantle")
        lines += [" ".join(map(str, (depth, *rest))) for depth in (top, below)]
    (folder / "layers.nd").write_text("\n".join(lines) + "\n" + DEEP_EARTH)
    build_taup_model(str(folder / "layers.nd"), str(folder), verbose=False)
    return TauPyModel(str(folder / "layers.npz"))


@pytest.fixture(scope="module", params=["crust", "inversion"])
def both(request, tmp_path_factory):
    model = {"crust": VelocityModel(), "inversion": INVERSION}[request.param]
    return TravelTimes(model), taup(model, tmp_path_factory.mktemp("taup"))


@pytest.mark.parametrize(
    ("phase", "names", "within_s"), [("P", ("p", "P", "Pn"), 0.02), ("S", ("s", "S", "Sn"), 0.035)]
)
def test_first_arrivals_are_those_of_taup(both, phase, names, within_s):
    ours, theirs = both
    for depth_km in (0.7, 3.3, 12.4, 33.0):
        for distance_km in (0.5, 3.0, 10.0, 30.0, 100.0, 200.0):
            first = theirs.get_travel_times(depth_km, distance_km / KM_PER_DEG, names)[0]
            rays = ours.rays(phase, np.array(depth_km), np.array(distance_km))
            assert float(rays.first_s) == pytest.approx(first.time, abs=within_s), (depth_km, distance_km)
            assert rays.direct_s >= rays.first_s


def test_slowness_and_direction_are_those_of_taup(both):
    ours, theirs = both
    for depth_km, distance_km in ((3.3, 3.0), (12.4, 10.0), (12.4, 60.0), (33.0, 30.0), (12.4, 200.0)):
        first = theirs.get_travel_times(depth_km, distance_km / KM_PER_DEG, ("p", "P", "Pn"))[0]
        rays = ours.rays("P", np.array(depth_km), np.array(distance_km))
        assert float(rays.slowness_s_km) == pytest.approx(first.ray_param / 6371, abs=0.001)
        assert bool(rays.down) == (first.takeoff_angle < 90)


def test_slowness_is_the_slope_of_the_travel_time():
    travel = TravelTimes(VelocityModel())
    distance_km = np.linspace(5, 60, 111)
    rays = travel.rays("S", np.array(9.3), distance_km)
    slope = np.diff(rays.direct_s) / np.diff(distance_km)
    np.testing.assert_allclose(slope, (rays.direct_slowness_s_km[1:] + rays.direct_slowness_s_km[:-1]) / 2, atol=5e-4)


def test_in_one_layer_waves_go_straight():
    travel = TravelTimes(VelocityModel((0.0,), (6.0,), (3.5,), (2.7,)))
    depth_km, distance_km = np.array([[0.2], [7.7]]), np.array([0.0, 0.3, 12.0, 80.0])
    rays = travel.rays("P", depth_km, distance_km)
    np.testing.assert_allclose(rays.first_s, np.hypot(depth_km, distance_km) / 6.0, rtol=2e-3)
    assert not rays.down.any()


def test_below_a_fast_lid_no_head_wave_runs_along_the_slow_layer():
    rays = TravelTimes(INVERSION).rays("P", np.array(3.0), np.array([20.0, 50.0]))
    assert not rays.down.any()


def test_beyond_the_table_is_not_known():
    travel = TravelTimes(VelocityModel(), deepest_km=20, farthest_km=100)
    assert np.isfinite(travel.rays("P", np.array(19.0), np.array(100.0)).first_s)
    assert np.isnan(travel.rays("P", np.array(19.0), np.array(101.0)).first_s)
    assert np.isnan(travel.rays("P", np.array(25.0), np.array(10.0)).first_s)


@pytest.mark.parametrize(
    ("layers", "word"),
    [
        (((0.0, 2.0), (5.0,), (3.0,), (2.5,)), "lengths differ"),
        (((1.0,), (5.0,), (3.0,), (2.5,)), "begin at 0 km"),
        (((0.0, 5.0, 4.0), (5.0,) * 3, (3.0,) * 3, (2.5,) * 3), "go down"),
        (((0.0,), (5.0,), (5.0,), (2.5,)), "at least 1.2 times"),
        (((0.0,), (5.0,), (-1.0,), (2.5,)), "above 0"),
        (((0.0,), (5.0,), (3.0,), (25.0,)), "from 1 to 6"),
        (((0.0,), (float("nan"),), (3.0,), (2.5,)), "is a number"),
    ],
)
def test_layers_that_cannot_be_are_refused(layers, word):
    with pytest.raises(SchemaError, match=word):
        VelocityModel(*layers)
