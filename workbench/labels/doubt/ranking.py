"""Doubts to a queue: one row for each doubted onset, the most doubtful first, with its reasons in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from workbench.errors import SchemaError, UnknownNameError
from workbench.labels.doubt.evidence import Evidence
from workbench.labels.doubt.reasons import REASONS, Doubt, doubts_of

__all__ = ["QUEUE_COLUMNS", "check_weights", "doubt_table", "rank"]

QUEUE_COLUMNS: Mapping[str, str] = {
    "recording_id": "str",
    "station": "str",
    "phase": "str",
    "time": "datetime64[ns]",
    "kind": "str",
    "identity": "str",
    "reason": "str",
    "strength": "float64",
    "words": "str",
}
"""Of :func:`doubt_table`: one row for each onset and reason; an onset without any doubt has one with empty `reason`."""

_SAID = 3


def doubt_table(evidence: Iterable[Evidence]) -> pd.DataFrame:
    """All onsets of some recordings with all their doubts, in the columns :data:`QUEUE_COLUMNS`."""
    rows = []
    for each in evidence:
        for onset in each.onsets:
            head = (each.recording_id, onset.station, onset.phase, onset.time, onset.kind, onset.identity)
            doubts = doubts_of(onset, each) or [Doubt("", 0.0, "")]
            rows += [(*head, doubt.reason, doubt.strength, doubt.words) for doubt in doubts]
    return pd.DataFrame(rows, columns=list(QUEUE_COLUMNS)).astype(dict(QUEUE_COLUMNS))


def check_weights(weights: Mapping[str, float]) -> dict[str, float]:
    """Weight of every reason: those given, and the usual ones for the rest.

    Raises
    ------
    UnknownNameError
        If there is no such reason.
    SchemaError
        If a weight is not between 0 and 1.
    """
    for name, weight in weights.items():
        if name not in REASONS:
            raise UnknownNameError("reason", name, list(REASONS))
        if not 0 <= weight <= 1:
            raise SchemaError(f"The weight of a reason is 0 (never counts) to 1; {name} got {weight:g}.")
    return {name: reason.weight for name, reason in REASONS.items()} | dict(weights)


def rank(doubts: pd.DataFrame, weights: Mapping[str, float] | None = None) -> pd.DataFrame:
    """One row for each doubted onset, the most doubtful first.

    Parameters
    ----------
    doubts
        As :func:`doubt_table` gives them.
    weights
        By reason, 0 to 1; the usual ones where not given.

    Returns
    -------
    pandas.DataFrame
        ``recording_id, station, phase, time, kind, identity``, ``doubt`` (0 to 1), ``reasons`` (names, the heaviest
        first, joined by commas) and ``words``. Onsets whose doubt is 0 are left out.

    Notes
    -----
    Reasons add up as independent chances do: ``doubt = 1 - product(1 - weight * strength)``.
    """
    chosen = check_weights(weights or {})
    keys = ["recording_id", "station", "phase", "time", "kind", "identity"]
    counted = doubts.assign(counts=doubts["reason"].map(chosen).fillna(0.0) * doubts["strength"])
    counted = counted[counted["counts"] > 0]
    if counted.empty:
        return counted[keys].assign(doubt=np.empty(0), reasons="", words="")
    counted = counted.sort_values("counts", ascending=False, kind="stable")
    groups = counted.groupby(keys, sort=False, dropna=False)
    table = groups.agg(
        doubt=("counts", lambda counts: 1 - float(np.prod(1 - counts))),
        reasons=("reason", ",".join),
        words=("words", lambda words: _sentence(list(words))),
    ).reset_index()
    return table.sort_values("doubt", ascending=False, kind="stable", ignore_index=True)


def _sentence(words: list[str]) -> str:
    said = ", ".join(words[:_SAID])
    return said[:1].upper() + said[1:]
