"""Picks, labels, theory and catalogue of the stations on the screen, as the browser draws and edits them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from workbench.labels.disagreements import initials
from workbench.schema import CATALOG
from workbench.session import Scene
from workbench.views.theme import MARKERS

__all__ = ["marks_of", "picker_legend"]

_BESIDE_S = 3.0
"""Flags of one phase that are nearer than this hang on different sides of their lines."""


def picker_legend(scene: Scene) -> list[dict[str, str]]:
    """Pickers that are on, in the order of the table: key, name in the picks, title, marker."""
    return [
        {"key": key, "picker": run.card.name, "title": run.card.title, "marker": MARKERS[i % len(MARKERS)]}
        for i, (key, run) in enumerate(scene.runs.items())
        if run.on
    ]


def marks_of(scene: Scene, stations: Collection[str], interval: tuple[pd.Timestamp, pd.Timestamp]) -> list[dict]:
    """One mapping per mark on these stations and in this interval, those drawn last at the end.

    ``who`` is ``theory``, ``catalog``, ``model`` or ``human``. A model's pick that was rejected is there and says so; a
    rejected label without a pick is not.
    """
    labels = _near(scene.labels, stations, interval)
    rejected = {row["pick_id"] for row in labels if row["decision"] == "reject"} - {""}
    marks = _theory_marks(_near(scene.theory, stations, interval))
    marks += _pick_marks(_near(scene.reference, stations, interval), CATALOG, "circle", rejected)
    for legend in picker_legend(scene):
        picks = _near(scene.runs[legend["key"]].picks, stations, interval)
        marks += _pick_marks(picks, legend["key"], legend["marker"], rejected)
    return marks + _label_marks([row for row in labels if row["decision"] != "reject"], scene.analyst)


def _near(
    table: pd.DataFrame, stations: Collection[str], interval: tuple[pd.Timestamp, pd.Timestamp]
) -> list[dict[str, Any]]:
    # Most tables are empty when a recording opens, and each step of pandas on an empty one costs as much as on a full.
    if table.empty:
        return []
    times = table["time"]
    near = table["station"].isin(list(stations)) & (times >= interval[0]) & (times <= interval[1])
    return [{str(name): value for name, value in row.items()} for row in table[near].to_dict("records")]


def _mark(row: Mapping[str, Any], identity: str, who: str, **more: Any) -> dict[str, Any]:
    return {
        "id": identity,
        "station": str(row["station"]),
        "phase": str(row["phase"]),
        "time": row["time"].value / 1e6,
        "who": who,
        "picker": "",
        "marker": "",
        "minus": None,
        "plus": None,
        "polarity": "",
        "onset": "",
        "weight": None,
        "pick": "",
        "rejected": False,
        "by": "",
        "mine": True,
        "side": "",
        **more,
    }


def _theory_marks(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_mark(row, f"theory {row['station']} {row['phase']} {i}", "theory") for i, row in enumerate(rows)]


def _pick_marks(picks: list[dict[str, Any]], picker: str, marker: str, rejected: set[str]) -> list[dict[str, Any]]:
    who = CATALOG if picker == CATALOG else "model"
    return [
        _mark(
            row,
            row["pick_id"],
            who,
            picker=picker,
            marker=marker,
            polarity=row["polarity"],
            minus=_ms(row["uncertainty_s"]),
            plus=_ms(row["uncertainty_s"]),
            rejected=row["pick_id"] in rejected,
        )
        for row in picks
    ]


def _label_marks(rows: list[dict[str, Any]], analyst: str) -> list[dict[str, Any]]:
    """Labels; those of several analysts carry initials, and the flags of one phase on one station hang apart."""
    several = any(row["analyst"] != analyst for row in rows)
    marks = []
    for row in rows:
        mark = _label_mark(row)
        if several:
            beside = [
                other
                for other in rows
                if other["station"] == row["station"]
                and other["phase"][:1] == row["phase"][:1]
                and abs((other["time"] - row["time"]).total_seconds()) <= _BESIDE_S
            ]
            first = min(beside, key=lambda other: (other["time"], other["label_id"]))
            side = "" if len(beside) == 1 else "right" if first is row else "left"
            mark |= {"by": initials(row["analyst"]), "mine": row["analyst"] == analyst, "side": side}
        marks.append(mark)
    return marks


def _label_mark(row: Mapping[str, Any]) -> dict[str, Any]:
    return _mark(
        row,
        row["label_id"],
        "human",
        minus=_ms(row["uncertainty_minus_s"]),
        plus=_ms(row["uncertainty_plus_s"]),
        polarity=row["polarity"],
        onset=row["onset_quality"],
        weight=None if np.isnan(row["weight"]) else float(row["weight"]),
        pick=row["pick_id"],
    )


def _ms(seconds: float) -> float | None:
    return None if np.isnan(seconds) else float(seconds) * 1e3
