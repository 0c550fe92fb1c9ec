"""An FDSN data centre on loopback: fetched once, resumed, asked politely, and each fault told or overcome."""

import http.client
import io
import os
import socket
from functools import partial

import numpy as np
import obspy
import pandas as pd
import pytest
from obspy import UTCDateTime
from obspy.core.event import Catalog, Event, Origin, Pick, WaveformStreamID

from workbench.errors import JobCancelledError, SourceError
from workbench.sources import open_source
from workbench.sources.fdsn import FdsnSource
from workbench.sources.fdsn_cache import fetch_whole, open_cache
from workbench.sources.fdsn_routing import fetch_routes
from workbench.sources.fdsn_service import FdsnService, _cut_off

from .fdsn_server import FdsnServer
from .waveform_files import trace

START = UTCDateTime("2024-05-01T23:58:00")
PLACES = {"XX.A": (64.0, -21.0, 100.0), "XX.B": (64.1, -21.2, 200.0)}


@pytest.fixture
def server():
    traces = [
        trace(f"XX.{station}..HH{letter}", START, 24_000, samples=np.sin(0.1 * np.arange(24_000)) * 1000)
        for station in "AB"
        for letter in "ZNE"
    ]
    origin = Origin(time=START + 100, latitude=64.05, longitude=-21.1, depth=5000.0)
    pick = Pick(time=START + 103, phase_hint="P", waveform_id=WaveformStreamID("XX", "A", "", "HHZ"))
    made = FdsnServer(obspy.Stream(traces), PLACES, Catalog([Event(origins=[origin], picks=[pick])]))
    yield made
    made.close()


def place_of(server, more=""):
    return f"fdsn:{server.url}?network=XX&start=2024-05-01T23:58:00&end=2024-05-02T00:02:00{more}"


@pytest.fixture
def opened(server, tmp_path):
    waits = []

    def make(more="", **how):
        def service(url):
            return FdsnService(url, sleep=waits.append, **({"timeout_s": 20.0} | how))

        source = FdsnSource(place_of(server, more), cache=tmp_path, service=service)
        source.waits = waits
        return source

    return make


def test_stations_and_days_come_once(server, opened):
    source = opened("&events=yes")
    table = source.scan()
    assert table["n_stations"].tolist() == [2]
    assert table.attrs["notices"] == []
    recording = source.read(table["recording_id"].iloc[0])
    assert np.isfinite(recording["waveform"].values).all()
    assert recording["latitude_deg"].values.tolist() == [64.0, 64.1]
    assert recording.attrs["source"] == source.location
    assert source.reference_picks(table["recording_id"].iloc[0])["station"].tolist() == ["XX.A."]
    assert source.event(table["recording_id"].iloc[0]).depth_km == 5.0
    # Two stations, and a day each on either side of midnight.
    assert server.n_waveform_requests() == 4
    asked = len(server.asked)
    pd.testing.assert_frame_equal(opened("&events=yes").scan(), table)
    assert len(server.asked) == asked


@pytest.mark.parametrize("fault", [500, 503, 429, 502, ("cut", 700), ("cut", 4096), ("cut", 10)])
def test_what_passes_is_tried_again(server, opened, fault):
    server.faults = [fault, fault]
    source = opened()
    table = source.scan()
    assert table.attrs["notices"] == []
    assert np.isfinite(source.read(table["recording_id"].iloc[0])["waveform"].values).all()
    assert source.waits == [1.0, 2.0]


def test_the_service_says_how_long_to_wait(server, opened):
    server.faults, server.headers = [503, 429], {"Retry-After": "7"}
    source = opened()
    source.scan()
    assert source.waits == [7.0, 7.0]


def test_a_slow_service_is_given_up_and_asked_again(server, opened):
    server.faults = [("slow", 3.0)]
    source = opened(timeout_s=1.0)
    assert source.scan().attrs["notices"] == []
    assert source.waits == [1.0]


def test_what_stays_away_is_told_and_comes_with_the_next_scan(server, opened):
    server.faults = [500] * 4
    source = opened()
    table = source.scan()
    assert len(table.attrs["notices"]) == 1
    assert "XX.A_20240501T235800 is left out" in table.attrs["notices"][0]
    before = server.n_waveform_requests()
    again = opened().scan()
    assert again.attrs["notices"] == []
    assert server.n_waveform_requests() == before + 1
    assert not [file.name for file in source.folder.iterdir() if file.name.endswith((".half", ".part"))]


