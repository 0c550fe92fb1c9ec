"""Matrices of attention as one picture, a panel for each layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from workbench.explain.palette import PALETTE

__all__ = ["attention_figure"]

_MOST_LAYERS = 8
_IN_A_ROW = 4


def attention_figure(attention: Sequence[xr.Dataset]) -> Figure:
    """Mean over heads of each layer, in cividis stretched by the square root; the axes are seconds of the window.

    Parameters
    ----------
    attention
        Of the form of :func:`workbench.schema.attention.make_attention`; the first eight layers are drawn.
    """
    layers = list(attention)[:_MOST_LAYERS]
    columns = min(_IN_A_ROW, len(layers))
    rows = -(-len(layers) // columns)
    figure = Figure(figsize=(2.5 * columns + 0.3, 2.7 * rows), layout="constrained")
    for number, layer in enumerate(layers):
        axis = figure.add_subplot(rows, columns, number + 1)
        matrix = layer["attention"].mean("head").values
        length = float(layer.attrs["window_s"])
        highest = float(matrix.max()) or 1.0
        image = axis.imshow(
            np.sqrt(matrix), cmap="cividis", vmin=0, vmax=np.sqrt(highest), extent=(0, length, length, 0), aspect="auto"
        )
        bar = figure.colorbar(image, ax=axis, fraction=0.05, pad=0.03, ticks=[0, np.sqrt(highest)])
        bar.ax.set_yticklabels(["0", f"{highest:.2g}"], fontsize=7)
        axis.set_title(str(layer.attrs["title"])[:40], fontsize=9, color=PALETTE["text"])
        axis.tick_params(labelsize=7)
        axis.set_xlabel("step that is read, s", fontsize=7, color=PALETTE["muted"])
    start = pd.Timestamp(layers[0].attrs["window_start"])
    figure.supylabel(f"step that reads, s from {start:%H:%M:%S} UTC", fontsize=7, color=PALETTE["muted"])
    return figure
