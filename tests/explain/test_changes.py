"""What is changed is changed as said, is said in the history, and the recording given stays as it is."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from workbench.compute.payload import decode, encode
from workbench.errors import SchemaError
from workbench.explain.changes import Changes, Mute, changed
from workbench.processing.filtering import Filter, apply_filter
from workbench.schema import check_recording, make_recording

START = pd.Timestamp("2024-01-01")


def at(seconds: float) -> pd.Timestamp:
    return START + pd.Timedelta(seconds, "s")


@pytest.fixture
def recording() -> xr.Dataset:
    waveform = np.random.default_rng(0).normal(size=(2, 3, 2000)).astype(np.float32)
    waveform[:, :, 1000:1200] *= 10
    waveform[0] += 5
    return make_recording(
        waveform,
        stations=["XX.A.", "XX.B."],
        components=list("ZNE"),
        start=START,
        sampling_rate_hz=100.0,
        recording_id="r",
        source="test",
    )


def samples(recording: xr.Dataset) -> np.ndarray:
    return recording["waveform"].values


ALL = [
    Changes(swap="NE"),
    Changes(flip="Z"),
    Changes(snr_db=6.0),
    Changes(clip=0.3),
    Changes(gaps=((at(3), at(4)),)),
    Changes(filter=Filter(2.0, 8.0)),
    Changes(mute=(Mute(at(3), at(4), "N"),)),
    Changes(drop="E"),
]


@pytest.mark.parametrize("changes", ALL)
def test_the_given_recording_stays_and_the_history_tells(recording: xr.Dataset, changes: Changes) -> None:
    before = recording.copy(deep=True)
    made = check_recording(changed(recording, changes))
    assert recording.identical(before)
    assert not np.array_equal(samples(made), samples(recording), equal_nan=True)
    assert len(made.attrs["history"].splitlines()) == len(recording.attrs["history"].splitlines()) + 1
    assert not changes.nothing


@pytest.mark.parametrize("changes", ALL)
def test_changes_travel_to_another_process(changes: Changes) -> None:
    assert decode(encode({"changes": changes}))["changes"] == changes


def test_no_change_is_no_change(recording: xr.Dataset) -> None:
    assert changed(recording, Changes(seed=3, signal=(at(1), at(2)))) is recording


def test_components_are_swapped_flipped_and_dropped(recording: xr.Dataset) -> None:
    made = samples(changed(recording, Changes(swap="NE", flip="Z", drop="N")))
    np.testing.assert_array_equal(made[:, 2], samples(recording)[:, 1])
    np.testing.assert_array_equal(made[:, 0], -samples(recording)[:, 0])
    assert np.isnan(made[:, 1]).all()


@pytest.mark.parametrize("snr_db", [-6.0, 0.0, 20.0])
def test_noise_has_the_chosen_ratio_to_the_signal_of_the_interval(recording: xr.Dataset, snr_db: float) -> None:
    signal = (at(10), at(11.99))
    noise = samples(changed(recording, Changes(snr_db=snr_db, signal=signal))) - samples(recording)
    for station, row in enumerate(noise):
        deviation = samples(recording)[station, :, 1000:1200] - samples(recording)[station].mean(axis=-1, keepdims=True)
        ratio_db = 20 * math.log10(np.sqrt(np.mean(deviation**2)) / row.std())
        assert ratio_db == pytest.approx(snr_db, abs=0.2)


def test_noise_of_one_seed_is_louder_or_quieter_but_the_same(recording: xr.Dataset) -> None:
    quiet, loud, other = (
        samples(changed(recording, changes)) - samples(recording)
        for changes in (Changes(snr_db=20.0), Changes(snr_db=0.0), Changes(snr_db=0.0, seed=1))
    )
    np.testing.assert_allclose(loud, 10 * quiet, atol=1e-4)
    assert not np.allclose(loud, other)


def test_noise_does_not_fill_gaps(recording: xr.Dataset) -> None:
    samples(recording)[0, 1] = np.nan
    samples(recording)[1] = np.nan
    made = samples(changed(recording, Changes(snr_db=0.0)))
    assert np.isnan(made[0, 1]).all()
    assert np.isfinite(made[0, [0, 2]]).all()
    assert np.isnan(made[1]).all()


def test_traces_are_clipped_about_their_own_mean(recording: xr.Dataset) -> None:
    made = samples(changed(recording, Changes(clip=0.5)))
    for was, is_ in zip(samples(recording).reshape(-1, 2000), made.reshape(-1, 2000), strict=True):
        assert np.abs(is_ - was.mean()).max() == pytest.approx(0.5 * np.abs(was - was.mean()).max(), rel=1e-3)


def test_a_gap_is_without_samples_and_only_there(recording: xr.Dataset) -> None:
    made = samples(changed(recording, Changes(gaps=((at(3), at(4)),))))
    assert np.isnan(made[..., 300:401]).all()
    assert np.isfinite(np.delete(made, np.s_[300:401], axis=-1)).all()


def test_a_muted_part_is_silent_and_nothing_else_is(recording: xr.Dataset) -> None:
    made = samples(changed(recording, Changes(mute=(Mute(at(10), at(12), "N"),))))
    before = samples(recording)
    np.testing.assert_allclose(made[:, 1, 1005:1196], np.repeat(before[:, 1].mean(-1)[:, None], 191, 1), atol=1e-4)
    np.testing.assert_array_equal(made[:, [0, 2]], before[:, [0, 2]])
    np.testing.assert_array_equal(np.delete(made, np.s_[1000:1201], -1), np.delete(before, np.s_[1000:1201], -1))


def test_the_filter_is_the_workbench_s_own(recording: xr.Dataset) -> None:
    made = changed(recording, Changes(filter="2–8 Hz"))
    np.testing.assert_array_equal(samples(made), samples(apply_filter(recording, "2–8 Hz")))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"swap": "N"}, "Two different components"),
        ({"swap": "NN"}, "Two different components"),
        ({"clip": 0.0}, "above 0"),
        ({"snr_db": math.nan}, "NaN"),
        ({"gaps": ((at(4), at(3)),)}, "ends after it begins"),
        ({"mute": (Mute(at(4), at(4)),)}, "ends after it begins"),
    ],
)
def test_changes_that_make_no_sense_are_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(SchemaError, match=words):
        Changes(**settings)


def test_a_component_that_is_not_there_is_named(recording: xr.Dataset) -> None:
    with pytest.raises(SchemaError, match=r"no component '1'; it has Z, N, E"):
        changed(recording, Changes(flip="1"))


def test_noise_without_a_signal_is_refused(recording: xr.Dataset) -> None:
    with pytest.raises(SchemaError, match="No sample lies in the interval"):
        changed(recording, Changes(snr_db=3.0, signal=(at(100), at(101))))
