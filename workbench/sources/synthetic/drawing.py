"""Draws what one window of a made network holds: its stations, the ground between them, its earthquakes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.sources.synthetic.earthquakes import Earthquake, draw_magnitude, twin
from workbench.sources.synthetic.geometry import distance_and_azimuth, lay_out, place_at
from workbench.sources.synthetic.motion import Ground, Site
from workbench.sources.synthetic.radiation import Mechanism
from workbench.sources.synthetic.settings import NetworkSettings
from workbench.sources.synthetic.travel_times import TravelTimes

__all__ = ["Area", "draw_earthquakes", "draw_ground", "draw_site"]

_FIRST_P = (0.05, 0.5)
_TWIN_LATER = (0.5, 9.0)
_NARROWEST_KM = 5.0


@dataclass(frozen=True)
class Area:
    """Where a network stands: its middle and the radius of the circle that holds most of it."""

    latitude_deg: float
    longitude_deg: float
    radius_km: float


def draw_site(rng: np.random.Generator, settings: NetworkSettings) -> tuple[Site, Area]:
    """Stations, given or laid out, and the area they stand in."""
    if settings.coordinates is not None:
        latitude, longitude, elevation_m = np.asarray(settings.coordinates, dtype=float).T
        area = _around(latitude, longitude)
    else:
        fewest, most = (settings.stations,) * 2 if isinstance(settings.stations, int) else settings.stations
        n_stations = int(rng.integers(fewest, most + 1))
        layouts = (settings.layout,) if isinstance(settings.layout, str) else tuple(settings.layout)
        area = Area(*settings.centre_deg, float(rng.uniform(*settings.radius_km)))
        places_km = lay_out(rng, layouts[int(rng.integers(len(layouts)))], n_stations, area.radius_km)
        latitude, longitude = place_at(*settings.centre_deg, places_km[:, 0], places_km[:, 1])
        elevation_m = rng.uniform(*settings.elevation_m, n_stations)
    n_stations = latitude.size
    site = Site(
        latitude_deg=latitude,
        longitude_deg=longitude,
        elevation_m=elevation_m,
        kappa_s=rng.uniform(*settings.kappa_s, n_stations),
        amplification=np.exp(settings.amplification * rng.standard_normal(n_stations)),
        sensor_hz=rng.choice(np.asarray(settings.sensor_hz, dtype=float), n_stations),
    )
    return site, area


def draw_ground(rng: np.random.Generator, settings: NetworkSettings, travel: TravelTimes) -> Ground:
    """What the rays of one window share."""
    return Ground(
        travel=travel,
        slower=float(rng.uniform(*settings.slower)),
        q_s=float(rng.uniform(*settings.q_s)),
        q_exponent=settings.q_exponent,
        coda=float(rng.uniform(*settings.coda)),
    )


def draw_earthquakes(
    rng: np.random.Generator, settings: NetworkSettings, site: Site, area: Area, ground: Ground
) -> list[Earthquake]:
    """None, one or several; a twin names the first."""
    quakes: list[Earthquake] = []
    chances = np.asarray(settings.events, dtype=float)
    for _ in range(int(rng.choice(chances.size, p=chances / chances.sum()))):
        if quakes and rng.random() < settings.doublet:
            quakes.append(twin(rng, quakes[0], 0, float(rng.uniform(*_TWIN_LATER)), settings.magnitude[0]))
        else:
            quakes.append(_earthquake(rng, settings, site, area, ground))
    return quakes


def _earthquake(
    rng: np.random.Generator, settings: NetworkSettings, site: Site, area: Area, ground: Ground
) -> Earthquake:
    """Somewhere under the area or around it; the first station sees its P in the first half of the window."""
    angle, away_km = rng.uniform(0, 2 * np.pi), settings.reach * area.radius_km * np.sqrt(rng.random())
    east_km, north_km = np.asarray(away_km * np.sin(angle)), np.asarray(away_km * np.cos(angle))
    latitude, longitude = place_at(area.latitude_deg, area.longitude_deg, east_km, north_km)
    depth_km = float(rng.uniform(*settings.depth_km))
    distance_km, _ = distance_and_azimuth(latitude, longitude, site.latitude_deg, site.longitude_deg)
    travel_s = ground.travel.rays("P", np.asarray(depth_km), distance_km).first_s
    # No station within the table: the window holds none of the waves, wherever the origin is.
    soonest_s = float(np.nanmin(travel_s)) if np.isfinite(travel_s).any() else 0.0
    return Earthquake(
        origin_s=float(rng.uniform(*_FIRST_P) * settings.duration_s) - ground.slower * soonest_s,
        latitude_deg=float(latitude),
        longitude_deg=float(longitude),
        depth_km=depth_km,
        magnitude=draw_magnitude(rng, *settings.magnitude, settings.b_value),
        stress_drop_mpa=float(np.exp(rng.uniform(*np.log(settings.stress_drop_mpa)))),
        mechanism=Mechanism(
            strike_deg=float(rng.uniform(0, 360)),
            dip_deg=float(np.rad2deg(np.arccos(rng.random()))),
            rake_deg=float(rng.uniform(-180, 180)),
        ),
    )


def _around(latitude_deg: np.ndarray, longitude_deg: np.ndarray) -> Area:
    """Middle of given stations, which may lie on both sides of the antimeridian; one far away does not count."""
    latitude, longitude = np.deg2rad(latitude_deg), np.deg2rad(longitude_deg)
    east, north, up = np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)
    x, y, z = np.median(east), np.median(north), np.median(up)
    middle = np.rad2deg(np.arctan2(z, np.hypot(x, y))), np.rad2deg(np.arctan2(y, x))
    away_km, _ = distance_and_azimuth(np.asarray(middle[0]), np.asarray(middle[1]), latitude_deg, longitude_deg)
    return Area(float(middle[0]), float(middle[1]), max(float(np.percentile(away_km, 70)), _NARROWEST_KM))
