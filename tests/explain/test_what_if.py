"""What if: without changes nothing changes; with them, what the picker says is what it says of the changed samples."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.explain.known_networks import START, at, bursts
from workbench.compute.payload import decode, encode
from workbench.errors import JobCancelledError, PickerError
from workbench.explain.what_if import Changes, Mute, changed, shift_strip, what_if
from workbench.inference.run import annotate

Save = Callable[..., Path]
NETWORKS = [("phasenet", "PhaseNet"), ("eqtransformer", "EQTransformer"), ("gpd", "GPD"), ("xiaonet", "")]
ASKED = {"station": "XX.A.", "phase": "P", "time": at(121.3)}


def weights_of(class_name: str, folder: Path, save_random: Save) -> str:
    named = {"phases": ["P", "S", "N"]} if class_name == "GPD" else {}
    return str(save_random(folder, class_name, "r", **named)) if class_name else ""


@pytest.mark.parametrize(("picker", "class_name"), NETWORKS)
@pytest.mark.parametrize("seconds", [21.3, 121.3, 221.0])
def test_without_changes_the_curves_are_those_of_the_whole_recording(
    picker: str, class_name: str, seconds: float, tmp_path: Path, save_random: Save
) -> None:
    weights = weights_of(class_name, tmp_path, save_random)
    # So long that neither the picker's windows nor the recording's end fall on one another.
    recording = bursts(21, 121, 220, n_samples=24321)
    whole = annotate(recording, picker, weights)
    tried = what_if(recording, picker, weights, **ASKED | {"time": at(seconds)})
    same = whole.sel(time=tried.annotations["time"])
    np.testing.assert_allclose(tried.annotations["probability"], same["probability"], atol=2e-6)
    assert tried.annotations.sizes["time"] >= (10 if picker == "gpd" else 2999)
    np.testing.assert_array_equal(tried.recording["waveform"], recording["waveform"].sel(time=tried.recording["time"]))


@pytest.mark.parametrize(("picker", "class_name"), NETWORKS[:1])
@pytest.mark.parametrize(
    "changes",
    [
        Changes(flip="Z"),
        Changes(drop="N", clip=0.2),
        Changes(mute=(Mute(at(121), at(122)),)),
        Changes(gaps=((at(120.0), at(120.5)),)),
    ],
)
def test_the_curves_are_those_of_the_changed_recording(
    picker: str, class_name: str, changes: Changes, tmp_path: Path, save_random: Save
) -> None:
    weights = weights_of(class_name, tmp_path, save_random)
    recording = bursts(21, 121, 220, n_samples=24321)
    tried = what_if(recording, picker, weights, changes, **ASKED)
    plain = what_if(recording, picker, weights, **ASKED)
    assert not np.allclose(tried.annotations["probability"], plain.annotations["probability"], equal_nan=True)
    if not changes.mute and changes.clip == 1:
        # These do not depend on how much of the recording is looked at.
        whole = annotate(changed(recording, changes), picker, weights).sel(time=tried.annotations["time"])
        np.testing.assert_allclose(tried.annotations["probability"], whole["probability"], atol=2e-6)


def test_the_pick_near_the_time_is_told(tmp_path: Path, save_random: Save) -> None:
    tried = what_if(bursts(121, n_samples=24321), "phasenet", str(save_random(tmp_path, "PhaseNet", "r")), **ASKED)
    curve = tried.annotations["probability"].sel(phase="P").isel(station=0)
    near = curve.sel(time=slice(at(119.3), at(123.3)))
    assert tried.probability == pytest.approx(float(near.max()))
    assert float(curve.sel(time=tried.pick_time)) == pytest.approx(tried.probability)


def test_nothing_is_said_in_a_gap(tmp_path: Path, save_random: Save) -> None:
    weights = str(save_random(tmp_path, "PhaseNet", "r"))
    tried = what_if(bursts(121, n_samples=24321), "phasenet", weights, Changes(gaps=((at(118), at(125)),)), **ASKED)
    assert pd.isna(tried.pick_time)
    assert np.isnan(tried.probability)
    assert decode(encode({"tried": tried}))["tried"].recording.identical(tried.recording)


@pytest.mark.parametrize(("picker", "class_name"), [NETWORKS[0], NETWORKS[1], NETWORKS[3]])
def test_the_strip_at_no_offset_is_the_window_itself(
    picker: str, class_name: str, tmp_path: Path, save_random: Save
) -> None:
    weights = weights_of(class_name, tmp_path, save_random)
    recording = bursts(121, n_samples=24321)
    strip = shift_strip(recording, picker, weights, offsets_s=(-0.2, 0.0, 0.1), **ASKED)
    assert list(strip["offset_s"].values) == [-0.2, 0.0, 0.1]
    assert (np.abs(strip["pick_time"].values - at(121.3).to_datetime64()) <= np.timedelta64(2, "s")).all()
    assert (strip["outside_s"] == 0).all()
    same = shift_strip(recording, picker, weights, offsets_s=(0.0,), **ASKED)
    assert float(same["probability"][0]) == float(strip["probability"][1])


def test_a_window_that_reaches_beyond_the_samples_says_by_how_much(tmp_path: Path, save_random: Save) -> None:
    weights = str(save_random(tmp_path, "EQTransformer", "r"))
    recording = bursts(30, n_samples=6000)
    strip = shift_strip(recording, "eqtransformer", weights, phase="P", time=at(30.2), offsets_s=(-1.0, 0.0, 2.0, 20.0))
    np.testing.assert_allclose(strip["outside_s"].values[:3], [1.0, 0.0, 2.0], atol=0.011)
    # So far that a tenth of the window would be made up: nothing is said.
    assert pd.isna(strip["pick_time"].values[3])
    assert np.isnan(strip["probability"].values[3])


def test_changes_and_the_strip_go_together(tmp_path: Path, save_random: Save) -> None:
    weights = str(save_random(tmp_path, "PhaseNet", "r"))
    recording = bursts(121, n_samples=24321)
    plain, flipped = (
        shift_strip(recording, "phasenet", weights, offsets_s=(0.0,), changes=changes, **ASKED)
        for changes in (Changes(), Changes(flip="ZNE", swap="NE"))
    )
    assert float(plain["probability"][0]) != float(flipped["probability"][0])


def test_a_strip_can_be_stopped(tmp_path: Path, save_random: Save) -> None:
    def stop(fraction: float, step: str) -> None:
        if step.startswith("window 3"):
            raise JobCancelledError("stopped")

    weights = str(save_random(tmp_path, "PhaseNet", "r"))
    with pytest.raises(JobCancelledError):
        shift_strip(bursts(121, n_samples=24321), "phasenet", weights, report=stop, **ASKED)


def test_a_picker_that_says_one_thing_for_a_window_has_no_strip(tmp_path: Path, save_random: Save) -> None:
    weights = weights_of("GPD", tmp_path, save_random)
    with pytest.raises(PickerError, match="nothing to shift"):
        shift_strip(bursts(121, n_samples=24321), "gpd", weights, **ASKED)


def test_the_history_of_the_recording_given_stays(tmp_path: Path, save_random: Save) -> None:
    recording = bursts(121, n_samples=24321)
    before = recording.copy(deep=True)
    weights = str(save_random(tmp_path, "PhaseNet", "r"))
    tried = what_if(recording, "phasenet", weights, Changes(snr_db=0.0), **ASKED)
    assert recording.identical(before)
    assert "signal to noise 0 dB" in tried.recording.attrs["history"]
    assert pd.Timestamp(tried.recording["time"].values[0]) >= START
