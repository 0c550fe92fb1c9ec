"""The command line: what it writes, what it says where, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import obspy
import pandas as pd
import pytest
from click.testing import CliRunner, Result

import apps.serve
from workbench.cli import cli
from workbench.errors import SourceError
from workbench.exporters.pick_files import PICK_FILE_COLUMNS
from workbench.labels.journal import Journal
from workbench.schema import Decision, Report
from workbench.sources.seisbench_datasets import SeisBenchSource

Run = Callable[..., Result]
WORKBENCH = Path(sys.executable).with_name("workbench")
ONSET_SAMPLE = 2000


@pytest.fixture
def run() -> Run:
    runner = CliRunner()
    return lambda *arguments: runner.invoke(cli, [str(argument) for argument in arguments])


def stead_pair(folder: Path, shapes: dict[str, tuple[int, ...]]) -> Path:
    """A STEAD chunk whose traces have noise and, at a known sample, the onset of something strong."""
    rng = np.random.default_rng(7)
    with h5py.File(folder / "chunk1.hdf5", "w") as file:
        for name, shape in shapes.items():
            samples = rng.normal(size=shape)
            if len(shape) > 1:
                samples[ONSET_SAMPLE : ONSET_SAMPLE + 1500] *= 60 * np.exp(-np.arange(1500) / 400)[:, None]
            file.create_dataset(f"data/{name}", data=samples.astype(np.float32))
    rows = {
        "network_code": "XX",
        "receiver_code": "AÄA",
        "receiver_type": "HH",
        "p_arrival_sample": ONSET_SAMPLE,
        "s_arrival_sample": "",
        "trace_start_time": "2018-12-30 03:00:00",
        "trace_category": "earthquake_local",
        "trace_name": list(shapes),
    }
    pd.DataFrame(rows).to_csv(folder / "chunk1.csv", index=False)
    return folder


@pytest.fixture
def two_traces(tmp_path: Path) -> Path:
    folder = tmp_path / "stead"
    folder.mkdir()
    return stead_pair(folder, {"first_EV": (6000, 3), "second_EV": (6000, 3)})


def only_line(result: Result) -> str:
    """The one line on stderr of a command that was given something bad."""
    assert result.exit_code == 2, result.stderr
    assert isinstance(result.exception, SystemExit)
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("Error: ")
    assert result.stdout == ""
    return lines[0]


def test_picks_are_written_with_the_agreed_columns(run: Run, two_traces: Path, tmp_path: Path) -> None:
    output = tmp_path / "picks.csv"
    result = run("pick", two_traces, "--picker", "sta_lta", "--output", output)
    assert result.exit_code == 0, result.stderr
    table = pd.read_csv(output, keep_default_na=False)
    assert tuple(table.columns) == PICK_FILE_COLUMNS
    assert set(table["recording"]) == {"first_EV", "second_EV"}
    assert set(table["picker"]) == {"sta_lta"}
    assert set(table["weights"]) == {""}
    assert table["time"].str.fullmatch(r"2018-12-30T03:00:\d\d\.\d{6}Z").all()
    onset = pd.Timestamp("2018-12-30T03:00:20", tz="UTC")
    first = pd.to_datetime(table["time"]).groupby(table["recording"]).min()
    assert ((first - onset).abs() < pd.Timedelta("0.5s")).all()
    assert "in 2 of 2 recordings" in result.stderr
    assert result.stdout == ""


def test_all_three_formats_hold_the_same_picks(run: Run, two_traces: Path, tmp_path: Path) -> None:
    for name in ("a.csv", "a.parquet", "a.xml"):
        assert run("pick", two_traces, "--picker", "sta_lta", "--output", tmp_path / name).exit_code == 0
    table = pd.read_csv(tmp_path / "a.csv", keep_default_na=False)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "a.parquet"), table, check_dtype=False)
    events = obspy.read_events(tmp_path / "a.xml")
    read_back = [
        (event.event_descriptions[0].text, pick.waveform_id.station_code, pick.phase_hint, str(pick.time))
        for event in events
        for pick in event.picks
    ]
    expected = [(r.recording, r.station.split(".")[1], r.phase, r.time) for r in table.itertuples()]
    assert sorted(read_back) == sorted(expected)
    assert {pick.evaluation_mode for event in events for pick in event.picks} == {"automatic"}


def test_a_lower_threshold_finds_no_fewer_picks(run: Run, two_traces: Path, tmp_path: Path) -> None:
    counts = []
    for threshold in (2.5, 1e6):
        output = tmp_path / f"{threshold}.csv"
        arguments = ("--picker", "sta_lta", "--p-threshold", threshold, "--output", output)
        assert run("pick", two_traces, *arguments).exit_code == 0
        counts.append(len(pd.read_csv(output)))
    assert counts[0] > 0
    assert counts[1] == 0


def test_a_recording_that_fails_is_said_and_the_rest_goes_on(run: Run, tmp_path: Path) -> None:
    stead_pair(tmp_path, {"good_EV": (6000, 3), "flat_EV": (5,)})
    output = tmp_path / "picks.csv"
    result = run("pick", tmp_path, "--picker", "sta_lta", "--output", output)
    assert result.exit_code == 1
    assert "Failed: flat_EV: " in result.stderr
    assert "in 1 of 2 recordings" in result.stderr
    assert set(pd.read_csv(output)["recording"]) == {"good_EV"}


def test_what_reading_found_is_said(run: Run, tmp_path: Path) -> None:
    header = {"network": "XX", "station": "A", "channel": "HHZ", "sampling_rate": 100.0}
    chance = np.random.default_rng(0)
    for number in (0, 1):
        start = {"starttime": obspy.UTCDateTime(2024, 1, 1) + 70 * number}
        one = obspy.Trace(chance.normal(0, 100, 6000).astype(np.float32), header | start)
        one.write(str(tmp_path / f"{number}.mseed"), format="MSEED")
    result = run("pick", tmp_path, "--picker", "sta_lta", "--output", tmp_path / "picks.csv")
    assert result.exit_code == 0
    assert "20240101T000000_XX.A: Gaps: XX.A. HHZ (1, 10 s in all)." in result.stderr


def test_where_all_recordings_fail_nothing_is_written(run: Run, tmp_path: Path) -> None:
    stead_pair(tmp_path, {"flat_EV": (5,), "flatter_EV": (7,)})
    output = tmp_path / "picks.csv"
    output.write_text("of yesterday")
    line = only_line(run("pick", tmp_path, "--picker", "sta_lta", "--output", output))
    assert "None of the 2 recordings" in line
    # Two shapes, two reasons; both are said.
    assert "1, such as flat_EV: " in line
    assert "1, such as flatter_EV: " in line
    assert output.read_text() == "of yesterday"


def test_examples_can_be_picked_without_any_file(run: Run, tmp_path: Path) -> None:
    output = tmp_path / "picks.parquet"
    result = run("pick", "examples", "--picker", "sta_lta", "--output", output)
    assert result.exit_code == 0, result.stderr
    assert len(pd.read_parquet(output)) > 0


def test_a_dataset_that_seisbench_names_is_fetched_when_asked_only(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEISBENCH_CACHE_ROOT", str(tmp_path))
    asked = []

    def download(source: SeisBenchSource, report: Report) -> None:
        asked.append(source.title)
        raise SourceError("no connection")

    monkeypatch.setattr(SeisBenchSource, "download", download)
    monkeypatch.setattr(SeisBenchSource, "is_here", False)
    arguments = ("pick", "seisbench:ETHZ", "--picker", "sta_lta", "--output", tmp_path / "picks.csv")
    assert "--fetch" in only_line(run(*arguments))
    assert asked == []
    assert "no connection" in only_line(run(*arguments, "--fetch"))
    assert asked == ["ETHZ"]


def test_weights_are_named_beside_each_pick(run: Run, seisbench_cache: Path, shared_data: Path, tmp_path: Path) -> None:
    file = sorted((shared_data / "ncedc").glob("*.npz"))[0]
    output = tmp_path / "picks.csv"
    arguments = ("--picker", "phasenet", "--weights", "original", "--p-threshold", 0.3, "--s-threshold", 0.3)
    result = run("pick", file, *arguments, "--output", output)
    assert result.exit_code == 0, result.stderr
    table = pd.read_csv(output)
    assert set(table["weights"]) == {"original"}
    assert {"P", "S"} <= set(table["phase"])
    assert table["probability"].between(0.3, 1).all()


BAD_ARGUMENTS = {
    "no such path": (("nowhere", "--picker", "sta_lta"), "nowhere"),
    "no such picker": (("examples", "--picker", "phasnet"), "Did you mean 'phasenet'"),
    "no such kind of source": (("examples", "--picker", "sta_lta", "--source", "sted"), "Did you mean 'stead'"),
    "weights that are not here": (("examples", "--picker", "phasenet", "--weights", "nope"), "weights"),
    "weights for a picker without": (("examples", "--picker", "sta_lta", "--weights", "nope"), "no weights"),
    "threshold for a phase it has not": (("examples", "--picker", "sta_lta", "--s-threshold", "3"), "no S"),
    "weights to fetch that are not named": (("examples", "--picker", "phasenet", "--fetch"), "--weights NAME"),
    "negative threshold": (("examples", "--picker", "sta_lta", "--p-threshold", "-1"), "above 0"),
}


@pytest.mark.parametrize(("arguments", "said"), BAD_ARGUMENTS.values(), ids=BAD_ARGUMENTS)
def test_bad_input_of_pick_is_one_line(run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    output = tmp_path / "picks.csv"
    assert said in only_line(run("pick", *arguments, "--output", output))
    assert not output.exists()


@pytest.mark.parametrize("name", ["picks.txt", "absent/picks.csv", "folder.csv"])
def test_output_that_cannot_be_written_is_said_before_anything_runs(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    assert name.split("/")[-1] in only_line(run("pick", "examples", "--picker", "sta_lta", "--output", tmp_path / name))


def bad_files(folder: Path) -> dict[str, Path]:
    """What section "bad input" of the issue names, as places that a user may give."""
    places = {name: folder / name for name in ("truncated", "junk", "empty", "fifo", "folder.mseed", "no_columns")}
    places["truncated"].mkdir()
    whole = (stead_pair(places["truncated"], {"first_EV": (6000, 3)}) / "chunk1.hdf5").read_bytes()
    (places["truncated"] / "chunk1.hdf5").write_bytes(whole[: len(whole) // 2])
    places["junk"] = folder / "junk.mseed"
    obspy.read()[:1].write(str(places["junk"]), format="MSEED")
    places["junk"].write_bytes(places["junk"].read_bytes()[:48] + b"\xff" * 4000)
    places["empty"].mkdir()
    os.mkfifo(places["fifo"])
    places["folder.mseed"].mkdir()
    places["no_columns"] = folder / "no_columns.csv"
    places["no_columns"].write_text("one,two\n1,2\n")
    return places


@pytest.mark.parametrize("name", ["truncated", "junk", "empty", "fifo", "folder.mseed", "no_columns"])
def test_bad_place_is_one_line(run: Run, tmp_path: Path, name: str) -> None:
    place = bad_files(tmp_path)[name]
    result = run("pick", place, "--picker", "sta_lta", "--output", tmp_path / "picks.csv")
    assert result.exit_code == 2, result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: ")
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "picks.csv").exists()


@pytest.fixture
def labelled(two_traces: Path, tmp_path: Path) -> Path:
    """A journal with a label on each trace of `two_traces`, and one on a recording from elsewhere."""
    path = tmp_path / "labels.sqlite"
    with Journal(str(path), "Inge") as journal:
        for recording_id in ("first_EV", "second_EV", "elsewhere"):
            time = pd.Timestamp("2018-12-30T03:00:20.01")
            journal.record(Decision("add", recording_id, "XX.AÄA.", "P", time, polarity="positive"))
    return path


@pytest.mark.parametrize("name", ["seisbench", "quakeml", "csv"])
def test_labels_of_the_source_are_exported(
    run: Run, two_traces: Path, labelled: Path, tmp_path: Path, name: str
) -> None:
    output = tmp_path / "out"
    arguments = ("--labels", f"sqlite:///{labelled}", "--source", two_traces, "--format", name, "--output", output)
    result = run("export", *arguments)
    assert result.exit_code == 0, result.stderr
    written = [Path(line) for line in result.stdout.splitlines()]
    assert written
    assert all(path.is_file() and path.is_relative_to(output) for path in written)
    assert "Left out: labels of 1 recordings" in result.stderr
    assert "2 labels of 2 recordings" in result.stderr


def test_export_does_not_make_a_journal_that_is_not_there(run: Run, two_traces: Path, tmp_path: Path) -> None:
    labels = tmp_path / "misspelt.sqlite"
    result = run("export", "--labels", labels, "--source", two_traces, "--format", "csv", "--output", tmp_path / "out")
    assert "no label journal at" in only_line(result)
    assert not labels.exists()
    assert not (tmp_path / "out").exists()


def test_export_of_a_file_that_is_no_journal_is_one_line(run: Run, two_traces: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.sqlite"
    labels.write_text("not a database")
    result = run("export", "--labels", labels, "--source", two_traces, "--format", "csv", "--output", tmp_path / "out")
    assert str(labels) in only_line(result)
    assert labels.read_text() == "not a database"


def test_export_in_an_unknown_format_is_one_line(run: Run, two_traces: Path, labelled: Path, tmp_path: Path) -> None:
    arguments = ("--source", two_traces, "--format", "quakml", "--output", tmp_path / "out")
    assert "Did you mean 'quakeml'" in only_line(run("export", "--labels", labelled, *arguments))


def test_export_without_labels_of_the_source_is_one_line(run: Run, labelled: Path, tmp_path: Path) -> None:
    arguments = ("--source", "examples", "--format", "csv", "--output", tmp_path / "out")
    assert "holds no label of a recording of examples" in only_line(run("export", "--labels", labelled, *arguments))


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("pickers", {"phasenet", "eqtransformer", "dpp", "sta_lta", "ar_aic", "baer_kradolfer"}),
        ("sources", {"stead", "seisbench", "waveforms", "examples"}),
        ("exporters", {"seisbench", "stead", "quakeml", "sc3ml", "nonlinloc", "ogs", "pyrocko", "csv", "parquet"}),
        ("kernels", {"local", "process", "dask", "jupyter:python3"}),
    ],
)
def test_list_names_what_there_is(run: Run, what: str, names: set[str]) -> None:
    result = run("list", what)
    assert result.exit_code == 0, result.stderr
    assert names <= {line.split("\t")[0] for line in result.stdout.splitlines()}


@pytest.fixture
def days(tmp_path: Path) -> Path:
    from tests.catalog.test_folder import write_archive

    write_archive(tmp_path / "archive", ("AAA",), "2014-05-01T23:30:00", 1.0)
    return tmp_path / "archive"


def test_folder_in_station_days_gives_shards_a_table_and_a_summary(
    run: Run, days: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    output = tmp_path / "picks"
    for words in ("2 station days picked, 0 found", "0 station days picked, 2 found"):
        result = run("pick", days, "--picker", "sta_lta", "--kernel", "local", "--output", output)
        assert result.exit_code == 0, result.stderr
        assert words in result.stderr
        assert result.stdout.strip() == str(output / "picks.parquet")
    assert len(list((output / "shards").iterdir())) == 2
    assert set(pd.read_parquet(output / "picks.parquet")["recording"]) == {"XX.AAA._2014-05-01", "XX.AAA._2014-05-02"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--kernel", "proces", "--output", "picks"), "There is no kernel 'proces'. Did you mean 'process'?"),
        (("--workers", "2", "--output", "picks.csv"), "names a file; a run in station days writes a folder"),
    ],
)
def test_bad_input_of_a_run_in_station_days_is_one_line(
    run: Run, days: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)
    assert said in only_line(run("pick", days, "--picker", "sta_lta", *arguments))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive"]


def test_list_says_why_a_picker_cannot_be_used_and_what_to_do(run: Run) -> None:
    lines = {line.split("\t")[0]: line.split("\t")[1:] for line in run("list", "pickers").stdout.splitlines()}
    assert lines["sta_lta"][0] == "yes"
    available, why = lines["gpd"]
    assert available == "no"
    assert "weights" in why


def test_list_weights_says_where_they_are(run: Run, seisbench_cache: Path) -> None:
    lines = [line.split("\t") for line in run("list", "weights").stdout.splitlines()]
    assert {("phasenet", "original", "cached"), ("phasenetlight", "ethz", "cached")} <= {
        tuple(row[:3]) for row in lines
    }


def test_unknown_command_and_missing_option_end_with_two(run: Run) -> None:
    for arguments in (["pik"], ["pick", "examples"], ["list", "networks"], ["serve", "--port", "x"]):
        result = run(*arguments)
        assert result.exit_code == 2
        assert len(result.stderr.strip().splitlines()) == 1, result.stderr


def test_serve_refuses_a_source_or_journal_that_is_not_there(run: Run, tmp_path: Path) -> None:
    assert "nowhere" in only_line(run("serve", "--source", tmp_path / "nowhere"))
    (tmp_path / "labels.sqlite").write_text("not a database")
    assert "labels.sqlite" in only_line(run("serve", "--labels", tmp_path / "labels.sqlite"))


def test_serve_says_that_a_port_is_taken(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"Port {port}" in only_line(run("serve", "--port", port))


def test_installed_command_ends_with_one_line_and_no_traceback(tmp_path: Path) -> None:
    command = [WORKBENCH, "pick", tmp_path / "nowhere", "--picker", "sta_lta", "--output", tmp_path / "picks.csv"]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stdout == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_prints_an_address_that_answers_and_ends_when_told(tmp_path: Path, number: signal.Signals) -> None:
    command = [WORKBENCH, "serve", "--port", "0", "--labels", tmp_path / "labels.sqlite"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            line = server.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+/inspect", line).group()
            with urllib.request.urlopen(address, timeout=120) as page:
                assert page.status == 200
            server.send_signal(number)
            assert server.wait(timeout=60) == 0
        finally:
            server.kill()


def test_server_is_not_reached_from_other_computers() -> None:
    assert apps.serve.ADDRESS == "127.0.0.1"
    server = apps.serve.serve("examples", port=0, start=False)
    listening = {listener.getsockname()[0] for listener in server._http._sockets.values()}
    assert listening == {"127.0.0.1"}
    assert server._tornado.websocket_origins == {f"127.0.0.1:{server.port}", f"localhost:{server.port}"}


def test_a_catalogue_is_served_with_its_waveforms_and_no_other_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = []
    monkeypatch.setattr(
        apps.serve, "serve", lambda *arguments, **limits: served.append((arguments[0], limits["roots"]))
    )
    catalogue, archive = (tmp_path / name for name in ("catalogue", "archive"))
    for folder in (catalogue, archive):
        folder.mkdir()
    labels = ("--labels", tmp_path / "labels.sqlite")
    assert run("serve", "--source", catalogue, "--waveforms", archive, *labels).exit_code == 0
    place = f"ogs:{catalogue}{os.pathsep}{archive}"
    assert run("serve", "--source", place, *labels).exit_code == 0
    assert served == [(place, (catalogue, archive))] * 2
    assert "--source" in only_line(run("serve", "--waveforms", archive, *labels))
    assert "nowhere" in only_line(run("serve", "--source", catalogue, "--waveforms", tmp_path / "nowhere", *labels))
