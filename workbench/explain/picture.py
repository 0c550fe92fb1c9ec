"""An explanation as a picture: traces around the answer with the attribution on them, the whole window below."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from workbench.explain.attention_layers import last_global
from workbench.explain.palette import PALETTE, phase_ink, signed_colours

__all__ = ["explanation_figure", "explanation_png", "figure_png"]

_HALF_VIEW_S = 6.0
_BINS = 120
_SCALE_QUANTILE = 0.995


@dataclass(frozen=True)
class _Drawn:
    """What is drawn of an explanation: seconds from the answer, samples and attribution of its station."""

    seconds: np.ndarray
    components: tuple[str, ...]
    waveform: np.ndarray
    attribution: np.ndarray
    view: tuple[float, float]
    window: tuple[float, float]

    @property
    def seen(self) -> np.ndarray:
        return (self.seconds >= self.view[0]) & (self.seconds <= self.view[1])


def explanation_png(recording: xr.Dataset, attribution: xr.Dataset, attention: Sequence[xr.Dataset] = ()) -> bytes:
    """A PNG file of :func:`explanation_figure`."""
    return figure_png(explanation_figure(recording, attribution, attention))


def figure_png(figure: Figure, dpi: int = 150) -> bytes:
    """A PNG file of a figure; needs no screen, and touches no state of pyplot."""
    FigureCanvasAgg(figure)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi, facecolor=PALETTE["paper"])
    return file.getvalue()


def explanation_figure(
    recording: xr.Dataset, attribution: xr.Dataset, attention: Sequence[xr.Dataset] = (), *, titled: bool = True
) -> Figure:
    """Traces with colour along the line and bars beneath, each with its scale; then attribution over the whole window.

    Parameters
    ----------
    recording, attribution
        One station of them is drawn, that of the attribution.
    attention
        Of the last layer over the whole window, what each step was given by all others stands under the traces.
    titled
        Whether the question stands above; the meaning of colours and bars does so always.
    """
    drawn = _drawn(recording, attribution)
    n_rows = len(drawn.components)
    with_attention = len(attention) > 0
    heights = [2.0, 0.8] * n_rows + ([0.35] if with_attention else []) + [0.8, 1.1]
    height = 2.4 + 1.15 * n_rows + (0.5 if titled else 0.0)
    figure = Figure(figsize=(10, height))
    edges = {"left": 0.09, "right": 0.97, "top": 1 - (0.92 if titled else 0.42) / height, "bottom": 0.6 / height}
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights, hspace=0.05, **edges)
    axes = [figure.add_subplot(grid[row]) for row in range(len(heights)) if row != len(heights) - 2]
    scale = _scale(np.abs(drawn.attribution[:, drawn.seen]))
    reach = _draw_rows(axes[: 2 * n_rows], drawn, scale, phase_ink(attribution.attrs["phase"]))
    last = axes[2 * n_rows - 1]
    if with_attention:
        last = axes[-2]
        _draw_received(last, attention[last_global(attention)], attribution, drawn.view)
    _second_axis(last)
    _draw_overview(axes[-1], drawn, attribution)
    if titled:
        _draw_title(figure, attribution, height)
    _draw_key(figure, attribution, scale, reach, 1 - (0.62 if titled else 0.12) / height)
    return figure


def _drawn(recording: xr.Dataset, attribution: xr.Dataset) -> _Drawn:
    attrs = attribution.attrs
    values = attribution["attribution"].sel(station=attrs["station"]).values
    target = np.datetime64(pd.Timestamp(attrs["target_time"]), "ns")
    seconds = (attribution["time"].values - target) / np.timedelta64(1, "ns") * 1e-9
    start = (pd.Timestamp(attrs["window_start"]) - pd.Timestamp(attrs["target_time"])).total_seconds()
    window = (max(start, float(seconds[0])), min(start + float(attrs["window_s"]), float(seconds[-1])))
    return _Drawn(
        seconds,
        tuple(str(name) for name in attribution["component"].values),
        recording["waveform"].sel(station=attrs["station"]).values,
        values,
        (max(-_HALF_VIEW_S, window[0]), min(_HALF_VIEW_S, window[1])),
        window,
    )


def _scale(sizes: np.ndarray) -> float:
    """Where colours are full: what all but one in two hundred samples stay within."""
    known = sizes[np.isfinite(sizes)]
    found = float(np.quantile(known, _SCALE_QUANTILE)) if known.size else 0.0
    return found or float(known.max(initial=0.0)) or 1.0


def _draw_rows(axes: Sequence[Axes], drawn: _Drawn, scale: float, ink: str) -> float:
    """Draw every component, and return the sum at which its bars are full."""
    width = (drawn.view[1] - drawn.view[0]) / _BINS
    edges = drawn.view[0] + width * np.arange(_BINS + 1)
    sums = [_binned(drawn.seconds, row, edges) for row in drawn.attribution]
    reach = max((float(np.abs(side).max()) for pair in sums for side in pair), default=0.0) or 1.0
    whole = float(np.nansum(np.abs(drawn.attribution))) or 1.0
    for row, name in enumerate(drawn.components):
        trace, bars = axes[2 * row], axes[2 * row + 1]
        _draw_trace(trace, drawn, row, scale)
        share = float(np.nansum(np.abs(drawn.attribution[row]))) / whole
        trace.text(-0.035, 0.5, name, transform=trace.transAxes, ha="right", va="center", weight="bold")
        trace.text(-0.052, 0.5, f"{100 * share:.0f} %", transform=trace.transAxes, ha="right", va="center", fontsize=9)
        for side, colour in zip(sums[row], ("for", "against"), strict=True):
            bars.bar(edges[:-1], side, width, align="edge", color=PALETTE[colour])
        bars.axhline(0, color=PALETTE["border"], linewidth=0.6, zorder=0)
        bars.set_ylim(-1.05 * reach, 1.05 * reach)
        for axis in (trace, bars):
            _plain(axis, drawn.view)
            axis.axvline(0, color=ink, linewidth=1.4, linestyle=(0, (5, 3)), zorder=3)
    return reach


def _draw_trace(axis: Axes, drawn: _Drawn, row: int, scale: float) -> None:
    seconds, samples = drawn.seconds[drawn.seen], drawn.waveform[row, drawn.seen]
    strength = drawn.attribution[row, drawn.seen]
    if not np.isfinite(samples).any():
        axis.text(
            0.5, 0.5, "no samples here", transform=axis.transAxes, ha="center", color=PALETTE["muted"], fontsize=9
        )
        return
    samples = samples - np.nanmedian(samples)
    samples = samples / (np.nanmax(np.abs(samples)) or 1.0)
    points = np.stack([seconds, samples], axis=1)
    whole = np.isfinite(samples[:-1]) & np.isfinite(samples[1:])
    pieces = np.stack([points[:-1], points[1:]], axis=1)[whole]
    told = np.nan_to_num(strength[1:][whole]) / scale
    lines = LineCollection(pieces, cmap=ListedColormap(signed_colours()), capstyle="round")
    lines.set_array(np.clip(told, -1, 1))
    lines.set_clim(-1, 1)
    lines.set_linewidth(0.8 + 1.6 * np.minimum(np.abs(told), 1))
    axis.add_collection(lines)
    axis.set_ylim(-1.15, 1.15)


def _binned(seconds: np.ndarray, values: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums of what speaks for and of what speaks against, per bin."""
    values = np.nan_to_num(values)
    positive, _ = np.histogram(seconds, edges, weights=np.maximum(values, 0))
    negative, _ = np.histogram(seconds, edges, weights=np.minimum(values, 0))
    return positive, negative


