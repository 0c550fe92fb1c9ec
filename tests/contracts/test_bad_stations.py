"""Odd networks of stations, each given to the station graph, to the picker that reads it, and to the Network page.

What explains picks of such networks is held to the same in ``test_every_graph_explainer.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from tests.explain.graph.made import made_recording
from tests.sources.waveform_files import START as FILES_START
from tests.sources.waveform_files import write_station
from workbench.errors import PickerError
from workbench.explain.graph.edges import graph_of
from workbench.inference.picking import picks_from
from workbench.networks.station_graph import StationGraph
from workbench.pickers import open_picker
from workbench.processing.common_origin import fit_common_origin, origin_needs
from workbench.processing.onset_groups import group_onsets, spread_km
from workbench.session import Session, Surveying
from workbench.session.gather import make_gather, on_moveout
from workbench.settings import load_settings
from workbench.sources import open_source
from workbench.views.network_map import NetworkMap
from workbench.views.network_section import NetworkSection
from workbench.views.network_station import station_html
from workbench.views.network_status import off_words


@cache
def made() -> xr.Dataset:
    return made_recording(n_stations=4)


def one_station() -> xr.Dataset:
    return made().isel(station=[0])


def one_place() -> xr.Dataset:
    given = made().copy(deep=True)
    given["latitude_deg"][:], given["longitude_deg"][:] = 46.0, 13.0
    return given


def far_away() -> xr.Dataset:
    given = made().copy(deep=True)
    given["latitude_deg"][-1] = -40.0
    return given


def all_dead() -> xr.Dataset:
    given = made().copy(deep=True)
    given["waveform"][:] = 0.0
    return given


def without_coordinates() -> xr.Dataset:
    given = made().copy(deep=True)
    given["latitude_deg"][:], given["longitude_deg"][:] = np.nan, np.nan
    return given


def across_the_antimeridian() -> xr.Dataset:
    given = made().copy(deep=True)
    middle = float(given["longitude_deg"].mean())
    given["longitude_deg"][:] = (given["longitude_deg"].values - middle + 180.0 + 180.0) % 360.0 - 180.0
    return given


ODD: dict[str, Callable[[], xr.Dataset]] = {
    each.__name__: each
    for each in (one_station, one_place, far_away, all_dead, without_coordinates, across_the_antimeridian)
}


@pytest.fixture
def surveying() -> Iterator[Surveying]:
    session = Session(settings=load_settings())
    one = Surveying(session)
    yield one
    one.close()
    session.close()


def onsets_of(recording: xr.Dataset) -> pd.DataFrame:
    """What the station graph picks, and nothing where it refuses."""
    picker = open_picker("station_graph")
    try:
        picks = picks_from(picker.annotate(recording), picker.card)
    except PickerError:
        picks = pd.DataFrame(columns=["station", "phase", "time", "probability"])
    columns = {"station": "str", "phase": "str", "time": "datetime64[ns]", "probability": "float64"}
    return picks[list(columns)].astype(columns).assign(who="model")


def look(one: Surveying, recording: xr.Dataset) -> NetworkMap:
    """The page's map, after section and cards have drawn the same."""
    view, section = NetworkMap(one), NetworkSection(one)
    onsets = onsets_of(recording)
    spread = spread_km(recording["latitude_deg"].values, recording["longitude_deg"].values)
    groups = group_onsets(onsets, spread)
    session = one.session
    session.shown = session.recording = recording
    session.station = str(recording["station"].values[0])
    gather = make_gather(recording, onsets, groups[0] if groups else None, spread)
    problem = gather.problem or origin_needs(gather.onsets, None)
    one.gather = on_moveout(gather, None if problem else fit_common_origin(gather.onsets), problem)
    assert section._body.visible
    return view


def curves_of(recording: xr.Dataset) -> xr.Dataset:
    return open_picker("station_graph").annotate(recording)


