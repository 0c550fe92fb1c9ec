"""A stream gives what the file gives, however its packets are cut, delayed and mixed."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import PickerError
from workbench.inference.picking import picks_from
from workbench.inference.streaming import Packet, StreamPicker
from workbench.pickers import open_picker
from workbench.pickers.xiaonet import XiaoNetPicker
from workbench.schema import make_recording
from workbench.training.synthetic import coloured_noise, synthetic_event

START = np.datetime64("2024-03-01T10:00:03.217", "ns")
STATION = "XX.ONE."


def noisy_events(seed: int, n_samples: int, gaps: list[tuple[int, int, int]], components: str = "ZNE") -> np.ndarray:
    """Samples (3, n_samples) with events, NaN in gaps (component or -1 for all, first, length)."""
    rng = np.random.default_rng(seed)
    samples = coloured_noise(rng, (3, n_samples)) * 0.02
    for first in range(0, max(1, n_samples - 3000), 4000):
        event = synthetic_event(rng, n_samples=min(6000, n_samples - first))
        samples[:, first : first + event.samples.shape[1]] += event.samples
    for row, first, length in gaps:
        samples[slice(None) if row < 0 else row, first : first + length] = np.nan
    for row, letter in enumerate("ZNE"):
        if letter not in components:
            samples[row] = np.nan
    return samples.astype(np.float32)


def as_recording(samples: np.ndarray):
    return make_recording(
        samples[None], stations=[STATION], components=list("ZNE"), start=START, sampling_rate_hz=100.0,
        recording_id="stream", source="test",
    )  # fmt: skip


def packets_of(samples: np.ndarray, rng: np.random.Generator, longest: int, disorder: int) -> list[Packet]:
    """Packets of random length, without those of gaps, each late by up to `disorder` samples."""
    packets = []
    for row, letter in enumerate("ZNE"):
        first = 0
        while first < samples.shape[1]:
            length = int(rng.integers(1, longest + 1))
            part = samples[row, first : first + length]
            there = np.flatnonzero(np.isfinite(part))
            for run in np.split(there, np.flatnonzero(np.diff(there) > 1) + 1):
                if run.size:
                    at = first + int(run[0])
                    values = samples[row, at : at + run.size]
                    due = at + run.size + (rng.uniform(0, disorder) if disorder else 0)
                    packets.append((due, at, letter, values))
            first += length
    packets.sort(key=lambda packet: packet[:3])
    return [Packet(STATION, letter, START + np.timedelta64(at * 10, "ms"), values) for _, at, letter, values in packets]


def stream(picker: XiaoNetPicker, packets: list[Packet], **options):
    curve: dict[pd.Timestamp, np.ndarray] = {}

    def keep(_station, start, values):
        for number, value in enumerate(values):
            curve[pd.Timestamp(start) + pd.Timedelta(milliseconds=10 * number)] = value

    streaming = StreamPicker(picker.evaluate, picker.grid, picker.card.thresholds, on_curve=keep, **options)
    picks = list(streaming.pick_all(packets))
    return picks, curve, streaming


def assert_stream_equals_file(samples: np.ndarray, packets: list[Packet], picker: XiaoNetPicker) -> int:
    try:
        annotations = picker.annotate(as_recording(samples))
    except PickerError:
        # Too short, or nothing but gaps: the file is refused, the stream says nothing.
        assert stream(picker, packets)[0] == []
        return 0
    expected = picks_from(annotations, picker.card)
    picks, curve, _ = stream(picker, packets)
    found = sorted((pd.Timestamp(pick.time), pick.phase) for pick in picks)
    assert found == sorted(zip(expected["time"], expected["phase"], strict=True))
    whole = annotations["probability"].values[0].T
    times = pd.DatetimeIndex(annotations["time"].values)
    ours = np.array([curve.get(when, np.full(2, np.nan)) for when in times])
    np.testing.assert_allclose(ours, whole, atol=1e-5)
    return len(picks)


gaps = st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 11_000), st.integers(1, 5000)), max_size=3)


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 10**6), n_samples=st.integers(200, 12_000), gaps=gaps, longest=st.integers(5, 4000),
    disorder=st.integers(0, 2500), components=st.sampled_from(["ZNE", "Z", "ZE"]),
)  # fmt: skip
def test_stream_equals_file_for_any_packets_gaps_and_order(seed, n_samples, gaps, longest, disorder, components):
    samples = noisy_events(seed, n_samples, gaps, components)
    if not np.isfinite(samples).any():
        return
    packets = packets_of(samples, np.random.default_rng(seed), max(longest, n_samples // 300), disorder)
    assert_stream_equals_file(samples, packets, open_picker("xiaonet"))


@pytest.mark.parametrize("step_s", [5.0, 10.0])
def test_stream_equals_file_on_events_with_overlapping_windows_too(step_s):
    samples = noisy_events(4, 20_000, [(-1, 7000, 300)])
    picker = open_picker("xiaonet", step_s=step_s)
    packets = packets_of(samples, np.random.default_rng(1), 700, 500)
    assert assert_stream_equals_file(samples, packets, picker) > 4


def test_stream_goes_on_after_a_gap_of_a_day_without_looking_at_empty_windows():
    picker = open_picker("xiaonet")
    calls = []

    def counted(windows):
        calls.append(len(windows))
        return picker.evaluate(windows)

    samples = noisy_events(2, 12_000, [])
    one = packets_of(samples, np.random.default_rng(0), 500, 0)
    day = np.timedelta64(1, "D")
    two = [Packet(p.station, p.component, p.start + day, p.samples) for p in one]
    streaming = StreamPicker(counted, picker.grid, picker.card.thresholds)
    picks = list(streaming.pick_all([*one, *two]))
    first = [pick for pick in picks if pick.time < START + np.timedelta64(1, "h")]
    again = {(pick.phase, pick.time - day) for pick in picks if pick not in first}
    assert again == {(pick.phase, pick.time) for pick in first}
    assert len(first) > 2
    assert sum(calls) < 40


def test_memory_stays_the_same_however_long_the_stream_runs():
    picker = open_picker("xiaonet")
    streaming = StreamPicker(lambda windows: np.zeros_like(windows), picker.grid, picker.card.thresholds)
    sizes = []
    tracemalloc.start()
    for minute in range(60):
        start = START + np.timedelta64(minute, "m")
        for letter in "ZNE":
            streaming.push(Packet(STATION, letter, start, np.zeros(6000, np.float32)))
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert max(sizes[30:]) < sizes[10] + 200_000


def test_picks_say_how_late_they_are():
    picker = open_picker("xiaonet")
    samples = noisy_events(4, 20_000, [])
    picks, _, _ = stream(picker, packets_of(samples, np.random.default_rng(0), 50, 0))
    shortest, longest = picker.grid.latency_s(100.0)
    settled = [pick for pick in picks if np.timedelta64(60, "s") < pick.time - START < np.timedelta64(170, "s")]
    assert settled
    for pick in settled:
        assert shortest <= pick.latency_s < longest + 12.0
        assert pick.compute_s > 0


def test_samples_later_than_the_patience_are_counted_and_change_nothing():
    picker = open_picker("xiaonet")
    samples = noisy_events(4, 20_000, [])
    packets = packets_of(samples, np.random.default_rng(0), 500, 0)
    late = next(packet for packet in packets if packet.component == "N")
    packets.remove(late)
    _, _, streaming = stream(picker, [*packets, late])
    assert streaming.stations[STATION].late_samples == len(late.samples)


def test_another_sampling_rate_is_refused_in_words():
    picker = open_picker("xiaonet")
    streaming = StreamPicker(picker.evaluate, picker.grid, picker.card.thresholds)
    with pytest.raises(PickerError, match="streams at 20 Hz; the picker takes 100 Hz"):
        streaming.push(Packet(STATION, "Z", START, np.zeros(10, np.float32), 20.0))
