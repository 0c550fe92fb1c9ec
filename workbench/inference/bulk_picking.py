"""One picker over many recordings of a source: what the command line and scripts run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from workbench.errors import PickerError, WorkbenchError
from workbench.inference.picking import picks_from
from workbench.inference.run import annotate, check_mode
from workbench.pickers import open_picker
from workbench.schema import PICK_COLUMNS, PickerCard, Report, empty_picks, silent
from workbench.sources.base import Source
from workbench.sources.shelf import Shelf

__all__ = ["BulkPicks", "family_thresholds", "pick_source"]


@dataclass(frozen=True)
class BulkPicks:
    """What a picker found in many recordings.

    Parameters
    ----------
    picks
        Columns of picks, with ``recording`` (its id) before and ``weights`` after them.
    failures
        Recording id to why it could not be read or picked.
    notices
        Recording id to what reading found in it (gaps, dead channels, ...) and what had to be done to it before the
        picker could run (padded, resampled, ...).
    runtimes
        Where the network ran, to the number of recordings; empty for a picker without one.
    """

    picks: pd.DataFrame
    failures: Mapping[str, str]
    notices: Mapping[str, list[str]]
    runtimes: Mapping[str, int]


def family_thresholds(card: PickerCard, p: float | None = None, s: float | None = None) -> dict[str, float]:
    """Threshold by phase: the card's own, but `p` for all of the P family and `s` for all of the S family.

    Raises
    ------
    PickerError
        If a threshold does not fit the card's unit, or the picker has no such phase.

    Examples
    --------
    >>> family_thresholds(PickerCard("phasenet", "PhaseNet", thresholds={"P": 0.3, "S": 0.3}), p=0.5)
    {'P': 0.5, 'S': 0.3}
    """
    thresholds = dict(card.thresholds)
    for family, threshold in (("P", p), ("S", s)):
        if threshold is None:
            continue
        phases = [phase for phase in card.phases if phase.startswith(family)]
        if not phases:
            raise PickerError(f"{card.title} gives {', '.join(card.phases)} and no {family}; leave its threshold out.")
        if not threshold > 0 or (card.threshold_unit == "probability" and threshold >= 1):
            expected = "between 0 and 1" if card.threshold_unit == "probability" else "a ratio above 0"
            raise PickerError(f"The {family} threshold of {card.title} is {expected}; this is {threshold:g}.")
        thresholds |= dict.fromkeys(phases, threshold)
    return thresholds


def pick_source(
    source: Source,
    recording_ids: Iterable[str],
    picker: str,
    weights: str = "",
    *,
    thresholds: Mapping[str, float] | None = None,
    mode: str = "exact",
    report: Report = silent,
) -> BulkPicks:
    """Picks of one picker in many recordings; one that fails is noted, and the rest goes on.

    Parameters
    ----------
    thresholds
        By phase, in the unit of the picker's card; its defaults if not given.
    mode
        As for :func:`workbench.inference.run.annotate`.

    Raises
    ------
    PickerError
        If the picker has no such mode.
    """
    opened = open_picker(picker, weights)
    check_mode(opened, mode)
    card = opened.card
    names = list(recording_ids)
    tables: list[pd.DataFrame] = []
    failures: dict[str, str] = {}
    notices: dict[str, list[str]] = {}
    runtimes: dict[str, int] = {}
    shelf = Shelf(source.read)
    try:
        for number, name in enumerate(names):
            report(number / len(names), name)
            ahead = names[number : number + 2]
            shelf.fetch_ahead(ahead)
            try:
                recording = shelf.fetch(name).result()
                annotations = annotate(recording, picker, weights, mode=mode)
            except WorkbenchError as error:
                failures[name] = str(error)
                continue
            if runtime := annotations.attrs.get("runtime"):
                runtimes[runtime] = runtimes.get(runtime, 0) + 1
            tables.append(picks_from(annotations, card, thresholds).assign(recording=name))
            found = (recording.attrs.get("notices", ""), annotations.attrs.get("notices", ""))
            if said := [line for text in found for line in text.split("\n") if line]:
                notices[name] = said
    finally:
        shelf.close()
    report(1.0, "done")
    return BulkPicks(_joined(tables, card.weights), failures, notices, runtimes)


def _joined(tables: list[pd.DataFrame], weights: str) -> pd.DataFrame:
    filled = [table for table in tables if len(table)] or [empty_picks().assign(recording=pd.Series(dtype="str"))]
    picks = pd.concat(filled, ignore_index=True)
    picks["weights"] = pd.Series(weights, index=picks.index, dtype="str")
    return picks[["recording", *PICK_COLUMNS, "weights"]]
