"""How traces are put on their canvas: as lines, or as upright strokes where many points share a column of pixels."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("playwright")

from workbench.views.pick_editor import PickEditor

_DRAWN = """(how, x, y, ...more) => {
  const strokes = [], context = {moveTo: (...to) => strokes.push([to]), lineTo: (...to) => strokes.at(-1).push(to)};
  how(context, x, y, {start: 0, across: 1, down: 1}, 10, ...more);
  return strokes;
}"""


@pytest.fixture
def call(page):
    """The strokes that one of the functions makes of points on a canvas that is 10 pixels wide."""
    script = PickEditor._esm.replace("export function", "function")
    page.goto("about:blank")
    return lambda how, x, y, more="": page.evaluate(
        f"() => {{ {script}; return ({_DRAWN})({how}, {listed(x)}, {listed(y)}{more}); }}"
    )


def listed(values):
    return "[" + ", ".join("NaN" if np.isnan(value) else repr(float(value)) for value in values) + "]"


def test_a_line_breaks_at_a_gap_and_leaves_out_what_is_off_the_canvas(call):
    drawn = call("line", [-9, -5, 1, 2, 3, 4, 12, 15, 18], [0, 1, 2, np.nan, 4, 5, 6, 7, 8])
    assert drawn == [[[-5, 1], [1, 2]], [[3, 4], [4, 5], [12, 6]]]


def test_a_column_of_pixels_gets_one_stroke_from_the_lowest_to_the_highest_place_in_it(call):
    drawn = call("uprights", [0.2, 0.4, 0.6, 1.4, 1.6], [5, -3, 9, 1, 4], ", 0.5")
    # Between 0.6 and 1.4 the line crosses the edge at half its way, at 5.
    assert drawn == [[[0.5, -3.5], [0.5, 9.5]], [[1.5, 0.5], [1.5, 5.5]]]


def test_strokes_of_a_steep_line_meet_and_a_gap_stays_open(call):
    x = np.arange(0, 4, 0.5)
    drawn = call("uprights", x, np.where(x == 2, np.nan, 10 * x), ", 0")
    assert drawn == [
        [[0.5, 0], [0.5, 10]],
        [[1.5, 10], [1.5, 15]],
        [[2.5, 25], [2.5, 30]],
        [[3.5, 30], [3.5, 35]],
    ]


def test_strokes_are_made_of_what_is_seen_only(call):
    x = np.arange(-20, 40, 0.5)
    columns = [stroke[0][0] for stroke in call("uprights", x, np.sin(x), ", 0.5")]
    assert columns == [0.5 + column for column in range(11)]


def test_a_lone_value_between_gaps_is_seen(call):
    assert call("uprights", [1, 2, 3], [np.nan, 7, np.nan], ", 0.5") == [[[2.5, 6.5], [2.5, 7.5]]]


@pytest.mark.parametrize(
    ("at", "align", "left"),
    # 30 px wide with its padding, on a plot of 200 px.
    [
        (100, "right", 70),
        (5, "right", 1),
        (5, "center", 1),
        (100, "left", 100),
        (195, "left", 169),
        (-40, "right", -70),
    ],
)
def test_a_flag_near_the_edge_of_the_plot_is_seen_as_a_whole(page, at, align, left):
    script = PickEditor._esm.replace("export function", "function")
    page.goto("about:blank")
    drawn = page.evaluate(
        f"""() => {{ {script};
        const boxes = [], nothing = () => {{}};
        const context = {{measureText: () => ({{width: 20}}), beginPath: nothing, fill: nothing, stroke: nothing,
          fillText: nothing, roundRect: (...box) => boxes.push(box)}};
        const mark = {{flag: "P", flag_x: {at}, flag_align: "{align}", flag_y: 13}};
        drawFlag(context, mark, {{x: x => x, y: y => y, width: 200}});
        return boxes; }}"""
    )
    assert [(box[0], box[2]) for box in drawn] == [(left, 30)]
