"""Rows, lines and order of the trace view, on arrays whose picture is known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from workbench.schema import Event, make_recording
from workbench.views.traces_lines import TracePoints
from workbench.views.traces_order import distances_km, first_arrivals, onsets_beside, ordered, zero_times_ms
from workbench.views.traces_rows import HEADER_PX, rows_in_window
from workbench.views.traces_samples import packed_samples, values_per_trace
from workbench.views.traces_screen import short_names

STATIONS = [f"XX.S{i:02d}." for i in range(20)]


def recording(samples, rate=100.0, stations=None, components="ZNE", **coords):
    samples = np.asarray(samples, np.float32)
    return make_recording(
        samples,
        stations=stations or STATIONS[: samples.shape[0]],
        components=components[: samples.shape[1]],
        start="2024-01-01",
        sampling_rate_hz=rate,
        recording_id="r",
        source="test",
        **coords,
    )


def test_rows_fill_the_plot_without_gap_or_overlap():
    rows, _ = rows_in_window(STATIONS, STATIONS[5], "ZNE", "Z", 552.0)
    assert rows[0].top == 0
    assert rows[-1].bottom == pytest.approx(552)
    assert all(a.bottom == b.top for a, b in pairwise(rows))


def test_the_open_station_shows_all_components_under_a_header_and_the_others_one():
    rows, _ = rows_in_window(STATIONS, STATIONS[5], "ZNE", "Z", 552.0)
    focus = next(row for row in rows if row.focus)
    assert focus.station == STATIONS[5]
    assert [band.component for band in focus.bands] == ["Z", "N", "E"]
    assert focus.bands[0].top == focus.top + HEADER_PX
    assert all(len(row.bands) == 1 for row in rows if not row.focus)


def test_a_small_plot_still_shows_three_neighbours():
    rows, _ = rows_in_window(STATIONS, STATIONS[5], "ZNE", "Z", 266.0)
    assert len(rows) == 4
    assert min(band.bottom - band.top for band in next(row for row in rows if row.focus).bands) > 40


@pytest.mark.parametrize("first", [0, 3, 11, 99])
def test_the_open_station_stays_on_the_plot_wherever_the_window_is(first):
    rows, _ = rows_in_window(STATIONS, STATIONS[5], "ZNE", "Z", 552.0, first)
    assert [row.focus for row in rows].count(True) == 1
    shown = [row.station for row in rows]
    assert shown == sorted(shown)


def test_a_single_station_has_the_whole_plot():
    rows, _ = rows_in_window(STATIONS[:1], STATIONS[0], "ZNE", "Z", 552.0)
    assert rows[0].bottom == 552


def test_few_samples_are_drawn_as_they_are():
    points = TracePoints(recording([[np.arange(100)]]))
    times, samples = points.points(STATIONS[0], "Z", (points.start_ms, points.end_ms), 2000)
    assert list(samples) == list(range(100))
    assert times[1] - times[0] == 10
    assert times[0] == pd.Timestamp("2024-01-01").value / 1e6


def test_decimation_keeps_the_extremes_at_their_times():
    samples = np.zeros(50_000)
    samples[31_234], samples[40_000] = 9, -7
    points = TracePoints(recording([[samples]]))
    times, seen = points.points(STATIONS[0], "Z", (points.start_ms, points.end_ms), 1000)
    assert len(seen) <= 1000
    assert times[seen.argmax()] == pytest.approx(points.start_ms + 312_340)
    assert seen.min() == -7


def test_a_gap_of_one_sample_is_still_a_gap_when_decimated():
    samples = np.sin(np.arange(50_000) / 9)
    samples[20_000] = np.nan
    points = TracePoints(recording([[samples]]))
    _, seen = points.points(STATIONS[0], "Z", (points.start_ms, points.end_ms), 1000)
    assert np.isnan(seen).any()


def test_a_day_goes_through_the_pyramid_and_shows_spike_and_gap():
    samples = np.zeros(3_000_000, np.float32)
    samples[::2] = 1
    samples[1_000_000], samples[2_000_000] = 50, np.nan
    points = TracePoints(recording([[samples]]))
    times, seen = points.points(STATIONS[0], "Z", (points.start_ms, points.end_ms), 2000)
    assert len(seen) <= 2000
    assert abs(times[np.nanargmax(seen)] - (points.start_ms + 1e7)) <= 64 * 10
    assert np.isnan(seen).any()
    _, close = points.points(STATIONS[0], "Z", (points.start_ms + 1e7 - 500, points.start_ms + 1e7 + 500), 2000)
    assert np.nanmax(close) == 50
    assert len(close) < 110


def test_dead_and_missing_traces_are_named():
    samples = np.stack([np.full(9000, 3.0), np.full(9000, np.nan), np.r_[np.zeros(8999), 1]])
    points = TracePoints(recording([samples]))
    assert points.state(STATIONS[0], "Z") == "dead"
    assert points.state(STATIONS[0], "N") == "no data"
    assert points.state(STATIONS[0], "E") == ""


def test_a_series_has_all_samples_or_the_extremes_of_blocks():
    samples = np.zeros(50_000, np.float32)
    samples[31_234], samples[40_000], samples[49_999] = 9, -7, 5
    points = TracePoints(recording([[samples]]))
    whole = (points.start_ms, points.end_ms)
    assert len(points.series(STATIONS[0], "Z", whole, 60_000).values) == 50_000
    series = points.series(STATIONS[0], "Z", whole, 1000)
    assert len(series.values) <= 1001
    assert series.step_ms == 10 * 100 / 2
    at = series.first_ms + series.values.argmax() * series.step_ms
    assert abs(at - (points.start_ms + 312_340)) <= 2 * series.step_ms
    assert series.values.min() == -7
    assert series.values[-1] == 5, "the last block may be shorter"


def test_a_series_of_a_day_comes_from_the_pyramid_with_spike_and_gap():
    samples = np.zeros(3_000_000, np.float32)
    samples[1_000_000], samples[2_000_000] = 50, np.nan
    points = TracePoints(recording([[samples]]))
    series = points.series(STATIONS[0], "Z", (points.start_ms, points.end_ms), 20_000)
    assert len(series.values) <= 20_000
    spike = series.first_ms + np.nanargmax(series.values) * series.step_ms
    assert abs(spike - (points.start_ms + 1e7)) <= 2 * series.step_ms
    (gap,) = np.unique(np.flatnonzero(np.isnan(series.values)) // 2)
    assert abs(series.first_ms + gap * 2 * series.step_ms - (points.start_ms + 2e7)) <= 2 * series.step_ms
    middle = points.series(STATIONS[0], "Z", (points.start_ms + 9e6, points.start_ms + 11e6), 5000)
    assert middle.first_ms == pytest.approx(points.start_ms + 9e6, abs=64 * 10)
    assert middle.values.max() == 50


def test_the_samples_of_all_rows_are_packed_in_their_order_on_their_own_axes():
    samples = np.arange(2 * 3 * 100, dtype=np.float32).reshape(2, 3, 100)
    points = TracePoints(recording(samples))
    rows, _ = rows_in_window(STATIONS[:2], STATIONS[0], "ZNE", "Z", 552.0)
    zero = {STATIONS[0]: points.start_ms, STATIONS[1]: points.start_ms + 500}
    packed = packed_samples(points, rows, zero, (0.0, 990.0), 5000)
    assert [(one["station"], one["component"]) for one in packed["series"]] == [
        *((STATIONS[0], component) for component in "ZNE"),
        (STATIONS[1], "Z"),
    ]
    for one, wanted in zip(packed["series"], (*samples[0], samples[1, 0]), strict=True):
        values = packed["values"][one["start"] : one["start"] + one["n"]]
        assert list(values) == list(wanted[-len(values) :])
        last = one["first"] + (one["n"] - 1) * one["step"]
        assert last == pytest.approx(990 - zero[one["station"]] + zero[STATIONS[0]])


def test_a_picture_of_many_traces_has_fewer_values_of_each():
    one, _ = rows_in_window(STATIONS[:1], STATIONS[0], "ZNE", "Z", 552.0)
    many, _ = rows_in_window(STATIONS, STATIONS[0], "ZNE", "Z", 1200.0)
    assert values_per_trace(one, 1000) > values_per_trace(many, 1000) >= 4000


def test_stations_stand_by_distance_where_the_event_is_known():
    at = {"latitude_deg": [46.0, 45.1, np.nan], "longitude_deg": [13.0, 13.0, np.nan]}
    made = recording(np.ones((3, 1, 10)), **at)
    km = distances_km(made, Event("e", pd.Timestamp("2024-01-01"), 45.0, 13.0))
    assert km[STATIONS[0]] == pytest.approx(111.2, abs=0.5)
    assert ordered(STATIONS[:3], "distance", km, {}) == ([STATIONS[1], STATIONS[0], STATIONS[2]], "distance")


def test_order_says_what_it_fell_back_to():
    times = {STATIONS[1]: pd.Timestamp("2024-01-01")}
    assert ordered(STATIONS[:2], "distance", {}, times) == ([STATIONS[1], STATIONS[0]], "arrival")
    assert ordered(STATIONS[:2], "distance", {}, {}) == (STATIONS[:2], "file")


def test_aligning_on_p_takes_the_analyst_before_the_model_and_keeps_all_on_the_screen():
    table = pd.DataFrame({"station": ["A", "A", "B"], "phase": ["P", "S", "Pn"]})
    mine = table.assign(time=pd.to_datetime(["2024-01-01T00:00:05", "2024-01-01T00:00:01", "2024-01-01T00:00:07"]))
    model = pd.DataFrame({"station": ["A"], "phase": ["P"], "time": pd.to_datetime(["2024-01-01"])})
    arrivals = first_arrivals([mine, model], "P")
    zero = zero_times_ms("P", ["A", "B", "C"], None, arrivals, "A")
    assert zero["B"] - zero["A"] == 2000
    assert zero["C"] == zero["A"]
    assert set(zero_times_ms("time", ["A"], None, arrivals, "A").values()) == {0.0}


def test_short_names_stay_apart():
    assert short_names(["CX.PB01.", "CX.PB02."]) == {"CX.PB01.": "PB01", "CX.PB02.": "PB02"}
    assert set(short_names(["CX.PB01.00", "CX.PB01.10"]).values()) == {"CX.PB01.00", "CX.PB01.10"}


def test_stations_are_aligned_on_the_onset_nearest_to_that_of_the_open_station():
    table = pd.DataFrame(
        {
            "station": ["A", "B", "B"],
            "phase": "P",
            "time": pd.to_datetime(["2024-01-01T00:01:00", "2024-01-01T00:00:05", "2024-01-01T00:01:02"]),
        }
    )
    assert onsets_beside([table], "P", "A")["B"] == pd.Timestamp("2024-01-01T00:01:02")


def test_first_arrivals_in_an_interval_are_those_of_the_earthquake_in_it():
    rows = [("A", "P", 10), ("B", "P", 20), ("B", "P", 301), ("A", "P", 305), ("C", "P", 900)]
    table = pd.DataFrame(rows, columns=["station", "phase", "time"])
    table["time"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(table["time"], unit="s")
    view = (pd.Timestamp("2024-01-01T00:04:50"), pd.Timestamp("2024-01-01T00:06:00"))
    everywhere, seen = first_arrivals([table], "P"), first_arrivals([table], "P", view)
    assert ordered(["C", "A", "B"], "arrival", {}, everywhere)[0] == ["A", "B", "C"]
    assert ordered(["C", "A", "B"], "arrival", {}, seen)[0] == ["B", "A", "C"]
