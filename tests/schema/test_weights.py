"""Classes of weight and seconds: each scheme there and back."""

from __future__ import annotations

import math

import pytest

from workbench.errors import UnknownNameError
from workbench.schema import DEFAULT_WEIGHT_SCHEME, WEIGHT_SCHEMES, weight_scheme


@pytest.mark.parametrize("name", WEIGHT_SCHEMES)
def test_a_class_comes_back_from_its_seconds(name):
    scheme = weight_scheme(name)
    assert list(scheme.seconds) == sorted(set(scheme.seconds))
    assert [scheme.weight_class(scheme.uncertainty_s(number)) for number in range(5)] == list(range(5))
    assert scheme.origin
    assert scheme.weight_class(0.0) == 0
    assert scheme.weight_class(1e9) == 4


def test_what_lies_between_two_classes_belongs_to_the_wider():
    scheme = weight_scheme("nonlinloc")
    assert [scheme.weight_class(seconds) for seconds in (0.1, 0.1001, 0.5, 2.0, 2.1)] == [0, 1, 1, 3, 4]
    assert scheme.uncertainty_s(1.4) == 0.5
    assert scheme.uncertainty_s(5) == 99999.9


def test_nothing_is_made_of_nothing():
    scheme = weight_scheme(DEFAULT_WEIGHT_SCHEME)
    assert scheme.weight_class(math.nan) is None
    assert math.isnan(scheme.uncertainty_s(math.nan))
    assert math.isnan(scheme.uncertainty_s(None))


def test_a_scheme_that_is_not_there_is_told():
    with pytest.raises(UnknownNameError, match="Did you mean 'hypoinverse'"):
        weight_scheme("hypoinvers")
