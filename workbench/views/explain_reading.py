"""A matrix of attention in words: which step reads which, and what a layer can and cannot say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from workbench.views.tags import tag, text

__all__ = ["Matrix", "cell_words", "matrix_of", "reading_html"]

_NOTHING = 1e-6
_TOLD = 3
_LEAST_TOLD = 0.05
"""Of what a step reads: less is not named beside what it reads most."""


@dataclass(frozen=True)
class Matrix:
    """Attention of one layer as it is shown: mean over heads, or one head.

    Parameters
    ----------
    values
        Shape (query, key): the row of a step says what it reads; rows sum to one.
    start
        Of the window, UTC.
    step_s
        Of the steps that are read.
    title
        "global, layer 2".
    n_heads, head
        How many the layer has, and which one this is, from 1; 0 is the mean.
    """

    values: np.ndarray
    start: pd.Timestamp
    step_s: float
    window_s: float
    title: str
    n_heads: int
    head: int

    @property
    def reach(self) -> int:
        """How many steps to either side a step reads at most; -1 where it reads all over the window."""
        rows, columns = np.nonzero(self.values > _NOTHING)
        if self.values.shape[0] != self.values.shape[1] or not rows.size:
            return -1
        far = int(np.abs(rows - columns).max())
        return far if far < self.values.shape[0] / 4 else -1

    @property
    def highest(self) -> float:
        """The largest value, at which colours end."""
        return float(self.values.max()) if self.values.size else 0.0

    def row_at(self, time: pd.Timestamp) -> int:
        """The step that a time lies in, or the nearest."""
        n = self.values.shape[0]
        seconds = (pd.Timestamp(time) - self.start).total_seconds()
        return int(np.clip(np.floor(seconds / self.window_s * n), 0, n - 1))

    def span(self, key: int) -> tuple[pd.Timestamp, pd.Timestamp]:
        """First and last time of a step that is read."""
        edges = [self.start + pd.Timedelta(seconds=self.step_s * number) for number in (key, key + 1)]
        return edges[0], edges[1]

    def query_time(self, row: int) -> pd.Timestamp:
        """Where a step that reads begins."""
        return self.start + pd.Timedelta(seconds=self.window_s / self.values.shape[0] * row)


def matrix_of(attention: Sequence[xr.Dataset], layer: int, head: int) -> Matrix | None:
    """The matrix that is chosen; the first layer or the mean where there is none of that number, None without any."""
    if not attention:
        return None
    chosen = attention[layer] if layer < len(attention) else attention[0]
    n_heads = chosen.sizes["head"]
    head = head if 0 < head <= n_heads else 0
    weights = chosen["attention"]
    values = weights.isel(head=head - 1) if head else weights.mean("head")
    return Matrix(
        np.asarray(values.values, float),
        pd.Timestamp(chosen.attrs["window_start"]),
        float(chosen.attrs["step_s"]),
        float(chosen.attrs["window_s"]),
        str(chosen.attrs["title"]),
        n_heads,
        head,
    )


def reading_html(matrix: Matrix) -> str:
    """How to read this layer's matrix, and what it cannot say."""
    step = tag("b", text(f"{matrix.step_s:.3g} s"))
    if matrix.reach >= 0:
        near = {0: "itself only", 1: "itself and its two neighbours"}.get(
            matrix.reach, f"itself and {matrix.reach} steps to either side"
        )
        kind = f"A local layer: a step reads {near}. The dark rest is how it is built, no finding."
    else:
        kind = "Row: what a step reads, from all over the window. A bright column is read by many."
    use = f"A step is {step}: attention cannot place a pick to 10 ms. It says <i>where</i>, attribution <i>when</i>."
    whose = "; mean of the heads" if matrix.n_heads > 1 and not matrix.head else ""
    hint = f"Colour: square root, 0 to {matrix.highest:.2g}{whose}. Point at a step to light it up on the traces."
    return "".join((tag("p", text(kind)), tag("p", use), tag("p", text(hint), class_="muted")))


def cell_words(
    matrix: Matrix, pointed: tuple[int, int] | None, time: pd.Timestamp | None = None, phase: str = ""
) -> str:
    """Which step reads which, with how much; without one that is pointed at, what the step of the pick reads most."""
    if pointed is not None:
        row, key = pointed
        if not (0 <= row < matrix.values.shape[0] and 0 <= key < matrix.values.shape[1]):
            return ""
        share = _percent(matrix.values[row, key])
        reads, is_read = _clock(matrix.query_time(row)), _clock(matrix.span(key)[0])
        return f"The step at {reads} takes {share} from the step at {is_read}."
    if time is None:
        return ""
    row = matrix.row_at(time)
    best = np.argsort(matrix.values[row])[::-1][:_TOLD]
    told = [key for n, key in enumerate(best) if n == 0 or matrix.values[row, key] >= _LEAST_TOLD]
    parts = [f"{_clock(matrix.span(key)[0])} ({_percent(matrix.values[row, key])})" for key in told]
    return f"The step that holds the {phase or 'pick'} reads most from {', '.join(parts)}."


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 or share == 0 else "under 1 %"


def _clock(time: pd.Timestamp) -> str:
    return f"{time:%H:%M:%S}.{time.microsecond // 100_000}"
