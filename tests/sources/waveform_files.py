"""Waveform files made for tests, whose samples are known."""

import numpy as np
from obspy import Stream, Trace, UTCDateTime

START = UTCDateTime("2024-05-01T12:00:00")


def trace(seed_id="XX.A..HHZ", start=START, n=6000, rate_hz=100.0, samples=None, dtype=np.int32):
    network, station, location, channel = seed_id.split(".")
    if samples is None:
        # Known by its time alone, so that pieces of one channel agree where they overlap.
        first = round((start - START) * rate_hz)
        samples = 1000 * np.sin(0.1 * (np.arange(n) + first))
    header = {
        "network": network,
        "station": station,
        "location": location,
        "channel": channel,
        "starttime": start,
        "sampling_rate": rate_hz,
    }
    return Trace(np.asarray(samples).astype(dtype), header)


def write(path, *traces, format="MSEED"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Stream(traces).write(str(path), format=format)
    return path


def write_station(folder, station="XX.A.", components="ZNE", band="HH", **options):
    for letter in components:
        seed_id = f"{station}.{band}{letter}"
        write(folder / f"{seed_id}.mseed", trace(seed_id, **options))
