"""The Network page in words and scales: what is waited for, what edges stand for, who moved a magnitude."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.processing.test_common_origin import onsets_from
from tests.views.test_network_views import edges_for, show, surveying, with_one_off  # noqa: F401 - a fixture
from workbench.explain.graph.edges import ALONE, graph_of
from workbench.schema import Job
from workbench.session import Surveying
from workbench.session.gather import make_gather
from workbench.views.network_address import FIRST_FILTER, network_address
from workbench.views.network_edges import edge_scale
from workbench.views.network_heads import SectionHead
from workbench.views.network_map import NetworkMap
from workbench.views.network_map_html import nothing_html
from workbench.views.network_moved import moved_html
from workbench.views.network_section_columns import label_places, rows_of
from workbench.views.network_status import off_words
from workbench.views.theme import signed_colours

TABLE = {"shift_s": [-0.096, 0.0], "probability": [0.5, 0.9], "probability_change": [-0.4, 0.0]}


def job(state: str, title: str = "Station graph on made") -> Job:
    return Job("j1", title, state=state)


def without_onsets(one: Surveying) -> None:
    show(one, onsets_from(46.03, 13.05))
    one.gather = make_gather(one.session.recording, one.gather.onsets.iloc[:0], None, 30.0)


def asked(one: Surveying, magnitude: float = 2.3) -> None:
    """The station graph on the list, a pick in focus, and what became of it without two neighbours."""
    show(one, onsets_from(46.03, 13.05))
    one.session.add_picker("station_graph")
    one.picker = one.graph_picker
    one.edges = "attention"
    focus = one.session.station
    others = [name for name in one.gather.stations["station"] if name != focus][:2]
    left_out = pd.DataFrame(TABLE | {"station": others, "magnitude_change": [0.004, -0.21]})
    alone = {"station": ALONE, "shift_s": 0.03, "probability": 0.4, "probability_change": -0.5}
    left_out = pd.concat([left_out, pd.DataFrame([alone])], ignore_index=True)
    left_out.attrs = {"probability": 0.9, "magnitude": magnitude}
    if magnitude != magnitude:
        left_out["magnitude_change"] = np.nan
    one.param.update(edge_weights=edges_for(one, 0.4, "attention"), left_out=left_out)


def test_while_a_picker_runs_it_is_said_that_it_does(surveying: Surveying) -> None:  # noqa: F811
    without_onsets(surveying)
    assert off_words(surveying) == ("There are no onsets: run a picker, or lower its threshold.", False)
    surveying.session.add_picker("xiaonet")
    surveying.picker = next(iter(surveying.session.runs))
    surveying.session.job = job("running")
    assert off_words(surveying)[0] == "XiaoNet is running on this recording: onsets come when it is done."
    surveying.session.job = job("done")
    assert off_words(surveying)[0].startswith("There are no onsets: run a picker")


def test_while_a_picker_is_loaded_it_is_said_too(surveying: Surveying) -> None:  # noqa: F811
    without_onsets(surveying)
    surveying.session.errand = job("running", "Loading Station graph")
    assert off_words(surveying)[0] == "Loading Station graph: onsets come when it has run."


def test_a_recording_that_is_read_is_not_called_missing(surveying: Surveying) -> None:  # noqa: F811
    assert "No recording is open." in nothing_html(surveying.session, None)
    surveying.session.errand = job("running", "Listing examples")
    assert "Listing examples…" in nothing_html(surveying.session, None)
    surveying.session.loading = True
    assert "being read" in nothing_html(surveying.session, None)


def test_who_moved_the_magnitude_stands_in_the_table_and_in_words(surveying: Surveying) -> None:  # noqa: F811
    asked(surveying)
    html = moved_html(surveying, "light")
    codes = surveying.gather.stations.set_index("station")["code"]
    most = codes[surveying.left_out["station"][1]]
    assert f"Magnitude of this window 2.3; {most} moves it most: −0.21 without it." in html
    assert ">−96 ms<" in html
    assert ">−0.40<" in html
    assert ">−0.21<" in html
    assert "+0.00" not in html


def test_without_a_unit_it_is_said_why_there_is_no_magnitude(surveying: Surveying) -> None:  # noqa: F811
    asked(surveying, magnitude=float("nan"))
    assert "No magnitude: samples are not in m/s." in moved_html(surveying, "light")


@pytest.mark.parametrize(("sign", "end"), [(1.0, -1), (-1.0, 0)])
def test_attributions_have_the_colour_of_their_sign(surveying: Surveying, sign: float, end: int) -> None:  # noqa: F811
    view = NetworkMap(surveying)
    show(surveying, onsets_from(46.03, 13.05))
    surveying.edges, surveying.above = "attribution", 0.0
    surveying.edge_weights = edges_for(surveying, sign * 0.7, "attribution")
    assert view.figure.edges.data["colour"][-1] == signed_colours("light")[end]
    assert "against −0.7" in view._legend.html
    assert "for +0.7 log-odds" in view._legend.html


def test_edges_of_a_pick_are_measured_by_those_that_reach_it(surveying: Surveying) -> None:  # noqa: F811
    view = NetworkMap(surveying)
    show(surveying, onsets_from(46.03, 13.05))
    graph = graph_of(surveying.session.recording)
    into = graph.edge_index[1] == 0
    surveying.edges, surveying.above = "attention", 0.0
    surveying.edge_weights = edges_for(surveying, np.where(into, 0.25, 0.9), "attention")
    assert edge_scale(surveying.edge_weights, surveying.session.station).high == pytest.approx(0.25)
    edges, arrows = view.figure.edges.data, view.figure.arrows.data
    assert len(arrows["x"]) == len(edges["x0"]), "each has its direction"
    own = int(into.sum())
    assert min(edges["width"][-own:]) > max(edges["width"][:-own])
    home = view._places[surveying.session.station]
    assert {(x, y) for x, y in zip(edges["x1"][-own:], edges["y1"][-own:], strict=True)} == {home}


def test_names_are_placed_anew_where_the_map_is_zoomed(surveying: Surveying) -> None:  # noqa: F811
    view = NetworkMap(surveying)
    show(surveying, with_one_off())
    x_range, y_range = view.figure.plot.x_range, view.figure.plot.y_range
    # Far out all triangles lie in one heap, and of their names few fit.
    x_range.update(start=-4000.0, end=4000.0)
    y_range.update(start=-4000.0, end=4000.0)
    view._draw_names()
    crowded = sum(bool(words) for words in view.figure.stations.data["words"])
    view._set_ranges()
    view._draw_names()
    assert crowded < sum(bool(words) for words in view.figure.stations.data["words"]) == 8


def test_the_filter_of_the_section_is_said_and_can_be_left(surveying: Surveying) -> None:  # noqa: F811
    show(surveying, onsets_from(46.03, 13.05))
    surveying.session.filter = FIRST_FILTER
    head = SectionHead(surveying)
    assert '<option value="1–20 Hz" selected' in head._markup.html
    head._act({"act": "filter", "value": "none"})
    assert surveying.session.filter == "none"
    surveying.session.source = type("Source", (), {"location": "examples"})()
    assert "filter=none" in network_address(surveying)
    surveying.session.filter = FIRST_FILTER
    assert "filter" not in network_address(surveying)


def test_where_many_names_do_not_fit_each_stands_at_its_own_row(surveying: Surveying) -> None:  # noqa: F811
    show(surveying, onsets_from(46.03, 13.05, n=60))
    rows = rows_of(surveying)
    last = surveying.station_order()[-1]
    places = label_places(rows, 300.0, [last, *rows.stations])
    assert 10 < len(places) < 60
    assert last in places
    per_px = 300.0 / (rows.high - rows.low)
    assert all(place == pytest.approx((rows.height[name] - rows.low) * per_px) for name, place in places.items())
    assert np.diff(np.sort(list(places.values()))).min() >= 12.98
