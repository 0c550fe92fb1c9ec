"""Settings: arguments before the environment before the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import SchemaError
from workbench.settings import Settings, load_settings


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "workbench.toml"
    monkeypatch.setenv("WORKBENCH_CONFIG", str(path))
    for name in ("LABELS", "CACHE", "ANALYST"):
        monkeypatch.delenv(f"WORKBENCH_{name}", raising=False)
    return path


def test_defaults_need_no_file(config: Path) -> None:
    assert load_settings() == Settings()


def test_file_sets_what_nothing_else_sets(config: Path) -> None:
    config.write_text('analyst = "Inge"\nkeys = "snuffler"\n', encoding="utf-8")
    assert load_settings() == Settings(analyst="Inge", keys="snuffler")


def test_environment_goes_before_the_file_and_arguments_before_both(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text('analyst = "file"\ntheme = "dark"\nkeys = "obspyck"\n', encoding="utf-8")
    monkeypatch.setenv("WORKBENCH_ANALYST", "environment")
    monkeypatch.setenv("WORKBENCH_KEYS", "snuffler")
    loaded = load_settings(analyst="argument", labels=None)
    assert (loaded.analyst, loaded.keys, loaded.theme) == ("argument", "snuffler", "dark")


def test_empty_environment_variable_sets_nothing(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_ANALYST", "")
    config.write_text('analyst = "Inge"\n', encoding="utf-8")
    assert load_settings().analyst == "Inge"


def test_broken_file_is_named(config: Path) -> None:
    config.write_text("analyst = ", encoding="utf-8")
    with pytest.raises(SchemaError, match=r"workbench\.toml is not TOML"):
        load_settings()


def test_file_that_is_not_text_is_named(config: Path) -> None:
    config.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SchemaError, match="is not TOML"):
        load_settings()


def test_strange_field_is_named_with_those_that_exist(config: Path) -> None:
    config.write_text('label = "x"\n', encoding="utf-8")
    with pytest.raises(SchemaError, match=r"sets \['label'\]; it can set .*'labels'"):
        load_settings()


def test_path_of_labels_becomes_a_url(tmp_path: Path) -> None:
    assert Settings(labels=str(tmp_path / "ü.sqlite")).labels_url == f"sqlite:///{tmp_path / 'ü.sqlite'}"
    assert Settings(labels="sqlite:///here.sqlite").labels_url == "sqlite:///here.sqlite"


def test_labels_and_cache_have_a_place_without_being_told(config: Path) -> None:
    assert load_settings().labels_url.endswith("workbench/labels.sqlite")
    assert load_settings().cache_folder.name == "workbench"
    assert Settings(cache="~/somewhere").cache_folder == Path.home() / "somewhere"
