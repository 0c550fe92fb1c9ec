"""What the record section draws, as columns: traces, onsets, moveout, and where each station's row is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from workbench.session import Surveying
from workbench.session.gather import Gather
from workbench.views.theme import TOKENS, phase_colour
from workbench.views.traces_lines import TracePoints

__all__ = ["Rows", "label_places", "lane_columns", "moveout_columns", "onset_columns", "rows_of", "trace_columns"]

_MOST_POINTS = 160_000
_LEAST_POINTS = 240
_LINE_PX = 13.0
_FAINTEST = 0.2


@dataclass(frozen=True)
class Rows:
    """Where stations stand in the section.

    Parameters
    ----------
    stations
        From the top.
    height
        Of each row's zero line, in km or in rows; grows downwards.
    by_distance
        Whether heights are km.
    low, high
        Of the whole section.
    reach
        How far a trace goes from its zero line.
    shift_s
        What is taken off each station's time (reduction).
    """

    stations: tuple[str, ...]
    height: Mapping[str, float]
    by_distance: bool
    low: float
    high: float
    reach: float
    shift_s: Mapping[str, float]


def rows_of(surveying: Surveying) -> Rows:
    """Rows in the order that is wanted; by distance only where distances are known, those without stand below."""
    gather = surveying.gather
    names = surveying.station_order()
    table = gather.stations.set_index("station")
    distance = table["distance_km"]
    by_distance = surveying.order == "distance" and int(distance.notna().sum()) > 1
    n = len(names)
    if by_distance:
        largest = max(float(distance.max()), 1e-3)
        gap = largest / max(n, 6)
        lost = [name for name in names if not np.isfinite(distance[name])]
        height = {name: float(distance[name]) for name in names if name not in lost}
        height |= {name: largest + gap * (row + 1) for row, name in enumerate(lost)}
        low, high = -0.6 * gap, max(height.values()) + 0.9 * gap
        reach = 0.95 * (high - low) / max(n, 8)
    else:
        height = {name: float(row) for row, name in enumerate(names)}
        low, high, reach = -0.75, n - 0.25, 0.46
    shift = {name: 0.0 for name in names}
    if surveying.reduce != "off" and gather.origin is not None:
        velocity = gather.origin.velocity_km_s[surveying.reduce]
        shift = {name: float(np.nan_to_num(distance[name] / velocity)) for name in names}
    return Rows(tuple(names), height, by_distance, low, high, reach, shift)


def trace_columns(
    recording: xr.Dataset, gather: Gather, rows: Rows, component: str, stations: Sequence[str]
) -> dict[str, np.ndarray]:
    """Traces of stations as one line with breaks: seconds after the zero, and heights; each trace of one size."""
    points = TracePoints(recording)
    zero_ms = gather.zero.value / 1e6
    most = max(_LEAST_POINTS, _MOST_POINTS // max(len(rows.stations), 1))
    seconds, heights = [], []
    for name in stations:
        shift = rows.shift_s[name]
        interval = (gather.start.value / 1e6, gather.end.value / 1e6 + 1e3 * shift)
        times, samples = points.points(name, component, interval, most)
        if not np.isfinite(samples).any():
            continue
        samples = samples - np.nanmedian(samples)
        size = float(np.nanmax(np.abs(samples)))
        seconds += [(times - zero_ms) / 1e3 - shift, [np.nan]]
        heights += [rows.height[name] - samples * (rows.reach / size if size > 0 else 0.0), [np.nan]]
    if not seconds:
        return {"x": np.empty(0), "y": np.empty(0)}
    return {"x": np.concatenate(seconds).astype(np.float32), "y": np.concatenate(heights).astype(np.float32)}


def onset_columns(gather: Gather, rows: Rows, focus: str, theme: str) -> dict[str, list[object]]:
    """Onsets as upright strokes on their own station's row: solid for the analyst, dashed for a picker."""
    found: dict[str, list[object]] = {name: [] for name in ("x", "y0", "y1", "colour", "width", "dash", "words")}
    half = max(0.62 * rows.reach, 0.011 * (rows.high - rows.low))
    for row in gather.onsets.itertuples():
        if row.station not in rows.height:
            continue
        height = rows.height[row.station]
        human = row.who == "human"
        found["x"].append((row.time - gather.zero).total_seconds() - rows.shift_s[row.station])
        found["y0"].append(height - half)
        found["y1"].append(height + half)
        found["colour"].append(phase_colour(row.phase, theme))
        found["width"].append(2.4 if row.station == focus else 2.0 if human else 1.7)
        found["dash"].append("solid" if human else "dashed")
        found["words"].append(f"{row.phase} {row.time:%H:%M:%S.%f}"[:-3])
    return found


