"""Pickers on a user's list, and the curves they gave, kept so that thresholds cost no new run."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import xarray as xr

from workbench.inference.picking import picks_from
from workbench.schema import PickerCard, empty_picks

__all__ = ["Curves", "PickerRun", "origin_of"]


@dataclass(frozen=True)
class PickerRun:
    """A picker on a user's list, and what it says of the open recording.

    Parameters
    ----------
    key
        ``"name"`` or ``"name/weights"``: stands for it on the list.
    on
        Whether its curves and picks are shown, and whether it runs on the next recording.
    thresholds
        Phase to threshold, in the unit of the card.
    annotations
        None before it has run on this recording.
    picks
        From the curves at these thresholds.
    seconds
        That the run took; NaN before it.
    """

    key: str
    card: PickerCard
    on: bool = True
    thresholds: Mapping[str, float] = field(default_factory=dict)
    annotations: xr.Dataset | None = None
    picks: pd.DataFrame = field(default_factory=empty_picks)
    seconds: float = float("nan")


class Curves:
    """Annotations by recording and picker with its very weights; those used last stay.

    Parameters
    ----------
    bytes_kept
        Of probability curves. One larger than this stays alone.
    """

    def __init__(self, *, bytes_kept: int = 256 * 2**20) -> None:
        self._bytes_kept = bytes_kept
        self._kept: OrderedDict[tuple[str, str, str], tuple[xr.Dataset, float]] = OrderedDict()

    def keep(self, run: PickerRun, recording_id: str, annotations: xr.Dataset, seconds: float) -> None:
        """Remember what a picker, as it was on the list when it began, said of a recording, and how long it took."""
        self._kept[_place(run, recording_id)] = (annotations, seconds)
        self._kept.move_to_end(_place(run, recording_id))
        total = sum(kept.nbytes for kept, _ in self._kept.values())
        while total > self._bytes_kept and len(self._kept) > 1:
            _, (dropped, _) = self._kept.popitem(last=False)
            total -= dropped.nbytes

    def holds(self, run: PickerRun, recording_id: str) -> bool:
        """Whether a picker's curves of a recording are kept."""
        return _place(run, recording_id) in self._kept

    def clear(self) -> None:
        """Forget all, for another source may give other recordings the same ids."""
        self._kept.clear()

    def fill(self, run: PickerRun, recording_id: str) -> PickerRun:
        """The run with the curves of that recording, if kept, and the picks at its thresholds."""
        annotations, seconds = self._kept.get(_place(run, recording_id), (None, float("nan")))
        picks = empty_picks() if annotations is None else picks_from(annotations, run.card, run.thresholds)
        return replace(run, annotations=annotations, picks=picks, seconds=seconds)


def _place(run: PickerRun, recording_id: str) -> tuple[str, str, str]:
    # Two files of one's own may have one name, and with it one key.
    return recording_id, run.key, run.card.weights_hash


def origin_of(pick: Mapping[str, Any], runs: Iterable[PickerRun]) -> dict[str, Any]:
    """Where a pick comes from, for a label's provenance: picker, weights, their hash, versions, thresholds."""
    for run in runs:
        if run.annotations is not None and (run.picks["pick_id"] == pick["pick_id"]).any():
            attrs = run.annotations.attrs
            origin: dict[str, Any] = {name: attrs[name] for name in ("picker", "weights", "weights_hash", "versions")}
            return origin | {"thresholds": dict(run.thresholds), "probability": pick.get("probability")}
    return {"picker": pick.get("picker", "")}
