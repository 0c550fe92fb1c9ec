"""Packed arrays reach the browser in the one message that names them, whole."""

from __future__ import annotations

import numpy as np
import pytest
from bokeh.core.serialization import Deserializer, Serializer

from workbench.views.explain_figures import make_explain_figures
from workbench.views.packed import packed


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_array_comes_back_as_it_was_and_is_no_message_of_its_own(dtype: str) -> None:
    values = np.array([1.5, np.nan, -(2.0**40), 0.1], dtype)
    serializer = Serializer()
    told = serializer.encode([packed(values[::2]), packed([values, []])])
    assert serializer.buffers == []
    strided, (whole, nothing) = Deserializer().decode(told)
    np.testing.assert_array_equal(strided, values[::2])
    np.testing.assert_array_equal(whole, values)
    assert (whole.dtype, nothing) == (np.dtype(dtype), [])


@pytest.mark.parametrize("n", [0, 1, 8191, 8192, 30_000])
def test_arrays_of_every_length_come_back(n: int) -> None:
    values = np.random.default_rng(0).standard_normal(n)
    np.testing.assert_array_equal(Deserializer().decode(Serializer().encode(packed(values))), values)


def test_a_drawing_of_many_lines_is_one_message() -> None:
    figures = make_explain_figures("test")
    lines = [np.linspace(0, 1, 50, dtype=np.float32) for _ in range(13)]
    figures.show(lines={"xs": lines, "ys": lines, "colour": ["#000000"] * 13, "width": [1.0] * 13})
    serializer = Serializer()
    serializer.encode(dict(figures.sources["lines"].data))
    assert serializer.buffers == []
    before = figures.sources["lines"].data
    figures.show(lines={"xs": list(lines), "ys": list(lines), "colour": ["#000000"] * 13, "width": [1.0] * 13})
    assert figures.sources["lines"].data is before, "what is there already is not sent"