def moveout_columns(gather: Gather, rows: Rows, theme: str) -> dict[str, dict[str, list[object]]]:
    """``lines`` (dotted, one for P and one for S) and ``words`` at their ends; empty without an origin."""
    lines: dict[str, list[object]] = {"xs": [], "ys": [], "colour": []}
    words: dict[str, list[object]] = {"x": [], "y": [], "text": [], "colour": []}
    origin = gather.origin
    if origin is None:
        return {"lines": lines, "words": words}
    distance = gather.stations.set_index("station")["distance_km"]
    known = [name for name in rows.stations if np.isfinite(distance[name])]
    for phase in ("P", "S"):
        colour = phase_colour(phase, theme)
        if rows.by_distance:
            km = np.linspace(0.0, float(distance[known].max()), 80)
            reduced = km / origin.velocity_km_s[_reduced_by(gather, rows)] if any(rows.shift_s.values()) else 0.0
            seconds, heights = origin.travel_s(km, phase) - reduced, km
            lines["xs"].append(list(map(float, seconds)))
            lines["ys"].append(list(map(float, heights)))
            lines["colour"].append(colour)
            words["x"].append(float(seconds[-1]))
            words["y"].append(float(heights[-1]))
        else:
            for name in known:
                second = float(origin.travel_s(distance[name], phase)) - rows.shift_s[name]
                lines["xs"].append([second, second])
                lines["ys"].append([rows.height[name] - 0.5, rows.height[name] + 0.5])
                lines["colour"].append(colour)
            words["x"].append(second if known else 0.0)
            words["y"].append(rows.height[known[-1]] + 0.35 if known else 0.0)
        words["text"].append(f"{phase} {origin.velocity_km_s[phase]:.1f} km/s")
        words["colour"].append(colour)
    return {"lines": lines, "words": words}


def _reduced_by(gather: Gather, rows: Rows) -> str:
    """The phase whose velocity made the shifts."""
    distance = gather.stations.set_index("station")["distance_km"]
    name = max(rows.shift_s, key=lambda each: rows.shift_s[each])
    velocity = gather.origin.velocity_km_s  # type: ignore[union-attr]
    return min(velocity, key=lambda phase: abs(distance[name] / velocity[phase] - rows.shift_s[name]))


def lane_columns(seconds: xr.Dataset | None, gather: Gather, rows: Rows, theme: str) -> dict[str, list[object]]:
    """Behind the traces: the seconds of the neighbours from which the pick was read, stronger ones darker.

    Attention is ink; an attribution is coloured by whether it spoke for or against.
    """
    found: dict[str, list[object]] = {
        name: [] for name in ("left", "right", "top", "bottom", "colour", "alpha", "words")
    }
    if seconds is None:
        return found
    (name,) = seconds.data_vars
    values, token = seconds[name].values.astype(float), TOKENS[theme]
    most = float(np.abs(values).max()) if values.size else 0.0
    if most == 0:
        return found
    half_s = seconds.attrs["step_s"] / 2
    after = (seconds["time"].values - gather.zero.to_datetime64()) / np.timedelta64(1, "ns") * 1e-9
    for station, row in zip(seconds["station"].values, values, strict=True):
        if str(station) not in rows.height:
            continue
        height, shift = rows.height[str(station)], rows.shift_s[str(station)]
        for middle, value in zip(after, row, strict=True):
            if abs(value) < _FAINTEST * most:
                continue
            found["left"].append(middle - half_s - shift)
            found["right"].append(middle + half_s - shift)
            found["top"].append(height - 0.4 * rows.reach)
            found["bottom"].append(height + 0.4 * rows.reach)
            colour = token["accent"] if name == "attention" else token["for" if value > 0 else "against"]
            found["colour"].append(colour)
            found["alpha"].append(0.03 + 0.34 * (abs(value) / most) ** 2)
            found["words"].append(f"{name} {value:.2g}".replace("-", "−"))
    return found


def label_places(rows: Rows, height_px: float, ranked: Sequence[str] = (), n_sure: int = 0) -> dict[str, float]:
    """Where names stand, in px from the top: at their rows, pushed apart where they would touch.

    Parameters
    ----------
    ranked
        All stations, those first whose names come first where there are more than fit: each then stands at its own row,
        or nowhere.
    n_sure
        How many of those may stand up to two lines above or below their row, where another stands on it.
    """
    per_px = height_px / (rows.high - rows.low)
    at_row = {name: (rows.height[name] - rows.low) * per_px for name in rows.stations}
    if len(at_row) * _LINE_PX > height_px:
        return _those_that_fit(at_row, ranked or rows.stations, n_sure)
    wanted = sorted((place, name) for name, place in at_row.items())
    places = [place for place, _ in wanted]
    for n in range(1, len(places)):
        places[n] = max(places[n], places[n - 1] + _LINE_PX)
    # What was pushed over the foot pushes back.
    limit = height_px - 4
    for n in range(len(places) - 1, -1, -1):
        places[n] = min(places[n], limit)
        limit = places[n] - _LINE_PX
    return {name: place for place, (_, name) in zip(places, wanted, strict=True)}


def _those_that_fit(at_row: Mapping[str, float], ranked: Sequence[str], n_sure: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for number, name in enumerate(ranked):
        tried = [at_row[name]]
        if number < n_sure:
            beside = [place + way * _LINE_PX for place in found.values() for way in (-1, 1)]
            near = [place for place in beside if place >= 0 and abs(place - at_row[name]) <= 2 * _LINE_PX]
            tried += sorted(near, key=lambda place: abs(place - at_row[name]))
        fits = [place for place in tried if all(abs(place - other) > _LINE_PX - 0.01 for other in found.values())]
        if fits:
            found[name] = fits[0]
    return found
