"""The station graph as a picker: neighbours, gaps and silence, places that are not known, magnitude, explanations."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

from workbench.explain.run import explain, explain_many
from workbench.pickers import open_picker
from workbench.pickers.station_graph import StationGraphPicker
from workbench.schema import make_recording
from workbench.sources.synthetic import SyntheticNetwork

START = pd.Timestamp("2024-01-01T00:00:00.123")


def made(
    stations: int = 5,
    duration_s: float = 70.0,
    units: str = "m/s",
    seed: int = 3,
    places: np.ndarray | None = None,
    **settings,
) -> xr.Dataset:
    network = SyntheticNetwork(
        stations=stations,
        duration_s=duration_s,
        events=(0.0, 1.0),
        magnitude=(2.0, 2.0),
        snr_db=(20.0, 20.0),
        gap=0.0,
        dead=0.0,
        glitch=0.0,
        **settings,
    )
    example = network.example(np.random.default_rng(seed))
    known = (example.latitude_deg, example.longitude_deg, example.elevation_m) if places is None else places
    scale = np.float32(example.gain_counts_per_m_s if units == "m/s" else 1.0)
    return make_recording(
        example.waveform / scale,
        stations=example.stations,
        components=list("ZNE"),
        start=START,
        sampling_rate_hz=100.0,
        recording_id="made",
        source="synthetic",
        units=units,
        latitude_deg=known[0],
        longitude_deg=known[1],
        elevation_m=known[2],
    )


def curves_of(recording: xr.Dataset, **settings) -> np.ndarray:
    return StationGraphPicker(**settings).annotate(recording)["probability"].values


def test_neighbours_change_what_is_said_and_none_asked_for_reads_each_alone():
    recording = made()
    together, alone = curves_of(recording), curves_of(recording, neighbours=0)
    assert np.nanmax(np.abs(together - alone)) > 0.01
    first = curves_of(recording.isel(station=[0]))
    np.testing.assert_allclose(first[0], alone[0], atol=1e-4)


def test_order_of_stations_changes_nothing():
    recording = made()
    np.testing.assert_allclose(
        curves_of(recording.isel(station=[3, 1, 4, 0, 2]))[3], curves_of(recording)[0], atol=1e-4
    )


def test_cut_recording_has_the_same_curves_where_its_windows_are_whole():
    recording = made()
    whole = open_picker("station_graph").annotate(recording)["probability"]
    # Windows lie on a grid in time: what a recording holds ten seconds and more after a cut is not touched by it.
    cut = open_picker("station_graph").annotate(recording.isel(time=slice(1000, None)))["probability"]
    later = cut["time"].values[2500]
    np.testing.assert_allclose(
        cut.sel(time=slice(later, None)).values, whole.sel(time=slice(later, None)).values, atol=1e-5
    )


def test_event_is_seen_with_its_magnitude_where_samples_are_ground_motion():
    annotations = open_picker("station_graph").annotate(made())
    windows = json.loads(annotations.attrs["windows"])
    assert annotations.attrs["detection"] > 0.5
    assert annotations.attrs["magnitude"] == pytest.approx(2.0, abs=1.0)
    assert max(window["detection"] for window in windows) == annotations.attrs["detection"]
    assert [pd.Timestamp(window["start"]) for window in windows] == sorted(
        pd.Timestamp(window["start"]) for window in windows
    )


def test_counts_give_no_magnitude_and_the_same_curves():
    in_counts = open_picker("station_graph").annotate(made(units="counts"))
    assert np.isnan(in_counts.attrs["magnitude"])
    assert "Samples are in counts, not m/s: no magnitude." in in_counts.attrs["notices"]
    in_metres = open_picker("station_graph").annotate(made())
    np.testing.assert_allclose(in_counts["probability"], in_metres["probability"], atol=1e-3)


def test_counts_whose_worth_is_known_give_the_magnitude_of_ground_motion():
    recording = made(units="counts").assign_attrs(gain_counts_per_m_s=SyntheticNetwork().gain_counts_per_m_s)
    told = open_picker("station_graph").annotate(recording).attrs["magnitude"]
    assert told == pytest.approx(open_picker("station_graph").annotate(made()).attrs["magnitude"], abs=0.02)


def test_stations_without_places_and_far_ones_are_read_alone_and_named():
    example = made()
    latitude, longitude = example["latitude_deg"].values.copy(), example["longitude_deg"].values.copy()
    latitude[1], latitude[2] = np.nan, -30.0
    recording = made(places=np.array([latitude, longitude, np.zeros(5)]))
    annotations = open_picker("station_graph").annotate(recording)
    notices = annotations.attrs["notices"]
    assert "SY.S002.: no coordinates" in notices
    assert "SY.S003.: no other station within 120 km" in notices
    alone = curves_of(recording.isel(station=[1]))
    np.testing.assert_allclose(annotations["probability"].values[1], alone[0], atol=1e-4)


def test_network_across_the_antimeridian_is_the_network_that_it_is_elsewhere():
    here = made(centre_deg=(-17.0, 10.0))
    longitude = (here["longitude_deg"].values + 170.0 + 180.0) % 360.0 - 180.0
    assert longitude.min() < 0 < longitude.max()
    there = here.assign_coords(longitude_deg=("station", longitude))
    np.testing.assert_allclose(curves_of(there), curves_of(here), atol=1e-4)


def test_stations_at_one_place_are_no_trouble():
    recording = made(places=np.array([[46.0] * 5, [13.0] * 5, [0.0] * 5]))
    assert np.isfinite(curves_of(recording)).any()


def test_station_that_starts_late_and_has_a_gap_is_silent_there():
    recording = made()
    waveform = recording["waveform"].values.copy()
    waveform[1, :, :2500] = np.nan
    waveform[2, :, 4000:4700] = np.nan
    curves = curves_of(recording.assign(waveform=(recording["waveform"].dims, waveform)))
    assert np.isnan(curves[1, :, :2500]).all()
    assert np.isnan(curves[2, :, 4000:4700]).all()
    assert np.isfinite(curves[2, :, 5000:5500]).all()
    assert np.isfinite(curves[0, :, 200:6900]).all()


def test_explanation_is_of_the_value_that_the_curve_shows_among_its_neighbours():
    recording = made(stations=4)
    picker = open_picker("station_graph")
    curve = picker.annotate(recording)["probability"].sel(phase="P").isel(station=2)
    at = int(np.nanargmax(curve.values))
    time, station = curve["time"].values[at], str(curve["station"].values)
    found = explain(recording, picker, station=station, phase="P", time=time, method="saliency")
    shown = float(np.nanmean(curve.values[at - 10 : at + 11]))
    assert found.attrs["value"] == pytest.approx(shown, abs=1e-4)
    assert np.isfinite(found["attribution"].values).any()
    both = explain_many(recording, picker, picks=[(station, "P", time), ("SY.S001.", "P", time)], method="saliency")
    np.testing.assert_allclose(both[0]["attribution"], found["attribution"], rtol=1e-4, atol=1e-8)
    assert both[1].attrs["value"] != both[0].attrs["value"]


def test_running_it_leaves_its_weights_as_they_were():
    picker = open_picker("station_graph")
    before = {name: value.clone() for name, value in picker.module.state_dict().items()}
    picker.annotate(made())
    assert not picker.module.training
    assert all(torch.equal(value, before[name]) for name, value in picker.module.state_dict().items())
