"""An export is there whole or not at all, and overwrites nothing."""

from __future__ import annotations

import errno
import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.errors import JobCancelledError, SourceError
from workbench.exporters import EXPORTERS
from workbench.exporters.target import new_folder


def test_a_folder_appears_when_it_is_whole(tmp_path):
    with new_folder(tmp_path / "deep" / "out") as place:
        (place / "a").write_text("1")
        assert not (tmp_path / "deep" / "out").exists()
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["out"]
    assert (tmp_path / "deep" / "out" / "a").read_text() == "1"


def test_an_empty_folder_may_be_there(tmp_path):
    (tmp_path / "out").mkdir()
    with new_folder(tmp_path / "out") as place:
        (place / "a").write_text("1")
    assert (tmp_path / "out" / "a").is_file()


def test_a_folder_in_use_is_left_as_it_is(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("1")
    with pytest.raises(SourceError, match="already holds 'mine'"), new_folder(tmp_path / "out"):
        pytest.fail("the block must not run")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_filled_meanwhile_is_left_as_it_is(tmp_path):
    def fill_meanwhile():
        with new_folder(tmp_path / "out") as place:
            (place / "a").write_text("1")
            (tmp_path / "out").mkdir()
            (tmp_path / "out" / "mine").write_text("1")

    with pytest.raises(SourceError, match="already holds"):
        fill_meanwhile()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_file_in_its_place_is_refused(tmp_path):
    (tmp_path / "out").write_text("1")
    with pytest.raises(SourceError, match="is a file"), new_folder(tmp_path / "out"):
        pytest.fail("the block must not run")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a" * 300, "is no folder that can be written: File name too long"),
        ("a\0b", "is no folder that can be written"),
        ("~nobody-of-that-name/out", "is no folder that can be written"),
        ("file/out", "file is a file, so nothing can be written below it"),
        ("file/deep/out", "file is a file, so nothing can be written below it"),
    ],
)
def test_a_name_that_no_folder_can_have_is_refused(tmp_path, name, words):
    (tmp_path / "file").write_text("1")
    place = Path(name) if name.startswith("~") else tmp_path / name
    with pytest.raises(SourceError, match=words), new_folder(place):
        pytest.fail("the block must not run")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_place_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(SourceError, match="could not be written: Permission denied"), new_folder(tmp_path / "out"):
        pytest.fail("the block must not run")


@pytest.mark.parametrize("name", EXPORTERS)
def test_a_cancelled_export_leaves_nothing(name, tmp_path, labels, reader):
    def stop(fraction: float, step: str) -> None:
        raise JobCancelledError("stopped")

    with pytest.raises(JobCancelledError):
        EXPORTERS.create(name).export(labels({}), reader(), tmp_path / "out", report=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", EXPORTERS)
@pytest.mark.parametrize("n_bytes", [100, 10_000], ids=["at once", "in the middle"])
def test_a_full_disk_is_told_and_leaves_nothing(name, n_bytes, tmp_path, labels, reader):
    table = labels(*({"label_id": f"{number}", "provenance": json.dumps({"note": "x" * 500})} for number in range(40)))
    # Signal and limit as on a full disk: a write fails, and the process goes on.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        with pytest.raises(SourceError, match="could not be written"):
            EXPORTERS.create(name).export(table, reader(), tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
    # With room again, the same place is free.
    assert EXPORTERS.create(name).export(table, reader(), tmp_path / "out")


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A folder where an export of every kind was killed."""
    folder = tmp_path_factory.mktemp("killed")
    script = Path(__file__).with_name("killed_exports.py")
    subprocess.run([sys.executable, "-W", "ignore", script, folder, *EXPORTERS], check=True, timeout=300)
    return folder


@pytest.mark.parametrize("name", EXPORTERS)
def test_a_killed_export_leaves_no_half_folder_and_the_next_sweeps_its_remains(name, killed, labels, reader):
    def beginning_with(word):
        return sorted(path.name for path in killed.iterdir() if path.name.startswith(word))

    assert beginning_with(name) == []
    (remains,) = beginning_with(f".{name}.")
    assert any((killed / remains).iterdir())
    written = EXPORTERS.create(name).export(labels({}, {"phase": "S"}), reader(), killed / name)
    assert all(path.is_file() for path in written)
    assert beginning_with(f".{name}.") == []


def test_an_export_that_still_runs_is_not_swept_and_neither_is_what_only_looks_so(tmp_path):
    (tmp_path / "out.csv").write_text("mine")
    (tmp_path / ".out.0123abcd.part.txt").write_text("mine")
    (tmp_path / ".out.0123abcd.part").mkdir()
    with new_folder(tmp_path / "out") as first:
        (first / "a").write_text("1")
        # A second export to the same place, which fails, while the first still writes.
        with pytest.raises(SourceError, match="no such recording"), new_folder(tmp_path / "out"):
            raise SourceError("no such recording")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.0123abcd.part.txt", "out", "out.csv"]
    assert (tmp_path / "out" / "a").read_text() == "1"
