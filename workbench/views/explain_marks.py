"""Picks, curves, attention and overview of the Explain page, as columns of its figures."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from workbench.session import Explaining
from workbench.views.explain_drawing import Shown, milliseconds
from workbench.views.explain_flag import flag_sides
from workbench.views.explain_picture import Rows, density
from workbench.views.pick_table import picker_symbols
from workbench.views.theme import MARKERS, SYMBOLS, phase_colour

__all__ = ["attention_of_layer", "curve_columns", "flag_columns", "lane_columns", "overview_columns", "pick_columns"]

_DASHED = [5, 3]
_FLAG_MS = 2200.0
"""That the words of a flag cover in the first view."""
_TOP, _FOOT = 5.0, -30.0
"""Beyond any row: a pick crosses the whole plot."""


def _ms(time: Any) -> float:
    return float(milliseconds(np.datetime64(pd.Timestamp(time), "ns")))


class _Seen(NamedTuple):
    """A pick or a label inside the window; `key` is the picker's, empty for a label."""

    ms: float
    phase: str
    key: str


def _seen(explaining: Explaining, shown: Shown) -> list[_Seen]:
    """Labels and picks of the station inside the window."""
    station, session = shown.explained.attrs["station"], explaining.session
    tables = {"": session.labels}
    tables |= {key: session.runs[key].picks for key in (explaining.picker, explaining.second) if key in session.runs}
    seen = []
    for key, table in tables.items():
        at_ms = milliseconds(table["time"].to_numpy())
        here = (table["station"].to_numpy() == station) & (at_ms >= shown.limits[0]) & (at_ms <= shown.limits[1])
        if not key:
            here &= table["decision"].to_numpy() != "reject"
        phases = table["phase"].to_numpy()
        seen += [_Seen(float(at_ms[n]), str(phases[n]), key) for n in np.flatnonzero(here)]
    return seen


def pick_columns(explaining: Explaining, shown: Shown, theme: str) -> dict[str, list[Any]]:
    """Lines: solid for people, dashed for models, dotted where only a time was asked about."""
    asked = _ms(shown.explained.attrs["target_time"])
    phase = shown.explained.attrs["phase"]
    rows: list[tuple[float, str, Any, float, float]] = []
    for pick in _seen(explaining, shown):
        own = abs(pick.ms - asked) < 5 and pick.phase == phase
        width = 1.5 if pick.key else 2.0
        rows.append((pick.ms, pick.phase, _DASHED if pick.key else [], width + 0.4 * own, 1.0))
    if not any(abs(row[0] - asked) < 5 and row[1] == phase for row in rows):
        rows.append((asked, phase, [1, 3], 1.8, 1.0))
    tried = explaining.tried
    if tried is not None and tried.time is not None:
        rows = [(*row[:4], 0.4) for row in rows]
        rows.append((_ms(tried.time), phase, _DASHED, 2.2, 1.0))
    return {
        "x": [row[0] for row in rows],
        "y0": [_FOOT] * len(rows),
        "y1": [_TOP] * len(rows),
        "colour": [phase_colour(row[1], theme) for row in rows],
        "dash": [row[2] for row in rows],
        "width": [row[3] for row in rows],
        "alpha": [row[4] for row in rows],
    }


