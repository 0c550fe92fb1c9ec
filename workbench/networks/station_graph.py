"""Which stations hear of which: neighbours by distance, and what each edge says of the way between them. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from workbench.errors import SchemaError

__all__ = ["EDGE_ATTRIBUTES", "StationGraph", "shuffled_edges", "station_graph"]

EDGE_ATTRIBUTES = (
    "log10_distance_km",
    "sin_azimuth",
    "cos_azimuth",
    "elevation_difference_km",
    "largest_p_moveout_s",
    "largest_s_moveout_s",
)
"""Columns of ``edge_attr``."""

P_VELOCITY_KM_S = 5.0
S_VELOCITY_KM_S = 2.9
"""As slow as a wave runs along the surface of ordinary crust, so that what they give bounds a moveout from above."""

_MEAN_RADIUS_KM = 6371.0
_EQUATOR_KM = 6378.137
_ECCENTRICITY_SQUARED = 6.69437999014e-3
_CLOSEST_KM = 0.01
"""Two stations closer than this (in one borehole, say) count as so far apart: a logarithm has to end somewhere."""


@dataclass(frozen=True)
class StationGraph:
    """Directed edges between stations; for every edge there is the one back.

    Parameters
    ----------
    stations
        Names of the nodes, in the order that `edge_index` counts in.
    edge_index
        int64, shape (2, edge): source and target; a message goes from source to target. Sorted by target.
    edge_attr
        float32, shape (edge, 6), as :data:`EDGE_ATTRIBUTES` names them; finite. An elevation that is not known counts
        as that of the other end; at the very same place sine and cosine are both zero.
    distance_km
        Shape (edge,), along the WGS84 ellipsoid at the surface.
    azimuth_deg
        Shape (edge,), from source to target, clockwise from north, 0 to 360; NaN at the very same place.
    alone
        Stations with coordinates that have no neighbour within the radius.
    without_coordinates
        Stations whose latitude or longitude is not known: nodes without an edge.
    radius_km
        Within which neighbours were looked for.
    """

    stations: tuple[str, ...]
    edge_index: np.ndarray
    edge_attr: np.ndarray
    distance_km: np.ndarray
    azimuth_deg: np.ndarray
    alone: tuple[str, ...] = ()
    without_coordinates: tuple[str, ...] = ()
    radius_km: float = np.inf

    @property
    def n_edges(self) -> int:
        """Directed edges."""
        return int(self.edge_index.shape[1])

    @property
    def notices(self) -> tuple[str, ...]:
        """What a reader should know before trusting the context of a station, one sentence each."""
        said = [f"{name}: no coordinates, so it is picked without neighbours." for name in self.without_coordinates]
        reach = f"within {self.radius_km:g} km"
        said += [f"{name}: no other station {reach}, so it is picked without neighbours." for name in self.alone]
        return tuple(said)

    def neighbours_of(self, station: str) -> tuple[str, ...]:
        """Stations whose messages reach that one.

        Raises
        ------
        SchemaError
            If there is no such station.
        """
        if station not in self.stations:
            raise SchemaError(f"There is no station {station!r} in this graph; there are {', '.join(self.stations)}.")
        source, target = self.edge_index
        return tuple(self.stations[each] for each in source[target == self.stations.index(station)])


def station_graph(
    stations: Sequence[str],
    latitude_deg: Sequence[float] | np.ndarray,
    longitude_deg: Sequence[float] | np.ndarray,
    elevation_m: Sequence[float] | np.ndarray | None = None,
    *,
    neighbours: int = 8,
    radius_km: float = 120.0,
    p_velocity_km_s: float = P_VELOCITY_KM_S,
    s_velocity_km_s: float = S_VELOCITY_KM_S,
) -> StationGraph:
    """Each station joined with its nearest ones, both ways.

    Parameters
    ----------
    stations
        Unique names, one or more.
    latitude_deg, longitude_deg
        By station, NaN where not known; longitudes from -180 or from 0, both do.
    elevation_m
        By station, NaN where not known; None for not known anywhere.
    neighbours
        How many nearest stations each asks for; it may get more, because it is asked by others. 0 for no edges.
    radius_km
        Farther ones are no neighbours.
    p_velocity_km_s, s_velocity_km_s
        The slowest at which a wave may run from one station to the next: moveouts are distance over velocity.

    Raises
    ------
    SchemaError
        If lengths differ, names repeat, a latitude lies beyond a pole, or a setting makes no sense.

    Examples
    --------
    >>> graph = station_graph(["A", "B", "C"], [0.0, 0.0, 0.0], [179.9, -179.9, 10.0])
    >>> graph.edge_index.tolist(), graph.distance_km.round(1).tolist(), graph.alone
    ([[1, 0], [0, 1]], [22.3, 22.3], ('C',))
    """
    names = tuple(map(str, stations))
    places = _places(names, latitude_deg, longitude_deg, elevation_m)
    _require_settings(neighbours, radius_km, p_velocity_km_s, s_velocity_km_s)
    known = np.isfinite(places[:2]).all(axis=0)
    edge_index = np.zeros((2, 0), np.int64)
    if known.sum() > 1 and neighbours:
        pairs = _nearest(_geocentric_km(places[:2, known]), neighbours, radius_km)
        edge_index = np.flatnonzero(known)[pairs]
    distance_km, azimuth_deg = _ways(places, edge_index)
    joined = np.isin(np.arange(len(names)), edge_index)
    return StationGraph(
        names,
        edge_index,
        _attributes(distance_km, azimuth_deg, places[2], edge_index, (p_velocity_km_s, s_velocity_km_s)),
        distance_km,
        azimuth_deg,
        alone=tuple(name for name, here, one in zip(names, known, joined, strict=True) if here and not one),
        without_coordinates=tuple(name for name, here in zip(names, known, strict=True) if not here),
        radius_km=float(radius_km),
    )


def shuffled_edges(graph: StationGraph, rng: np.random.Generator) -> StationGraph:
    """The same graph laid over the stations at random: every edge tells of a way between two others.

    A control: what helps as much when it is told so is not the geometry.
    """
    order = rng.permutation(len(graph.stations))
    edge_index = order[graph.edge_index]
    by_target = np.lexsort(edge_index)
    return replace(
        graph,
        edge_index=edge_index[:, by_target],
        edge_attr=graph.edge_attr[by_target],
        distance_km=graph.distance_km[by_target],
        azimuth_deg=graph.azimuth_deg[by_target],
    )


def _places(
    names: tuple[str, ...],
    latitude_deg: Sequence[float] | np.ndarray,
    longitude_deg: Sequence[float] | np.ndarray,
    elevation_m: Sequence[float] | np.ndarray | None,
) -> np.ndarray:
    """Latitude, longitude and elevation, shape (3, station)."""
    if not names:
        raise SchemaError("A station graph needs at least one station; none was given.")
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise SchemaError(f"Each station stands once in a graph; {', '.join(twice)} stands there more than once.")
    elevation_m = np.full(len(names), np.nan) if elevation_m is None else elevation_m
    columns = [np.asarray(column, dtype=float) for column in (latitude_deg, longitude_deg, elevation_m)]
    for word, column in zip(("latitudes", "longitudes", "elevations"), columns, strict=True):
        if column.shape != (len(names),):
            raise SchemaError(f"{len(names)} stations have {len(names)} {word}; these have shape {column.shape}.")
    beyond = np.abs(columns[0]) > 90
    if beyond.any():
        first = int(np.flatnonzero(beyond)[0])
        raise SchemaError(
            f"{names[first]} has the latitude {columns[0][first]:g}: latitudes go from -90 to 90 degrees. "
            "Are latitude and longitude exchanged?"
        )
    return np.stack(columns)


def _require_settings(neighbours: int, radius_km: float, p_velocity_km_s: float, s_velocity_km_s: float) -> None:
    if neighbours < 0:
        raise SchemaError(f"A station has 0 neighbours or more, not {neighbours}.")
    if not radius_km > 0:
        raise SchemaError(f"Neighbours lie within a radius above 0 km, not {radius_km:g}.")
    if not 0 < s_velocity_km_s < p_velocity_km_s:
        raise SchemaError(
            f"P runs faster than S, and both faster than 0 km/s; these are {p_velocity_km_s:g} and {s_velocity_km_s:g}."
        )


def _geocentric_km(places_deg: np.ndarray) -> np.ndarray:
    """Points on the ellipsoid, shape (station, 3): no pole and no meridian is special there."""
    latitude, longitude = np.radians(places_deg)
    curvature = _EQUATOR_KM / np.sqrt(1 - _ECCENTRICITY_SQUARED * np.sin(latitude) ** 2)
    return np.stack(
        [
            curvature * np.cos(latitude) * np.cos(longitude),
            curvature * np.cos(latitude) * np.sin(longitude),
            curvature * (1 - _ECCENTRICITY_SQUARED) * np.sin(latitude),
        ],
        axis=-1,
    )


def _nearest(points_km: np.ndarray, neighbours: int, radius_km: float) -> np.ndarray:
    """Pairs, shape (2, edge), both ways, each once."""
    from scipy.spatial import cKDTree

    count = len(points_km)
    reach_km = 2 * _MEAN_RADIUS_KM * np.sin(min(radius_km / (2 * _MEAN_RADIUS_KM), np.pi / 2))
    # Straight through the Earth; a hair more, because the ellipsoid is wider than the mean sphere at the equator.
    tree = cKDTree(points_km)
    _, found = tree.query(points_km, k=min(neighbours + 1, count), distance_upper_bound=reach_km * 1.002 + 1e-9)
    asking = np.repeat(np.arange(count), found.shape[1])
    asked = found.ravel()
    # Where many stand at one place, a station need not be among its own nearest: then the farthest is one too many.
    wanted = (asked != asking) & (asked < count)
    number = np.cumsum(wanted.reshape(found.shape), axis=1).ravel()
    wanted &= number <= neighbours
    first, second = asking[wanted], asked[wanted]
    keys = np.unique(np.concatenate([first * count + second, second * count + first]))
    target, source = np.divmod(keys, count)
    pairs = np.stack([source, target])
    return pairs[:, _arc_km(points_km, pairs) <= radius_km]


def _arc_km(points_km: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Along the surface; within 0.01 % of the geodesic to 500 km, within 0.6 % anywhere."""
    chord = np.linalg.norm(points_km[pairs[1]] - points_km[pairs[0]], axis=-1)
    return 2 * _MEAN_RADIUS_KM * np.arcsin(np.clip(chord / (2 * _MEAN_RADIUS_KM), 0, 1))


