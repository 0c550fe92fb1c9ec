"""Picks and events beside the waveforms: QuakeML and SAC headers."""

import numpy as np
import pandas as pd
import pytest
from obspy.core.event import (
    Catalog,
    Event,
    Magnitude,
    Origin,
    Pick,
    QuantityError,
    ResourceIdentifier,
    WaveformStreamID,
)
from obspy.core.util import AttribDict

from workbench.schema import CATALOG, check_picks
from workbench.schema import Event as SchemaEvent
from workbench.sources.waveforms import WaveformSource
from workbench.sources.waveforms_events import CatalogEvent, EventBook

from .waveform_files import START, trace, write, write_station


def pick(seed_id, phase, after_s, **options):
    return Pick(time=START + after_s, waveform_id=WaveformStreamID(seed_string=seed_id), phase_hint=phase, **options)


def event(name, origin_after_s, magnitude, picks):
    found = Event(resource_id=ResourceIdentifier(f"smi:local/{name}"), picks=picks)
    origin = Origin(time=START + origin_after_s, latitude=46.2, longitude=13.0, depth=8200.0)
    found.origins, found.magnitudes = [origin], [Magnitude(mag=magnitude, magnitude_type="ML")]
    return found


@pytest.fixture
def source(tmp_path):
    for station in ("XX.A.", "XX.B.00"):
        write_station(tmp_path, station)
    picks = [
        pick("XX.A..HHZ", "P", 10.5, time_errors=QuantityError(uncertainty=0.02), polarity="positive"),
        pick("XX.B..HHZ", "Sg", 15.25, time_errors=QuantityError(lower_uncertainty=0.1, upper_uncertainty=0.3)),
        pick("XX.C..HHZ", "P", 12.0),
        pick("XX.A..HHZ", "P", 3600.0),
    ]
    Catalog([event("in", 8.0, 2.1, picks), event("larger", 20.0, 4.0, [])]).write(
        str(tmp_path / "events.xml"), format="QUAKEML"
    )
    return WaveformSource(tmp_path)


def test_picks_of_the_recordings_stations_in_its_interval_are_given(source):
    name = source.scan()["recording_id"].iloc[0]
    picks = check_picks(source.reference_picks(name))
    assert picks["station"].tolist() == ["XX.A.", "XX.B.00"]
    assert picks["phase"].tolist() == ["P", "Sg"]
    assert picks["time"].tolist() == [pd.Timestamp("2024-05-01T12:00:10.5"), pd.Timestamp("2024-05-01T12:00:15.25")]
    assert picks["uncertainty_s"].tolist() == [0.02, pytest.approx(0.2)]
    assert picks["polarity"].tolist() == ["positive", ""]
    assert set(picks["picker"]) == {CATALOG}


def test_the_event_with_picks_comes_before_a_larger_one_without(source):
    table = source.scan()
    found = source.event(table["recording_id"].iloc[0])
    assert (found.event_id, found.magnitude, found.magnitude_type) == ("smi:local/in", 2.1, "ML")
    assert (found.depth_km, found.time) == (8.2, pd.Timestamp("2024-05-01T12:00:08"))
    assert table["magnitude"].tolist() == [2.1]
    assert source.read(table["recording_id"].iloc[0]).attrs["event_id"] == "smi:local/in"


def test_a_broken_quakeml_is_a_notice_and_the_waveforms_are_read(source, tmp_path):
    (tmp_path / "broken.xml").write_text("<q:quakeml xmlns:q='http://quakeml.org'><eventParameters>")
    table = source.scan()
    assert len(table) == 1
    assert any(notice.startswith("broken.xml is not QuakeML") for notice in table.attrs["notices"])


def test_a_dot_in_a_code_of_quakeml_makes_no_other_codes_of_it(tmp_path):
    write_station(tmp_path, "XX.A.")
    where = WaveformStreamID(network_code="XX", station_code="A.1", channel_code="HHZ")
    strange = Pick(time=START + 9, waveform_id=where, phase_hint="P")
    Catalog([event("in", 8.0, 2.1, [strange, pick("XX.A..HHZ", "P", 10.5)])]).write(
        str(tmp_path / "events.xml"), format="QUAKEML"
    )
    source = WaveformSource(tmp_path)
    assert len(source.reference_picks(source.scan()["recording_id"].iloc[0])) == 1


