"""The words of a flag and the legend stand side by side, wherever the pick is in the view."""

from __future__ import annotations

import itertools

import pytest

from workbench.views.explain_flag import _LETTER_PX, _MARKER_PX, flag_sides

WIDTH_PX = 900.0
LEGEND_PX = {False: 305.0, True: 350.0}


@pytest.mark.parametrize(("n_letters", "two"), itertools.product((14, 29, 41), (False, True)))
def test_neither_covers_the_other_nor_leaves_the_plot(n_letters: int, two: bool) -> None:
    long = n_letters * _LETTER_PX + _MARKER_PX
    for at in range(0, 901, 5):
        sides = flag_sides(at / WIDTH_PX, n_letters, two=two)
        legend = (0.0, LEGEND_PX[two]) if sides.legend == "left" else (WIDTH_PX - LEGEND_PX[two], WIDTH_PX)
        for align in [sides.words] if sides.words else ["left", "right"]:
            words = (at, at + long) if align == "left" else (at - long, at)
            assert words[0] >= -1e-6, (at, sides)
            assert words[1] <= WIDTH_PX + 1e-6, (at, sides)
            assert words[1] <= legend[0] + 1e-6 or words[0] >= legend[1] - 1e-6, (at, sides)
