"""``NetworkExample``: one window of a made network, with all that is known about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.schema import Event
from workbench.sources.synthetic.faults import Fault

__all__ = ["NetworkExample"]


@dataclass(frozen=True)
class NetworkExample:
    """One window of all stations.

    Parameters
    ----------
    waveform
        Counts, float32, shape (station, 3, sample), components Z, N, E; NaN is a gap. Divided by
        `gain_counts_per_m_s` it is ground velocity in m/s, where no sensor or fault changed it.
    stations
        ``"NET.STA.LOC"``.
    latitude_deg, longitude_deg, elevation_m
        By station.
    p_sample, s_sample
        First onsets in samples, fractions included, shape (event, station); NaN where the wave does not reach the
        window, or the station records nothing just then.
    snr_db
        Shape (event, station): mean power from the S onset on for 5 s, over that of the noise, all components, from 1
        to 20 Hz; infinite without noise, NaN where there is no S.
    p_snr_db
        The same for the 2 s after P, or what there is of them before S.
    origins
        Of the events, ordered by time; times count from the window's start at `start`.
    origin_s
        When they happen, seconds after the first sample, shape (event,).
    magnitude
        Moment magnitude, shape (event,).
    faults
        What went wrong, in the order of the stations.
    """

    waveform: np.ndarray
    stations: tuple[str, ...]
    latitude_deg: np.ndarray
    longitude_deg: np.ndarray
    elevation_m: np.ndarray
    p_sample: np.ndarray
    s_sample: np.ndarray
    snr_db: np.ndarray
    p_snr_db: np.ndarray
    origins: tuple[Event, ...]
    origin_s: np.ndarray
    magnitude: np.ndarray
    sampling_rate_hz: float
    gain_counts_per_m_s: float
    faults: tuple[Fault, ...]