def _draw_received(axis: Axes, layer: xr.Dataset, attribution: xr.Dataset, view: tuple[float, float]) -> None:
    """What each step was given by all others, mean over heads and steps, in cividis from nothing to the largest."""
    received = layer["attention"].mean(("head", "query")).values
    step = float(layer.attrs["step_s"])
    start = (pd.Timestamp(layer.attrs["window_start"]) - pd.Timestamp(attribution.attrs["target_time"])).total_seconds()
    edges = start + step * np.arange(len(received) + 1)
    axis.pcolormesh(edges, [0, 1], received[None], cmap="cividis", vmin=0, vmax=float(received.max()) or 1.0)
    _plain(axis, view)
    axis.text(-0.01, 0.5, f"Att. {step:.3g} s", transform=axis.transAxes, ha="right", va="center", fontsize=8)


def _draw_overview(axis: Axes, drawn: _Drawn, attribution: xr.Dataset) -> None:
    width = (drawn.window[1] - drawn.window[0]) / _BINS
    edges = drawn.window[0] + width * np.arange(_BINS + 1)
    sizes = np.nansum(np.abs(drawn.attribution), axis=0)
    density, _ = np.histogram(drawn.seconds, edges, weights=sizes)
    shares = 100 * density / (density.sum() or 1.0)
    axis.fill_between(edges, np.append(shares, 0.0), step="post", color=PALETTE["muted"], linewidth=0)
    axis.axvspan(*drawn.view, color=PALETTE["border"], alpha=0.5, linewidth=0, zorder=0)
    axis.axvline(0, color=phase_ink(attribution.attrs["phase"]), linewidth=1.2, linestyle=(0, (5, 3)))
    axis.set(xlim=drawn.window, ylim=(0, None))
    axis.set_ylabel(f"%\nin {width:.2g} s", fontsize=8, color=PALETTE["muted"])
    axis.tick_params(labelsize=8)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    words = f"Seconds from the answer, the whole window of {attribution.attrs['window_s']:g} s that the network saw"
    axis.set_xlabel(words, fontsize=8, color=PALETTE["muted"])


