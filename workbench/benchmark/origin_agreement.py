"""Do picks of one event agree with a common origin? A measure that takes no labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from workbench.processing.common_origin import fit_common_origin
from workbench.processing.onset_groups import group_onsets, onsets_of_group, spread_km

__all__ = ["AGREES_S", "agreement_row", "origin_residuals"]

AGREES_S = 0.5
"""A pick farther from what the common origin predicts is of something else."""

_LEAST_STATIONS = 5
_COLUMNS = ("event", "station", "phase", "time", "residual_s")


def origin_residuals(
    picks: pd.DataFrame, stations: pd.DataFrame, least_stations: int = _LEAST_STATIONS
) -> pd.DataFrame:
    """Of each pick that belongs to a burst of picks, how late it is against the origin that fits most of the burst.

    Parameters
    ----------
    picks
        With the columns ``station``, ``phase``, ``time`` and ``probability``, of one recording.
    stations
        With the columns ``station``, ``latitude_deg`` and ``longitude_deg``. Picks elsewhere take no part.
    least_stations
        Bursts on fewer stations are left out: any picks of a few agree with some origin.

    Returns
    -------
    pandas.DataFrame
        ``event`` (number of the burst), ``station``, ``phase``, ``time``, ``residual_s`` (observed minus fitted, by
        :func:`~workbench.processing.common_origin.fit_common_origin`). Of a burst, a station has one P and one S at
        most.
    """
    known = stations.dropna(subset=["latitude_deg", "longitude_deg"])
    onsets = picks[["station", "phase", "time", "probability"]].merge(
        known[["station", "latitude_deg", "longitude_deg"]], on="station"
    )
    onsets["who"] = "model"
    spread = spread_km(known["latitude_deg"].to_numpy(), known["longitude_deg"].to_numpy())
    parts = []
    for number, group in enumerate(group_onsets(onsets, spread)):
        own = onsets_of_group(onsets, group, spread).reset_index(drop=True)
        if own["station"].nunique() < least_stations:
            continue
        origin = fit_common_origin(own)
        if origin is not None:
            parts.append(own.assign(event=number, residual_s=origin.residual_s))
    if not parts:
        return pd.DataFrame(columns=list(_COLUMNS))
    return pd.concat(parts, ignore_index=True)[list(_COLUMNS)]


def agreement_row(
    residuals: Sequence[pd.DataFrame], n_picks: int, rng: np.random.Generator, repeats: int = 1000
) -> dict[str, float]:
    """How well picks agree, in one row of a table.

    Parameters
    ----------
    residuals
        Of each recording, as :func:`origin_residuals` gives them.
    n_picks
        All picks that were made, those that belong to no burst too.

    Returns
    -------
    dict
        ``events``, ``picks``; ``agree``, picks within half a second of their event's origin, and ``agree_share`` of
        all picks; ``spread_s``, 1.4826 times the median absolute residual of the picks in bursts (a normal
        distribution's standard deviation), with a 95 % interval ``spread_s_low`` to ``spread_s_high`` that draws whole
        events again; ``mae_s`` of those that agree. NaN where there is no event.
    """
    by_event = [
        part["residual_s"].dropna().abs().to_numpy(float)
        for of_recording in residuals
        for _, part in of_recording.groupby("event")
    ]
    row: dict[str, float] = {"events": len(by_event), "picks": n_picks}
    if not by_event:
        nothing = dict.fromkeys(("spread_s", "spread_s_low", "spread_s_high", "mae_s"), float("nan"))
        return row | {"agree": 0, "agree_share": 0.0 if n_picks else float("nan")} | nothing
    together = np.concatenate(by_event)
    near = together[together <= AGREES_S]
    drawn = [
        _spread(np.concatenate([by_event[number] for number in numbers]))
        for numbers in rng.integers(0, len(by_event), (repeats, len(by_event)))
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return row | {
        "agree": len(near),
        "agree_share": len(near) / n_picks if n_picks else float("nan"),
        "spread_s": _spread(together),
        "spread_s_low": float(low),
        "spread_s_high": float(high),
        "mae_s": float(near.mean()) if near.size else float("nan"),
    }


def _spread(absolute: np.ndarray) -> float:
    return float(1.4826 * np.median(absolute))
