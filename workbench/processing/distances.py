"""Where stations lie from an epicentre."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from workbench.schema import Event

__all__ = ["distances", "station_table"]


def station_table(recording: xr.Dataset) -> pd.DataFrame:
    """Stations of a recording with ``latitude_deg``, ``longitude_deg`` and ``elevation_m``, NaN where not known."""
    names = ("station", "latitude_deg", "longitude_deg", "elevation_m")
    return pd.DataFrame({name: recording[name].values for name in names})


def distances(event: Event, stations: pd.DataFrame) -> pd.DataFrame:
    """Stations with ``distance_km``, ``azimuth_deg`` (event to station) and ``back_azimuth_deg``; NaN where not known.

    Along the WGS84 ellipsoid, at the surface.

    Parameters
    ----------
    stations
        With the columns ``station``, ``latitude_deg`` and ``longitude_deg``.
    """
    from obspy.geodetics import gps2dist_azimuth

    origin = (event.latitude_deg, event.longitude_deg)
    rows = []
    for place in zip(stations["latitude_deg"], stations["longitude_deg"], strict=True):
        known = bool(np.isfinite([*origin, *place]).all())
        distance_m, azimuth, back = gps2dist_azimuth(*origin, *place) if known else (np.nan, np.nan, np.nan)
        rows.append((distance_m / 1000.0, azimuth, back))
    table = pd.DataFrame(rows, columns=["distance_km", "azimuth_deg", "back_azimuth_deg"], dtype=float)
    return pd.concat([stations[["station"]].reset_index(drop=True), table], axis=1)