def test_a_request_that_is_too_large_is_halved(server, opened):
    server.most_s = 65.0
    source = opened()
    table = source.scan()
    assert table.attrs["notices"] == []
    assert np.isfinite(source.read(table["recording_id"].iloc[0])["waveform"].values).mean() > 0.99
    server.most_s = 10.0
    with pytest.raises(SourceError, match="left out"):
        opened("&channel=HHZ").scan()


def test_nothing_there_is_remembered(server, opened):
    server.stream = server.stream.select(station="A")
    source = opened()
    assert source.scan()["n_stations"].tolist() == [1]
    before = server.n_waveform_requests()
    opened().scan()
    assert server.n_waveform_requests() == before


def test_a_refusal_is_not_tried_again(server, opened):
    server.faults = [400, 403, 400, 400]
    with pytest.raises(SourceError, match="refuses"):
        opened().scan()
    assert server.n_waveform_requests() == 4


def test_a_scan_that_is_stopped_leaves_whole_files_and_goes_on(server, opened):
    source = opened()

    def stop(fraction, step):
        if step.startswith("waveforms 3"):
            raise JobCancelledError("stopped")

    with pytest.raises(JobCancelledError):
        source.scan(stop)
    assert len(list(source.folder.glob("*.mseed"))) == 2
    assert opened().scan()["n_stations"].tolist() == [2]
    assert server.n_waveform_requests() == 4


def test_eida_says_which_centre_holds_a_network(server, tmp_path):
    place = place_of(server).replace("fdsn:", "fdsn:eida+")
    source = FdsnSource(place, cache=tmp_path, service=partial(FdsnService, sleep=lambda _: None))
    assert source.scan()["n_stations"].tolist() == [2]
    assert any("/routing" in path or path == "/query" for path in server.asked)
    with pytest.raises(SourceError, match="http"):
        FdsnSource("fdsn:eida+file:///etc?network=XX&start=2024-01-01&end=2024-01-02", cache=tmp_path).scan()


def test_nobody_at_home_is_said(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    service = partial(FdsnService, tries=2, sleep=lambda _: None, timeout_s=5)
    source = FdsnSource(f"fdsn:{url}?network=XX&start=2024-01-01&end=2024-01-02", cache=tmp_path, service=service)
    with pytest.raises(SourceError, match="cannot be reached"):
        source.scan()


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("fdsn:INGV", "lacks network, start, end"),
        ("fdsn:INGV?network=IV&start=2024-01-01&end=2024-01-02&colour=red", "colour"),
        ("fdsn:INGV?network=IV&start=soon&end=2024-01-02", "no time"),
        ("fdsn:INGV?network=IV&start=2024-01-02&end=2024-01-01", "not after"),
    ],
)
def test_a_place_that_is_none_is_explained(place, words):
    with pytest.raises(SourceError, match=words):
        open_source(place)


def test_a_server_of_folders_reaches_no_service(tmp_path):
    with pytest.raises(SourceError, match="folders only"):
        open_source("fdsn:INGV?network=IV&start=2024-01-01&end=2024-01-02", roots=[tmp_path])


def test_real_recordings_come_through_unchanged(shared_data, tmp_path):
    folder = shared_data / "hengill"
    stream = obspy.read(str(folder / "2C.BIT06*.mseed")) + obspy.read(str(folder / "2C.BLK22*.mseed"))
    rows = pd.read_csv(folder / "stations.csv").set_index("station").loc[["BIT06", "BLK22"]]
    places = {f"2C.{code}": (row.latitude, row.longitude, row.elevation) for code, row in rows.iterrows()}
    server = FdsnServer(stream, places)
    server.faults = [503, ("cut", 5000)]
    times = "start=2018-12-30T03:00:00&end=2018-12-30T03:05:00"
    try:
        service = partial(FdsnService, sleep=lambda _: None)
        place = f"fdsn:{server.url}?network=2C&{times}&channel=HH?,EH?"
        source = FdsnSource(place, cache=tmp_path, service=service)
        table = source.scan()
    finally:
        server.close()
    assert table.attrs["notices"] == []
    recording = source.read(table["recording_id"].iloc[0])
    expected = stream.select(station="BIT06", component="Z")[0].data
    seen = recording["waveform"].sel(station="2C.BIT06.", component="Z").values
    np.testing.assert_array_equal(seen[: len(expected)], expected[: len(seen)].astype(np.float32))