def _plain(axis: Axes, view: tuple[float, float]) -> None:
    axis.set_xlim(view)
    axis.tick_params(left=False, labelleft=False, bottom=False, labelbottom=False)
    axis.grid(True, axis="x", color=PALETTE["grid"], linewidth=0.6)
    axis.set_axisbelow(True)
    for spine in axis.spines.values():
        spine.set_visible(False)


def _second_axis(axis: Axes) -> None:
    axis.tick_params(bottom=True, labelbottom=True, labelsize=9)
    axis.spines["bottom"].set(visible=True, color=PALETTE["strong"])
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:+g}".replace("-", "−") if value else "0")


def _draw_title(figure: Figure, attribution: xr.Dataset, height: float) -> None:
    """The question, who was asked, and how."""
    attrs = attribution.attrs
    when = pd.Timestamp(attrs["target_time"]).round("10ms")
    clock = f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 10_000:02d} UTC"
    place: dict[str, Any] = {"ha": "left", "va": "top"}
    figure.text(
        0.02, 1 - 0.1 / height, f"Why {attrs['phase']} at {clock}?",
        fontsize=13, weight="bold", color=PALETTE["text"], **place,
    )  # fmt: skip
    who = " ".join(part for part in (attrs["picker"], attrs["weights"]) if part)
    method = str(attrs["method"]).replace("_", " ")
    how = f"{method}, baseline {attrs['baseline']}" if attrs["baseline"] else method
    line = f"{_short(str(attrs['station']).strip('.'), 40)} · {who} · {how} · {attrs['target']} {attrs['value']:.3g}"
    figure.text(0.02, 1 - 0.38 / height, _short(line), fontsize=9, color=PALETTE["muted"], **place)


def _draw_key(figure: Figure, attribution: xr.Dataset, scale: float, reach: float, top: float) -> None:
    """What colours and bars stand for, with their scales."""
    phase, unit = attribution.attrs["phase"], attribution.attrs.get("units", attribution.attrs["target"])
    key: dict[str, Any] = {"fontsize": 8, "va": "top"}
    figure.text(0.02, top, f"■ for {phase}", color=PALETTE["for"], weight="bold", **key)
    figure.text(0.14, top, f"■ against {phase}", color=PALETTE["against"], weight="bold", **key)
    words = f"colour: full at ±{scale:.2g} per sample · bars: sums, full at ±{reach:.2g} · unit: {unit}"
    figure.text(0.3, top, words, color=PALETTE["muted"], **key)


def _short(line: str, most: int = 130) -> str:
    return line if len(line) <= most else f"{line[: most - 1]}…"
