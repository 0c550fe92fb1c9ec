"""``Check``: one test of whether an explanation can be believed, with its figures and its verdict in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from workbench.errors import SchemaError

__all__ = ["BELIEF", "VERDICTS", "Check", "belief"]

VERDICTS = ("pass", "warn", "fail", "none")
"""Of a check; ``"none"`` where it cannot be made for this method or picker."""

BELIEF = {"pass": "holds up", "warn": "with care", "fail": "do not rely on it yet", "none": "not checked"}
"""The worst verdict to the words for the whole explanation."""


@dataclass(frozen=True)
class Check:
    """One check of one explanation.

    Parameters
    ----------
    name
        ``"adds_up"``, ``"removal"``, ``"weights"``, ``"shifts"``, ``"agreement"`` or ``"onset"``.
    title
        "Removing what matters hurts".
    verdict
        One of :data:`VERDICTS`.
    words
        What was found, and what was expected, in one or two short sentences with the figures.
    figures
        Name to value, what the verdict rests on.
    curves
        Name to values, for a small picture: each of one length, the first being the horizontal axis.
    """

    name: str
    title: str
    verdict: str
    words: str
    figures: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise SchemaError(f"A verdict is one of {VERDICTS}; this is {self.verdict!r}.")
        if any(math.isnan(value) for value in self.figures.values()) and self.verdict == "pass":
            raise SchemaError(f"The check {self.name!r} passed on a figure that is no number: {dict(self.figures)}.")


def belief(checks: Sequence[Check]) -> str:
    """The worst verdict of checks, ``"none"`` if none could be made.

    >>> belief([Check("shifts", "Stable", "pass", "Yes."), Check("onset", "Close", "warn", "Not quite.")])
    'warn'
    """
    made = {check.verdict for check in checks}
    return next((verdict for verdict in ("fail", "warn", "pass") if verdict in made), "none")
