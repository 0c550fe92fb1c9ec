"""``settlement``: the decision that settles marks of one onset: one of them, midway, at another time, or none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from workbench.errors import DecidedMeanwhileError, UnknownNameError
from workbench.labels.disagreements import find_disagreements
from workbench.labels.matching import family
from workbench.labels.settling import settled_words
from workbench.schema import Decision

__all__ = ["WAYS", "settle_midway", "settlement"]

WAYS = ("taken", "midway", "own", "none")
"""How an onset may be settled: as one analyst has it, in the middle, at a time of one's own, or as no onset."""


def settlement(
    marks: pd.DataFrame, how: str, absent: Sequence[str] = (), *, taken: str = "", time: pd.Timestamp | None = None
) -> Decision:
    """The decision that stands for the marks of one onset.

    What is taken has all that its analyst said. Midway lies between the earliest and the latest mark; it and a time of
    one's own keep polarity and onset quality where all who judged them agree, the largest uncertainty (at least half
    the time between the marks, when midway) and the largest weight.

    Parameters
    ----------
    marks
        Of one onset: rows of :data:`workbench.schema.MARK_COLUMNS` or of labels.
    absent
        Analysts who looked there and marked nothing, for the record.
    taken
        label_id of the mark that is taken.
    time
        Of one's own.

    Raises
    ------
    UnknownNameError
        If what is taken is none of the marks.
    """
    marks = marks.sort_values("time", kind="stable", ignore_index=True)
    words = settled_words(marks, how, absent)
    first = marks.iloc[0]
    place = {"recording_id": first["recording_id"], "station": first["station"], "provenance": words}
    if how == "taken":
        found = marks[marks["label_id"] == taken]
        if found.empty:
            raise UnknownNameError("mark of this onset", taken, list(marks["label_id"]))
        mark = found.iloc[0]
        names = ("uncertainty_minus_s", "uncertainty_plus_s", "polarity", "onset_quality", "weight", "pick_id")
        decision = "reject" if mark["decision"] == "reject" else "settle"
        return Decision(
            decision, phase=mark["phase"], time=mark["time"], **{name: mark[name] for name in names}, **place
        )
    seen = marks[marks["decision"] != "reject"]
    seen = seen if len(seen) else marks
    middle = seen["time"].iloc[0] + (seen["time"].iloc[-1] - seen["time"].iloc[0]) / 2
    phases = set(seen["phase"])
    phase = phases.pop() if len(phases) == 1 else family(seen["phase"].iloc[0])
    if how == "none":
        return Decision("reject", phase=phase, time=middle, **place)
    least_s = (seen["time"].iloc[-1] - middle).total_seconds() if how == "midway" and len(seen) > 1 else np.nan
    return Decision(
        "settle",
        phase=phase,
        time=middle if time is None else time,
        uncertainty_minus_s=_largest([*seen["uncertainty_minus_s"], least_s]),
        uncertainty_plus_s=_largest([*seen["uncertainty_plus_s"], least_s]),
        polarity=_agreed(seen["polarity"]),
        onset_quality=_agreed(seen["onset_quality"]),
        weight=_largest(list(seen["weight"])),
        **place,
    )


def settle_midway(journal: Any, onsets: Sequence[Sequence[str]], recording_ids: Sequence[str]) -> int:
    """How many onsets were settled midway; one that was settled, or does not agree any more, is left as it is.

    Parameters
    ----------
    journal
        A :class:`workbench.labels.journal.Journal`.
    onsets
        label_id of the marks of each.
    recording_ids
        Of each.
    """
    seen = journal.head()
    table = pd.concat([journal.marks(recording_ids), journal.labels(recording_ids)], ignore_index=True)
    table = table.drop_duplicates("label_id").set_index("label_id", drop=False)
    # Marks may have moved since the list was made that was settled by one key.
    now = find_disagreements(journal, recording_ids)
    agreeing = {frozenset(json.loads(ids)) for ids in now.loc[now["kinds"] == "", "label_ids"]}
    n_settled = 0
    for ids in onsets:
        if frozenset(ids) not in agreeing or not set(ids) <= set(table.index):
            continue
        try:
            journal.settle(settlement(table.loc[list(ids)], "midway"), ids, seen=seen)
        except DecidedMeanwhileError:
            continue
        n_settled += 1
    return n_settled


def _largest(values: Sequence[float]) -> float:
    given = [float(value) for value in values if np.isfinite(value)]
    return max(given) if given else float("nan")


def _agreed(values: pd.Series) -> str:
    judged = set(values) - {""}
    return str(judged.pop()) if len(judged) == 1 else ""
