"""The registry: names to components, imported on first use, listed even where they cannot be used."""

from __future__ import annotations

import sys
import types
from importlib.metadata import EntryPoint

import pytest

from workbench import registry as registry_module
from workbench.errors import RequirementError, UnknownNameError
from workbench.registry import Availability, Registry


class Scaler:
    """Multiplies; stands for a component."""

    def __init__(self, factor: float = 2.0, *, name: str = "twice") -> None:
        self.factor = factor
        self.name = name

    @staticmethod
    def availability() -> Availability:
        return Availability(False, "No scale is connected.", "Connect one.")


@pytest.fixture
def scalers(monkeypatch: pytest.MonkeyPatch) -> Registry:
    module = types.ModuleType("scaler_of_this_test")
    module.Scaler = Scaler
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return Registry("scaler", {"scaler": "scaler_of_this_test:Scaler", "absent": "package_that_is_nowhere.part:Thing"})


def test_names_are_listed_without_importing_anything(scalers: Registry) -> None:
    assert list(scalers) == ["scaler", "absent"]
    assert len(scalers) == 2
    assert "scaler" in scalers
    assert "sclaer" not in scalers
    assert "package_that_is_nowhere" not in sys.modules


def test_component_is_made_with_settings(scalers: Registry) -> None:
    assert scalers.create("scaler", factor=3.0).factor == 3.0


def test_unknown_name_suggests_the_nearest(scalers: Registry) -> None:
    with pytest.raises(UnknownNameError, match=r"There is no scaler 'sclaer'\. Did you mean 'scaler'"):
        scalers["sclaer"]


def test_missing_package_is_named_with_what_to_do(scalers: Registry) -> None:
    with pytest.raises(RequirementError, match="pip install package_that_is_nowhere"):
        scalers["absent"]


def test_component_says_why_it_cannot_be_used(scalers: Registry) -> None:
    assert scalers.availability("scaler") == Availability(False, "No scale is connected.", "Connect one.")


def test_missing_package_is_listed_with_reason_and_remedy(scalers: Registry) -> None:
    found = scalers.availability("absent")
    assert not found.ok
    assert "package_that_is_nowhere" in found.reason
    assert found.remedy == "Install it with: pip install package_that_is_nowhere"


def test_settings_come_from_the_signature(scalers: Registry) -> None:
    settings = scalers.settings("scaler")
    assert [(setting.name, setting.default) for setting in settings] == [("factor", 2.0), ("name", "twice")]


def test_other_distributions_add_components_but_replace_none(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint("mine", "collections:OrderedDict", "workbench.counters"),
        EntryPoint("counter", "collections:OrderedDict", "workbench.counters"),
    ]
    monkeypatch.setattr(registry_module, "entry_points", lambda group: points if group == "workbench.counters" else [])
    counters = Registry("counter", {"counter": "collections:Counter"})
    assert list(counters) == ["counter", "mine"]
    assert counters.target("counter") == "collections:Counter"
