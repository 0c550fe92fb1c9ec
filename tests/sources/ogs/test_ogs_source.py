"""A catalogue of OGS as a source: events with their picks, joined with an archive, or alone."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from obspy import Stream

from workbench.errors import SourceError
from workbench.sources import open_source
from workbench.sources.ogs_catalog import ogs_place

from ..fdsn_server import FdsnServer
from ..waveform_files import trace
from .made_catalogue import DAT, START, write_archive, write_catalogue


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


def test_waveforms_come_from_a_service_once(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    write_catalogue(tmp_path / "catalogue")
    n = 200_000
    traces = [trace(f"OX.COLI..HH{letter}", START, n, samples=np.sin(0.1 * np.arange(n)) * 1000) for letter in "ZNE"]
    server = FdsnServer(Stream(traces), {"OX.COLI": (46.1, 13.4, 100.0)})
    server.faults = [503]
    service = f"fdsn:{server.url}?network=OX,NI"
    try:
        with pytest.raises(SourceError, match="folders only"):
            open_source(ogs_place(tmp_path / "catalogue", service), roots=[tmp_path])
        source = open_source(ogs_place(tmp_path / "catalogue", service), roots=[tmp_path / "catalogue", Path(service)])
        table = source.scan()
        assert table["n_with_waveforms"].tolist() == [1, 0]
        recording = source.read(table["recording_id"].iloc[0])
        assert np.isfinite(recording["waveform"].sel(station="OX.COLI.").values).all()
        assert "OX.COLI." in set(source.reference_picks(table["recording_id"].iloc[0])["station"])
        before = server.n_waveform_requests()
        assert open_source(source.location).scan()["n_with_waveforms"].tolist() == [1, 0]
        assert server.n_waveform_requests() == before == 3
    finally:
        server.close()


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
