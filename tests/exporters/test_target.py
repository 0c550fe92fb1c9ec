"""An export is there whole or not at all, and overwrites nothing."""

from __future__ import annotations

import json
import resource

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


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("1")
    with pytest.raises(SourceError, match="could not be written"), new_folder(tmp_path / "file" / "out"):
        pytest.fail("the block must not run")


@pytest.mark.parametrize("name", EXPORTERS)
def test_a_cancelled_export_leaves_nothing(name, tmp_path, labels, reader):
    def stop(fraction: float, step: str) -> None:
        raise JobCancelledError("stopped")

    with pytest.raises(JobCancelledError):
        EXPORTERS.create(name).export(labels({}), reader(), tmp_path / "out", report=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", EXPORTERS)
def test_a_full_disk_is_told_and_leaves_nothing(name, tmp_path, labels, recording, reader):
    table = labels(*({"label_id": f"{number}", "provenance": json.dumps({"note": "x" * 500})} for number in range(40)))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(SourceError, match="could not be written"):
            EXPORTERS.create(name).export(table, reader(), tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
