"""Curves stitched batch by batch are those of SeisBench's stacking of all windows at once, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.pickers.seisbench_pickers import stack_windows
from workbench.pickers.stitching import Stitch
from workbench.pickers.windows import Piece, Plan

LENGTH = 30


def stitched(plan: Plan, piece: Piece, outputs: np.ndarray, n_at_once: int, n_values: int, stack=stack_windows):
    curves = np.full((len(plan.columns), n_values), np.nan, np.float32)
    stitch = Stitch(plan, piece, stack, curves)
    for first in range(0, len(outputs), n_at_once):
        part = slice(first, first + n_at_once)
        stitch.add(plan.offsets(piece)[part].tolist(), outputs[part])
    stitch.flush()
    return curves


def made(plan: Plan, n_samples: int, *, blind: int = 0) -> tuple[Piece, np.ndarray]:
    piece = Piece(0, np.zeros((3, n_samples), np.float32), 0)
    shape = (len(plan.offsets(piece)), 3, plan.window_samples)
    outputs = np.random.default_rng(1).random(shape, np.float32).transpose(0, 2, 1)
    outputs[:, :blind] = outputs[:, plan.window_samples - blind :] = np.nan
    return piece, outputs


def at_once(plan: Plan, piece: Piece, outputs: np.ndarray) -> np.ndarray:
    columns = np.ascontiguousarray(outputs[..., list(plan.columns)])
    return stack_windows(windows=columns, offsets=plan.offsets(piece), method=plan.stacking).T


@pytest.mark.parametrize("n_at_once", [1, 2, 3, 7, 100])
@pytest.mark.parametrize(("stacking", "blind"), [("avg", 0), ("avg", 4), ("max", 0), ("max", 4)])
@pytest.mark.parametrize("step", [9, 15, 16, 30])
def test_curves_are_those_of_all_windows_at_once(n_at_once: int, stacking: str, blind: int, step: int) -> None:
    plan = Plan(LENGTH, step, 1.0, stacking, (0, 2))
    # To the sample, one more than fits, and one that leaves all but one sample to the last window.
    for n_samples in (LENGTH, LENGTH + 1, LENGTH + 6 * step, LENGTH + 6 * step + 1, LENGTH + 7 * step - 1):
        piece, outputs = made(plan, n_samples, blind=blind)
        found = stitched(plan, piece, outputs, n_at_once, n_samples)
        np.testing.assert_array_equal(found, at_once(plan, piece, outputs))


def test_windows_in_turn_are_joined_without_stacking_them() -> None:
    plan, given = Plan(LENGTH, 16, 1.0, "avg", (0, 1)), []

    def stack(**arguments: object) -> np.ndarray:
        given.append(len(arguments["windows"]))
        return stack_windows(**arguments)

    piece, outputs = made(plan, LENGTH + 16 * 40)
    stitched(plan, piece, outputs, 8, LENGTH + 16 * 40, stack)
    assert given == [2], "the last two, at the end"


def test_a_window_without_a_value_in_the_middle_of_a_piece_is_left_out_of_the_mean() -> None:
    plan = Plan(LENGTH, 15, 1.0, "avg", (0, 1))
    piece, outputs = made(plan, LENGTH + 15 * 20 + 4)
    outputs[9] = np.nan
    found = stitched(plan, piece, outputs, 4, piece.samples.shape[-1])
    np.testing.assert_array_equal(found, at_once(plan, piece, outputs))


@pytest.mark.parametrize("kept", [None, (3, 200), (31, 64), (0, 5)])
@pytest.mark.parametrize("start", [0, -20, 40])
def test_only_what_lies_in_the_recording_and_not_in_padding_is_written(kept: tuple | None, start: int) -> None:
    plan, n_values = Plan(LENGTH, 16, 1.0, "avg", (0, 1)), 150
    piece, outputs = made(plan, LENGTH + 16 * 9 + 5)
    whole = at_once(plan, piece, outputs)
    expected = np.full((2, n_values), np.nan, np.float32)
    for index in range(n_values):
        if 0 <= index - start < whole.shape[1] and (kept is None or kept[0] <= index < kept[1]):
            expected[:, index] = whole[:, index - start]
    found = stitched(plan, Piece(0, piece.samples, start, kept), outputs, 4, n_values)
    np.testing.assert_array_equal(found, expected)


def test_one_output_a_window_goes_where_its_window_is() -> None:
    plan = Plan(LENGTH, 10, 0.1, "", (1, 0))
    piece = Piece(0, np.zeros((3, 400), np.float32), 100)
    outputs = np.arange(76, dtype=np.float32).reshape(38, 2)
    found = stitched(plan, piece, outputs, 5, 60)
    np.testing.assert_array_equal(found[:, 10:48], outputs.T[::-1])
    assert np.isnan(found[:, :10]).all()
    assert np.isnan(found[:, 48:]).all()
