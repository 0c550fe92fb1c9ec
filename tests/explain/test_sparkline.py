"""Small drawings of curves."""

import re

import numpy as np

from workbench.explain.sparkline import sparkline

X = np.array([0.0, 1.0, 2.0, 3.0])


def paths(svg: str) -> list[str]:
    return re.findall(r'<path d="([^"]+)"', svg)


def test_the_first_curve_is_full_and_the_others_are_dashed() -> None:
    svg = sparkline({"share": X, "strongest first": X[::-1], "at random": X})
    assert svg.count("stroke-dasharray") == 1
    assert "strongest first and at random over share" in svg
    random, strongest = paths(svg)
    assert strongest == "M2.0 2.0L22.7 10.7L43.3 19.3L64.0 28.0"
    assert random.startswith("M2.0 28.0")


def test_nan_leaves_a_gap() -> None:
    (path,) = paths(sparkline({"x": X, "y": np.array([1.0, np.nan, 0.0, 1.0])}))
    assert path.count("M") == 2


def test_nothing_to_draw_is_no_drawing() -> None:
    assert sparkline({}) == sparkline({"x": X}) == sparkline({"x": X, "y": np.full(4, np.nan)}) == ""


def test_a_flat_curve_is_drawn() -> None:
    assert paths(sparkline({"x": X, "y": np.zeros(4)})) == ["M2.0 28.0L22.7 28.0L43.3 28.0L64.0 28.0"]


def test_names_are_text() -> None:
    assert "<b>" not in sparkline({"x": X, "<b>": X})
