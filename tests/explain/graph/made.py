"""A made recording of several stations, and a station-graph picker whose neighbours are heard."""

from __future__ import annotations

import copy

import numpy as np
import pandas as pd
import torch
import xarray as xr

from workbench.pickers import open_picker
from workbench.pickers.station_graph import StationGraphPicker
from workbench.schema import make_recording
from workbench.sources.synthetic import SyntheticNetwork


def made_recording(n_stations: int = 6, seed: int = 3, snr_db: float = 18.0) -> xr.Dataset:
    """One earthquake on faultless stations, in m/s."""
    network = SyntheticNetwork(
        stations=n_stations, events=(0.0, 1.0), magnitude=(2.0, 2.5), radius_km=(15.0, 20.0), snr_db=(snr_db, snr_db),
        gap=0.0, glitch=0.0, dead=0.0, bursts=0.0,
    )  # fmt: skip
    example = network.example(np.random.default_rng(seed))
    return make_recording(
        example.waveform / example.gain_counts_per_m_s,
        stations=example.stations,
        components=list("ZNE"),
        start="2024-01-01",
        sampling_rate_hz=example.sampling_rate_hz,
        recording_id="made",
        source="test",
        units="m/s",
        latitude_deg=example.latitude_deg,
        longitude_deg=example.longitude_deg,
        elevation_m=example.elevation_m,
    )


def hearing_picker(strength: float = 0.3) -> StationGraphPicker:
    """The bundled picker, whose way back from the neighbours is drawn at random: what it says is moved by them.

    A station without neighbours is read as any other here, and has no XiaoNet to fall back on: what edges move is then
    the whole difference between a station among others and alone.
    """
    picker = copy.deepcopy(open_picker("station_graph"))
    assert isinstance(picker, StationGraphPicker)
    picker.module.fall_back = None
    torch.manual_seed(0)
    torch.nn.init.normal_(picker.module.leave.weight, std=strength)
    return picker


def surest_p(picker: StationGraphPicker, recording: xr.Dataset) -> dict[str, object]:
    """Station, phase and time of the highest P, whatever the threshold of the weights."""
    annotations = picker.annotate(recording)
    curves = annotations["probability"].sel(phase="P").fillna(0.0)
    station, sample = np.unravel_index(int(curves.values.argmax()), curves.shape)
    time = pd.Timestamp(annotations["time"].values[sample])
    return {"station": str(annotations["station"].values[station]), "phase": "P", "time": time}
