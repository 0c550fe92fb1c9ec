"""``Account``: what became of every label of an export, so that nothing is lost without a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

__all__ = ["REJECTED", "Account"]

REJECTED = "rejected onsets are left out"
"""The one reason that is no loss: such an onset is not there."""


class Account:
    """Keeps which labels were left out and why, and what of the others a format could not hold.

    Parameters
    ----------
    labels
        All that came, of the form of :func:`workbench.schema.check_labels`.
    """

    def __init__(self, labels: pd.DataFrame) -> None:
        self._labels = labels
        self._left_out: dict[str, str] = {}
        self._changed: Counter[str] = Counter()
        self._columns: dict[str, Sequence[Any]] = {}

    def leave_out(self, label_ids: Iterable[str], why: str) -> None:
        """Remember that these labels are not in the files; the first reason of a label counts."""
        for label_id in label_ids:
            self._left_out.setdefault(label_id, why)

    def keep(self, labels: pd.DataFrame, fits: pd.Series, why: str) -> pd.DataFrame:
        """The labels that fit; the others are left out for a reason."""
        self.leave_out(labels.loc[~fits, "label_id"], why)
        return labels[fits]

    def standing(self, labels: pd.DataFrame) -> pd.DataFrame:
        """The labels without rejected onsets, which are left out."""
        return self.keep(labels, labels["decision"] != "reject", REJECTED)

    def note(self, what: str, n_labels: int = 1) -> None:
        """Remember that something of so many labels was changed, or is not in the files."""
        if n_labels:
            self._changed[what] += n_labels

    def add_columns(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Columns for the table of labels, one value for each label that came."""
        self._columns |= columns

    @property
    def n_written(self) -> int:
        """How many labels are in the files."""
        return len(self._labels) - len(self._left_out)

    def left_out(self) -> list[dict[str, Any]]:
        """Each reason with the number of its labels, the most frequent first."""
        return [{"why": why, "n_labels": n} for why, n in _ordered(Counter(self._left_out.values()))]

    def changed(self) -> list[dict[str, Any]]:
        """What was changed, with the number of labels, the most frequent first."""
        return [{"what": what, "n_labels": n} for what, n in _ordered(self._changed)]

    def table(self) -> pd.DataFrame:
        """The labels that came, with ``left_out``: why, or nothing where the label was written."""
        reasons = [self._left_out.get(label_id, "") for label_id in self._labels["label_id"]]
        return self._labels.assign(**self._columns, left_out=pd.array(reasons, dtype="str"))


def _ordered(counts: Counter[str]) -> list[tuple[str, int]]:
    # By name where they are as many: an export that is made again says the same.
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
