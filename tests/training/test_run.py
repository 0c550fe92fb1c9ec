"""A whole small run: lessons, epochs, checkpoints, and what happens when something goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from workbench.errors import JobError, PickerError, SourceError
from workbench.networks.weights_file import load_xiaonet
from workbench.training import trainer as trainer_module
from workbench.training.checkpoints import load_checkpoint, replace_atomically
from workbench.training.config import read_config
from workbench.training.datasets import Freshness, LessonWindows
from workbench.training.lessons import KINDS
from workbench.training.run import prepare_lessons, train
from workbench.training.targets import Targets
from workbench.training.teachers import Teachers
from workbench.training.trainer import Trainer


def windows(path: Path, **options) -> LessonWindows:
    return LessonWindows(path, 3000, Targets(), **options)


def test_run_leaves_weights_history_and_all_that_describes_it(study, recordings):
    config = read_config(study())
    result = train(config, recordings)
    network, _ = load_xiaonet(str(result.weights))
    assert network.size == "5k"
    folder = Path(config.results)
    assert [row["epoch"] for row in json.loads((folder / "history.json").read_text())] == [0, 1]
    assert json.loads((folder / "config.json").read_text())["loss"]["teacher"] == 0.5
    assert json.loads((folder / "split.json").read_text())["sets"][0]["name"] == "made"
    assert all(np.isfinite(row["validation_teacher"]) for row in result.history)


def test_lessons_hold_no_recording_that_is_for_testing(study, recordings, monkeypatch):
    from workbench.sources.phasenet_npz import PhaseNetNpzSource

    read = []
    original = PhaseNetNpzSource.read
    monkeypatch.setattr(PhaseNetNpzSource, "read", lambda self, name: (read.append(name), original(self, name))[1])
    prepare_lessons(read_config(study()).lessons, recordings)
    assert {name.split("_")[1] for name in read} == {"S0", "S1", "S2", "S3", "S4", "S5"}


def test_same_recipe_makes_the_same_lessons_and_another_recipe_other_ones(study, recordings, tmp_path):
    lessons = read_config(study()).lessons
    first = prepare_lessons(lessons, recordings)["train"]
    again = prepare_lessons(replace(lessons, folder=str(tmp_path / "elsewhere")), recordings)["train"]
    with h5py.File(first) as one, h5py.File(again) as two:
        for name in ("samples", "onsets", "teacher"):
            np.testing.assert_array_equal(one[name][:], two[name][:])
    other = prepare_lessons(replace(lessons, seed=9), recordings)["train"]
    assert other.name != first.name


def test_several_processes_make_the_lessons_that_one_makes(study, recordings, tmp_path):
    lessons = replace(read_config(study()).lessons, train=130)
    alone = prepare_lessons(lessons, recordings)["train"]
    together = prepare_lessons(replace(lessons, folder=str(tmp_path / "elsewhere")), recordings, workers=2)["train"]
    with h5py.File(alone) as one, h5py.File(together) as two:
        assert len(one["samples"]) == 130
        for name in ("samples", "onsets"):
            np.testing.assert_array_equal(one[name][:], two[name][:])
        np.testing.assert_allclose(one["teacher"][:], two["teacher"][:], atol=2e-3)


def test_no_teacher_is_believed_where_noise_was_made(study, recordings, monkeypatch):
    config = study()
    split = config.parent / "split.json"
    split.write_text(split.read_text().replace('"analyst"', '"none"'))
    lessons = read_config(config).lessons
    only_noise = replace(lessons, recipe=replace(lessons.recipe, restless=1.0, shares=(0.0, 0.0, 1.0, 0.0)))
    monkeypatch.setattr(Teachers, "curves", lambda self, windows: np.full(windows.shape, 0.3, np.float32))
    with pytest.raises(SourceError, match=r"no clips of the kinds that recipe\.shares asks for: noise"):
        prepare_lessons(only_noise, recordings)
    monkeypatch.setattr(Teachers, "curves", lambda self, windows: np.full(windows.shape, 0.1, np.float32))
    with h5py.File(prepare_lessons(only_noise, recordings)["train"]) as file:
        assert (file["kind"][:] == KINDS.index("noise")).all()
        assert (file["teacher"][:] == np.float16([[0], [0], [1]])).all()


def test_windows_of_a_lesson_agree_with_their_onsets(study, recordings):
    path = prepare_lessons(read_config(study()).lessons, recordings)["train"]
    for window in windows(path, freshness=Freshness()):
        assert window["samples"].shape == (3, 3000)
        torch.testing.assert_close(window["target"].sum(dim=0), torch.ones(3000))
        gone = torch.isnan(window["samples"]).all(dim=0)
        assert not window["labelled"][gone].any()
        assert torch.isfinite(window["teacher"]).all()


def test_run_that_was_killed_goes_on_and_ends_where_an_unbroken_one_does(study, recordings):
    unbroken = train(read_config(study("unbroken", epochs=3)), recordings)
    config = read_config(study("broken", epochs=3))
    code = (
        "import os, sys; from pathlib import Path; from workbench.training import trainer, run; "
        "from workbench.training.config import read_config; "
        "keep = trainer.Trainer._keep; "
        "trainer.Trainer._keep = lambda self, row: (keep(self, row), os._exit(9) if row['epoch'] == 1 else None); "
        "run.train(read_config(Path(sys.argv[1])), Path(sys.argv[2]))"
    )
    killed = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(Path(config.results).with_suffix(".toml")), str(recordings)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert killed.returncode == 9
    resumed = train(config, recordings)
    assert [row["epoch"] for row in resumed.history] == [0, 1, 2]
    for ours, theirs in zip(resumed.history, unbroken.history, strict=True):
        assert ours["validation_loss"] == pytest.approx(theirs["validation_loss"], rel=1e-4)


def test_nan_loss_stops_the_run_and_keeps_the_last_good_checkpoint(study, recordings, monkeypatch):
    config = read_config(study(epochs=3))
    train(replace(config, epochs=1), recordings)
    before = {name: (Path(config.results) / name).read_bytes() for name in ("last.pt", "best.safetensors")}
    monkeypatch.setattr(trainer_module, "label_loss", lambda *_: torch.tensor(float("nan"), requires_grad=True))
    with pytest.raises(JobError, match="loss became nan in epoch 2"):
        train(config, recordings)
    assert {name: (Path(config.results) / name).read_bytes() for name in before} == before


def test_checkpoint_of_another_architecture_is_refused_by_name(study, recordings):
    config = read_config(study())
    train(config, recordings)
    with pytest.raises(PickerError, match="checkpoint of network=xiaonet size=5k, not of network=xiaonet size=25k"):
        train(replace(config, size="25k"), recordings)


def test_run_goes_on_from_given_weights_of_the_same_size_only(study, recordings, tmp_path):
    config = read_config(study())
    first = train(config, recordings)
    further = replace(config, results=str(tmp_path / "further"), start_from=str(first.weights), epochs=1)
    assert train(further, recordings).history[0]["validation_loss"] < first.history[0]["validation_loss"]
    with pytest.raises(PickerError, match=r"size 5k.* configuration asks for 25k"):
        train(replace(further, results=str(tmp_path / "other"), size="25k"), recordings)


def test_lessons_in_restless_noise_keep_their_onsets(study, recordings):
    lessons = read_config(study()).lessons
    restless = replace(lessons, recipe=replace(lessons.recipe, restless=1.0, shares=(0.5, 0.0, 0.0, 0.5)))
    with h5py.File(prepare_lessons(restless, recordings)["train"]) as file:
        assert np.isfinite(file["onsets"][:, 0, 0]).mean() > 0.8
        assert np.isfinite(file["samples"][:].astype("f4")).all()


def test_full_disk_loses_nothing_that_was_saved(tmp_path):
    path = tmp_path / "last.pt"
    path.write_bytes(b"what was saved")

    def fill_up(temporary: Path) -> None:
        temporary.write_bytes(b"half of")
        raise OSError(28, "No space left on device")

    with pytest.raises(SourceError, match=r"No space left on device.*What was saved there before is kept"):
        replace_atomically(path, fill_up)
    assert path.read_bytes() == b"what was saved"
    assert list(tmp_path.iterdir()) == [path]


def test_checkpoint_that_would_run_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (os.system, (f"touch {tmp_path / 'ran'}",))

    torch.save({"architecture": {}, "network": Evil()}, tmp_path / "evil.pt")
    with pytest.raises(SourceError, match="no checkpoint that is safe to open"):
        load_checkpoint(tmp_path / "evil.pt", architecture={})
    assert not (tmp_path / "ran").exists()


def test_patience_stops_a_run_that_gets_no_better(study, recordings, monkeypatch):
    config = replace(read_config(study()), epochs=9, patience=2)
    losses = iter([3.0, 1.0, 2.0, 2.0, 2.0])
    monkeypatch.setattr(Trainer, "validate", lambda self: {"validation_loss": next(losses)})
    result = train(config, recordings)
    assert result.stopped_early
    assert len(result.history) == 4


def test_training_lowers_the_loss(study, recordings):
    config = replace(read_config(study()), epochs=12)
    history = train(config, recordings).history
    assert history[-1]["train"] < 0.7 * history[0]["train"]


def test_lessons_that_are_not_there_are_said(tmp_path):
    with pytest.raises(SourceError, match="no readable file of lessons"):
        windows(tmp_path / "nothing.hdf5")
