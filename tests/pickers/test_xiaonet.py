"""XiaoNet as a picker: independent of where a recording begins, good on what it has never seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.errors import PickerError
from workbench.inference.picking import picks_from
from workbench.networks.bundled import DEFAULT_WEIGHTS
from workbench.pickers import TorchPicker, open_picker
from workbench.pickers.weights import list_weights
from workbench.schema import make_recording
from workbench.sources import open_source
from workbench.training.synthetic import coloured_noise, synthetic_event


def recording(n_samples: int = 9000, rate_hz: float = 100.0, components: str = "ZNE", seed: int = 3):
    rng = np.random.default_rng(seed)
    event = synthetic_event(rng, n_samples=n_samples, p_sample=n_samples // 3, rate_hz=rate_hz)
    samples = event.samples + 0.005 * coloured_noise(rng, (3, n_samples))
    return make_recording(
        samples[None], stations=["XX.ONE."], components=list(components), start="2024-01-01T00:00:01.5",
        sampling_rate_hz=rate_hz, recording_id="made", source="test",
    )  # fmt: skip


def test_listed_with_its_weights_without_anything_to_fetch():
    names = [weights.name for weights in list_weights("xiaonet")]
    assert names[0] == DEFAULT_WEIGHTS
    assert all(weights.place == "cached" for weights in list_weights("xiaonet", remote=True))


def test_curve_does_not_hang_on_where_the_recording_begins():
    whole = recording()
    picker = open_picker("xiaonet")
    curve = picker.annotate(whole)["probability"].values
    cut = picker.annotate(whole.isel(time=slice(1234, None)))["probability"].values
    np.testing.assert_allclose(cut[..., 2500:], curve[..., 3734:], atol=1e-6)


def test_gap_is_nan_and_a_window_away_nothing_changes():
    whole = recording()
    holed = whole.copy(deep=True)
    holed["waveform"][..., 7000:7300] = np.nan
    picker = open_picker("xiaonet")
    curve, other = (picker.annotate(given)["probability"].values for given in (whole, holed))
    assert np.isnan(other[..., 7000:7400]).all()
    assert np.isfinite(other[..., 7400:]).all()
    np.testing.assert_allclose(other[..., :3900], curve[..., :3900], atol=1e-6)


def test_missing_components_and_another_rate_are_said_and_picked_all_the_same():
    picker = open_picker("xiaonet")
    one = recording().sel(component=["Z"])
    annotations = picker.annotate(one)
    assert "component N, E missing" in annotations.attrs["notices"]
    fast = picker.annotate(recording(18_000, 200.0))
    assert "Resampled from 200 to 100 Hz" in fast.attrs["notices"]
    assert fast.sizes["time"] == 9000


def test_component_letters_1_and_2_stand_in_for_north_and_east():
    picker = open_picker("xiaonet")
    curve = picker.annotate(recording())["probability"].values
    np.testing.assert_array_equal(picker.annotate(recording(components="Z12"))["probability"].values, curve)


def test_recording_without_samples_is_refused_in_words():
    empty = recording()
    empty["waveform"][:] = np.nan
    with pytest.raises(PickerError, match=r"XX\.ONE\.: holds no samples"):
        open_picker("xiaonet").annotate(empty)


def test_window_tensor_is_what_the_network_wants():
    picker = open_picker("xiaonet")
    assert isinstance(picker, TorchPicker)
    window = picker.window_tensor(recording(), "XX.ONE.", pd.Timestamp("2024-01-01T00:00:31.5"))
    assert window.shape == (1, 3, 3000)
    assert picker.module(window).shape == (1, 3, 3000)
    with pytest.raises(PickerError, match="no samples at"):
        picker.window_tensor(recording(), "XX.ONE.", pd.Timestamp("2025-01-01"))


def test_run_can_be_stopped_between_batches():
    class StopError(Exception):
        pass

    def report(fraction: float, step: str) -> None:
        raise StopError(step)

    with pytest.raises(StopError):
        open_picker("xiaonet").annotate(recording(), report)


def test_finds_p_and_s_of_analysed_events_that_were_kept_from_training(shared_data):
    picker = open_picker("xiaonet")
    source = open_source(shared_data / "ncedc")
    names = sorted(source.scan()["recording_id"])[1::2][:12]
    hits, n_picks = {"P": 0, "S": 0}, 0
    for name in names:
        given = source.read(name)
        picks = picks_from(picker.annotate(given), picker.card)
        n_picks += len(picks)
        for label in source.reference_picks(name).itertuples():
            near = picks[
                (picks["phase"] == label.phase) & ((picks["time"] - label.time).abs() < pd.Timedelta(seconds=0.5))
            ]
            hits[label.phase] += len(near) > 0
    assert hits["P"] >= 10
    assert hits["S"] >= 8
    # A picker that picks everywhere finds everything.
    assert n_picks < 5 * len(names)
