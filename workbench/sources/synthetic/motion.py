"""How the ground moves at every station in one earthquake: first P and S, what follows them, and their coda."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from workbench.sources.synthetic.earthquakes import Earthquake, corner_hz, moment_nm
from workbench.sources.synthetic.geometry import distance_and_azimuth
from workbench.sources.synthetic.pulses import QUARTERS, pulses
from workbench.sources.synthetic.radiation import MEAN_P, MEAN_S, polarisation, radiation
from workbench.sources.synthetic.travel_times import Rays, TravelTimes

__all__ = ["Ground", "Motion", "Site", "move"]

_SURFACE = 2.0
_SPREADS_AS_A_BODY_WAVE_KM = 70.0
_HEAD_SHARE = 0.3
_NO_NEARER_KM = 0.2
_CODA_DIES_S = 10.0
_P_OVER_S_Q = 1.3
_SCATTERED = np.array([[0.7], [1.0], [1.0]], dtype=np.float32)


@dataclass(frozen=True)
class Ground:
    """What all rays of one example share.

    Parameters
    ----------
    travel
        Table of the layered model.
    slower
        All travel times are multiplied with it: the model is known, its speed only about.
    q_s
        Q of S at 1 Hz; of P it is 1.3 times as large.
    q_exponent
        Q grows as frequency to this power.
    coda
        Energy scattered in the first second, over that of the direct wave, as a ratio of amplitudes.
    """

    travel: TravelTimes
    slower: float
    q_s: float
    q_exponent: float
    coda: float


@dataclass(frozen=True)
class Site:
    """Stations of one example, each array by station.

    Parameters
    ----------
    kappa_s
        Damping under the station.
    amplification
        What soft ground does to both phases alike.
    sensor_hz
        Corner of its sensor, 0 for one that sees all.
    """

    latitude_deg: np.ndarray
    longitude_deg: np.ndarray
    elevation_m: np.ndarray
    kappa_s: np.ndarray
    amplification: np.ndarray
    sensor_hz: np.ndarray


@dataclass(frozen=True)
class Motion:
    """Ground velocity (m/s) shape (station, 3, sample), and onsets in samples, shape (station, 2) for P and S.

    Onsets may lie outside the window; NaN beyond the table of travel times.
    """

    velocity: np.ndarray
    onset_sample: np.ndarray


def move(
    quake: Earthquake,
    ground: Ground,
    site: Site,
    late: np.ndarray,
    scatterers: np.ndarray,
    *,
    n_samples: int,
    rate_hz: float,
) -> Motion:
    """Motion in one earthquake.

    Parameters
    ----------
    late
        By station, by how much travel times exceed those of the model: 0.01 for one percent.
    scatterers
        What the coda is made of, standard normal, shape (station, 2, 3, sample): twins are given the same.
    """
    distance_km, azimuth_deg = distance_and_azimuth(
        np.asarray(quake.latitude_deg), np.asarray(quake.longitude_deg), site.latitude_deg, site.longitude_deg
    )
    velocity = np.zeros((len(late), 3, n_samples), dtype=np.float32)
    onset = np.empty((len(late), 2))
    for number, phase in enumerate("PS"):
        rays = ground.travel.rays(phase, np.asarray(quake.depth_km), distance_km)
        factor = (1 + late) * ground.slower
        onset[:, number] = (quake.origin_s + rays.first_s * factor + _climb_s(ground, phase, rays, site)) * rate_hz
        seen = np.flatnonzero((onset[:, number] >= 0) & (onset[:, number] < n_samples))
        if not seen.size:
            continue
        first = np.floor(onset[seen, number]).astype(int)
        response = _response(
            quake, ground, phase, rays, distance_km, azimuth_deg, seen, scatterers[seen, number], rate_hz
        )
        pulse = pulses(
            np.full(seen.size, corner_hz(quake.magnitude, quake.stress_drop_mpa, _speed(ground, phase, quake), phase)),
            rays.first_s[seen] / (ground.q_s * (_P_OVER_S_Q if phase == "P" else 1.0)),
            site.kappa_s[seen],
            site.sensor_hz[seen],
            np.round((onset[seen, number] - first) * QUARTERS).astype(int),
            sampling_rate_hz=rate_hz,
            q_exponent=ground.q_exponent,
        )
        moved = _convolve(response, pulse * site.amplification[seen, None])
        for station, start, samples in zip(seen, first, moved, strict=True):
            velocity[station, :, start:] += samples[:, : n_samples - start]
    return Motion(velocity, onset)


def _speed(ground: Ground, phase: str, quake: Earthquake) -> float:
    model = ground.travel.model
    return float(model.velocity_km_s(phase)[model.layer_of(quake.depth_km)])


def _climb_s(ground: Ground, phase: str, rays: Rays, site: Site) -> np.ndarray:
    """Time from sea level up to the station, or down to it."""
    speed = ground.travel.model.velocity_km_s(phase)[0]
    upright = np.sqrt(np.maximum(speed**-2 - rays.slowness_s_km**2, 0.0))
    return np.asarray(ground.slower * site.elevation_m / 1e3 * upright)


def _response(
    quake: Earthquake,
    ground: Ground,
    phase: str,
    rays: Rays,
    distance_km: np.ndarray,
    azimuth_deg: np.ndarray,
    seen: np.ndarray,
    scatterers: np.ndarray,
    rate_hz: float,
) -> np.ndarray:
    """What arrives after the first wave, as heights in metres of displacement, shape (seen station, 3, sample).

    A head wave carries little; the direct wave that it overtook follows with the bulk.
    """
    height = _height_m(quake, ground, phase, distance_km)[seen]
    down = rays.down[seen]
    share = np.where(down, _HEAD_SHARE, 1.0)
    behind = np.round((rays.direct_s - rays.first_s)[seen] * ground.slower * rate_hz).astype(int)
    first_motion = _motion(quake, ground, phase, rays.slowness_s_km[seen], azimuth_deg[seen], down)
    direct_motion = _motion(
        quake, ground, phase, rays.direct_slowness_s_km[seen], azimuth_deg[seen], np.zeros_like(down)
    )
    n_samples = scatterers.shape[-1]
    since_s = np.arange(n_samples) / rate_hz
    spread_s = np.maximum(rays.first_s[seen], 1.0)[:, None]
    envelope = share[:, None] * _coda(since_s, spread_s)
    for row in np.flatnonzero(down & (behind < n_samples)):
        rest = n_samples - behind[row]
        envelope[row, behind[row] :] += (1 - share[row]) * _coda(since_s[:rest], spread_s[row])
    mean = MEAN_P if phase == "P" else MEAN_S / np.sqrt(2)
    envelope *= mean * ground.coda / np.sqrt(rate_hz)
    response = scatterers * _SCATTERED * envelope[:, None].astype(np.float32)
    response[..., 0] = share[:, None] * first_motion
    for row in np.flatnonzero(down & (behind < n_samples)):
        response[row, :, behind[row]] += direct_motion[row]
    return np.asarray(response * height[:, None, None])


def _height_m(quake: Earthquake, ground: Ground, phase: str, distance_km: np.ndarray) -> np.ndarray:
    """Displacement at low frequencies times seconds, for a radiation of 1 (Aki and Richards, 1980, chapter 4)."""
    model = ground.travel.model
    speed, density = model.velocity_km_s(phase) * 1e3, np.asarray(model.density_g_cm3) * 1e3
    source = int(model.layer_of(quake.depth_km))
    stiffness = np.sqrt(density[source] * density[0] * speed[source] ** 5 * speed[0])
    far_km = np.maximum(np.hypot(distance_km, quake.depth_km), _NO_NEARER_KM)
    knee = _SPREADS_AS_A_BODY_WAVE_KM
    spreading_km = np.where(far_km < knee, far_km, np.sqrt(far_km * knee))
    return np.asarray(_SURFACE * moment_nm(quake.magnitude) / (4 * np.pi * stiffness * spreading_km * 1e3))


def _motion(
    quake: Earthquake,
    ground: Ground,
    phase: str,
    slowness_s_km: np.ndarray,
    azimuth_deg: np.ndarray,
    down: np.ndarray,
) -> np.ndarray:
    """Radiation factor times direction of motion at the surface, shape (station, 3)."""
    steep = np.rad2deg(np.arcsin(np.minimum(slowness_s_km * _speed(ground, phase, quake), 1.0)))
    incidence = np.rad2deg(np.arcsin(np.minimum(slowness_s_km * ground.travel.model.velocity_km_s(phase)[0], 1.0)))
    factors = radiation(quake.mechanism, azimuth_deg, np.where(down, steep, 180.0 - steep))
    axes = polarisation(azimuth_deg, incidence)
    used = slice(0, 1) if phase == "P" else slice(1, 3)
    return np.asarray((factors[:, used, None] * axes[:, used]).sum(axis=1))


def _coda(since_s: np.ndarray, travel_s: np.ndarray) -> np.ndarray:
    """Envelope of singly scattered waves: spreading from the source on, and lost to Q."""
    return np.asarray(np.exp(-since_s / _CODA_DIES_S) / (1 + since_s / travel_s))


def _convolve(response: np.ndarray, pulse: np.ndarray) -> np.ndarray:
    n_samples = response.shape[-1]
    n_fast = fft.next_fast_len(n_samples + pulse.shape[-1], real=True)
    # Displacements of small earthquakes are near the smallest single-precision numbers: scaled on the way.
    scale = np.abs(response).max() or 1.0
    spectrum = fft.rfft((response / scale).astype(np.float32), n=n_fast, axis=-1)
    spectrum *= fft.rfft((pulse * scale).astype(np.float32), n=n_fast, axis=-1)[:, None]
    return np.asarray(fft.irfft(spectrum, n=n_fast, axis=-1)[..., :n_samples])
