"""Weight and uncertainty of a label, each made of the other where the analyst gave one of them alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from workbench.exporters.account import Account
from workbench.schema import UNUSED_CLASS, WeightScheme

__all__ = ["class_of", "is_unused", "mean_uncertainty_s", "note_classes", "uncertainty_of"]


def mean_uncertainty_s(row: Any) -> float:
    """The mean of both sides of a label's uncertainty, or the one that is known; NaN where none is."""
    sides = [side for side in (row.uncertainty_minus_s, row.uncertainty_plus_s) if not np.isnan(side)]
    return float(sum(sides) / len(sides)) if sides else float("nan")


def class_of(row: Any, scheme: WeightScheme) -> int | None:
    """The class of a label's weight: its own, else that of its uncertainty; None where neither is known."""
    if not np.isnan(row.weight):
        return min(round(row.weight), UNUSED_CLASS)
    return scheme.weight_class(mean_uncertainty_s(row))


def is_unused(row: Any) -> bool:
    """Whether the analyst saw the onset and would not locate with it: class 4, 0 % of the weight."""
    return not np.isnan(row.weight) and round(row.weight) >= UNUSED_CLASS


def uncertainty_of(row: Any, scheme: WeightScheme) -> float:
    """Seconds of a label: its own, else those of its class; NaN where neither is known."""
    own_s = mean_uncertainty_s(row)
    return scheme.uncertainty_s(row.weight) if np.isnan(own_s) else own_s


def note_classes(account: Account, labels: pd.DataFrame, scheme: str, blank_is: str) -> None:
    """Say how many of the labels got a class by a scheme, and how many have none."""
    known = labels[["uncertainty_minus_s", "uncertainty_plus_s"]].notna().any(axis=1)
    made = labels["weight"].isna() & known
    account.note(f"the class of weight was made of the uncertainty, by the scheme {scheme}", int(made.sum()))
    account.note(f"without weight and uncertainty: {blank_is}", int((labels["weight"].isna() & ~known).sum()))
