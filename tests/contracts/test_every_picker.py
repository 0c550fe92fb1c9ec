"""Every picker: says what it wants, annotates on the recording's axis, copes with real recordings, can be stopped.

Networks whose weights cannot be shipped run with random ones, saved as SeisBench saves them and read as a user's own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from workbench.errors import JobCancelledError, PickerError
from workbench.explain.run import explain
from workbench.inference.picking import picks_from
from workbench.inference.run import annotate
from workbench.pickers import PICKERS, Picker, open_picker
from workbench.pickers.seisbench_cards import SEISBENCH_CLASSES
from workbench.schema import check_annotations, check_picks, make_recording, waveform_hash

RATE_HZ = 100.0
STATIONS = ("XX.A.", "XX.B.00")
START = np.datetime64("2024-01-01T00:00:00.123", "ns")


def make_waveform(duration_s: float, rate_hz: float = RATE_HZ, n_stations: int = 2) -> np.ndarray:
    """Noise with a P after 35 % of the time and an S 4 s later, in counts, with an offset."""
    chance = np.random.default_rng(11)
    n_samples = round(duration_s * rate_hz)
    waveform = chance.normal(0, 10, (n_stations, 3, n_samples))
    for onset_s, amplitudes in ((0.35 * duration_s, (400, 80, 80)), (0.35 * duration_s + 4, (150, 900, 900))):
        first = round(onset_s * rate_hz)
        time_s = np.arange(max(0, n_samples - first)) / rate_hz
        burst = np.exp(-time_s / 2) * np.sin(2 * np.pi * 6 * time_s)
        waveform[:, :, first:] += np.array(amplitudes)[:, None] * burst
    return (waveform + 500).astype(np.float32)


def recording_of(waveform: np.ndarray, rate_hz: float = RATE_HZ, components: str = "ZNE") -> xr.Dataset:
    return make_recording(
        waveform,
        stations=STATIONS[: waveform.shape[0]],
        components=list(components),
        start=START,
        sampling_rate_hz=rate_hz,
        recording_id="r1",
        source="test",
    )


@pytest.fixture(scope="session")
def random_weights(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Weights to open a picker with: a path to random ones for networks of SeisBench, empty for any other picker."""
    folder = tmp_path_factory.mktemp("random weights")

    def weights_of(name: str) -> str:
        stem = folder / name
        if name == "dpp" and not stem.with_suffix(".pt").exists():
            save(stem, "DPPDetector", {})
            stem.with_suffix(".json").write_text(json.dumps({"model_args": {"input_channels": 3, "nclasses": 3}}))
        elif name in SEISBENCH_CLASSES and not stem.with_suffix(".pt").exists():
            save(stem, SEISBENCH_CLASSES[name], {"phases": "PSN"} if name == "gpd" else {})
        return str(stem) if name == "dpp" or name in SEISBENCH_CLASSES else ""

    return weights_of


def save(stem: Path, class_name: str, arguments: dict[str, Any]) -> None:
    import seisbench.models
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        getattr(seisbench.models, class_name)(**arguments).save(stem)


@pytest.fixture(params=sorted(PICKERS))
def picker(request: pytest.FixtureRequest, random_weights: Callable[[str], str]) -> Picker:
    return open_picker(request.param, random_weights(request.param))


def test_card_says_what_the_picker_wants_and_gives(picker: Picker) -> None:
    card = picker.card
    assert isinstance(picker, Picker)
    assert card.name in PICKERS
    assert card.title
    assert card.phases
    assert set(card.thresholds) == set(card.phases)
    assert all(0 < card.to_probability(threshold) < 1 for threshold in card.thresholds.values())
    assert set(card.component_order) <= set("ZNE")
    assert card.citation


def test_annotations_lie_on_the_recording_and_leave_it_alone(picker: Picker) -> None:
    recording = recording_of(make_waveform(70))
    before = waveform_hash(recording)
    annotations = check_annotations(picker.annotate(recording))
    assert waveform_hash(recording) == before
    assert tuple(annotations["station"].values) == STATIONS
    assert tuple(annotations["phase"].values) == picker.card.phases
    assert annotations["time"].values[0] >= recording["time"].values[0]
    assert annotations["time"].values[-1] <= recording["time"].values[-1]
    assert np.isfinite(annotations["probability"].values).any(axis=-1).all()
    assert annotations.attrs["picker"] == picker.card.name
    assert annotations.attrs["weights_hash"] == picker.card.weights_hash
    assert "workbench" in json.loads(annotations.attrs["versions"])
    assert isinstance(annotations.attrs["notices"], str)


def test_what_it_says_can_be_explained(picker: Picker) -> None:
    recording = recording_of(make_waveform(70, n_stations=1))
    # With random weights, EQTransformer's detection changes by less than its digits can tell.
    phase = picker.card.phases[-1]
    curve = picker.annotate(recording)["probability"].isel(station=0).sel(phase=phase)
    surest = curve["time"].values[int(np.nanargmax(curve.values))]
    found = explain(recording, picker, phase=phase, time=surest, method="shapley", target="logit")
    values = found["attribution"].values[0]
    assert np.isfinite(values).any()
    assert abs(found.attrs["convergence_delta"]) < 1e-3
    change = found.attrs["value"] - found.attrs["baseline_value"]
    assert np.nansum(values.astype(float)) == pytest.approx(change, abs=1e-3)


