"""Map, record section and cards of the Network page: what they draw and say of made onsets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from tests.processing.test_common_origin import onsets_from
from workbench.explain.graph.edges import graph_of, make_edges
from workbench.processing.common_origin import fit_common_origin
from workbench.processing.onset_groups import group_onsets
from workbench.schema import make_recording
from workbench.session import Session, Surveying
from workbench.session.gather import make_gather, on_moveout
from workbench.settings import load_settings
from workbench.views.network_keys import press
from workbench.views.network_map import NetworkMap
from workbench.views.network_moved import MovedCard
from workbench.views.network_places import Flat, degree_ticks, name_places, seen_extent
from workbench.views.network_section import NetworkSection, names_html
from workbench.views.network_section_columns import label_places, rows_of
from workbench.views.network_station import station_html
from workbench.views.network_status import off_words
from workbench.views.theme import TOKENS, phase_colour

START = pd.Timestamp("2024-01-01")
EVIL = '<img src=x onerror="alert(1)">'


def recording_of(onsets: pd.DataFrame, *, coordinates: bool = True, dead: str = ""):
    places = onsets.drop_duplicates("station").set_index("station")
    rng = np.random.default_rng(0)
    waveform = rng.normal(size=(len(places), 3, 3000)).astype(np.float32)
    for row, name in enumerate(places.index):
        if name == dead:
            waveform[row] = 0.0
    return make_recording(
        waveform, stations=list(places.index), components=list("ZNE"), start=START, sampling_rate_hz=100.0,
        recording_id="made", source="test",
        latitude_deg=places["latitude_deg"].to_numpy() if coordinates else None,
        longitude_deg=places["longitude_deg"].to_numpy() if coordinates else None,
    )  # fmt: skip


@pytest.fixture
def surveying() -> Iterator[Surveying]:
    session = Session(settings=load_settings())
    made = Surveying(session)
    yield made
    made.close()
    session.close()


def show(surveying: Surveying, onsets: pd.DataFrame, **how: object) -> None:
    """Put made onsets where computed ones would come; no picker is asked."""
    recording = recording_of(onsets, **how)
    session = surveying.session
    session.shown = session.recording = recording
    session.station = str(recording["station"].values[0])
    candidates = onsets.drop(columns=["latitude_deg", "longitude_deg"])
    gather = make_gather(recording, candidates, group_onsets(candidates, 30.0)[0], 30.0)
    surveying.gather = on_moveout(gather, fit_common_origin(gather.onsets), "Too few.")


def with_one_off(ms: float = 600.0) -> pd.DataFrame:
    onsets = onsets_from(46.03, 13.05)
    onsets.loc[(onsets["station"] == "XX.S2.") & (onsets["phase"] == "P"), "time"] += pd.Timedelta(ms, "ms")
    return onsets


def edges_for(surveying: Surveying, weight: float | np.ndarray, kind: str = "similarity") -> pd.DataFrame:
    graph = graph_of(surveying.session.recording)
    return make_edges(graph, np.full(graph.n_edges, 1.0) * weight, kind=kind, words="made")


# ---- map


def test_an_onset_off_the_moveout_is_amber_with_its_ms(surveying: Surveying) -> None:
    view = NetworkMap(surveying)
    show(surveying, with_one_off())
    stations = view.figure.stations.data
    row = list(stations["name"]).index("XX.S2.")
    assert stations["fill"][row] == TOKENS["light"]["warn"]
    assert stations["words"][row].startswith("S2 +")
    assert stations["fill"].count(TOKENS["light"]["warn"]) == 1
    assert off_words(surveying) == ("1 of 8 P onsets off the moveout by 200 ms or more: S2", True)
    surveying.phase = "S"
    assert TOKENS["light"]["warn"] not in view.figure.stations.data["fill"]


def test_a_click_on_a_triangle_opens_the_station(surveying: Surveying) -> None:
    view = NetworkMap(surveying)
    show(surveying, onsets_from(46.03, 13.05))
    stations = view.figure.stations.data
    tap = type("Tap", (), {"x": stations["x"][3], "y": stations["y"][3]})
    view._tapped(tap)
    assert surveying.session.station == stations["name"][3]
    assert view.figure.ring.data == {"x": [stations["x"][3]], "y": [stations["y"][3]]}


def test_weak_edges_are_not_drawn_and_arrows_lead_to_the_open_station(surveying: Surveying) -> None:
    view = NetworkMap(surveying)
    show(surveying, onsets_from(46.03, 13.05))
    graph = graph_of(surveying.session.recording)
    surveying.above = 0.0
    surveying.edge_weights = edges_for(surveying, np.linspace(0.0, 1.0, graph.n_edges))
    n_all = len(view.figure.edges.data["x0"])
    assert n_all == graph.n_edges // 2, "two ways of an edge are one line"
    into = int((graph.edge_index[1] == 0).sum())
    assert len(view.figure.arrows.data["x"]) == into
    surveying.above = 0.7
    assert 0 < len(view.figure.edges.data["x0"]) < n_all
    surveying.edges = "off"
    assert len(view.figure.edges.data["x0"]) == 0


def test_without_coordinates_words_stand_in_place_of_the_map(surveying: Surveying) -> None:
    view, section = NetworkMap(surveying), NetworkSection(surveying)
    show(surveying, onsets_from(46.03, 13.05), coordinates=False)
    assert "have no coordinates" in view._nothing.html
    assert not view._pane.visible
    assert section._body.visible
    assert len(section.figure.onsets.data["x"]) == 16


def test_the_map_is_painted_anew_for_the_other_theme(surveying: Surveying) -> None:
    view = NetworkMap(surveying)
    show(surveying, with_one_off())
    view.theme = "dark"
    assert view.figure.plot.background_fill_color == TOKENS["dark"]["plot"]
    assert TOKENS["dark"]["warn"] in view.figure.stations.data["fill"]


def test_across_the_antimeridian_stations_stay_side_by_side() -> None:
    latitude, longitude = np.array([0.0, 0.0, 0.1]), np.array([179.95, -179.95, 180.0])
    east, north = Flat.around(latitude, longitude).place(latitude, longitude)
    assert np.ptp(east) == pytest.approx(0.1 * 111.195, rel=1e-3)
    assert np.ptp(north) == pytest.approx(0.1 * 111.195, rel=1e-3)


def test_a_far_station_does_not_press_the_others_into_a_point() -> None:
    east, north = np.array([0.0, 5.0, -4.0, 2.0, 3000.0]), np.array([0.0, 3.0, 4.0, -6.0, 0.0])
    seen, extent = seen_extent(east, north)
    assert list(seen) == [True, True, True, True, False]
    assert extent == (-4.0, 5.0, -6.0, 4.0)


def test_names_do_not_touch_and_stay_in_the_frame() -> None:
    placed = name_places(
        np.array([50.0, 52.0, 395.0]), np.array([50.0, 51.0, 200.0]), ["AAA", "BBB", "CCC"], [1], 400.0
    )
    assert placed[1].align == "left"
    assert placed[0] != placed[1]
    assert placed[2].align == "right"


def test_degrees_are_round() -> None:
    assert [degrees for _, degrees in degree_ticks(-20.0, 20.0, 111.0, 46.02, 4)] == [45.9, 46.0, 46.1, 46.2]


# ---- section


def test_traces_stand_at_their_distance_and_onsets_on_their_rows(surveying: Surveying) -> None:
    view = NetworkSection(surveying)
    show(surveying, onsets_from(46.03, 13.05))
    rows = rows_of(surveying)
    distance = surveying.gather.stations.set_index("station")["distance_km"]
    assert rows.height == pytest.approx(distance.to_dict())
    onsets = view.figure.onsets.data
    middles = (np.array(onsets["y0"]) + np.array(onsets["y1"])) / 2
    expected = [distance[name] for name in surveying.gather.onsets["station"]]
    np.testing.assert_allclose(middles, expected)
    moveout = view.figure.moveout.data
    assert list(moveout["colour"]) == [phase_colour("P", "light"), phase_colour("S", "light")]
    assert view.figure.plot.x_range.start < 0 < max(onsets["x"]) < view.figure.plot.x_range.end


def test_a_section_reduced_by_p_has_its_p_onsets_near_one_time(surveying: Surveying) -> None:
    view = NetworkSection(surveying)
    show(surveying, onsets_from(46.03, 13.05, n=12))

    def spread() -> float:
        data = view.figure.onsets.data
        is_p = [words.startswith("P") for words in data["words"]]
        return float(np.ptp(np.array(data["x"])[is_p]))

    before = spread()
    surveying.reduce = "P"
    assert spread() < 0.6 * before


@pytest.mark.parametrize("order", ["azimuth", "arrival"])
def test_other_orders_have_rows_of_one_height(surveying: Surveying, order: str) -> None:
    view = NetworkSection(surveying)
    show(surveying, onsets_from(46.03, 13.05))
    surveying.order = order
    assert sorted(rows_of(surveying).height.values()) == list(range(8))
    assert len(view.figure.moveout.data["xs"]) == 16


def test_names_beside_the_section_do_not_overlap_and_say_what_is_wrong(surveying: Surveying) -> None:
    NetworkSection(surveying)
    show(surveying, with_one_off(), dead="XX.S4.")
    places = np.sort(list(label_places(rows_of(surveying), 300.0).values()))
    assert np.diff(places).min() >= 12.99
    assert places[-1] <= 300
    html = names_html(surveying, rows_of(surveying), 300.0)
    assert 'class="off"' in html
    assert "dead" in html
    few = names_html(surveying, rows_of(surveying), 30.0)
    assert 2 <= few.count("<button") <= 3
    assert "S2" in few, "what is off the moveout comes before what is not"


# ---- cards and keys


def test_the_card_says_why_no_neighbour_moved_a_pick(surveying: Surveying) -> None:
    card = MovedCard(surveying)
    show(surveying, onsets_from(46.03, 13.05))
    surveying.edge_weights = edges_for(surveying, 0.5)
    assert card._markup.html.count("<tr") > 2
    surveying.edges = "attention"
    assert "looks at one station at a time" in card._markup.html
    assert 'data-act="bring"' in card._markup.html


def test_the_station_card_says_how_far_off_it_is(surveying: Surveying) -> None:
    show(surveying, with_one_off())
    surveying.session.station = "XX.S2."
    html = station_html(surveying, ["Inspect", "Explain"])
    assert 'class="badge"' in html
    assert "from the moveout" in html
    assert "Open traces" in html


def test_names_from_files_are_text(surveying: Surveying) -> None:
    onsets = onsets_from(46.03, 13.05)
    onsets["station"] = onsets["station"].replace("XX.S1.", f"XX.{EVIL}.")
    view, card = NetworkSection(surveying), MovedCard(surveying)
    show(surveying, onsets)
    surveying.edge_weights = edges_for(surveying, 0.5)
    for html in (view._names.html, card._markup.html):
        assert "<img" not in html


def test_keys_do_what_the_sheet_says(surveying: Surveying) -> None:
    show(surveying, onsets_from(46.03, 13.05))
    press(surveying, "S")
    assert surveying.phase == "S"
    for key, name, value in (("edges", "edges", "off"), ("order", "order", "azimuth"), ("reduce", "reduce", "P")):
        press(surveying, key)
        assert getattr(surveying, name) == value
    press(surveying, "component")
    assert surveying.component == "N"
    order = surveying.station_order()
    surveying.session.station = order[0]
    press(surveying, "down")
    assert surveying.session.station == order[1]