def flag_columns(explaining: Explaining, shown: Shown, theme: str, view: tuple[float, float]) -> dict[str, list[Any]]:
    """What stands above the plot: the picker's marker and, for what is asked about, time and probability."""
    attrs = shown.explained.attrs
    symbols = picker_symbols(explaining.session)
    marker = dict(zip(SYMBOLS, MARKERS, strict=True))
    asked = _ms(attrs["target_time"])
    rows: list[tuple[float, str, str, str, float]] = []
    for pick in _seen(explaining, shown):
        if pick.key:
            rows.append((pick.ms, phase_colour(pick.phase, theme), marker[symbols[pick.key]], "", 8.0))
    tried = explaining.tried
    if tried is None:
        rows.append((asked, phase_colour(attrs["phase"], theme), "inverted_triangle", _flag(explaining, attrs), 0.0))
    else:
        at = asked if tried.time is None else _ms(tried.time)
        # "Detection" is long: what the number is stands in the card, too.
        height = f"{'' if attrs['phase'] == 'Detection' else 'probability '}{tried.probability:.2f}"
        words = f"what if: {attrs['phase']} {_clock(tried.time)} · {height}"
        if tried.time is None:
            words = f"what if: no {attrs['phase']} pick · highest {tried.probability:.2f}"
        rows.append((at, phase_colour(attrs["phase"], theme), "diamond", words, 9.0 if tried.time is not None else 0.0))
    at_ms = rows[-1][0]
    side = flag_sides((at_ms - view[0]) / (view[1] - view[0]), len(rows[-1][3]), two=bool(explaining.second)).words
    side = side or _free_side([row[0] for row in rows if not row[3]], at_ms)
    return {
        "x": [row[0] for row in rows],
        "y": [0.5] * len(rows),
        "colour": [row[1] for row in rows],
        "marker": [row[2] for row in rows],
        "words": [row[3] for row in rows],
        "size": [row[4] for row in rows],
        "align": [side] * len(rows),
        "offset": [9 if side == "left" else -9] * len(rows),
    }


def _free_side(others_ms: list[float], at_ms: float) -> str:
    """To which side of its line a flag's words go where both have room: right of it, unless a marker stands there."""
    after = any(50 < other - at_ms < _FLAG_MS for other in others_ms)
    before = any(50 < at_ms - other < _FLAG_MS for other in others_ms)
    return "right" if after and not before else "left"


def _flag(explaining: Explaining, attrs: Any) -> str:
    """Phase, time, and the curve there; what is explained is the mean of it around that."""
    run = explaining.run
    words = f"{attrs['phase']} {_clock(attrs['target_time'])}"
    if run is None or run.annotations is None:
        return words
    # By number: to xarray, looking these up is more work than all the rest of the flags.
    curves = run.annotations
    if attrs["phase"] not in curves["phase"].values or attrs["station"] not in curves["station"].values:
        return words
    row, column = (list(curves[name].values).index(attrs[name]) for name in ("station", "phase"))
    value = float(curves["probability"].values[row, column, _nearest(curves["time"].values, attrs["target_time"])])
    return f"{words} · probability {value:.2f}" if np.isfinite(value) else words


def _nearest(times: np.ndarray, time: Any) -> int:
    wanted = np.datetime64(pd.Timestamp(time), "ns")
    after = min(int(np.searchsorted(times, wanted)), times.size - 1)
    return after - 1 if after and wanted - times[after - 1] < times[after] - wanted else after


def _clock(time: Any) -> str:
    return "" if time is None else f"{pd.Timestamp(time):%H:%M:%S.%f}"[:-4]