def test_picks_come_from_the_curves(picker: Picker) -> None:
    annotations = picker.annotate(recording_of(make_waveform(70)))
    low = {phase: 0.05 for phase in picker.card.phases}
    picks = check_picks(picks_from(annotations, picker.card, low))
    assert set(picks["phase"]) <= set(picker.card.phases) - {"Detection"}
    assert set(picks["picker"]) <= {picker.card.name}
    assert picks["pick_id"].is_unique


def test_run_stops_when_told(picker: Picker) -> None:
    def stop(fraction: float, step: str) -> None:
        raise JobCancelledError("stopped")

    with pytest.raises(JobCancelledError):
        picker.annotate(recording_of(make_waveform(70)), stop)


def test_run_inside_an_event_loop_works(picker: Picker) -> None:
    async def run() -> xr.Dataset:
        return picker.annotate(recording_of(make_waveform(31, n_stations=1)))

    assert asyncio.run(run()).sizes["station"] == 1


def test_recording_shorter_than_the_window_is_padded_and_said(picker: Picker) -> None:
    recording = recording_of(make_waveform(20))
    annotations = picker.annotate(recording)
    assert np.isfinite(annotations["probability"].values).any()
    assert annotations["time"].values[-1] <= recording["time"].values[-1]
    if picker.card.window_s > 20:
        assert "padded from 20.00 s to" in annotations.attrs["notices"]


def test_dead_station_is_named_and_changes_nothing_for_the_other(picker: Picker) -> None:
    waveform = make_waveform(70)
    waveform[1] = 17.0
    annotations = picker.annotate(recording_of(waveform))
    probability = annotations["probability"].values
    assert np.isnan(probability[1]).all()
    assert STATIONS[1] in annotations.attrs["notices"]
    alone = picker.annotate(recording_of(waveform[:1]))["probability"].values
    np.testing.assert_allclose(probability[0], alone[0], atol=1e-5)


def test_recording_without_any_signal_is_refused(picker: Picker) -> None:
    with pytest.raises(PickerError, match=r"no trace to work on.*XX\.A\."):
        picker.annotate(recording_of(np.full((2, 3, 7000), np.nan, np.float32)))
    with pytest.raises(PickerError, match="no trace to work on"):
        picker.annotate(recording_of(np.zeros((2, 3, 7000), np.float32)))


def test_gap_leaves_the_rest_annotated(picker: Picker) -> None:
    waveform = make_waveform(70, n_stations=1)
    waveform[:, :, 5000:5500] = np.nan
    annotations = picker.annotate(recording_of(waveform))
    curve = annotations["probability"].values[0, 0]
    n_gap = max(1, round(4 * annotations.attrs["sampling_rate_hz"]))
    gap = annotations.sel(time=slice(START + np.timedelta64(50_500, "ms"), START + np.timedelta64(54_500, "ms")))
    assert np.isnan(gap["probability"].values).mean() > 0.5 or n_gap < 8
    times_s = (annotations["time"].values - START) / np.timedelta64(1, "s")
    assert np.isfinite(curve[times_s < 50]).any()
    assert np.isfinite(curve[times_s > 55]).any()


def test_vertical_component_alone_is_enough(picker: Picker) -> None:
    waveform = make_waveform(70, n_stations=1)
    waveform[:, 1:] = np.nan
    annotations = picker.annotate(recording_of(waveform))
    assert np.isfinite(annotations["probability"].sel(phase=picker.card.phases[0]).values).any()
    if len(picker.card.component_order) > 1:
        assert "component" in annotations.attrs["notices"]


def test_horizontals_named_1_and_2_count_as_north_and_east(picker: Picker) -> None:
    waveform = make_waveform(70, n_stations=1)
    named = picker.annotate(recording_of(waveform))["probability"].values
    numbered = picker.annotate(recording_of(waveform, components="Z12"))["probability"].values
    np.testing.assert_array_equal(named, numbered)


def test_one_sample_a_second_is_refused(picker: Picker) -> None:
    with pytest.raises(PickerError, match="1 Hz"):
        picker.annotate(recording_of(make_waveform(600, rate_hz=1.0), rate_hz=1.0))


def test_thousand_samples_a_second_are_resampled(picker: Picker) -> None:
    annotations = picker.annotate(recording_of(make_waveform(65, rate_hz=1000.0, n_stations=1), rate_hz=1000.0))
    assert np.isfinite(annotations["probability"].values).any()
    if not np.isnan(picker.card.sampling_rate_hz):
        assert annotations.attrs["sampling_rate_hz"] <= picker.card.sampling_rate_hz
        assert "esampled" in annotations.attrs["notices"]


@pytest.mark.parametrize("name", sorted(PICKERS))
def test_submitted_function_gives_the_same(name: str, random_weights: Callable[[str], str]) -> None:
    recording = recording_of(make_waveform(31, n_stations=1))
    by_function = annotate(recording, name, random_weights(name))
    opened = open_picker(name, random_weights(name))
    by_picker = opened.annotate(recording)
    assert by_function.attrs.pop("mode") == "exact"
    # A recording as short as this one is not worth choosing a runtime for.
    assert by_function.attrs.pop("runtime", "torch").startswith("torch")
    xr.testing.assert_identical(by_function, by_picker)
