"""How the browser makes few points of many values and puts them into a row, on values that are known."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("playwright")

from workbench.views.pick_editor import PickEditor


@pytest.fixture
def call(page):
    """Evaluates an expression over the functions of the trace view."""
    script = PickEditor._esm.replace("export function", "function")
    page.goto("about:blank")
    return lambda expression: page.evaluate(f"() => {{ {script}; return {expression}; }}")


def points(values, low, high, n, first=0.0, step=1.0):
    series = f"{{first: {first}, step: {step}, start: 0, n: {len(values)}}}"
    listed = ", ".join("NaN" if np.isnan(value) else repr(float(value)) for value in values)
    return f"pointsOf({series}, new Float32Array([{listed}]), {low}, {high}, {n})"


def both(found):
    return f"(({{x, y}}) => [Array.from(x), Array.from(y)])({found})"


def test_few_values_are_drawn_as_they_are_and_those_beside_the_interval_reach_over_its_edges(call):
    x, y = call(both(points(np.arange(20.0), 1050.0, 1100.0, 100, first=1000.0, step=10.0)))
    assert x == [1040, 1050, 1060, 1070, 1080, 1090, 1100, 1110]
    assert y == [4, 5, 6, 7, 8, 9, 10, 11]


def test_many_values_become_the_extremes_of_equal_parts_at_their_places(call):
    values = np.zeros(10_000)
    values[6234], values[8000] = 9, -7
    x, y = call(both(points(values, 0, 9999, 400)))
    assert len(x) == 400
    assert x[int(np.argmax(y))] == 6234
    assert x[int(np.argmin(y))] == 8000
    assert np.all(np.diff(x) >= 0)


def test_a_gap_of_one_value_is_still_a_gap(call):
    values = np.sin(np.arange(10_000) / 9)
    values[4000] = np.nan
    gaps = call(f"Array.from({points(values, 0, 9999, 400)}.y).filter(isNaN).length")
    assert gaps == 2


def test_nothing_is_drawn_of_a_trace_outside_of_the_interval(call):
    assert call(both(points(np.arange(20.0), 5000.0, 6000.0, 100))) == [[], []]


def test_the_gain_is_that_of_what_is_seen(call):
    values = np.r_[np.full(50, 1000.0), np.tile([9.0, 11.0], 25)]
    gain = call(f"gainOf({points(values, 0, 99, 2000)}, 50, 100)")
    assert gain == {"middle": 10, "half": 1}
    assert call(f"gainOf({points(np.full(10, np.nan), 0, 9, 100)}, 0, 9)") == {"middle": 0, "half": 0}


def test_values_fill_their_row_and_are_cut_off_above_and_below_it(call):
    band, gain = "{middle: 120, half: 20}", "{middle: 0}"
    y = call(f"Array.from(deflections(new Float32Array([0, 1, -1, 100]), {band}, {gain}, 1, 1))")
    assert y == pytest.approx([120, 120 - 0.88 * 20, 120 + 0.88 * 20, 120 - 1.2 * 20])
    assert call(f"Array.from(deflections(new Float32Array([3, 3]), {band}, {{middle: 3}}, 0, 1))") == [120, 120]


def test_the_half_range_stands_beside_a_trace_in_few_letters(call):
    assert call("[7512, 0, 0.00031, 2.5e6, 12.345].map(gainWords)") == ["±7.5k", "", "±0.00031", "±2.5M", "±12.3"]
