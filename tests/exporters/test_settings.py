"""Settings of exporters from texts, as a form and the command line give them."""

from __future__ import annotations

import pytest

from workbench.errors import SchemaError, UnknownNameError
from workbench.exporters import EXPORTERS
from workbench.exporters.settings import export_settings, read_settings


@pytest.mark.parametrize("name", EXPORTERS)
def test_a_default_comes_back_from_its_text(name):
    for setting in export_settings(name).values():
        assert setting.read(setting.show(setting.default)) == setting.default
        for choice in setting.choices:
            assert setting.show(setting.read(choice)) == choice


def test_texts_become_values_of_their_kind():
    given = {"weights": "nonlinloc", "station": "NET_STA", "unknown_s": "0.25"}
    assert read_settings("nonlinloc", given) == {"weights": "nonlinloc", "station": "NET_STA", "unknown_s": 0.25}
    assert read_settings("csv", {"rejected": "False"}) == {"rejected": False}


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("csv", {"rejected": "perhaps"}, "rejected is one of yes, no"),
        ("ogs", {"weights": "mine"}, "weights is one of hypoinverse"),
        ("nonlinloc", {"unknown_s": "much"}, "unknown_s is a number"),
    ],
)
def test_a_value_that_a_setting_does_not_take_is_told(name, given, words):
    with pytest.raises(SchemaError, match=words):
        read_settings(name, given)


def test_a_setting_that_is_not_there_is_told():
    with pytest.raises(UnknownNameError, match="Did you mean 'rejected'"):
        read_settings("csv", {"reject": "no"})
