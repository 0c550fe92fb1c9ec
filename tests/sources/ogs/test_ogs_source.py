"""A catalogue of OGS as a source: events with their picks, joined with an archive, or alone."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.errors import SourceError
from workbench.sources import open_source
from workbench.sources.ogs.archive import EventArchive
from workbench.sources.ogs.joined import EventWindow
from workbench.sources.ogs_catalog import ogs_place
from workbench.sources.trace_table import trace_table
from workbench.sources.waveforms_headers import Segment

from .made_catalogue import DAT, write_archive, write_catalogue
from .made_centre import centre_of_coli


def test_picks_stand_on_the_seed_ids_of_the_archive(tmp_path):
    write_catalogue(tmp_path)
    write_archive(tmp_path / "SDS", "OX.COLI.", "NI.COLI.00", "OX.MPRI.")
    source = open_source(tmp_path)
    table = source.scan().set_index("recording_id")
    assert source.kind == "ogs"
    assert len(table) == 2
    located = table[table["time_of"] == "origin"].iloc[0]
    assert (located["n_picks"], located["n_stations"], located["n_with_waveforms"]) == (4, 4, 3)
    assert (located["place"], located["category"], located["magnitude"]) == ("M.RITE", "earthquake", 2.43)
    picks = source.reference_picks(located.name)
    assert picks[["station", "phase"]].to_numpy().tolist() == [
        [".BAD.", "P"], ["NI.COLI.00", "P"], [".BAD.", "S"], ["NI.COLI.00", "S"],
    ]  # fmt: skip
    assert picks["time"].iloc[-1] == pd.Timestamp("2005-01-02 00:00:05.950")
    recording = source.read(located.name)
    assert any("COLI of the catalogue can be NI.COLI.00, OX.COLI." in line for line in notices(recording))
    assert any(".BAD." in line for line in notices(recording))
    assert np.isfinite(recording["waveform"].sel(station="OX.COLI.").values).all()
    assert np.isnan(recording["waveform"].sel(station=".BAD.").values).all()


def notices(recording):
    return recording.attrs["notices"].split("\n")


def test_an_event_without_waveforms_says_what_to_do(tmp_path):
    source = open_source(write_catalogue(tmp_path))
    table = source.scan()
    for recording_id in table["recording_id"]:
        recording = source.read(recording_id)
        assert "--waveforms" in recording.attrs["without_waveforms"]
        assert np.isnan(recording["waveform"].values).all()
        assert len(source.reference_picks(recording_id))


def test_stations_are_placed_by_the_listing_or_by_a_table(tmp_path):
    source = open_source(write_catalogue(tmp_path))
    recording = source.read(source.scan()["recording_id"].iloc[0])
    place = recording.sel(station=".COLI.")
    # 32.7 km at 137 degrees from 46.35 N, 13.0957 E.
    assert float(place["latitude_deg"]) == pytest.approx(46.135, abs=0.002)
    assert float(place["longitude_deg"]) == pytest.approx(13.386, abs=0.002)
    (tmp_path / "stations.csv").write_text("network,station,latitude,longitude\nOX,COLI,46.1,13.4\n")
    again = open_source(tmp_path)
    recording = again.read(again.scan()["recording_id"].iloc[0])
    assert float(recording.sel(station="OX.COLI.")["latitude_deg"]) == 46.1


def test_a_place_names_catalogue_and_waveforms(tmp_path):
    write_catalogue(tmp_path / "catalogue")
    write_archive(tmp_path / "archive", "OX.COLI.")
    place = ogs_place(tmp_path / "catalogue", tmp_path / "archive")
    assert os.pathsep in place
    source = open_source(place)
    assert source.scan()["n_with_waveforms"].tolist() == [1, 0]
    assert source.location == place
    assert open_source(source.location, roots=[tmp_path]).scan()["n_with_waveforms"].tolist() == [1, 0]
    with pytest.raises(SourceError, match="outside"):
        open_source(place, roots=[tmp_path / "catalogue"])
    with pytest.raises(SourceError, match="does not exist"):
        open_source(ogs_place(tmp_path / "catalogue", tmp_path / "nowhere"))


def test_an_sds_file_of_another_day_is_not_opened(tmp_path):
    write_catalogue(tmp_path)
    file = tmp_path / "SDS" / "OX.COLI..HHZ.D.2006.100"
    file.parent.mkdir()
    file.write_bytes(b"no miniSEED")
    assert not any("2006" in line for line in open_source(tmp_path).scan().attrs["notices"])


def test_every_unread_line_is_in_the_notices(tmp_path):
    write_catalogue(tmp_path)
    with (tmp_path / "year.dat").open("a") as file:
        file.write(DAT[:30] + "\n")
    notices = open_source(tmp_path).scan().attrs["notices"]
    assert any("year.dat, line 2" in line for line in notices)


def test_a_file_is_a_source_and_a_folder_of_folders_too(tmp_path):
    write_catalogue(tmp_path / "native")
    assert len(open_source(tmp_path / "native" / "year.dat").scan()) == 1
    assert len(open_source(tmp_path).scan()) == 2


@pytest.fixture
def centre(tmp_path, monkeypatch):
    """A data centre on loopback that holds the day of the catalogue of one event, on one station."""
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    server = centre_of_coli()
    yield server
    server.close()


def test_a_service_is_asked_for_an_event_when_it_is_read_and_once(tmp_path, centre):
    write_catalogue(tmp_path / "catalogue")
    service = f"fdsn:{centre.url}?network=OX,NI"
    with pytest.raises(SourceError, match="folders only"):
        open_source(ogs_place(tmp_path / "catalogue", service), roots=[tmp_path])
    source = open_source(ogs_place(tmp_path / "catalogue", service), roots=[tmp_path / "catalogue", Path(service)])
    table = source.scan()
    assert centre.asked == []
    assert any("is asked for the waveforms of an event when it is opened: 2 to come" in line
               for line in table.attrs["notices"])  # fmt: skip
    first, second = table["recording_id"]
    assert not source.is_here(first)
    bare = source.read_bare(first)
    assert "ask for them" in bare.attrs["without_waveforms"]
    centre.faults = [503]
    recording = source.read(first)
    assert source.is_here(first)
    assert np.isfinite(recording["waveform"].sel(station="OX.COLI.").values).all()
    assert "without_waveforms" not in recording.attrs
    assert "OX.COLI." in set(source.reference_picks(first)["station"])
    # The centre holds nothing of the other.
    assert "holds none of the stations" in source.read(second).attrs["without_waveforms"]
    before = centre.n_waveform_requests()
    again = open_source(source.location)
    assert again.scan()["n_with_waveforms"].tolist() == [1, 0]
    for recording_id in (first, second):
        again.read(recording_id)
    assert centre.n_waveform_requests() == before == 3


def test_what_a_service_does_not_give_is_told_and_asked_for_again(tmp_path, centre):
    write_catalogue(tmp_path / "catalogue")
    source = open_source(ogs_place(tmp_path / "catalogue", f"fdsn:{centre.url}?network=OX"))
    first = source.scan()["recording_id"].iloc[0]
    centre.faults = [403]
    with pytest.raises(SourceError, match="refuses the request"):
        source.read(first)
    assert "refuses the request" in source.read_bare(first).attrs["without_waveforms"]
    assert not source.is_here(first)
    source.fetch(first)
    assert "without_waveforms" not in source.read_bare(first).attrs


def test_the_real_catalogue_opens_without_asking_the_service(shared_data, centre):
    source = open_source(ogs_place(shared_data / "ogs", f"fdsn:{centre.url}?network=OX"))
    table = source.scan()
    assert (table["start"].dt.year == 2024).sum() >= 1778
    assert centre.asked == []


def test_the_real_catalogue_is_one_of_events(shared_data):
    source = open_source(shared_data / "ogs")
    table = source.scan()
    assert not [line for line in table.attrs["notices"] if line.startswith("Unread")]
    assert table["n_picks"].sum() == 25_670 + 115
    assert (table["time_of"] == "origin").sum() == 1811
    year = table[table["start"].dt.year == 2024]
    assert year["origin_time"].notna().sum() >= 1778
    recording = source.read(year["recording_id"].iloc[-1])
    assert np.isfinite(recording["latitude_deg"].values).mean() > 0.5


def test_real_picks_lie_on_a_made_archive_of_their_stations(shared_data, tmp_path):
    from obspy import UTCDateTime

    native = shared_data / "ogs" / "native"
    alone = open_source(native / "hypo71.hpl").scan()
    row = alone.sort_values("n_picks").iloc[-1]
    codes = sorted(
        {pick.strip(".") for pick in open_source(native / "hypo71.hpl").reference_picks(row.recording_id)["station"]}
    )
    write_archive(tmp_path / "SDS", *(f"OX.{code}." for code in codes), start=UTCDateTime(row.start), seconds=120)
    source = open_source(ogs_place(native / "hypo71.hpl", tmp_path / "SDS"))
    joined = source.scan().set_index("recording_id").loc[row.recording_id]
    assert joined["n_with_waveforms"] == joined["n_stations"] == len(codes)
    assert set(source.reference_picks(row.recording_id)["station"]) == {f"OX.{code}." for code in codes}
    assert np.isfinite(source.read(row.recording_id)["waveform"].values).mean() > 0.99


def test_what_came_for_one_event_changes_that_event_alone(tmp_path, centre, monkeypatch):
    write_catalogue(tmp_path / "catalogue")
    source = open_source(ogs_place(tmp_path / "catalogue", f"fdsn:{centre.url}?network=OX,NI"))
    first, second = source.scan()["recording_id"]
    made = []
    rows = EventWindow.pick_rows
    monkeypatch.setattr(EventWindow, "pick_rows", lambda window: made.append(window) or rows(window))
    source.fetch(first)
    assert [window.known.event.event_id for window in made] == [first]
    assert set(source.reference_picks(first)["station"]) == {"OX.COLI.", ".BAD."}
    again = open_source(source.location)
    again.scan()
    for recording_id in (first, second):
        pd.testing.assert_frame_equal(source.reference_picks(recording_id), again.reference_picks(recording_id))
        assert str(source.events(recording_id)) == str(again.events(recording_id))


def test_events_that_a_service_does_not_give_for_one_reason_are_told_of_once(tmp_path, centre):
    write_catalogue(tmp_path / "catalogue")
    for number, hour in enumerate((3, 4, 5), start=5):
        card = DAT.replace("0501011422", f"05010{number}{hour:02d}22").replace("   3 gg", f"   {number} gg")
        with (tmp_path / "catalogue" / "year.dat").open("a") as file:
            file.write(card + "\n")
    source = open_source(ogs_place(tmp_path / "catalogue", f"fdsn:{centre.url}?network=OX,NI"))
    names = list(source.scan()["recording_id"])
    centre.faults = [403] * (len(names) - 1)
    notices = trace_table(source).attrs["notices"]
    (said,) = [line for line in notices if "without waveforms" in line]
    assert said.startswith(f"4 recordings ({', '.join(names[:3])} and 1 more) are without waveforms: {centre.url}")
    centre.faults = [403]
    (said,) = [line for line in trace_table(source).attrs["notices"] if "without waveforms" in line]
    assert said.startswith(f"{names[0]} is without waveforms: {centre.url} refuses the request")


def test_segments_that_come_later_are_found_as_if_they_had_been_there(tmp_path):
    def segment(number, start, end, name="a"):
        return Segment(tmp_path / name, "MSEED", f"XX.S{number % 3}.", "HHZ", start, end, 100.0, 10)

    first = [segment(n, 10 * n, 10 * n + 15) for n in range(20)]
    later = [segment(1, 55, 58, "b"), segment(5, 52, 300, "b")]
    archive = EventArchive(first)
    archive.add(later)
    archive.add([])
    whole = EventArchive([*first, *later])
    key = str
    for start in range(0, 320, 7):
        assert sorted(archive.between(start, start + 5), key=key) == sorted(whole.between(start, start + 5), key=key)
    assert later[1] in archive.between(250, 260)
    assert archive.stations_of("S2") == ["XX.S2."]
    bare = archive.without(tmp_path / "b")
    assert bare.between(0, 400) == first