def curve_columns(explaining: Explaining, shown: Shown, theme: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Curves of the picker, of the one beside it, and those of a what-if; and the fills below the first."""
    station, phase = shown.explained.attrs["station"], shown.explained.attrs["phase"]
    runs, tried = explaining.session.runs, explaining.tried
    sets: list[tuple[xr.Dataset, float, Any, float]] = []
    for key, width in ((explaining.second, 1.1), (explaining.picker, 1.1 if tried else 1.6)):
        if key in runs and runs[key].annotations is not None:
            sets.append((runs[key].annotations, width, [4, 3] if tried else [], 0.6 if tried else 1.0))
    if tried is not None:
        sets.append((tried.annotations, 1.7, [], 1.0))
    lines: dict[str, list[Any]] = {name: [] for name in ("xs", "ys", "colour", "width", "dash", "alpha")}
    fills: dict[str, list[Any]] = {name: [] for name in ("xs", "ys", "colour")}
    for n, (curves, width, dash, alpha) in enumerate(sets):
        stations = list(curves["station"].values)
        if station not in stations:
            continue
        where, time_ms = _part_ms(curves["time"].values, (shown.limits[0], shown.limits[1] + 1))
        for name, curve in zip(
            curves["phase"].values, curves["probability"].values[stations.index(station)], strict=True
        ):
            if name == "Detection" and phase != "Detection":
                continue
            colour, values = phase_colour(str(name), theme), curve[where]
            row = (time_ms, values, colour, width, dash, alpha)
            for column, value in zip(lines, row, strict=True):
                lines[column].append(value)
            if n == len(sets) - 1 and values.size:
                fills["xs"].append(np.r_[time_ms[0], time_ms, time_ms[-1]])
                fills["ys"].append(np.r_[0.0, np.nan_to_num(values), 0.0])
                fills["colour"].append(colour)
    return lines, fills


def _part_ms(times: np.ndarray, limits: tuple[float, float]) -> tuple[slice, np.ndarray]:
    """Which times lie within limits in ms, and those in ms; of a day no more than these are converted."""
    begin, end = (np.datetime64(round(1e6 * at), "ns") for at in limits)
    spare = np.timedelta64(1, "ms")
    first, stop = np.searchsorted(times, [begin - spare, end + spare])
    time_ms = milliseconds(times[first:stop])
    left, right = np.searchsorted(time_ms, limits)
    return slice(int(first + left), int(first + right)), time_ms[left:right]


def attention_of_layer(explaining: Explaining) -> tuple[np.ndarray, np.ndarray, float] | None:
    """Edges of the steps in ms, attention received by each (mean over queries, 0 to 1), and seconds of one step."""
    layers = explaining.attention
    if not layers:
        return None
    layer = layers[min(explaining.layer, len(layers) - 1)]
    weights = layer["attention"].values
    chosen = weights.mean(axis=0) if explaining.head == 0 else weights[min(explaining.head, len(weights)) - 1]
    step_s = float(layer.attrs["step_s"])
    start = _ms(layer.attrs["window_start"])
    return start + 1e3 * step_s * np.arange(chosen.shape[1] + 1), chosen.mean(axis=0), step_s


def lane_columns(explaining: Explaining, rows: Rows) -> tuple[dict[str, Any], dict[str, Any]]:
    """The attention lane under the traces at its true steps, and dotted lines where they meet."""
    found = attention_of_layer(explaining)
    if found is None or not np.isfinite(rows.lane):
        empty: list[float] = []
        return {name: empty for name in ("left", "right", "bottom", "top", "value")}, {
            name: empty for name in ("x", "y0", "y1")
        }
    edges, received, _ = found
    n = received.size
    # Stretched by the square root, as the matrix is: attention is a few strong steps among many weak ones.
    value = np.sqrt(received / received.max()) if received.max() > 0 else received
    lane = {
        "left": edges[:-1],
        "right": edges[1:],
        "bottom": np.full(n, rows.lane - rows.lane_reach),
        "top": np.full(n, rows.lane + rows.lane_reach),
        "value": value,
    }
    return lane, {"x": edges, "y0": np.full(n + 1, rows.bottom), "y1": np.full(n + 1, _TOP)}


def overview_columns(explaining: Explaining, shown: Shown, theme: str) -> dict[str, dict[str, Any]]:
    """Attention received above, attribution density below, and where the question is."""
    seconds, height = density(shown.attribution, shown.rate_hz)
    start = shown.limits[0]
    found = attention_of_layer(explaining)
    top = 0.92 if found is not None else 1.98
    columns: dict[str, dict[str, Any]] = {
        "density": {"x": start + 1e3 * seconds, "y0": np.full(seconds.size, 0.06), "y1": 0.06 + (top - 0.06) * height},
        "received": {name: [] for name in ("left", "right", "bottom", "top", "alpha")},
        "here": {
            "x": [_ms(shown.explained.attrs["target_time"])],
            "y0": [0.0],
            "y1": [2.1],
            "colour": [phase_colour(shown.explained.attrs["phase"], theme)],
        },
    }
    if found is not None:
        edges, received, _ = found
        tall = received / received.max() if received.max() > 0 else received
        columns["received"] = {
            "left": edges[:-1],
            "right": edges[1:],
            "bottom": np.full(received.size, 1.08),
            "top": 1.08 + 0.95 * tall,
            "alpha": 0.5 + 0.5 * tall,
        }
    return columns
