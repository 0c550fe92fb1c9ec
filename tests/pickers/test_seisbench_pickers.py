"""Curves and picks are SeisBench's own, to the last bit; and what SeisBench cannot do is done and said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import obspy
import pandas as pd
import pytest
import xarray as xr

from workbench.inference.picking import picks_from
from workbench.pickers import open_picker
from workbench.pickers.seisbench_cards import SEISBENCH_CLASSES
from workbench.pickers.seisbench_pickers import SeisBenchPicker
from workbench.schema import make_recording
from workbench.sources import open_source

Save = Callable[..., Path]
REAL_WEIGHTS = [
    ("phasenet", "original"),
    ("eqtransformer", "original"),
    ("eqtransformer", "pnw"),
    ("phasenetlight", "ethz"),
]


def recording_of(stream: obspy.Stream) -> xr.Dataset:
    """A recording of traces of one rate that begin together."""
    stations = sorted({trace.id.rsplit(".", 1)[0] for trace in stream})
    components = sorted({trace.stats.channel[-1] for trace in stream})
    waveform = np.full((len(stations), len(components), max(len(trace) for trace in stream)), np.nan, np.float32)
    for trace in stream:
        row, column = stations.index(trace.id.rsplit(".", 1)[0]), components.index(trace.stats.channel[-1])
        waveform[row, column, : len(trace)] = trace.data
    return make_recording(
        waveform,
        stations=stations,
        components=components,
        start=np.datetime64(stream[0].stats.starttime.datetime, "ns"),
        sampling_rate_hz=stream[0].stats.sampling_rate,
        recording_id="r",
        source="test",
    )


def stream_of(waveform: np.ndarray, components: str, station: str = "A", rate_hz: float = 100.0) -> obspy.Stream:
    header = {"network": "XX", "station": station, "sampling_rate": rate_hz, "starttime": obspy.UTCDateTime(2024, 1, 1)}
    return obspy.Stream(
        obspy.Trace(np.ascontiguousarray(samples, np.float32), header | {"channel": f"HH{letter}"})
        for samples, letter in zip(waveform, components, strict=True)
    )


def noisy_stream(duration_s: float, rate_hz: float = 100.0) -> obspy.Stream:
    chance = np.random.default_rng(2)
    waveform = chance.normal(0, 100, (3, round(duration_s * rate_hz)))
    for first in range(2000, waveform.shape[1], 4000):
        waveform[:, first : first + 500] *= 30
    return stream_of(waveform, "ZNE", rate_hz=rate_hz)


def largest_difference(annotations: xr.Dataset, expected: obspy.Stream) -> float:
    """Between the curves where SeisBench has any; infinite if ours have none there."""
    largest, n_values = 0.0, 0
    rate_hz, start_ns = annotations.attrs["sampling_rate_hz"], int(annotations["time"].values[0].astype("int64"))
    for trace in expected:
        phase = trace.stats.channel.split("_", 1)[1]
        if phase not in annotations["phase"].values:
            continue
        curve = annotations["probability"].sel(station=trace.id.rsplit(".", 1)[0], phase=phase).values
        first = round((trace.stats.starttime.ns - start_ns) * 1e-9 * rate_hz)
        ours, theirs = curve[first : first + len(trace)], trace.data[: len(curve) - first]
        np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
        largest = max(largest, float(np.nanmax(np.abs(ours - theirs))))
        n_values += ours.size
    return largest if n_values else float("inf")


def assert_same_picks(recording: xr.Dataset, stream: obspy.Stream, picker: SeisBenchPicker) -> int:
    picks = picks_from(picker.annotate(recording), picker.card)
    expected = picker.module.classify(stream, batch_size=32).picks
    ours = sorted((row.station, row.phase, row.time.round("ms"), row.probability) for row in picks.itertuples())
    theirs = sorted(
        (pick.trace_id, pick.phase, pd.Timestamp(pick.peak_time.ns).round("ms"), float(pick.peak_value))
        for pick in expected
    )
    assert ours == theirs
    return len(ours)


@pytest.mark.parametrize("name", sorted(SEISBENCH_CLASSES))
def test_curves_equal_those_of_seisbench(name: str, tmp_path: Path, save_random: Save) -> None:
    arguments = {"phases": "PSN"} if name == "gpd" else {}
    picker = open_picker(name, str(save_random(tmp_path, SEISBENCH_CLASSES[name], "random", **arguments)))
    stream = noisy_stream({"skynet": 310, "eqtp": 190, "gpd": 40}.get(name, 95))
    expected = picker.module.annotate(stream, batch_size=32)
    assert largest_difference(picker.annotate(recording_of(stream)), expected) == 0.0


def test_resampled_curves_equal_those_of_seisbench(tmp_path: Path, save_random: Save) -> None:
    picker = open_picker("phasenetlight", str(save_random(tmp_path, "PhaseNetLight", "random")))
    for rate_hz in (200.0, 50.0):
        stream = noisy_stream(70, rate_hz)
        annotations = picker.annotate(recording_of(stream))
        assert largest_difference(annotations, picker.module.annotate(stream, batch_size=32)) == 0.0
        assert f"Resampled from {rate_hz:g} to 100 Hz" in annotations.attrs["notices"]


@pytest.mark.parametrize(("slow_hz", "fast_hz"), [(100.0, 200.0), (50.0, 100.0)])
def test_a_station_brought_to_the_rate_of_the_others_gives_its_own_curves(
    slow_hz: float, fast_hz: float, tmp_path: Path, save_random: Save
) -> None:
    picker = open_picker("phasenetlight", str(save_random(tmp_path, "PhaseNetLight", "random")))
    slow, fast = noisy_stream(70, slow_hz), noisy_stream(70, fast_hz)
    fast.traces = [trace for other in "BC" for trace in stream_of([t.data for t in fast], "ZNE", other, fast_hz)]
    for number, trace in enumerate(slow + fast):
        trace.write(str(tmp_path / f"{number}.mseed"), format="MSEED")
    source = open_source(tmp_path)
    recording = source.read(source.scan()["recording_id"][0])
    assert recording.attrs["sampling_rate_hz"] == fast_hz
    annotations = picker.annotate(recording)
    # A value goes in and comes out of a longer filter in single precision.
    assert largest_difference(annotations, picker.module.annotate(slow, batch_size=32)) < 1e-5


def test_long_record_is_stitched_as_a_short_one(
    tmp_path: Path, save_random: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    picker = open_picker("eqtransformer", str(save_random(tmp_path, "EQTransformer", "random")))
    recording = recording_of(noisy_stream(600))
    at_once = picker.annotate(recording)["probability"].values
    monkeypatch.setattr("workbench.pickers.stitching._FLOATS_KEPT", 3 * 18_000)
    in_parts = picker.annotate(recording)["probability"].values
    np.testing.assert_array_equal(at_once, in_parts)


@pytest.mark.parametrize(("name", "weights"), REAL_WEIGHTS)
def test_picks_of_real_weights_equal_classify_on_hengill(
    name: str, weights: str, shared_data: Path, seisbench_cache: Path
) -> None:
    stream = obspy.Stream()
    for station in ("SKA10", "MEI05"):
        for file in sorted((shared_data / "hengill").glob(f"2C.{station}*.mseed")):
            stream += obspy.read(file)
    start = stream[0].stats.starttime
    stream.trim(start, start + 95)
    picker = open_picker(name, weights)
    assert largest_difference(picker.annotate(recording_of(stream)), picker.module.annotate(stream.copy())) == 0.0
    assert assert_same_picks(recording_of(stream), stream, open_picker(name, weights)) > 0


@pytest.mark.parametrize(("name", "weights"), REAL_WEIGHTS)
def test_picks_of_real_weights_equal_classify_on_ncedc(
    name: str, weights: str, shared_data: Path, seisbench_cache: Path
) -> None:
    stream = obspy.Stream()
    for number, file in enumerate(sorted((shared_data / "ncedc").glob("*.npz"))[:3]):
        with np.load(file) as content:
            stream += stream_of(content["data"].T, "ENZ", station=f"S{number}")
    assert assert_same_picks(recording_of(stream), stream, open_picker(name, weights)) > 0


@pytest.mark.parametrize(("name", "weights"), REAL_WEIGHTS)
def test_picks_of_real_weights_equal_classify_on_stead(
    name: str, weights: str, shared_data: Path, seisbench_cache: Path
) -> None:
    stream = obspy.Stream()
    with h5py.File(shared_data / "stead" / "sample.hdf5") as file:
        names = [name for name in sorted(file["data"]) if name.endswith("_EV")][:3]
        for number, trace_name in enumerate(names):
            stream += stream_of(file["data"][trace_name][:].T, "ENZ", station=f"S{number}")
    assert assert_same_picks(recording_of(stream), stream, open_picker(name, weights)) > 0


def test_labels_order_and_thresholds_come_from_the_weights(seisbench_cache: Path) -> None:
    original, ethz = (open_picker(name, weights).card for name, weights in (REAL_WEIGHTS[0], REAL_WEIGHTS[3]))
    assert original.component_order == "ENZ"
    assert ethz.component_order == "ZNE"
    assert ethz.thresholds["P"] == pytest.approx(0.4439, abs=1e-4)
    assert ethz.thresholds["S"] == pytest.approx(0.4503, abs=1e-4)
    assert original.thresholds == {"P": 0.3, "S": 0.3}


def test_eqtransformer_picks_a_padded_record_that_seisbench_leaves_empty(
    shared_data: Path, seisbench_cache: Path
) -> None:
    stream = obspy.read(sorted((shared_data / "iceland").glob("*.m"))[0])
    stations = sorted({trace.stats.station for trace in stream})[:4]
    stream = obspy.Stream(trace for trace in stream if trace.stats.station in stations)
    stream.trim(max(trace.stats.starttime for trace in stream), min(trace.stats.endtime for trace in stream))
    picker = open_picker("eqtransformer", "original")
    assert not picker.module.classify(stream.copy()).picks
    recording = recording_of(stream)
    annotations = picker.annotate(recording)
    picks = picks_from(annotations, picker.card)
    assert len(picks) > 0
    assert picks["time"].between(recording["time"].values[0], recording["time"].values[-1]).all()
    assert "padded from 3" in annotations.attrs["notices"]


@pytest.mark.parametrize("rate_hz", [125.0, 128.0, 250.0, 512.0, 1000.0])
def test_short_record_of_any_rate_is_long_enough_once_it_is_padded(
    tmp_path: Path, save_random: Save, rate_hz: float
) -> None:
    picker = open_picker("phasenetlight", str(save_random(tmp_path, "PhaseNetLight", "random")))
    samples = np.random.default_rng(5).normal(size=(3, round(20 * rate_hz)))
    found = picker.annotate(recording_of(stream_of(samples, "ZNE", rate_hz=rate_hz)))
    assert np.isfinite(found["probability"].values).all()


def test_short_stretches_between_gaps_are_run_by_themselves(tmp_path: Path, save_random: Save) -> None:
    picker = open_picker("phasenet", str(save_random(tmp_path, "PhaseNet", "random")))
    recording = recording_of(noisy_stream(100))
    recording["waveform"].values[0, :, 6000:6200] = np.nan
    recording["waveform"].values[0, :, 7200:7250] = np.nan
    annotations = picker.annotate(recording)
    curve = annotations["probability"].values[0, 0]
    assert np.isnan(curve[6000:6200]).all()
    assert np.isnan(curve[7200:7250]).all()
    assert np.isfinite(np.delete(curve, np.r_[6000:6200, 7200:7250])).all()
    assert "2 stretches between gaps padded" in annotations.attrs["notices"]


def test_window_tensor_is_what_the_network_sees(tmp_path: Path, save_random: Save) -> None:
    picker = open_picker("phasenet", str(save_random(tmp_path, "PhaseNet", "random", component_order="ENZ")))
    recording = recording_of(noisy_stream(100))
    start = pd.Timestamp(recording["time"].values[1500])
    window = picker.window_tensor(recording, "XX.A.", start).numpy()
    raw = recording["waveform"].sel(station="XX.A.", component=list("ENZ")).values[:, 1500 : 1500 + 3001]
    centred = raw - raw.mean(axis=1, keepdims=True)
    assert window.shape == (1, 3, 3001)
    np.testing.assert_allclose(window[0], centred / centred.std(axis=1, ddof=1, keepdims=True), rtol=1e-4, atol=1e-5)


def test_batch_size_and_overlap_are_settings(tmp_path: Path, save_random: Save) -> None:
    path = str(save_random(tmp_path, "PhaseNetLight", "random"))
    recording = recording_of(noisy_stream(95))
    assert open_picker("phasenetlight", path, overlap=0.9).annotate(recording).attrs["overlap"] == 2700
    assert open_picker("phasenetlight", path).annotate(recording).attrs["overlap"] == 1500
    one_by_one = open_picker("phasenetlight", path, batch_size=1).annotate(recording)
    together = open_picker("phasenetlight", path, batch_size=8).annotate(recording)
    np.testing.assert_allclose(one_by_one["probability"], together["probability"], atol=1e-5)
