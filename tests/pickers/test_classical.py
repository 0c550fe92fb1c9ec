"""The classical pickers on records whose onsets are known, among them ObsPy's own examples."""

from __future__ import annotations

import itertools

import numpy as np
import obspy
import pandas as pd
import pytest
import xarray as xr

from workbench.errors import PickerError
from workbench.inference.picking import picks_from
from workbench.pickers import open_picker
from workbench.pickers.segments import band_pass
from workbench.pickers.triggers import event_windows
from workbench.schema import make_recording

UH = "signal/tests/data/BW.UH3._.SH{}.D.2010.147.cut.slist.gz"


def recording_of(stream: obspy.Stream) -> xr.Dataset:
    n_samples = min(trace.stats.npts for trace in stream)
    return make_recording(
        np.stack([trace.data[:n_samples] for trace in stream])[np.newaxis],
        stations=[f"{stream[0].stats.network}.{stream[0].stats.station}."],
        components=[trace.stats.channel[-1] for trace in stream],
        start=np.datetime64(stream[0].stats.starttime.datetime, "ns"),
        sampling_rate_hz=stream[0].stats.sampling_rate,
        recording_id="example",
        source="ObsPy",
    )


@pytest.fixture(scope="module")
def rjob() -> xr.Dataset:
    return recording_of(obspy.read())


@pytest.fixture(scope="module")
def uh3() -> xr.Dataset:
    folder = obspy.__path__[0]
    traces = [obspy.read(f"{folder}/{UH.format(component)}")[0] for component in "ZNE"]
    return recording_of(obspy.Stream(traces))


def pick(recording: xr.Dataset, name: str, phase: str = "P", **settings: object) -> pd.Series:
    picker = open_picker(name, **settings)
    picks = picks_from(picker.annotate(recording), picker.card)
    return picks.loc[picks["phase"] == phase, "time"]


def seconds_from(times: pd.Series, reference: str) -> np.ndarray:
    return np.sort(((times - pd.Timestamp(reference)) / pd.Timedelta(seconds=1)).to_numpy())


@pytest.mark.parametrize("name", ["sta_lta", "ar_aic", "baer_kradolfer", "kurtosis"])
def test_p_of_the_local_event_at_rjob_is_found(rjob: xr.Dataset, name: str) -> None:
    seconds = seconds_from(pick(rjob, name), "2009-08-24T00:20:07.72")
    assert np.abs(seconds).min() < 0.1


@pytest.mark.parametrize("kind", ["recursive", "classic"])
def test_sta_lta_of_either_kind_finds_p_at_rjob(rjob: xr.Dataset, kind: str) -> None:
    assert np.abs(seconds_from(pick(rjob, "sta_lta", kind=kind), "2009-08-24T00:20:07.72")).min() < 0.1


def test_default_picker_says_nothing_but_p_at_rjob(rjob: xr.Dataset) -> None:
    assert len(pick(rjob, "sta_lta")) == 1


@pytest.mark.parametrize("name", ["sta_lta", "ar_aic", "baer_kradolfer", "kurtosis"])
def test_both_strong_events_at_uh3_are_found(uh3: xr.Dataset, name: str) -> None:
    times = pick(uh3, name)
    for onset in ("2010-05-27T16:24:33.13", "2010-05-27T16:27:30.43"):
        assert np.abs(seconds_from(times, onset)).min() < 0.1


def test_ar_aic_sees_the_same_s_minus_p_in_both_events_at_uh3(uh3: xr.Dataset) -> None:
    p_times, s_times = pick(uh3, "ar_aic"), pick(uh3, "ar_aic", "S")
    delays_s = []
    for onset in ("2010-05-27T16:24:33.13", "2010-05-27T16:27:30.43"):
        p_s, s_s = (seconds_from(times, onset) for times in (p_times, s_times))
        delays_s.append(s_s[np.abs(s_s).argmin()] - p_s[np.abs(p_s).argmin()])
    assert delays_s[0] == pytest.approx(delays_s[1], abs=0.1)
    assert 0.8 < delays_s[0] < 1.5


def test_event_in_the_first_seconds_is_not_lost_to_the_long_average() -> None:
    chance = np.random.default_rng(5)
    waveform = chance.normal(size=(1, 1, 2000))
    time_s = np.arange(1700) / 100
    waveform[0, 0, 300:] += 60 * np.exp(-time_s) * np.sin(2 * np.pi * 8 * time_s)
    recording = make_recording(
        waveform,
        stations=["XX.A."],
        components=["Z"],
        start="2024-01-01",
        sampling_rate_hz=100,
        recording_id="r",
        source="test",
    )
    assert np.abs(seconds_from(pick(recording, "sta_lta"), "2024-01-01T00:00:03")).min() < 0.06


def test_strong_event_in_the_coda_of_a_weak_one_is_picked_too() -> None:
    folder = obspy.__path__[0]
    stream = obspy.read(f"{folder}/signal/tests/data/BW.UH2._.SHZ.D.2010.147.cut.slist.gz")
    assert np.abs(seconds_from(pick(recording_of(stream), "sta_lta"), "2010-05-27T16:24:33.25")).min() < 0.1


def test_station_without_vertical_is_picked_on_a_horizontal_and_said(rjob: xr.Dataset) -> None:
    recording = rjob.copy(deep=True)
    recording["waveform"].loc[{"component": "Z"}] = np.nan
    picker = open_picker("sta_lta")
    annotations = picker.annotate(recording)
    assert "no vertical component, N used instead" in annotations.attrs["notices"]
    assert np.isfinite(annotations["probability"].values).any()


def test_ar_aic_without_horizontals_gives_p_only_and_says_so(rjob: xr.Dataset) -> None:
    annotations = open_picker("ar_aic").annotate(rjob.sel(component=["Z"]))
    assert "no S" in annotations.attrs["notices"]
    assert np.isnan(annotations["probability"].sel(phase="S").values).all()
    assert np.nanmax(annotations["probability"].sel(phase="P").values) > 0.8


def test_band_pass_starts_without_a_transient_on_a_slope() -> None:
    slope = 1e4 + 300 * np.arange(3000) / 100
    filtered = band_pass(slope, 100.0, 2.0, 20.0)
    assert np.abs(filtered).max() < 1.0


def test_event_windows_do_not_overlap_and_hold_their_trigger() -> None:
    chance = np.random.default_rng(3)
    samples = chance.normal(size=20_000)
    for onset in (3000, 5500, 12_000):
        samples[onset : onset + 300] += 40 * chance.normal(size=300)
    windows = event_windows(samples, 100.0)
    assert len(windows) == 3
    assert all(window.start <= window.trigger < window.stop for window in windows)
    assert all(early.stop <= late.trigger for early, late in itertools.pairwise(windows))


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("sta_lta", {"kind": "carl"}),
        ("sta_lta", {"sta_s": 20.0}),
        ("ar_aic", {"low_hz": 30.0}),
        ("baer_kradolfer", {"low_hz": 0.0}),
        ("kurtosis", {"window_s": 0.0}),
        ("sta_lta", {"nonsense": 1}),
    ],
)
def test_settings_that_make_no_sense_are_refused(name: str, settings: dict[str, object]) -> None:
    with pytest.raises(PickerError):
        open_picker(name, **settings)


def test_weights_for_a_picker_without_any_are_refused() -> None:
    with pytest.raises(PickerError, match="no weights"):
        open_picker("sta_lta", "original")
