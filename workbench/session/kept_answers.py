"""``KeptAnswers``: explanations that a user may come back to at once."""

from __future__ import annotations

from collections import OrderedDict

import xarray as xr

from workbench.session.question import Question

__all__ = ["KeptAnswers"]

_KEPT = 32
_KEPT_BYTES = 256_000_000
"""Of all together: that of a station's day at 100 Hz has a hundred million."""


class KeptAnswers:
    """Explanations by the question; of those not looked at for long, the oldest goes."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Question, xr.Dataset] = OrderedDict()

    def __contains__(self, question: Question) -> bool:
        return question in self._kept

    def __getitem__(self, question: Question) -> xr.Dataset:
        return self._kept[question]

    def keep(self, question: Question, attribution: xr.Dataset) -> None:
        """Have the answer to a question at hand."""
        self._kept.pop(question, None)
        self._kept[question] = attribution
        while len(self._kept) > 1 and (len(self._kept) > _KEPT or self._n_bytes() > _KEPT_BYTES):
            self._kept.popitem(last=False)

    def _n_bytes(self) -> int:
        return sum(kept.nbytes for kept in self._kept.values())

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
