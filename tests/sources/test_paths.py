"""What may be opened, and what is refused with which sentence."""

import os

import pytest

from workbench.errors import SourceError, UnknownNameError
from workbench.sources import SOURCES, open_source
from workbench.sources.paths import is_inside, open_refusal, resolve_place, walk_files

from .waveform_files import trace, write


def test_a_place_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(SourceError, match="nowhere does not exist"):
        open_source(tmp_path / "nowhere")


def test_a_path_outside_the_served_folders_is_refused_whether_it_exists_or_not(tmp_path):
    served = tmp_path / "served"
    served.mkdir()
    write(tmp_path / "other" / "a.mseed", trace())
    for place in (tmp_path / "other", tmp_path / "nowhere", served / ".." / "other", "/etc/passwd"):
        with pytest.raises(SourceError, match="outside the folders that are served here"):
            open_source(place, roots=[served])


def test_a_link_that_leaves_the_served_folder_is_refused(tmp_path):
    served = tmp_path / "served"
    served.mkdir()
    outside = write(tmp_path / "other" / "a.mseed", trace())
    (served / "file.mseed").symlink_to(outside)
    (served / "folder").symlink_to(outside.parent)
    for name in ("file.mseed", "folder", "folder/a.mseed"):
        with pytest.raises(SourceError, match="outside the folders"):
            open_source(served / name, roots=[served])


def test_a_link_inside_the_served_folders_is_followed(tmp_path):
    write(tmp_path / "real" / "a.mseed", trace())
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert len(open_source(tmp_path / "link", roots=[tmp_path]).scan()) == 1


def test_a_folder_whose_name_starts_like_a_served_one_is_outside(tmp_path):
    assert not is_inside(tmp_path / "served-too", [tmp_path / "served"])
    assert is_inside(tmp_path / "served", [tmp_path / "served"])
    assert is_inside(tmp_path, None)


def test_a_named_pipe_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "a.mseed")
    with pytest.raises(SourceError, match=r"named pipe \(FIFO\)"):
        open_source(tmp_path / "a.mseed")


def test_a_device_is_refused():
    with pytest.raises(SourceError, match="a device"):
        open_source("/dev/zero")


@pytest.mark.parametrize("name", ["a.mseed", "a.hdf5", "a.npz"])
def test_a_folder_named_like_a_file_is_read_as_a_folder(tmp_path, name):
    write(tmp_path / name / "b.mseed", trace())
    assert open_source(tmp_path / name).kind == "waveforms"
    empty = tmp_path / "empty" / name
    empty.mkdir(parents=True)
    with pytest.raises(SourceError, match="no source that is known here"):
        open_source(empty)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_is_named_by_the_system(tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o000)
    with pytest.raises(SourceError, match="permission"):
        open_source(locked)


def test_an_unreadable_folder_is_refused_and_inside_another_left_out(tmp_path, monkeypatch):
    write(tmp_path / "a.mseed", trace())
    locked = tmp_path / "locked"
    locked.mkdir()
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: "locked" not in str(path) and allowed(path, mode))
    with pytest.raises(SourceError, match="without permission to read it"):
        open_source(locked)
    said = []
    assert [path.name for path in walk_files(tmp_path, None, said.append)] == ["a.mseed"]
    assert said == ["locked is a folder without permission to read it; ask its owner for read and enter rights."]


@pytest.mark.parametrize("place", ["a\0b", "x" * 5000])
def test_an_impossible_path_is_one_clear_error(place):
    with pytest.raises(SourceError):
        open_source(place)


def test_a_circle_of_links_is_one_clear_error(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(SourceError):
        open_source(tmp_path / "a")


def test_a_link_to_the_folder_itself_says_nothing_twice(tmp_path):
    write(tmp_path / "a.mseed", trace())
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "again").symlink_to(".")
    said = []
    assert [path.name for path in walk_files(tmp_path, None, said.append)] == ["a.mseed"]
    assert said == ["pipe is a named pipe (FIFO), neither a file nor a folder; it is not opened."]


def test_a_file_that_no_source_knows_says_what_was_looked_for(tmp_path):
    (tmp_path / "letter.txt").write_text("dear reader")
    with pytest.raises(SourceError, match=r"Looked for STEAD .* SeisBench .* SDS archive"):
        open_source(tmp_path / "letter.txt")


def test_an_unknown_kind_suggests_the_nearest(tmp_path):
    with pytest.raises(UnknownNameError, match="Did you mean 'waveforms'"):
        open_source(tmp_path, "waveform")


def test_a_good_path_has_nothing_against_it(tmp_path):
    assert open_refusal(tmp_path) == ""
    assert resolve_place(tmp_path) == tmp_path.resolve()


def test_every_source_is_a_class_that_knows_its_name():
    for name in SOURCES:
        assert SOURCES[name].kind == name