def test_a_name_of_no_service_is_said_at_once(tmp_path):
    waits = []
    times = "start=2024-01-01&end=2024-01-02"
    service = partial(FdsnService, sleep=waits.append)
    with pytest.raises(SourceError, match="NOSUCH is no FDSN service"):
        FdsnSource(f"fdsn:NOSUCH?network=XX&{times}", cache=tmp_path, service=service).scan()
    assert waits == []


def test_a_file_that_cannot_be_written_is_not_the_fault_of_the_service(server, tmp_path):
    waits = []
    file = tmp_path / "no such folder" / "stations.xml"
    with pytest.raises(SourceError, match=r"cache file .*stations\.xml cannot be written"):
        FdsnService(server.url, sleep=waits.append).stations(file, network="XX")
    assert waits == []


def test_what_came_before_its_day_was_over_is_asked_for_again(server, opened):
    source = opened()
    source.scan()
    before, early = server.n_waveform_requests(), source.folder / "XX.A_20240501T235800.mseed"
    next_day = pd.Timestamp("2024-05-03T12:00", tz="UTC").timestamp()
    os.utime(early, (next_day, next_day))
    server.faults = [500] * 4
    table = opened().scan()
    assert "XX.A_20240501T235800 is left as it came before" in table.attrs["notices"][0]
    assert table["n_stations"].tolist() == [2]
    assert opened().scan().attrs["notices"] == []
    assert server.n_waveform_requests() == before + 5
    opened().scan()
    assert server.n_waveform_requests() == before + 5


def test_nothing_in_either_half_is_remembered_too(server, opened):
    server.most_s = 65.0
    server.stream = server.stream.select(station="A")
    opened().scan()
    before = server.n_waveform_requests()
    assert opened().scan()["n_stations"].tolist() == [1]
    assert server.n_waveform_requests() == before


def test_events_are_asked_for_where_they_are_wanted(server, opened):
    opened("&events=no").scan()
    assert not any("event" in path for path in server.asked)
    with pytest.raises(SourceError, match="yes or no, not 'perhaps'"):
        opened("&events=perhaps")


def test_halves_of_another_tab_are_left_and_old_ones_swept(tmp_path):
    young, old = tmp_path / ".a.half", tmp_path / ".b.half"
    young.touch()
    old.touch()
    os.utime(old, (0, 0))
    open_cache(tmp_path)
    assert (young.exists(), old.exists()) == (True, False)
    with pytest.raises(SourceError, match=r"all\.mseed cannot be written"):
        fetch_whole(tmp_path / "all.mseed", lambda half: half.unlink(missing_ok=True))
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match="cannot be written"):
        open_cache(tmp_path / "file" / "folder")


@pytest.mark.parametrize("order", ["<", ">"])
def test_records_of_several_lengths_are_whole_if_the_last_ends_with_the_file(tmp_path, order):
    def records(length):
        written = io.BytesIO()
        one = trace("XX.A..HHZ", START, 3000, samples=np.sin(0.1 * np.arange(3000)) * 1000)
        obspy.Stream([one]).write(written, format="MSEED", reclen=length, byteorder=order)
        return written.getvalue()

    long, short, file = records(4096), records(512), tmp_path / "a.mseed"
    for data, whole in (
        (long + short, True), (short + long, True), (short + long[:-512], False), (long + short[:-100], False),
        (b"", False), (b"<html>" * 128, False),
    ):  # fmt: skip
        file.write_bytes(data)
        assert (_cut_off(file) == "") == whole


def test_a_router_that_breaks_off_is_said(tmp_path, monkeypatch):
    def broken(*_, **__):
        raise http.client.IncompleteRead(b"http")

    monkeypatch.setattr("urllib.request.urlopen", broken)
    with pytest.raises(SourceError, match="does not answer"):
        fetch_routes("http://127.0.0.1", {}, tmp_path / "routes.txt")