def test_a_sac_header_gives_station_event_and_picks(tmp_path):
    one = trace(dtype=np.float32)
    one.stats.sac = AttribDict(stla=46.5, stlo=13.1, stel=850.0, o=-2.0, evla=46.2, evlo=13.0, evdp=8.2, mag=3.1)
    one.stats.sac.update({"a": 1.5, "t0": 4.25, "kt0": "S", "t1": 9.0})
    write(tmp_path / "a.sac", one, format="SAC")
    source = WaveformSource(tmp_path)
    name = source.scan()["recording_id"].iloc[0]
    picks = source.reference_picks(name)
    assert picks["phase"].tolist() == ["P", "S"]
    assert (picks["time"] - pd.Timestamp("2024-05-01T12:00:00")).dt.total_seconds().tolist() == [1.5, 4.25]
    found = source.event(name)
    assert (found.time, found.depth_km) == (pd.Timestamp("2024-05-01T11:59:58"), pytest.approx(8.2))
    assert source.read(name)["elevation_m"].values.tolist() == [850.0]


@pytest.mark.parametrize(
    ("header", "phases", "polarities"),
    [
        ({"a": 1.5, "ka": "IPU0", "t0": 4.25, "kt0": "ES  2"}, ["P", "S"], ["positive", ""]),
        ({"a": 1.5, "ka": "PD1", "t0": 4.25}, ["P", "S"], ["negative", ""]),
        ({"a": 1.5, "ka": "Pn", "t0": 4.25, "kt0": "Sn"}, ["Pn", "Sn"], ["", ""]),
        ({"a": 1.5, "t0": 4.25, "kt0": "coda"}, ["P"], [""]),
        ({"t0": 4.25}, [], []),
    ],
)
def test_phases_are_read_as_sac_writes_them(tmp_path, header, phases, polarities):
    one = trace(dtype=np.float32)
    one.stats.sac = AttribDict(header)
    write(tmp_path / "a.sac", one, format="SAC")
    source = WaveformSource(tmp_path)
    picks = source.reference_picks(source.scan()["recording_id"].iloc[0])
    assert (picks["phase"].tolist(), picks["polarity"].tolist()) == (phases, polarities)


def test_a_recording_of_no_event_has_none(tmp_path):
    write_station(tmp_path)
    source = WaveformSource(tmp_path)
    name = source.scan()["recording_id"].iloc[0]
    assert source.event(name) is None
    assert source.reference_picks(name).empty


def test_an_entity_in_quakeml_does_not_show_another_file(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("smi:local/secret")
    folder = tmp_path / "folder"
    write_station(folder)
    Catalog([event("PLACE", 8.0, 2.1, [])]).write(str(folder / "events.xml"), format="QUAKEML")
    text = (folder / "events.xml").read_text().split("\n", 1)[1].replace("smi:local/PLACE", "&leak;")
    entity = f'<?xml version="1.0"?>\n<!DOCTYPE q [<!ENTITY leak SYSTEM "{secret.as_uri()}">]>\n'
    (folder / "events.xml").write_text(entity + text)
    source = WaveformSource(folder)
    table = source.scan()
    found = source.event(table["recording_id"].iloc[0])
    assert found is None or "secret" not in found.event_id


def test_an_entry_of_the_book_is_replaced_where_it_stands():
    at = [pd.Timestamp("2024-05-01T12:00") + pd.Timedelta(seconds, "s") for seconds in (3, 1, 3, 2)]

    def entry(name, station, *times):
        rows = [{"station": station, "phase": f"P{n}", "time": time, "polarity": ""} for n, time in enumerate(times)]
        return CatalogEvent(SchemaEvent(name, times[0]), tuple(rows))

    book = EventBook([entry("a", ".A.", *at), entry("b", ".B.", at[0], at[1]), entry("c", ".C.", at[3])])
    book.replace(0, entry("a", "XX.A.00", *at))
    anew = EventBook([entry("a", "XX.A.00", *at), entry("b", ".B.", at[0], at[1]), entry("c", ".C.", at[3])])
    span = (at[1].value, at[0].value)
    for stations in (["XX.A.00", ".B.", ".C."], ["XX.A.00"], [".B."]):
        assert book.picks(stations, *span) == anew.picks(stations, *span)
        assert book.events(stations, *span) == anew.events(stations, *span)
    assert len(book.picks(["XX.A.00"], *span, "a")) == 4
    with pytest.raises(ValueError, match="other times"):
        book.replace(0, entry("a", "XX.A.00", *at[:2]))
