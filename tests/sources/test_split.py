"""A split gives each role its own recordings and no other."""

from __future__ import annotations

import json

import numpy as np
import pytest

from workbench.errors import SchemaError, SourceError
from workbench.networks.bundled import BUNDLED
from workbench.sources.split import read_split


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "npz"
    place.mkdir()
    for number in range(4):
        samples = np.random.default_rng(number).standard_normal((9001, 3)).astype(np.float32)
        np.savez(
            place / f"XX_S{number}_2020010100000{number}.npz", data=samples, itp=3000, its=3500, channels="HHE_HHN_HHZ"
        )
    return tmp_path


def write(folder, roles, **more):
    entry = {"name": "made", "path": "npz", "kind": "phasenet_npz", "labels": "analyst", "recordings": roles} | more
    path = folder / "split.json"
    path.write_text(json.dumps({"sets": [entry]}))
    return path


def read(folder, path, role):
    return [recording for _, recording, _ in read_split(path).read(folder, role)]


def test_each_role_has_its_own_recordings_and_what_is_not_named_is_unused(folder):
    path = write(folder, {"train": ["XX_S0*"], "test": ["XX_S1*", "XX_S2*"]})
    assert len(read(folder, path, "train")) == 1
    assert len(read(folder, path, "test")) == 2
    assert read(folder, path, "validation") == []


def test_held_back_end_is_for_validation_alone(folder):
    path = write(folder, {"train": ["XX_S0*"]}, hold_back_s=30.0)
    (train,), (validation,) = read(folder, path, "train"), read(folder, path, "validation")
    assert train.sizes["time"] == 6001
    assert validation.sizes["time"] == 3000
    assert train["time"].values[-1] < validation["time"].values[0]


@pytest.mark.parametrize(
    ("roles", "more", "said"),
    [
        ({"train": ["a"], "test": ["a"]}, {}, "'a' of 'made' stands in two roles"),
        ({"practice": ["a"]}, {}, "unknown roles"),
        ({}, {"labels": "guessed"}, "not 'guessed'"),
        ({}, {"colour": "red"}, "unknown keys"),
    ],
)
def test_what_is_wrong_with_a_split_is_named(folder, roles, more, said):
    with pytest.raises(SchemaError, match=said):
        read_split(write(folder, roles, **more))


def test_missing_split_and_missing_set_are_named(folder):
    with pytest.raises(SourceError, match="cannot be read"):
        read_split(folder / "none.json")
    path = write(folder, {"test": ["*"]}, path="elsewhere")
    with pytest.raises(SourceError, match="which the split names as 'made'"):
        read(folder, path, "test")


def test_bundled_weights_were_trained_on_what_may_be_trained_on(shared_data):
    split = read_split(BUNDLED / "split.json")
    roles = {entry.name: entry for entry in split.sets}
    every_second = sorted(path.stem for path in (shared_data / "ncedc").glob("*.npz"))
    for number, name in enumerate(every_second):
        assert (roles["ncedc"].role_of(name) == "test") == (number % 2 == 1)
    assert roles["stead"].role_of("anything") == "test"
    events = sorted(path.stem for path in (shared_data / "iceland").glob("*.m"))
    spans = {role: [] for role in ("train", "validation", "test")}
    for recordings, recording, _ in split.read(shared_data, "train"):
        if recordings.name == "iceland":
            spans["train"].append(recording["time"].values[[0, -1]])
    for recordings, recording, _ in split.read(shared_data, "test"):
        if recordings.name == "iceland":
            spans["test"].append(recording["time"].values[[0, -1]])
    assert len(events) == 20
    assert len(spans["test"]) == 5
    # The swarm's windows overlap: nothing that lies within a test window may be trained on.
    assert max(end for _, end in spans["train"]) < min(start for start, _ in spans["test"])
