"""Settings that cannot be drawn from are refused in words."""

import numpy as np
import pytest

from workbench.errors import SchemaError
from workbench.sources.synthetic import SyntheticNetwork
from workbench.sources.synthetic.geometry import LAYOUTS, distance_and_azimuth


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"magnitude": (0.0, 9.0)}, "magnitude is .* from -2 to 6"),
        ({"magnitude": (3.0, 1.0)}, "smallest and largest"),
        ({"magnitude": 3.0}, "smallest and largest"),
        ({"stations": 0}, "stations is .* from 1"),
        ({"stations": (5, 3)}, "stations"),
        ({"layout": "spiral"}, "A layout is one of random, ring"),
        ({"layout": ()}, "A layout is one of"),
        ({"events": (0.5, 0.2)}, "sums to 1"),
        ({"events": ()}, "sums to 1"),
        ({"duration_s": 0.0}, "duration_s is 0.0; give a number from 1"),
        ({"sampling_rate_hz": float("nan")}, "sampling_rate_hz is nan"),
        ({"depth_km": (0.0, 700.0)}, "depth_km"),
        ({"sensor_hz": ()}, "sensor_hz holds corners"),
        ({"gap": 1.5}, "gap is 1.5"),
        ({"centre_deg": (95.0, 0.0)}, "centre_deg"),
        ({"coordinates": np.zeros((4, 2))}, r"shape \(4, 2\)"),
        ({"coordinates": np.array([[46.0, 13.0, np.nan]])}, "no place on Earth"),
        ({"coordinates": np.array([[146.0, 13.0, 0.0]])}, "no place on Earth"),
        ({"noise_level": None, "snr_db": (3.0, 3.0)}, "there is no ratio"),
        ({"noise": [np.zeros((3, 100))]}, r"needs? \(3, 3000\) or longer"),
        ({"noise": [np.full((3, 3000), np.nan)]}, "has gaps"),
        ({"noise": []}, "holds no recording"),
        ({"start": "yesterday at noon"}, "start is a time"),
    ],
)
def test_what_cannot_be_is_refused(settings, word):
    with pytest.raises(SchemaError, match=word):
        SyntheticNetwork(**settings)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("n_stations", [1, 2, 7, 40])
def test_every_layout_stands_within_its_radius(layout, n_stations):
    network = SyntheticNetwork(
        stations=n_stations, layout=layout, radius_km=(20.0, 20.0), events=(1.0,), duration_s=2.0
    )
    example = network.example(np.random.default_rng(0))
    distance_km, _ = distance_and_azimuth(np.array(46.2), np.array(13.1), example.latitude_deg, example.longitude_deg)
    assert len(example.stations) == n_stations
    assert distance_km.max() < 20.0 * 1.2
    if n_stations > 1:
        assert len(set(zip(example.latitude_deg, example.longitude_deg, strict=True))) == n_stations


def test_distances_and_azimuths_are_those_of_obspy():
    from obspy.geodetics import gps2dist_azimuth

    for start, end in (((46.0, 13.0), (46.5, 12.0)), ((-18.0, 179.9), (-18.3, -179.7)), ((0.0, 0.0), (0.0, 0.5))):
        metres, azimuth, _ = gps2dist_azimuth(*start, *end)
        ours = distance_and_azimuth(*map(np.array, (*start, *end)))
        assert float(ours[0]) == pytest.approx(metres / 1000, rel=0.006)
        assert float(ours[1]) == pytest.approx(azimuth, abs=0.3)
