"""A folder in station days: each is picked once, whatever happens, and with the same picks as in one piece."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import obspy
import pandas as pd
import psutil
import pytest

from tests import waiting
from tests.compute.places import on_the_path
from workbench.catalog.folder import FolderPicks, pick_days
from workbench.catalog.shards import MARGIN_S, read_shard, shard_name
from workbench.compute import BACKENDS, Backend
from workbench.compute.processes import is_running
from workbench.errors import PickerError, SourceError
from workbench.inference.bulk_picking import pick_source
from workbench.sources import open_source
from workbench.sources.waveforms_days import list_station_days, read_station_day

PATIENCE_S = 90.0

wait_for = partial(waiting.wait_for, seconds=PATIENCE_S)
RATE_HZ = 20.0


def write_archive(root: Path, stations: tuple[str, ...], start: str, hours: float) -> None:
    """Day files of noise with a burst every ten minutes, one of them a second after midnight."""
    begin = obspy.UTCDateTime(start)
    for station in stations:
        for component in "ZNE":
            rng = np.random.default_rng([len(station), ord(station[-1]), ord(component)])
            samples = rng.normal(size=round(hours * 3600 * RATE_HZ)).astype(np.float32)
            seconds = np.arange(len(samples)) / RATE_HZ + begin.timestamp
            samples *= 1 + 30 * np.exp(-((seconds - 1) % 600) / 4)
            header = {"network": "XX", "station": station, "channel": f"HH{component}", "sampling_rate": RATE_HZ}
            trace = obspy.Trace(samples, {**header, "starttime": begin})
            for day in range(int(begin.timestamp // 86400), int(trace.stats.endtime.timestamp // 86400) + 1):
                midnight = obspy.UTCDateTime(day * 86400)
                part = trace.slice(midnight, midnight + 86400 - 0.5 / RATE_HZ)
                folder = root / str(midnight.year) / "XX" / station / f"HH{component}.D"
                folder.mkdir(parents=True, exist_ok=True)
                name = f"XX.{station}..HH{component}.D.{midnight.year}.{midnight.julday:03d}"
                part.write(str(folder / name), format="MSEED")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("archive")
    write_archive(root, ("AAA", "BBB"), "2014-05-01T21:00:00", 6.0)
    return root


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    with on_the_path():
        backend = BACKENDS.create("process", n_workers=2)
        yield backend
        backend.close()


def run(archive: Path, output: Path, backend: Backend, **options: object) -> tuple[FolderPicks, pd.DataFrame]:
    days, notices = list_station_days(archive, MARGIN_S)
    assert notices == []
    return pick_days(days, output, backend, n_workers=2, picker="sta_lta", **options)


def test_station_days_are_listed_with_the_files_of_their_neighbours(archive: Path) -> None:
    days, _ = list_station_days(archive, MARGIN_S)
    assert [(day.station, day.day) for day in days] == [
        ("XX.AAA.", "2014-05-01"),
        ("XX.AAA.", "2014-05-02"),
        ("XX.BBB.", "2014-05-01"),
        ("XX.BBB.", "2014-05-02"),
    ]
    assert [len(day.files) for day in days] == [6, 6, 6, 6]
    assert days[0].seconds == pytest.approx(3 * 3600, abs=1)
    recording = read_station_day(days[1], MARGIN_S)
    assert recording["time"].values[0] == np.datetime64("2014-05-01T23:58:00", "ns")
    assert not np.isnan(recording["waveform"].values).any()


def test_picks_are_those_of_the_whole_recording(archive: Path, tmp_path: Path, backend: Backend) -> None:
    found, picks = run(archive, tmp_path / "out", backend)
    assert len(found.done) == 4
    assert found.failures == {}
    source = open_source(archive)
    whole = pick_source(source, source.scan()["recording_id"], "sta_lta").picks
    columns = ["station", "phase", "time"]
    one = whole[columns].sort_values(columns, ignore_index=True)
    other = picks[columns].sort_values(columns, ignore_index=True)
    pd.testing.assert_frame_equal(one, other)
    assert (picks["time"].dt.floor("s") == pd.Timestamp("2014-05-02T00:00:01")).any()
    assert found.counts == dict(picks["phase"].value_counts())


def test_second_run_picks_nothing_and_gives_the_same(archive: Path, tmp_path: Path, backend: Backend) -> None:
    _, before = run(archive, tmp_path / "out", backend)
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    found, after = run(archive, tmp_path / "out", backend)
    assert (len(found.done), len(found.found)) == (0, 4)
    pd.testing.assert_frame_equal(before, after)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()} == written


def test_other_settings_or_other_samples_are_picked_anew(tmp_path: Path, backend: Backend) -> None:
    root = tmp_path / "archive"
    write_archive(root, ("AAA", "BBB"), "2014-05-01T03:00:00", 0.5)
    assert len(run(root, tmp_path / "out", backend)[0].done) == 2
    assert len(run(root, tmp_path / "out", backend, thresholds={"P": 6.0})[0].done) == 2
    write_archive(root, ("BBB",), "2014-05-01T03:00:00", 0.4)
    again, _ = run(root, tmp_path / "out", backend)
    assert (len(again.done), len(again.found)) == (1, 1)


def test_another_mode_is_picked_anew(tmp_path: Path, backend: Backend) -> None:
    root = tmp_path / "archive"
    write_archive(root, ("AAA",), "2014-05-01T03:00:00", 0.2)
    days, _ = list_station_days(root, MARGIN_S)
    options = {"n_workers": 1, "picker": "xiaonet"}
    assert len(pick_days(days, tmp_path / "out", backend, **options)[0].done) == 1
    assert len(pick_days(days, tmp_path / "out", backend, **options, mode="fast")[0].done) == 1
    assert len(pick_days(days, tmp_path / "out", backend, **options, mode="fast")[0].found) == 1


def test_mode_that_a_picker_has_not_is_refused_before_anything_is_picked(
    archive: Path, tmp_path: Path, backend: Backend
) -> None:
    with pytest.raises(PickerError, match="has no network, and so only the mode 'exact'"):
        run(archive, tmp_path / "out", backend, mode="draft")
    assert not (tmp_path / "out").exists()


def test_damaged_shard_is_picked_again(archive: Path, tmp_path: Path, backend: Backend) -> None:
    first, before = run(archive, tmp_path / "out", backend)
    broken = tmp_path / "out" / first.done[0]
    broken.write_bytes(broken.read_bytes()[:-100])
    with pytest.raises(SourceError, match="Delete it and run again"):
        read_shard(broken)
    again, after = run(archive, tmp_path / "out", backend)
    assert again.done == [first.done[0]]
    pd.testing.assert_frame_equal(before, after)


def test_file_that_cannot_be_read_fails_its_days_and_no_others(tmp_path: Path, backend: Backend) -> None:
    root = tmp_path / "archive"
    write_archive(root, ("AAA", "BBB"), "2014-05-01T03:00:00", 0.5)
    days, _ = list_station_days(root, MARGIN_S)
    for file in days[0].files:
        Path(file).write_bytes(b"")
    found, picks = pick_days(days, tmp_path / "out", backend, n_workers=2, picker="sta_lta")
    ((name, reason),) = found.failures.items()
    assert name.startswith("XX.AAA._2014-05-01_")
    assert "No file of XX.AAA. holds samples of 2014-05-01 any more" in reason
    assert set(picks["station"]) == {"XX.BBB."}


def test_two_runs_do_not_write_to_one_folder(archive: Path, tmp_path: Path, backend: Backend) -> None:
    output = tmp_path / "out"
    output.mkdir()
    (output / ".run").write_text(str(os.getppid()))
    with pytest.raises(SourceError, match=r"Another run \(process \d+\) is writing"):
        run(archive, output, backend)
    (output / ".run").write_text("999999999")
    assert len(run(archive, output, backend)[0].done) == 4


def test_name_of_a_shard_hangs_on_files_and_settings_only(archive: Path) -> None:
    day = list_station_days(archive, MARGIN_S)[0][0]
    settings = {"picker": "sta_lta", "thresholds": {"P": 4.0}}
    assert shard_name(day, settings) == shard_name(day, dict(reversed(settings.items())))
    assert shard_name(day, settings) != shard_name(day, {**settings, "picker": "kurtosis"})


def command(archive: Path, output: Path) -> list[str]:
    program = [sys.executable, "-c", "from workbench.cli import main; main()", "pick", str(archive)]
    return [*program, "--picker", "sta_lta", "--workers", "2", "--output", str(output)]


def workers_of(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children() if "process_side" in " ".join(child.cmdline())]


def test_command_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    root, output = tmp_path / "archive", tmp_path / "out"
    write_archive(root, ("AAA", "BBB", "CCC", "DDD"), "2014-05-01T18:00:00", 12.0)
    first = subprocess.Popen(command(root, output), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    shards = output / "shards"
    wait_for(lambda: len(list(shards.glob("*.parquet"))) >= 2)
    workers = workers_of(first.pid)
    assert workers
    first.send_signal(signal.SIGKILL)
    first.wait()
    wait_for(lambda: not any(map(is_running, workers)))
    left = {path.name: path.stat().st_mtime_ns for path in shards.glob("*.parquet")}
    assert 2 <= len(left) < 8
    assert not (output / "picks.parquet").exists()
    second = subprocess.run(command(root, output), capture_output=True, text=True, check=True)
    assert f"{8 - len(left)} station days picked, {len(left)} found from an earlier run, 0 failed" in second.stderr
    assert len(list(shards.iterdir())) == 8
    assert {name: (shards / name).stat().st_mtime_ns for name in left} == left
    picks = pd.read_parquet(output / "picks.parquet")
    assert len(picks) == sum(len(read_shard(path)[0]) for path in shards.iterdir())


def test_worker_that_is_killed_loses_no_shard(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    write_archive(root, ("AAA", "BBB", "CCC"), "2014-05-01T18:00:00", 12.0)
    days, _ = list_station_days(root, MARGIN_S)
    with on_the_path():
        backend = BACKENDS.create("process", n_workers=2)
        killed: list[int] = []

        def report(fraction: float, step: str) -> None:
            if not killed and len(list((tmp_path / "out").glob("*.parquet"))) >= 1:
                pid = workers_of(os.getpid())[0]
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

        found, _ = pick_days(days, tmp_path / "out", backend, n_workers=2, picker="sta_lta", report=report)
        backend.close()
    assert killed
    assert len(found.done) == len(set(found.done)) == 6
    assert found.failures == {}
    assert len(found.again) <= 1
