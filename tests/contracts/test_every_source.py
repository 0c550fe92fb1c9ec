"""What every source keeps: one table, recordings that are as the table says, picks and events that fit them."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from obspy import Stream, UTCDateTime

from workbench.errors import JobCancelledError, UnknownNameError
from workbench.schema import CATALOG, Event, check_picks, check_recording, check_recordings_table, waveform_hash
from workbench.sources import SOURCES, Source, open_source

from ..sources.dataset_files import write_npz, write_seisbench, write_stead
from ..sources.fdsn_server import FdsnServer
from ..sources.ogs.made_catalogue import write_archive, write_catalogue
from ..sources.waveform_files import trace, write_station


def _stead(folder):
    write_stead(folder)
    return folder


def _seisbench(folder):
    write_seisbench(folder, "0", names=("t0", "t1"))
    write_seisbench(folder, "1", names=("t1", "t2"))
    return folder


def _phasenet_npz(folder):
    write_npz(folder / "NC_MCB_2017010105240675.npz")
    write_npz(folder / "NC_BVL_2002120221303412.npz", channels="EHZ")
    return folder


def _waveforms(folder):
    for station in ("XX.A.", "XX.B."):
        write_station(folder, station)
    return folder


def _ogs(folder):
    write_archive(folder / "SDS", "OX.COLI.", "OX.BAD.")
    write_archive(folder / "SDS", "OX.BOO.", start=UTCDateTime("2005-01-02T14:20:00"), seconds=300.0)
    return write_catalogue(folder)


def _fdsn(_):
    traces = [
        trace(f"XX.{station}..HH{letter}", UTCDateTime("2024-05-01T12:00:00")) for station in "AB" for letter in "ZNE"
    ]
    server = FdsnServer(Stream(traces), {"XX.A": (64.0, -21.0, 100.0), "XX.B": (64.1, -21.2, 200.0)})
    SERVERS.append(server)
    return f"fdsn:{server.url}?network=XX&start=2024-05-01T12:00:00&end=2024-05-01T12:01:00"


def _examples(_):
    return "examples"


def _synthetic(_):
    return "synthetic:3"


BUILDERS = {
    "stead": _stead,
    "seisbench": _seisbench,
    "phasenet_npz": _phasenet_npz,
    "ogs": _ogs,
    "fdsn": _fdsn,
    "waveforms": _waveforms,
    "examples": _examples,
    "synthetic": _synthetic,
}
"""A small instance of every kind; a new kind of source adds its own."""


SERVERS = []
"""Services that a test has started, and that end with it."""


@pytest.fixture(params=sorted(SOURCES))
def place(request, tmp_path, monkeypatch):
    """Kind and place of a small instance."""
    if request.param not in BUILDERS:
        pytest.fail(f"The source {request.param!r} has no small instance in BUILDERS.")
    folder = tmp_path / "place"
    folder.mkdir()
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    yield request.param, BUILDERS[request.param](folder)
    while SERVERS:
        SERVERS.pop().close()


@pytest.fixture
def source(place):
    return open_source(place[1])


def test_it_is_recognised_and_says_what_it_is(place, source):
    assert isinstance(source, Source)
    assert source.kind == place[0]
    assert source.title
    assert open_source(source.location).kind == source.kind


def test_a_kind_that_is_asked_for_is_taken(place):
    assert open_source(place[1], place[0]).kind == place[0]


def test_the_table_has_the_agreed_form_and_at_least_one_recording(source):
    table = source.scan()
    assert len(table)
    notices = table.attrs["notices"]
    pd.testing.assert_frame_equal(check_recordings_table(table), table)
    assert isinstance(notices, list)
    assert all(isinstance(notice, str) for notice in notices)
    assert (table["n_stations"] >= 1).all()


def test_the_table_is_the_same_each_time(place):
    pd.testing.assert_frame_equal(open_source(place[1]).scan(), open_source(place[1]).scan())


def test_scanning_stops_when_the_user_wants_it_to(source):
    def stop(fraction, step):
        assert np.isnan(fraction) or 0 <= fraction <= 1
        assert step
        raise JobCancelledError("stopped")

    # A source of a few bundled files may have nothing to report.
    try:
        source.scan(stop)
    except JobCancelledError:
        assert len(source.scan())


def test_every_recording_is_as_the_table_says(source):
    table = source.scan()
    for row in table.itertuples():
        recording = check_recording(source.read(row.recording_id))
        assert recording.attrs["recording_id"] == row.recording_id
        assert recording.attrs["source"]
        assert recording.attrs["sampling_rate_hz"] == pytest.approx(row.sampling_rate_hz)
        assert recording.sizes["station"] == row.n_stations
        named = row.stations.removesuffix("…").strip(", ").split(",")
        assert set(map(str.strip, named)) <= set(recording["station"].values)
        step_s = 1 / row.sampling_rate_hz
        assert abs((recording["time"].values[0] - row.start.to_datetime64()) / np.timedelta64(1, "s")) < step_s
        assert abs(recording.sizes["time"] * step_s - row.duration_s) <= 1.5 * step_s
        assert np.isfinite(recording["waveform"].values).any()


def test_a_recording_is_the_same_each_time_it_is_read(source):
    first = source.scan()["recording_id"].iloc[0]
    assert waveform_hash(source.read(first)) == waveform_hash(source.read(first))


def test_a_recording_can_be_read_before_any_scan(place, source):
    last = source.scan()["recording_id"].iloc[-1]
    xr.testing.assert_identical(open_source(place[1]).read(last), source.read(last))


def test_picks_lie_in_their_recording_on_its_stations(source):
    for recording_id in source.scan()["recording_id"]:
        picks = check_picks(source.reference_picks(recording_id))
        recording = source.read(recording_id)
        assert set(picks["station"]) <= set(recording["station"].values)
        assert set(picks["picker"]) <= {CATALOG}
        assert picks["time"].between(recording["time"].values[0], recording["time"].values[-1]).all()
        assert picks["time"].is_monotonic_increasing


def test_an_event_has_a_time_and_is_that_of_the_recording(source):
    for recording_id in source.scan()["recording_id"]:
        event = source.event(recording_id)
        assert event is None or isinstance(event, Event)
        if event is not None:
            assert not pd.isna(event.time)
            assert source.read(recording_id).attrs["event_id"] in ("", event.event_id)


@pytest.mark.parametrize("ask", ["read", "reference_picks", "event"])
def test_a_recording_that_is_not_there_is_unknown(source, ask):
    with pytest.raises(UnknownNameError, match="no recording"):
        getattr(source, ask)("there-is-no-such-recording")


def test_it_is_read_by_several_threads_at_once(source):
    ids = list(source.scan()["recording_id"])
    expected = {recording_id: waveform_hash(source.read(recording_id)) for recording_id in ids}
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(source.read, ids * 3))
    assert [waveform_hash(recording) for recording in read] == [expected[recording_id] for recording_id in ids] * 3
