"""What is kept between questions gives the same answer, and never that of other samples."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from workbench.explain import prepared
from workbench.explain.prepared import read_station
from workbench.explain.run import explain
from workbench.pickers import open_picker
from workbench.processing.resampling import resample
from workbench.schema import one_station
from workbench.sources import open_source


@pytest.fixture(scope="module")
def recording() -> xr.Dataset:
    source = open_source("examples")
    found = source.read(source.scan()["recording_id"].iloc[0])
    return resample(found, 200.0)


def forget() -> None:
    prepared._known.clear()


def ask(recording: xr.Dataset, picker: object) -> np.ndarray:
    station = str(recording["station"].values[0])
    middle = recording["time"].values[recording.sizes["time"] // 2]
    found = explain(recording, picker, station=station, phase="P", time=middle, method="saliency", target="logit")
    return found["attribution"].values


def test_a_second_question_finds_the_samples_as_they_were_made_and_answers_the_same(recording) -> None:
    picker, station = open_picker("xiaonet"), str(recording["station"].values[0])
    forget()
    first = ask(recording, picker)
    made = read_station(recording, picker, station)
    again = read_station(recording.copy(deep=True), picker, station)
    assert again is made, "the same samples were prepared twice"
    np.testing.assert_array_equal(ask(recording, picker), first)
    forget()
    np.testing.assert_array_equal(ask(recording, picker), first)


def test_samples_that_were_changed_in_place_are_read_anew(recording) -> None:
    picker, changed = open_picker("xiaonet"), recording.copy(deep=True)
    forget()
    before = ask(changed, picker)
    changed["waveform"].values[:, :, ::2] *= -1.5
    after = ask(changed, picker)
    forget()
    np.testing.assert_array_equal(ask(changed, picker), after)
    assert not np.array_equal(before, after, equal_nan=True)


def test_no_more_is_kept_than_a_station_of_half_a_day(recording, monkeypatch: pytest.MonkeyPatch) -> None:
    picker, station = open_picker("xiaonet"), str(recording["station"].values[0])
    forget()
    monkeypatch.setattr(prepared, "_KEPT_BYTES", 1)
    for factor in (1, 2, 3):
        read_station(recording.assign(waveform=recording["waveform"] * np.float32(factor)), picker, station)
    assert len(prepared._known[picker]) == 1


def test_one_station_of_many_is_not_copied() -> None:
    source = open_source("synthetic")
    many = source.read(source.scan().sort_values("n_stations").iloc[-1]["recording_id"])
    name = str(many["station"].values[-1])
    one = one_station(many, name)
    assert list(one["station"].values) == [name]
    assert np.shares_memory(one["waveform"].values, many["waveform"].values)
    xr.testing.assert_identical(one, many.sel(station=[name]))
