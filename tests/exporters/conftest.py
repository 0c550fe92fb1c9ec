"""Recordings and labels of known content."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from workbench.schema import LABEL_COLUMNS, make_recording

collect_ignore = ["pyrocko_reads.py"]
"""It is run by Pyrocko's own interpreter."""

START = pd.Timestamp("2024-01-01T00:00:00.123456789")


def recording_of(
    recording_id: str = "r1",
    *,
    stations: tuple[str, ...] = ("XX.A.",),
    components: tuple[str, ...] = ("Z", "N", "E"),
    n_samples: int = 6000,
    rate_hz: float = 100.0,
    event_id: str = "",
) -> xr.Dataset:
    """A recording in which every sample tells where it stands."""
    shape = (len(stations), len(components), n_samples)
    return make_recording(
        np.arange(np.prod(shape), dtype=np.float32).reshape(shape),
        stations=stations,
        components=components,
        start=START.to_datetime64(),
        sampling_rate_hz=rate_hz,
        recording_id=recording_id,
        source="test",
        event_id=event_id,
        latitude_deg=[46.0 + number for number in range(len(stations))],
        longitude_deg=[13.0] * len(stations),
        elevation_m=[250.0] * len(stations),
        channels=np.array([[f"HH{letter}" for letter in components]] * len(stations)),
    )


def labels_of(*rows: dict[str, object]) -> pd.DataFrame:
    """A table of labels; ``at_s`` is seconds since the start of the recording."""
    full = []
    for number, row in enumerate(rows, start=1):
        values = {
            "label_id": f"{number:032x}",
            "entry": number,
            "recording_id": "r1",
            "station": "XX.A.",
            "phase": "P",
            "time": START + pd.Timedelta(round(float(row.get("at_s", 10.0)) * 1e9), "ns"),
            "uncertainty_minus_s": float("nan"),
            "uncertainty_plus_s": float("nan"),
            "polarity": "",
            "onset_quality": "",
            "weight": float("nan"),
            "decision": "add",
            "analyst": "Ada",
            "decided_at": pd.Timestamp("2024-02-02T03:04:05.000000006"),
            "pick_id": "",
            "provenance": json.dumps({}),
        } | {name: value for name, value in row.items() if name != "at_s"}
        full.append(values)
    return pd.DataFrame(full).astype(dict(LABEL_COLUMNS))[list(LABEL_COLUMNS)]


@pytest.fixture
def recording() -> Callable[..., xr.Dataset]:
    return recording_of


@pytest.fixture
def labels() -> Callable[..., pd.DataFrame]:
    return labels_of


@pytest.fixture
def reader() -> Callable[..., Callable[[str], xr.Dataset]]:
    """Makes a reader of some recordings."""

    def make(*recordings: xr.Dataset) -> Callable[[str], xr.Dataset]:
        by_id = {recording.attrs["recording_id"]: recording for recording in recordings or (recording_of(),)}
        return by_id.__getitem__

    return make
