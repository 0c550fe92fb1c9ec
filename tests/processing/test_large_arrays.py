import mmap

import numpy as np
import pytest

from workbench.processing import large_arrays
from workbench.processing.large_arrays import let_go, nan_array


def owner(array):
    while isinstance(array, (np.ndarray, memoryview)):
        array = array.base if isinstance(array, np.ndarray) else array.obj
    return array


@pytest.fixture
def small_limit(monkeypatch):
    monkeypatch.setattr(large_arrays, "MAPPED_FROM_BYTES", 4_000)


def test_large_array_is_mapped_and_leaves_no_file(tmp_path, small_limit):
    array = nan_array((2, 3, 1000), folder=tmp_path / "arrays")
    assert isinstance(owner(array), mmap.mmap)
    assert array.dtype == np.float32
    assert np.isnan(array).all()
    assert list((tmp_path / "arrays").iterdir()) == []


def test_small_array_is_in_memory(tmp_path, small_limit):
    array = nan_array((3, 100), folder=tmp_path / "arrays")
    assert owner(array) is None
    assert np.isnan(array).all()
    assert not (tmp_path / "arrays").exists()


def test_samples_are_still_there_after_memory_was_given_back(tmp_path, small_limit):
    array = nan_array((2, 3, 1000), folder=tmp_path)
    array[1, 2] = np.arange(1000)
    let_go(array[1])
    assert (array[1, 2] == np.arange(1000)).all()
    assert np.isnan(array[0]).all()


def test_giving_back_what_is_in_memory_does_nothing():
    array = np.arange(6.0)
    let_go(array[2:])
    assert array.tolist() == [0, 1, 2, 3, 4, 5]


def test_folder_that_cannot_be_made_leaves_the_array_in_memory(tmp_path, small_limit):
    (tmp_path / "file").write_text("no folder")
    array = nan_array((2, 3, 1000), folder=tmp_path / "file")
    assert owner(array) is None
    assert np.isnan(array).all()


def test_disk_without_room_leaves_the_array_in_memory(tmp_path, small_limit, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(large_arrays.os, "posix_fallocate", full, raising=False)
    array = nan_array((2, 3, 1000), folder=tmp_path)
    assert owner(array) is None
