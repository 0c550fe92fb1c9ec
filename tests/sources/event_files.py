"""Earthquakes on several stations, made for tests in the layouts of STEAD and SeisBench; all onsets are known."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from .dataset_files import NOISE_ROW, SEISBENCH_ROW, STEAD_ROW, write_seisbench, write_stead

P_KM_S, S_KM_S = 6.0, 3.5
KM_PER_DEG = 111.19
BEFORE_P_S = 8.0
N_SAMPLES = 6000


@dataclass
class Trace:
    """One trace of an event at one station, with what the metadata say of it; tests change it at will."""

    name: str
    event: int
    station: str
    place: tuple[float, float]
    start: pd.Timestamp
    p_sample: float
    s_sample: float
    samples: np.ndarray  # (3, sample), Z, N, E
    row: dict = field(default_factory=dict)
    """Changes to the row of the layout that it is written in."""


def made_traces(n_events=3, n_stations=4, n_noise=0, seed=0):
    """Events 10 minutes apart at 46 N 13 E, stations to the north of it every 0.1 degrees, amplitudes 100 x event."""
    rng = np.random.default_rng(seed)
    traces = []
    for event, number in np.ndindex(n_events, n_stations):
        distance_km = np.hypot(0.1 * (number + 1) * KM_PER_DEG, 10.0)
        start = _origin(event) + pd.Timedelta(round(distance_km / P_KM_S - BEFORE_P_S, 2), "s")
        p_sample = (distance_km / P_KM_S - (start - _origin(event)).total_seconds()) * 100
        s_sample = p_sample + (distance_km / S_KM_S - distance_km / P_KM_S) * 100
        samples = rng.normal(size=(3, N_SAMPLES))
        for onset in (p_sample, s_sample):
            samples[:, int(onset) :] += (
                100
                * (event + 1)
                * rng.normal(size=(3, N_SAMPLES - int(onset)))
                * np.exp(-np.arange(N_SAMPLES - int(onset)) / 300)
            )
        name = f"S{number}.XX_E{event}_EV"
        place = (46.0 + 0.1 * (number + 1), 13.0)
        traces.append(Trace(name, event, f"S{number}", place, start, p_sample, s_sample, samples.astype(np.float32)))
    for number in range(n_noise):
        station = f"S{number % max(n_stations, 1)}"
        start = pd.Timestamp("2020-05-01") + pd.Timedelta(number, "h")
        place = (46.0 + 0.1 * (number % max(n_stations, 1) + 1), 13.0)
        samples = rng.normal(size=(3, N_SAMPLES)).astype(np.float32)
        traces.append(Trace(f"{station}.XX_{number}_NO", -1, station, place, start, np.nan, np.nan, samples))
    return traces


def _origin(event):
    return pd.Timestamp("2020-01-01") + pd.Timedelta(10 * event, "min")


def _distance_km(trace):
    return (trace.place[0] - 46.0) * KM_PER_DEG


def write_stead_events(folder, traces):
    """A pair of files in STEAD's layout."""
    rows = []
    for trace in traces:
        known = {
            "network_code": "XX",
            "receiver_code": trace.station,
            "receiver_latitude": trace.place[0],
            "receiver_longitude": trace.place[1],
            "trace_start_time": str(trace.start),
            "trace_name": trace.name,
        }
        if trace.event < 0:
            rows.append(NOISE_ROW | known | trace.row)
            continue
        of_event = {
            "p_arrival_sample": trace.p_sample,
            "s_arrival_sample": trace.s_sample,
            "source_id": f"id{trace.event}",
            "source_origin_time": str(_origin(trace.event)),
            "source_latitude": 46.0,
            "source_longitude": 13.0,
            "source_depth_km": 10.0,
            "source_magnitude": 1.0 + trace.event % 8,
            "source_distance_km": _distance_km(trace),
        }
        rows.append(STEAD_ROW | known | of_event | trace.row)
    write_stead(folder, traces={trace.name: trace.samples[::-1].T for trace in traces}, rows=rows)
    return folder


def write_seisbench_events(folder, traces, columns=()):
    """A chunk in SeisBench's layout, with the names of onset columns that INSTANCE has; `columns` are left out."""
    rows = []
    for trace in traces:
        row = SEISBENCH_ROW | {
            "trace_name": trace.name,
            "trace_npts": N_SAMPLES,
            "trace_start_time": trace.start.isoformat() + "Z",
            "trace_P_arrival_sample": trace.p_sample if trace.event >= 0 else "",
            "trace_S_arrival_sample": trace.s_sample if trace.event >= 0 else "",
            "trace_snr_db": "",
            "trace_category": "earthquake" if trace.event >= 0 else "noise",
            "station_network_code": "XX",
            "station_code": trace.station,
            "station_latitude_deg": trace.place[0],
            "station_longitude_deg": trace.place[1],
            "split": "",
        }
        for name in ("trace_p_arrival_sample", "trace_Sg_arrival_sample"):
            del row[name]
        of_event = {
            "source_id": f"id{trace.event}",
            "source_origin_time": _origin(trace.event).isoformat(),
            "source_latitude_deg": 46.0,
            "source_longitude_deg": 13.0,
            "source_depth_km": 10.0,
            "source_magnitude": 1.0 + trace.event % 8,
            "path_ep_distance_km": _distance_km(trace),
        }
        row |= of_event if trace.event >= 0 else dict.fromkeys(of_event, "")
        row |= trace.row
        rows.append({name: value for name, value in row.items() if name not in columns})
    write_seisbench(folder, rows=rows, samples={trace.name: trace.samples for trace in traces})
    return folder
