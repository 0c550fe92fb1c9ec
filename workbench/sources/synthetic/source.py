"""``SyntheticSource``: a made network to open without any file, with every onset, origin and magnitude known."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import SourceError, UnknownNameError
from workbench.schema import CATALOG, Event, Report, check_recordings_table, make_picks, make_recording, silent
from workbench.sources.synthetic.cases import CASES, network_of
from workbench.sources.synthetic.example import NetworkExample
from workbench.sources.synthetic.faults import Fault
from workbench.sources.synthetic.geometry import distance_and_azimuth
from workbench.sources.synthetic.network import SyntheticNetwork

__all__ = ["SyntheticSource"]

_FAULT_WORDS = {
    "gap": "has a gap",
    "glitch": "has a glitch",
    "dead": "is dead",
    "clipped": "is clipped",
}
_NAMED = 4


class SyntheticSource:
    """Windows of a made network: one earthquake in growing noise, small, deep, double, overlapping, spoilt, none.

    Nothing here was recorded. The catalogue picks are the true first onsets, also where noise hides them.

    Parameters
    ----------
    seed
        0 or more; another makes another network with other earthquakes.

    Raises
    ------
    SourceError
        If the seed is below 0.
    """

    kind = "synthetic"

    def __init__(self, seed: int = 0) -> None:
        if seed < 0:
            raise SourceError(f"The seed of a synthetic network is a whole number from 0 on; this is {seed}.")
        self.seed = seed
        self.title = "Synthetic network (made, not recorded)" + (f", seed {seed}" if seed else "")
        self.location = f"synthetic:{seed}" if seed else "synthetic"

    def scan(self, report: Report = silent) -> pd.DataFrame:
        """One row per window, with the columns ``what``, ``n_events`` and those of the first origin.

        Magnitude, distance (of the nearest station) and signal-to-noise ratio (of the median station, after S) are
        those of the first earthquake.
        """
        rows = []
        for number, name in enumerate(CASES):
            report(number / len(CASES), name)
            rows.append(self._row(name))
        report(1.0, "listed")
        table = check_recordings_table(pd.DataFrame(rows))
        table.attrs["notices"] = []
        return table

    def read(self, recording_id: str) -> xr.Dataset:
        """One window, made anew each time, and each time the same."""
        example = self._example(recording_id)
        return make_recording(
            example.waveform.copy(),
            stations=example.stations,
            components=list("ZNE"),
            start=self._start(recording_id),
            sampling_rate_hz=example.sampling_rate_hz,
            recording_id=recording_id,
            source=self.title,
            event_id=example.origins[0].event_id if example.origins else "",
            latitude_deg=example.latitude_deg.tolist(),
            longitude_deg=example.longitude_deg.tolist(),
            elevation_m=example.elevation_m.tolist(),
            channels=np.tile(["HHZ", "HHN", "HHE"], (len(example.stations), 1)),
            history=[
                f"made: seed {self.seed}, {example.gain_counts_per_m_s:g} counts per m/s, no recording of any place"
            ],
            notices=[_words(fault, example) for fault in example.faults],
        )

    def reference_picks(self, recording_id: str) -> pd.DataFrame:
        """True first onsets of P and S that the window shows, of all its earthquakes."""
        example = self._example(recording_id)
        start = self._start(recording_id)
        rows = []
        for phase, samples in (("P", example.p_sample), ("S", example.s_sample)):
            for event, station in zip(*np.nonzero(np.isfinite(samples)), strict=True):
                after_ns = round(samples[event, station] / example.sampling_rate_hz * 1e9)
                rows.append(
                    {
                        "station": example.stations[station],
                        "phase": phase,
                        "time": start + pd.Timedelta(after_ns, "ns"),
                        "uncertainty_s": 0.0,
                    }
                )
        return make_picks(rows, recording_id=recording_id, picker=CATALOG)

    def event(self, recording_id: str) -> Event | None:
        """The first earthquake of the window, None if there is none."""
        origins = self._example(recording_id).origins
        return origins[0] if origins else None

    def _row(self, recording_id: str) -> dict[str, object]:
        example, case = self._example(recording_id), CASES[recording_id]
        named = ",".join(example.stations[:_NAMED]) + (",…" if len(example.stations) > _NAMED else "")
        row: dict[str, object] = {
            "recording_id": recording_id,
            "group": case.group,
            "start": self._start(recording_id),
            "duration_s": (example.waveform.shape[-1] - 1) / example.sampling_rate_hz,
            "n_stations": len(example.stations),
            "stations": named,
            "sampling_rate_hz": example.sampling_rate_hz,
            "category": "earthquake" if example.origins else "noise",
            "what": case.what,
            "n_events": len(example.origins),
        }
        if not example.origins:
            return row
        first = example.origins[0]
        distance_km, _ = distance_and_azimuth(
            np.asarray(first.latitude_deg),
            np.asarray(first.longitude_deg),
            example.latitude_deg,
            example.longitude_deg,
        )
        return row | {
            "magnitude": first.magnitude,
            "distance_km": float(distance_km.min()),
            "snr_db": round(float(np.nanmedian(example.snr_db[0])), 3) + 0.0,
            "origin_time": first.time,
            "origin_latitude_deg": first.latitude_deg,
            "origin_longitude_deg": first.longitude_deg,
            "origin_depth_km": first.depth_km,
        }

    def _example(self, recording_id: str) -> NetworkExample:
        return _window(recording_id, self.seed)

    def _start(self, recording_id: str) -> pd.Timestamp:
        return pd.Timestamp(_network(recording_id, self.seed).start)


def _network(recording_id: str, seed: int) -> SyntheticNetwork:
    if recording_id not in CASES:
        raise UnknownNameError("recording", recording_id, CASES)
    return network_of(CASES[recording_id], list(CASES).index(recording_id), seed)


@lru_cache(maxsize=8)
def _window(recording_id: str, seed: int) -> NetworkExample:
    """Kept for a while: a page asks for the samples, the picks and the event of a window one after the other."""
    example = _network(recording_id, seed).example(np.random.default_rng((seed, CASES[recording_id].draw)))
    origins = tuple(
        replace(event, event_id=f"{recording_id}-{number}") for number, event in enumerate(example.origins, 1)
    )
    return replace(example, origins=origins)


def _words(fault: Fault, example: NetworkExample) -> str:
    seconds = [sample / example.sampling_rate_hz for sample in (fault.first_sample, fault.last_sample)]
    when = "" if fault.kind == "dead" else f" from {seconds[0]:.2f} to {seconds[1]:.2f} s"
    what = f"{example.stations[fault.station]} {', '.join(fault.component)}"
    return f"{what} {_FAULT_WORDS[fault.kind]}{when}: made so."
