"""Who moved a pick: attention, attribution and leaving out, held against what must be true of any network."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.errors import PickerError
from workbench.explain.graph.attention import attention_between
from workbench.explain.graph.attribution import attribute_between
from workbench.explain.graph.case import open_graph_case
from workbench.explain.graph.checks import GRAPH_CHECKS, check_between
from workbench.explain.graph.edges import ALONE
from workbench.explain.graph.left_out import leave_one_out
from workbench.pickers.station_graph import StationGraphPicker

from .made import hearing_picker, made_recording, surest_p


@pytest.fixture(scope="module")
def recording():
    return made_recording()


@pytest.fixture(scope="module")
def picker() -> StationGraphPicker:
    return hearing_picker()


@pytest.fixture(scope="module")
def pick(picker, recording):
    return surest_p(picker, recording)


def test_the_shares_that_reach_a_station_are_no_more_than_all(picker, recording, pick):
    found = attention_between(recording, picker, **pick)
    sums = found.edges.groupby("target")["weight"].sum()
    assert (found.edges["weight"] >= 0).all()
    assert (sums <= 1 + 1e-5).all()
    own = found.edges[found.edges["target"] == pick["station"]].set_index("source")["weight"]
    by_second = found.seconds["attention"].sum("time").to_series()
    np.testing.assert_allclose(by_second.loc[own.index], own, atol=1e-5)


def test_what_is_read_lies_within_the_lag_of_an_s_wave(picker, recording, pick):
    edges = attention_between(recording, picker, **pick).edges.dropna(subset=["lag_s"])
    step_s = 0.64
    assert len(edges) > 0
    assert (edges["lag_s"].abs() <= edges["largest_lag_s"] + 3 * step_s).all()


def test_a_dead_neighbour_is_not_read_from(picker, recording, pick):
    other = next(str(name) for name in recording["station"].values if str(name) != pick["station"])
    dead = recording.copy(deep=True)
    dead["waveform"].loc[{"station": other}] = np.nan
    edges = attention_between(dead, picker, **pick).edges
    assert (edges.loc[edges["source"] == other, "weight"] < 1e-6).all()


def test_alone_is_what_the_picker_says_without_neighbours(picker, recording, pick):
    table = leave_one_out(recording, picker, **pick)
    case = open_graph_case(recording, picker, **pick)
    single = case.says(case.samples[case.focus][None, None], case.edge_index[:, :0], case.edge_attr[:0])
    curve = single.logits.softmax(dim=1)[:, case.channel].numpy()
    _, probability = case.pick_in(curve)
    alone = table[table["station"] == ALONE].iloc[0]
    assert alone["probability"] == pytest.approx(float(probability[0]), abs=1e-5)
    assert set(table["station"]) == {ALONE, *(str(name) for name in recording["station"].values)} - {pick["station"]}
    assert table["probability_change"].abs().max() > 1e-4, "this picker hears its neighbours"
    assert np.isfinite(table.attrs["magnitude"])


def test_a_network_that_hears_nobody_is_moved_by_nobody(recording, pick):
    deaf = hearing_picker(strength=0.0)
    table = leave_one_out(recording, deaf, **pick)
    assert table["shift_s"].abs().max() == 0
    assert table["probability_change"].abs().max() == 0
    checks = {check.name: check for check in check_between(recording, deaf, **pick)}
    assert checks["neighbours"].verdict == "warn"
    assert "decides by itself" in checks["neighbours"].words
    assert checks["random_edges"].verdict == "none"


def test_the_parts_of_the_neighbours_add_up(picker, recording, pick):
    found = attribute_between(recording, picker, **pick)
    attrs = found.seconds.attrs
    change = attrs["value"] - attrs["baseline_value"]
    assert abs(attrs["convergence_delta"]) < 0.1 * abs(change) + 0.01
    assert float(found.seconds["attribution"].sel(station=pick["station"]).sum()) == 0
    assert found.edges["weight"].abs().max() > 0


def test_edges_move_the_answer_by_what_they_are_said_to(picker, recording, pick):
    found = attribute_between(recording, picker, **pick)
    case = open_graph_case(recording, picker, **pick)
    says = [case.says(case.samples[None]), case.says(case.samples[None], case.edge_index[:, :0], case.edge_attr[:0])]
    with_all, without = (float(case.odds(said.logits[case.focus][None])[0]) for said in says)
    assert found.edges["weight"].sum() == pytest.approx(with_all - without, abs=0.1 * abs(with_all - without) + 0.02)


def test_every_check_says_a_verdict_in_words(picker, recording, pick):
    checks = check_between(recording, picker, **pick)
    assert [check.name for check in checks] == list(GRAPH_CHECKS)
    assert all(len(check.words) > 20 for check in checks)
    adds_up = next(check for check in checks if check.name == "adds_up")
    assert adds_up.verdict in ("pass", "warn")


def test_one_station_has_nobody_to_ask(picker):
    recording = made_recording(n_stations=1)
    pick = surest_p(picker, recording)
    found = attention_between(recording, picker, **pick)
    assert found.edges.empty
    assert list(leave_one_out(recording, picker, **pick)["station"]) == [ALONE]
    checks = check_between(recording, picker, **pick)
    assert [check.verdict for check in checks] == ["none"]


def test_stations_without_coordinates_are_named(picker, recording, pick):
    other = next(str(name) for name in recording["station"].values if str(name) != pick["station"])
    lost = recording.copy(deep=True)
    lost["latitude_deg"].loc[{"station": other}] = np.nan
    edges = attention_between(lost, picker, **pick).edges
    assert other not in set(edges["source"])
    assert any(words.startswith(f"{other}: no coordinates") for words in edges.attrs["notices"])


def test_a_picker_of_single_stations_says_that_nobody_moves_it(recording, pick):
    with pytest.raises(PickerError, match="looks at one station at a time"):
        attention_between(recording, "xiaonet", **pick)


def test_a_time_outside_the_recording_is_refused(picker, recording, pick):
    with pytest.raises(PickerError, match="no samples"):
        leave_one_out(recording, picker, **(pick | {"time": "2020-01-01"}))
