"""Every explainer of what travels between stations: the promises of the others, and those of a graph.

It leaves recording and picker alone, says the same twice, can be stopped, copes with gaps, dead stations, one station
and odd places, and refuses with a reason.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

from tests.explain.graph.made import hearing_picker, made_recording, surest_p
from workbench.errors import JobCancelledError, PickerError, UnknownNameError
from workbench.explain.graph.edges import ALONE, check_edges
from workbench.schema import Check, make_recording, waveform_hash
from workbench.session.edge_work import CHECKS, LEFT_OUT, ON_ONE_PICK

EXPLAINERS = {**ON_ONE_PICK, "left_out": LEFT_OUT, "checks": CHECKS}
ASKED = {
    "recording_id", "picker", "weights", "weights_hash", "station", "phase", "target_time", "window_start", "window_s",
    "method",
}  # fmt: skip


@pytest.fixture(params=sorted(EXPLAINERS))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@cache
def recording() -> xr.Dataset:
    return made_recording(n_stations=5)


@cache
def picker() -> Any:
    return hearing_picker()


@cache
def pick() -> dict[str, Any]:
    return surest_p(picker(), recording())


def other_than_picked(number: int = 0) -> str:
    return [str(each) for each in recording()["station"].values if str(each) != pick()["station"]][number]


def explained(name: str, given: xr.Dataset | None = None, **arguments: Any) -> Any:
    module, _, function = EXPLAINERS[name].partition(":")
    call: Callable[..., Any] = getattr(import_module(module), function)
    asked = pick() | arguments
    return call(recording() if given is None else given, asked.pop("picker", picker()), **asked)


def numbers(found: Any) -> Iterator[np.ndarray]:
    """All numbers of an answer, whatever its form."""
    if isinstance(found, list):
        yield np.array([value for check in found for value in check.figures.values()], float)
    elif isinstance(found, pd.DataFrame):
        yield found.select_dtypes("number").to_numpy(float)
    else:
        yield found.edges["weight"].to_numpy(float)
        yield found.seconds[next(iter(found.seconds.data_vars))].values


def weight_from(found: Any, station: str) -> float:
    """How much is said to have come from a station."""
    if isinstance(found, pd.DataFrame):
        rows = found.set_index("station")
        return float(rows.loc[station, ["shift_s", "probability_change", "magnitude_change"]].abs().max())
    return float(found.edges.loc[found.edges["source"] == station, "weight"].abs().max())


def changed(change: Callable[[xr.Dataset], None]) -> xr.Dataset:
    other = recording().copy(deep=True)
    change(other)
    return other


def test_answer_lies_on_the_stations_and_the_time_of_the_recording(name: str) -> None:
    found = explained(name)
    stations = {str(each) for each in recording()["station"].values}
    if name == "checks":
        assert all(isinstance(check, Check) and len(check.words) > 20 for check in found)
        return
    if name == "left_out":
        assert set(found.attrs) >= ASKED
        assert set(found["station"]) == (stations - {pick()["station"]}) | {ALONE}
        return
    edges = check_edges(found.edges)
    assert set(edges["source"]) | set(edges["target"]) == stations
    assert set(found.seconds.attrs) >= ASKED
    assert set(found.seconds["station"].values) <= stations
    times = found.seconds["time"].values
    start = pd.Timestamp(found.seconds.attrs["window_start"])
    end = start + pd.Timedelta(found.seconds.attrs["window_s"] + 1.0, "s")
    assert start <= pd.Timestamp(times[0]) < pd.Timestamp(times[-1]) < end
    assert start <= pick()["time"] < end
    assert np.diff(times).min() == np.diff(times).max() == np.timedelta64(round(found.seconds.attrs["step_s"] * 1e9))


def test_same_twice(name: str) -> None:
    for first, second in zip(numbers(explained(name)), numbers(explained(name)), strict=True):
        np.testing.assert_array_equal(first, second)


def test_leaves_recording_and_picker_as_they_were(name: str) -> None:
    given, own = recording().copy(deep=True), copy.deepcopy(picker())
    before, curves = waveform_hash(given), own.annotate(given)["probability"].values
    explained(name, given, picker=own)
    assert waveform_hash(given) == before
    np.testing.assert_array_equal(own.annotate(given)["probability"].values, curves)
    tensors = picker().module.state_dict()
    assert all(torch.equal(tensor, tensors[key]) for key, tensor in own.module.state_dict().items())
    assert all(parameter.grad is None for parameter in own.module.parameters())
    assert not any(module._forward_hooks for module in own.module.modules())
    assert not any(each._message_forward_hooks or each._edge_update_forward_hooks for each in own.module.attention)


def test_stops_when_told(name: str) -> None:
    told: list[str] = []

    def stop(fraction: float, step: str) -> None:
        assert 0.0 <= fraction <= 1.0
        told.append(step)
        if len(told) > 1:
            raise JobCancelledError("stopped")

    with pytest.raises(JobCancelledError):
        explained(name, report=stop)
    assert all(told)


def test_a_dead_neighbour_has_said_nothing(name: str) -> None:
    other = other_than_picked()

    def kill(given: xr.Dataset) -> None:
        given["waveform"].loc[{"station": other}] = 0.0

    found = explained(name, changed(kill))
    assert all(np.isfinite(values[~np.isnan(values)]).all() for values in numbers(found))
    if name != "checks":
        assert weight_from(found, other) < 1e-6


def test_gaps_elsewhere_are_taken_as_they_are(name: str) -> None:
    def tear(given: xr.Dataset) -> None:
        given["waveform"].loc[{"station": other_than_picked()}][:, :800] = np.nan
        given["waveform"].loc[{"station": pick()["station"]}][1:, :] = np.nan

    for values in numbers(explained(name, changed(tear))):
        assert values.size
        assert not np.isinf(values).any()


def test_a_gap_or_a_dead_trace_at_the_pick_is_refused(name: str) -> None:
    station, time = pick()["station"], pick()["time"]
    around = slice(time - pd.Timedelta("3s"), time + pd.Timedelta("3s"))
    torn = changed(lambda given: given["waveform"].loc[{"station": station, "time": around}].values.fill(np.nan))
    torn["waveform"].loc[{"station": station, "time": around}] = np.nan
    with pytest.raises(PickerError, match=f"lies in a gap of {station}"):
        explained(name, torn)
    dead = recording().copy(deep=True)
    dead["waveform"].loc[{"station": station}] = 7.0
    with pytest.raises(PickerError, match=f"{station} is dead around"):
        explained(name, dead)


def test_all_stations_dead_is_refused(name: str) -> None:
    dead = recording().copy(deep=True)
    dead["waveform"][:] = 0.0
    with pytest.raises(PickerError, match="is dead around"):
        explained(name, dead)


def test_one_station_has_nobody_to_ask(name: str) -> None:
    one = made_recording(n_stations=1)
    found = explained(name, one, **surest_p(picker(), one))
    if name == "checks":
        assert [check.verdict for check in found] == ["none"]
    elif name == "left_out":
        assert list(found["station"]) == [ALONE]
    else:
        assert found.edges.empty


def places(latitude_deg: list[float], longitude_deg: list[float]) -> Callable[[xr.Dataset], None]:
    def move(given: xr.Dataset) -> None:
        given["latitude_deg"][:], given["longitude_deg"][:] = latitude_deg, longitude_deg

    return move


def test_stations_at_one_place_are_still_told_apart(name: str) -> None:
    for values in numbers(explained(name, changed(places([46.0] * 5, [13.0] * 5)))):
        assert values.size
        assert not np.isinf(values).any()


def test_across_the_antimeridian_it_is_the_same(name: str) -> None:
    east = [0.0, 0.1, 0.05, 0.2, 0.15]
    here = explained(name, changed(places([10.0, 10.1, 10.2, 10.0, 10.15], [100.0 + each for each in east])))
    there = explained(
        name, changed(places([10.0, 10.1, 10.2, 10.0, 10.15], [(179.9 + each + 180) % 360 - 180 for each in east]))
    )
    for first, second in zip(numbers(here), numbers(there), strict=True):
        np.testing.assert_allclose(first, second, atol=2e-3, rtol=2e-2)


def test_a_station_far_away_is_nobodys_neighbour(name: str) -> None:
    far = other_than_picked()

    def move(given: xr.Dataset) -> None:
        given["latitude_deg"].loc[{"station": far}] = -40.0

    found = explained(name, changed(move))
    if name == "left_out":
        assert far not in set(found["station"])
    elif name != "checks":
        assert far not in set(found.edges["source"])
        assert any(far in words for words in found.edges.attrs["notices"])


def test_other_rates_are_resampled(name: str) -> None:
    given = recording()
    double = make_recording(
        np.repeat(given["waveform"].values, 2, axis=-1),
        stations=[str(each) for each in given["station"].values],
        components=list("ZNE"),
        start=given["time"].values[0],
        sampling_rate_hz=200.0,
        recording_id="made",
        source="test",
        units="m/s",
        **{key: given[key].values for key in ("latitude_deg", "longitude_deg", "elevation_m")},
    )
    for values in numbers(explained(name, double)):
        assert values.size
        assert not np.isinf(values).any()


def test_what_cannot_be_asked_is_refused_with_a_reason(name: str) -> None:
    with pytest.raises(UnknownNameError, match=r"XX\.NONE\."):
        explained(name, station="XX.NONE.")
    with pytest.raises(PickerError, match="has no Pn"):
        explained(name, phase="Pn")
    with pytest.raises(PickerError, match="no samples"):
        explained(name, time=pd.Timestamp("2020-01-01"))
    with pytest.raises(PickerError, match="looks at one station at a time"):
        explained(name, picker="xiaonet")
