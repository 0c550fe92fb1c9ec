"""Recordings: what is let through the border, and what is named as wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import SchemaError
from workbench.schema import add_history, check_recording, make_recording, time_axis, waveform_hash

START = "2018-12-30T03:00:00"


def recording(waveform: np.ndarray | None = None, **changes: object) -> xr.Dataset:
    shape = (2, 3, 50)
    samples = np.arange(np.prod(shape), dtype=np.float32).reshape(shape) if waveform is None else waveform
    settings = {
        "stations": ["BW.UH1.", "BW.ÜH2.00"],
        "components": ["Z", "N", "E"],
        "start": START,
        "sampling_rate_hz": 100.0,
        "recording_id": "a",
        "source": "test",
    }
    return make_recording(samples, **(settings | changes))


def test_recording_has_the_agreed_form() -> None:
    made = recording(latitude_deg=[48.1, np.nan], history=["read"], notices=["A gap of 2 s."])
    assert made["waveform"].dims == ("station", "component", "time")
    assert made["waveform"].dtype == np.float32
    assert made["time"].values[1] - made["time"].values[0] == np.timedelta64(10, "ms")
    assert made["native_sampling_rate_hz"].values.tolist() == [100.0, 100.0]
    assert np.isnan(made["longitude_deg"].values).all()
    assert made.attrs["notices"] == "A gap of 2 s."
    assert check_recording(made) is made


def test_start_may_be_a_timestamp() -> None:
    assert recording(start=pd.Timestamp(START)).identical(recording())


def test_gaps_are_let_through_and_infinite_samples_are_not() -> None:
    samples = np.zeros((2, 3, 50), dtype=np.float32)
    samples[0, 0, :10] = np.nan
    assert np.isnan(recording(samples)["waveform"].values).sum() == 10
    samples[0, 0, 20] = -np.inf
    with pytest.raises(SchemaError, match="infinite samples"):
        recording(samples)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"waveform": np.zeros((3, 50))}, r"dims \(station, component, time\); this one has shape \(3, 50\)"),
        ({"waveform": np.zeros((2, 3, 0))}, "at least one sample"),
        ({"stations": ["BW.UH1."]}, "1 stations and 3 components do not fit"),
        ({"stations": ["BW.UH1.", "BW.UH1."]}, "Each station stands once"),
        ({"components": ["Z", "Z", "E"]}, "Each component stands once"),
        ({"sampling_rate_hz": -1.0}, "positive number of Hz"),
        ({"sampling_rate_hz": float("nan")}, "positive number of Hz"),
    ],
)
def test_wrong_form_is_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        recording(**changes)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda made: made.rename(waveform="wave"), "has a variable 'waveform'"),
        (lambda made: made.transpose("time", "station", "component"), "has dims"),
        (lambda made: made.astype(np.float64), "is float32"),
        (lambda made: made.drop_vars("latitude_deg"), "latitude_deg"),
        (lambda made: made.assign_attrs(units="").drop_attrs(), "lacks the attributes"),
        (lambda made: made.assign_coords(time=np.arange(50)), "datetime64"),
    ],
)
def test_dataset_from_elsewhere_is_checked(spoil: object, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        check_recording(spoil(recording()))


@given(rate_hz=st.sampled_from([1.0, 3.0, 20.0, 62.5, 100.0, 128.0, 1000.0 / 3.0, 1000.0]), n=st.integers(2, 5000))
def test_time_axis_does_not_drift(rate_hz: float, n: int) -> None:
    times = time_axis(np.datetime64(START), n, rate_hz)
    elapsed_s = (times[-1] - times[0]) / np.timedelta64(1, "ns") / 1e9
    assert elapsed_s == pytest.approx((n - 1) / rate_hz, abs=1e-9)
    assert (np.diff(times) > np.timedelta64(0, "ns")).all()


def test_time_axis_of_a_day_at_a_rate_that_is_no_whole_number_ends_on_the_sample() -> None:
    times = time_axis(np.datetime64("2014-05-01"), 3 * 86_400 + 1, 3.0)
    assert times[-1] == np.datetime64("2014-05-02", "ns")


def test_history_grows_by_a_line_and_leaves_the_recording_it_came_from() -> None:
    made = recording(history=["read"])
    changed = add_history(made, "filtered 1-20 Hz", {"units": "m/s"})
    assert changed.attrs["history"] == "read\nfiltered 1-20 Hz"
    assert (changed.attrs["units"], made.attrs["units"], made.attrs["history"]) == ("m/s", "counts", "read")


def test_hash_stands_for_samples_stations_start_and_rate() -> None:
    samples = np.zeros((2, 3, 50), dtype=np.float32)
    other = samples.copy()
    other[1, 2, 49] = np.nan
    hashes = {
        waveform_hash(recording(samples)),
        waveform_hash(recording(other)),
        waveform_hash(recording(samples, start="2018-12-30T03:00:01")),
        waveform_hash(recording(samples, sampling_rate_hz=50.0)),
        waveform_hash(recording(samples, stations=["BW.UH1.", "BW.UH3."])),
    }
    assert len(hashes) == 5
    assert waveform_hash(recording(samples, notices=["x"])) == waveform_hash(recording(samples))
