"""What the browser writes around the figures: rows with names and gains, legend, thresholds, messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from workbench.session import Scene
from workbench.views.traces_curves import curve_title, empty_message, threshold_pills
from workbench.views.traces_lines import TracePoints
from workbench.views.traces_marks import picker_legend
from workbench.views.traces_order import ORDER_WORDS
from workbench.views.traces_rows import Row

__all__ = ["duration_words", "screen_of", "short_name"]


def screen_of(
    scene: Scene,
    points: TracePoints,
    rows: Sequence[Row],
    *,
    km: Mapping[str, float],
    zero_ms: Mapping[str, float],
    order: str,
    token: str,
    limits: tuple[float, float],
    height: float,
    highest_hz: float,
) -> dict[str, Any]:
    """Everything but marks and glyphs, as plain values."""
    stations = scene.recording["station"].values
    names = short_names([str(name) for name in stations])
    run_picks = [run.picks for run in scene.runs.values() if run.on]
    return {
        "token": token,
        "limits": list(limits),
        "height": height,
        "rows": [_row(row, names, points, km, zero_ms) for row in rows],
        "pickers": picker_legend(scene),
        "catalogue": bool(len(scene.reference)),
        "theory": bool(len(scene.theory)),
        "count": _count_words(len(rows), len(stations), order),
        "scroll": len(rows) < len(stations),
        "pills": threshold_pills(scene),
        "curve": curve_title(scene),
        "curves": any(run.on and run.annotations is not None for run in scene.runs.values()),
        "focus_station": scene.station,
        "focus_name": names.get(scene.station, scene.station),
        "date": _date_words(scene, points),
        "duration": duration_words((points.end_ms - points.start_ms) / 1e3),
        "step_ms": points.step_ms,
        "absent": str(scene.recording.attrs.get("without_waveforms", "")),
        "empty": empty_message(scene, [*run_picks, scene.labels, scene.reference]),
        "spectrogram": highest_hz if scene.spectrogram else 0.0,
    }


def _row(
    row: Row,
    names: Mapping[str, str],
    points: TracePoints,
    km: Mapping[str, float],
    zero_ms: Mapping[str, float],
) -> dict[str, Any]:
    bands = [
        {
            "component": band.component,
            "middle": band.middle,
            "half": band.half,
            "state": points.state(row.station, band.component),
        }
        for band in row.bands
    ]
    distance = km.get(row.station)
    return {
        "station": row.station,
        "name": names.get(row.station, row.station),
        "km": "" if distance is None else f"{distance:.1f}",
        "focus": row.focus,
        "top": row.top,
        "bottom": row.bottom,
        "zero": zero_ms.get(row.station, 0.0),
        "bands": bands,
    }


def short_name(station: str) -> str:
    """The station code of ``"NET.STA.LOC"``.

    >>> short_name("CX.PB01."), short_name("OBS7")
    ('PB01', 'OBS7')
    """
    parts = station.split(".")
    return parts[1] if len(parts) > 1 and parts[1] else station


def short_names(stations: Sequence[str]) -> dict[str, str]:
    """Station to its code, or to its whole name where two would read alike."""
    codes = [short_name(station) for station in stations]
    return {
        station: code if codes.count(code) == 1 else station.rstrip(".")
        for station, code in zip(stations, codes, strict=True)
    }


def duration_words(seconds: float) -> str:
    """A length of time in its natural unit.

    >>> duration_words(300.0), duration_words(59.99), duration_words(86399.99)
    ('5 min', '60 s', '24 h')
    """
    for limit, unit in ((86400.0 * 3, "d"), (3600.0, "h"), (120.0, "min")):
        if seconds >= limit * 0.999:
            return f"{seconds / {'d': 86400.0, 'h': 3600.0, 'min': 60.0}[unit]:.3g} {unit}"
    return f"{seconds:.3g} s"


def _count_words(shown: int, n: int, order: str) -> str:
    if n == 1:
        return "1 station"
    return f"{shown} of {n} stations · {ORDER_WORDS[order]}"


def _date_words(scene: Scene, points: TracePoints) -> str:
    if scene.align == "time":
        return f"{pd.Timestamp(points.start_ms, unit='ms'):%Y-%m-%d} UTC"
    return "s from origin" if scene.align == "origin" else f"s from {scene.align}"
