"""A configuration says what is wrong with it, by name, before anything is computed."""

from __future__ import annotations

import pytest

from workbench.errors import SchemaError, SourceError
from workbench.networks.bundled import BUNDLED
from workbench.networks.xiaonet import SIZES
from workbench.training.config import read_config


@pytest.fixture
def change(study):
    """Replaces a text in a good configuration."""

    def write(old: str, new: str):
        path = study()
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        return path

    return write


def test_good_configuration_reads_and_can_be_changed(study):
    config = read_config(study(), {"seed": 7, "loss.hint": 0.5, "freshness.gaps": 0.0})
    assert (config.seed, config.loss.hint, config.freshness.gaps) == (7, 0.5, 0.0)
    assert config.loss.teacher == 0.5
    assert config.size == "5k"
    assert config.lessons.teachers[0].picker == "xiaonet"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('size = "5k"', 'sise = "5k"', "Unknown key 'sise'"),
        ("teacher = 0.5", "teecher = 0.5", "Unknown key loss.'teecher'"),
        ('picker = "xiaonet"', 'pickr = "xiaonet"', "Unknown key lessons.teachers.'pickr'"),
        ('size = "5k"', 'size = "7k"', "size is one of .*'7k'"),
        ("epochs = 2", 'epochs = "two"', "epochs is of the kind int; it is 'two'"),
        ("epochs = 2", "epochs = 0", "epochs is above 0"),
        ("teacher = 0.5", "teacher = 1.5", "loss.teacher lies between 0 and 1"),
        ("teacher = 0.5", "temperature = 0.0", "loss.temperature is above 0"),
        ('split = "split.json"', "", "lacks lessons.split"),
        ("epochs = 2", "epochs = = 2", "is not TOML"),
    ],
)
def test_what_is_wrong_is_named(change, old, new, said):
    with pytest.raises(SchemaError, match=said):
        read_config(change(old, new))


def test_a_change_below_a_key_that_is_no_table_is_named(study):
    with pytest.raises(SchemaError, match=r"'size.more' names no key: size is no table"):
        read_config(study(), {"size.more": 1})


def test_missing_files_are_named(change, tmp_path):
    with pytest.raises(SourceError, match=r"nowhere\.toml cannot be read"):
        read_config(tmp_path / "nowhere.toml")
    with pytest.raises(SourceError, match=r"other\.json, and there is no such file"):
        read_config(change("split.json", "other.json"))


def test_teacher_weight_without_a_teacher_is_refused(study):
    path = study(teacher=0)
    path.write_text(path.read_text().replace("teacher = 0", "teacher = 0.5"))
    with pytest.raises(SchemaError, match=r"lessons\.teachers names none"):
        read_config(path)


@pytest.mark.parametrize("size", SIZES)
def test_configuration_of_the_bundled_weights_can_be_read(size):
    config = read_config(BUNDLED / "xiaonet.toml", {"size": size})
    assert [teacher.picker for teacher in config.lessons.teachers] == ["phasenet", "eqtransformer"]
    assert config.architecture["size"] == size