@pytest.mark.parametrize("odd", sorted(set(ODD) - {"all_dead"}))
def test_the_picker_gives_curves_for_each_station(odd: str) -> None:
    recording = ODD[odd]()
    found = curves_of(recording)["probability"]
    assert list(found["station"].values) == list(recording["station"].values)
    assert np.isfinite(found.values).any(axis=-1).all()
    assert np.nanmin(found.values) >= 0
    assert np.nanmax(found.values) <= 1


def test_one_station_is_read_alone(surveying: Surveying) -> None:
    graph: StationGraph = graph_of(one_station())
    assert (graph.n_edges, graph.alone) == (0, graph.stations)
    view = look(surveying, one_station())
    assert len(view.figure.stations.data["x"]) == 1
    assert "common origin takes" in off_words(surveying)[0]


def test_stations_at_one_place_are_neighbours_and_one_of_their_names_is_read(surveying: Surveying) -> None:
    graph = graph_of(one_place())
    assert graph.n_edges == 12
    assert np.isfinite(graph.edge_attr).all()
    view = look(surveying, one_place())
    assert np.ptp(view.figure.stations.data["x"]) == 0
    assert any(view.figure.stations.data["words"])


def test_a_station_far_away_is_named_and_does_not_shrink_the_map(surveying: Surveying) -> None:
    far = str(far_away()["station"].values[-1])
    assert graph_of(far_away()).alone == (far,)
    assert f"{far}: " in curves_of(far_away()).attrs["notices"]
    view = look(surveying, far_away())
    assert view.figure.plot.y_range.end - view.figure.plot.y_range.start < 500
    assert "far away: zoom out" in view._legend.html


def test_where_all_are_dead_that_is_said(surveying: Surveying) -> None:
    with pytest.raises(PickerError, match="all components are constant"):
        curves_of(all_dead())
    look(surveying, all_dead())
    assert off_words(surveying)[0].startswith("There are no onsets")
    assert "no live trace" in station_html(surveying, [])


def test_without_coordinates_each_is_read_alone_and_the_page_says_what_is_missing(surveying: Surveying) -> None:
    graph = graph_of(without_coordinates())
    assert graph.without_coordinates == graph.stations
    view = look(surveying, without_coordinates())
    assert "These 4 stations have no coordinates" in view._nothing.html


def test_across_the_antimeridian_it_is_the_same_network(surveying: Surveying) -> None:
    there, here = graph_of(across_the_antimeridian()), graph_of(made())
    np.testing.assert_array_equal(there.edge_index, here.edge_index)
    np.testing.assert_allclose(there.distance_km, here.distance_km, rtol=1e-4)
    one, other = (curves_of(each)["probability"].values for each in (across_the_antimeridian(), made()))
    np.testing.assert_allclose(one, other, atol=0.01)
    view = look(surveying, across_the_antimeridian())
    assert np.ptp(view.figure.stations.data["x"]) < 100


def test_other_rates_and_starts_come_onto_one_axis(surveying: Surveying, tmp_path: Path) -> None:
    write_station(tmp_path, "XX.A.", n=6000)
    write_station(tmp_path, "XX.B.", n=2500, rate_hz=50.0, start=FILES_START + 3.3)
    write_station(tmp_path, "XX.C.", n=9000, rate_hz=200.0, start=FILES_START - 2.0)
    table = "station,latitude,longitude,elevation\nA,46.0,13.0,0\nB,46.05,13.05,0\nC,46.1,13.0,0\n"
    (tmp_path / "stations.csv").write_text(table)
    source = open_source(str(tmp_path))
    recording = source.read(source.scan()["recording_id"].iloc[0])
    assert recording.sizes["station"] == 3
    assert graph_of(recording).n_edges == 6
    found = curves_of(recording)["probability"]
    first = np.isfinite(found.isel(phase=0).values).argmax(axis=-1)
    late = str(recording["station"].values[int(first.argmax())])
    assert late == "XX.B.", "its curve begins where its samples do"
    view = look(surveying, recording)
    assert sorted(view.figure.stations.data["name"]) == ["XX.A.", "XX.B.", "XX.C."]