def _ways(places: np.ndarray, edge_index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance and azimuth of each edge."""
    points = _geocentric_km(places[:2])
    source, target = edge_index
    latitude, longitude = np.radians(places[:2, source])
    x, y, z = (points[target] - points[source]).T
    east = -np.sin(longitude) * x + np.cos(longitude) * y
    north = np.cos(latitude) * z - np.sin(latitude) * (np.cos(longitude) * x + np.sin(longitude) * y)
    distance_km = _arc_km(points, edge_index)
    azimuth_deg = np.degrees(np.arctan2(east, north)) % 360.0
    return distance_km, np.where(distance_km > 1e-6, azimuth_deg, np.nan)


def _attributes(
    distance_km: np.ndarray,
    azimuth_deg: np.ndarray,
    elevation_m: np.ndarray,
    edge_index: np.ndarray,
    velocities_km_s: tuple[float, float],
) -> np.ndarray:
    azimuth = np.radians(azimuth_deg)
    rise_km = (elevation_m[edge_index[1]] - elevation_m[edge_index[0]]) / 1000.0
    columns = [
        np.log10(np.maximum(distance_km, _CLOSEST_KM)),
        np.nan_to_num(np.sin(azimuth)),
        np.nan_to_num(np.cos(azimuth)),
        np.nan_to_num(rise_km),
        *(distance_km / velocity for velocity in velocities_km_s),
    ]
    return np.stack(columns, axis=-1).astype(np.float32)
