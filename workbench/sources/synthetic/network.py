"""``SyntheticNetwork``: makes windows of a seismic network in which every onset, origin and magnitude is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from workbench.schema import Event
from workbench.sources.synthetic.drawing import draw_earthquakes, draw_ground, draw_site
from workbench.sources.synthetic.earthquakes import Earthquake
from workbench.sources.synthetic.example import NetworkExample
from workbench.sources.synthetic.faults import Fault, spoil
from workbench.sources.synthetic.loudness import decibels, louder, noise_power, signal_power
from workbench.sources.synthetic.motion import Ground, Motion, Site, move
from workbench.sources.synthetic.noise import made_noise, recorded_noise
from workbench.sources.synthetic.settings import NetworkSettings
from workbench.sources.synthetic.travel_times import TravelTimes
from workbench.sources.synthetic.velocity import VelocityModel

__all__ = ["SyntheticNetwork"]

_DEEPEST_KM = 60.0


@dataclass(frozen=True)
class SyntheticNetwork(NetworkSettings):
    """A made network; :meth:`example` draws one window of it.

    Point sources with Brune spectra in flat layers, direct and head waves, a random coda: good for onsets, amplitudes
    and moveout. There are no reflections, no surface waves, and no scattering that knows the place.

    Examples
    --------
    >>> example = SyntheticNetwork(stations=5, events=(0.0, 1.0)).example(np.random.default_rng(0))
    >>> example.waveform.shape, example.p_sample.shape
    ((5, 3, 3000), (1, 5))
    """

    @property
    def travel_times(self) -> TravelTimes:
        """Table of the model, made once a process."""
        return _table(self.model, max(_DEEPEST_KM, self.depth_km[1] + 1.0))

    def example(self, rng: np.random.Generator) -> NetworkExample:
        """One window; the same for the same state of the generator."""
        rate_hz = self.sampling_rate_hz
        site, area = draw_site(rng, self)
        ground = draw_ground(rng, self, self.travel_times)
        quakes = draw_earthquakes(rng, self, site, area, ground)
        motions = self._motions(rng, quakes, ground, site)
        powers = [signal_power(motion.velocity, motion.onset_sample, rate_hz) for motion in motions]
        waveform = self._noise(rng, site)
        floor = noise_power(waveform, rate_hz)
        if motions and self.snr_db is not None:
            factor = louder(powers[0][:, 1], floor, float(rng.uniform(*self.snr_db)))
            waveform, floor = waveform * np.float32(factor), floor * factor**2
        for motion in motions:
            waveform += motion.velocity
        waveform *= np.float32(self.gain_counts_per_m_s)
        faults = spoil(
            rng,
            waveform,
            gap=self.gap,
            glitch=self.glitch,
            dead=self.dead,
            full_scale=self.full_scale_counts,
            rate_hz=rate_hz,
        )
        ratios = [decibels(power, floor[:, None]) for power in powers]
        return self._told(waveform, site, quakes, [motion.onset_sample for motion in motions], ratios, faults)

    def _motions(self, rng: np.random.Generator, quakes: list[Earthquake], ground: Ground, site: Site) -> list[Motion]:
        n_stations = site.latitude_deg.size
        paths: list[tuple[np.ndarray, np.ndarray]] = []
        motions = []
        for quake in quakes:
            if quake.twin_of >= 0:
                paths.append(paths[quake.twin_of])
            else:
                late = self.uneven * rng.standard_normal(n_stations)
                paths.append((late, rng.standard_normal((n_stations, 2, 3, self.n_samples), dtype=np.float32)))
            motion = move(quake, ground, site, *paths[-1], n_samples=self.n_samples, rate_hz=self.sampling_rate_hz)
            motions.append(motion)
        return motions

    def _noise(self, rng: np.random.Generator, site: Site) -> np.ndarray:
        n_stations = site.latitude_deg.size
        if self.noise_level is None:
            return np.zeros((n_stations, 3, self.n_samples), dtype=np.float32)
        level = rng.uniform(*self.noise_level) + self.noise_spread * rng.standard_normal(n_stations)
        if self.noise is not None:
            return recorded_noise(rng, self.noise, level, site.sensor_hz, self.n_samples, self.sampling_rate_hz)
        return made_noise(rng, level, site.sensor_hz, self.n_samples, self.sampling_rate_hz, self.bursts)

    def _told(
        self,
        waveform: np.ndarray,
        site: Site,
        quakes: list[Earthquake],
        onsets: list[np.ndarray],
        ratios: list[np.ndarray],
        faults: list[Fault],
    ) -> NetworkExample:
        """All that is known, events by time; onsets that no sample shows are NaN."""
        order = sorted(range(len(quakes)), key=lambda number: quakes[number].origin_s)
        shape = (len(quakes), site.latitude_deg.size, 2)
        onset = np.array([onsets[number] for number in order]).reshape(shape)
        ratio = np.array([ratios[number] for number in order]).reshape(shape)
        shown = _shown(onset, waveform)
        onset, ratio = np.where(shown, onset, np.nan), np.where(shown, ratio, np.nan)
        ordered = [quakes[number] for number in order]
        return NetworkExample(
            waveform=waveform,
            stations=tuple(f"SY.S{number:03d}." for number in range(1, shape[1] + 1)),
            latitude_deg=site.latitude_deg,
            longitude_deg=site.longitude_deg,
            elevation_m=site.elevation_m,
            p_sample=onset[..., 0],
            s_sample=onset[..., 1],
            snr_db=ratio[..., 1],
            p_snr_db=ratio[..., 0],
            origins=tuple(self._event(number, quake) for number, quake in enumerate(ordered, 1)),
            origin_s=np.array([quake.origin_s for quake in ordered]),
            magnitude=np.array([quake.magnitude for quake in ordered]),
            sampling_rate_hz=self.sampling_rate_hz,
            gain_counts_per_m_s=self.gain_counts_per_m_s,
            faults=tuple(faults),
        )

    def _event(self, number: int, quake: Earthquake) -> Event:
        return Event(
            event_id=f"synthetic-{number}",
            time=pd.Timestamp(self.start) + pd.Timedelta(round(quake.origin_s * 1e9), "ns"),
            latitude_deg=quake.latitude_deg,
            longitude_deg=quake.longitude_deg,
            depth_km=quake.depth_km,
            magnitude=quake.magnitude,
            magnitude_type="Mw",
        )


@lru_cache(maxsize=16)
def _table(model: VelocityModel, deepest_km: float) -> TravelTimes:
    return TravelTimes(model, deepest_km=deepest_km)


def _shown(onset: np.ndarray, waveform: np.ndarray) -> np.ndarray:
    """Whether an onset lies in the window on a station that records then: no gap, and not dead on all components."""
    n_samples = waveform.shape[-1]
    inside = (onset >= 0) & (onset < n_samples)
    sample = np.where(inside, onset, 0).astype(int)
    # One component is enough; a dead one holds a constant.
    alive = (np.nanmax(waveform, axis=-1) > np.nanmin(waveform, axis=-1)).any(axis=-1)
    recorded = np.isfinite(waveform[np.arange(len(waveform))[None, :, None], 0, sample])
    return inside & recorded & alive[None, :, None]
