"""The sources of the Explain page's figures: what they hold already is not sent again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workbench.views.explain_figures import make_explain_figures


def told_after(*columns: dict[str, Any]) -> int:
    """How often a source of lines told the browser of new columns."""
    figures, told = make_explain_figures("test"), []
    figures.sources["curves"].on_change("data", lambda attr, old, new: told.append(attr))
    for one in columns:
        figures.show(curves=one)
    return len(told)


def lines(last: float = 3.0, colour: str = "#111111", dash: tuple[int, ...] = ()) -> dict[str, Any]:
    nan = float("nan")
    return {
        "xs": [np.array([1.0, 2.0, nan]), []],
        "ys": [np.array([1.0, last, nan], np.float32), []],
        "colour": [colour, colour],
        "width": [1.0, 2.0],
        "dash": [list(dash), []],
        "alpha": [1.0, 0.5],
    }


def test_the_same_columns_are_told_once() -> None:
    assert told_after(lines(), lines(), lines()) == 1


OTHERS = (lines(last=4.0), lines(colour="#222222"), lines(dash=(5, 3)), lines() | {"xs": [[], []]})


@pytest.mark.parametrize("other", OTHERS)
def test_any_difference_is_told(other: dict[str, Any]) -> None:
    assert told_after(lines(), other, lines()) == 3
