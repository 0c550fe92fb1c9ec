"""Tables about several analysts: their marks side by side, how far they agree, and where they do not."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from workbench.errors import SchemaError
from workbench.schema.labels import LABEL_COLUMNS

__all__ = [
    "AGREEMENT_COLUMNS",
    "DISAGREEMENT_COLUMNS",
    "LOOK_COLUMNS",
    "MARK_COLUMNS",
    "OVERALL",
    "check_agreement",
    "check_marks",
]

MARK_COLUMNS: Mapping[str, str] = {**LABEL_COLUMNS, "settled_by": "str"}
"""A mark is an analyst's own label. ``settled_by`` is the label_id of the label that settled it, or empty."""

LOOK_COLUMNS: Mapping[str, str] = {"recording_id": "str", "station": "str", "analyst": "str"}
"""One row for each analyst who said that she has done with a station of a recording; an empty station is all of it."""

OVERALL = "all"
"""Stands for both analysts in a row over all pairs."""

AGREEMENT_COLUMNS: Mapping[str, str] = {
    "phase": "str",
    "first": "str",
    "second": "str",
    "n_recordings": "int64",
    "n_pairs": "int64",
    "n_blind": "int64",
    "n_first_alone": "int64",
    "n_second_alone": "int64",
    "median_s": "float64",
    "median_low_s": "float64",
    "median_high_s": "float64",
    "mad_s": "float64",
    "mad_low_s": "float64",
    "mad_high_s": "float64",
    "p05_s": "float64",
    "p95_s": "float64",
    "median_abs_s": "float64",
    "median_abs_low_s": "float64",
    "median_abs_high_s": "float64",
    "n_units": "int64",
    "n_both": "int64",
    "n_first_only": "int64",
    "n_second_only": "int64",
    "n_neither": "int64",
    "kappa_pick": "float64",
    "kappa_pick_low": "float64",
    "kappa_pick_high": "float64",
    "n_polarity": "int64",
    "kappa_polarity": "float64",
    "kappa_polarity_low": "float64",
    "kappa_polarity_high": "float64",
}
"""One row for each phase and pair of analysts, and one over all pairs (:data:`OVERALL`).

``n_pairs`` are onsets that both marked, matched one to one; of ``n_blind`` the later mark was set without seeing the
earlier one. ``n_first_alone`` and ``n_second_alone`` are onsets that only one of them marked. Times are the first
analyst's minus the second's: median, median absolute deviation from it, 5 % and 95 % quantiles, and the median of the
absolute difference. ``_low`` and ``_high`` bound 95 % intervals. Units (``n_units`` and what they fall into) are a
phase on a station of a recording at which both looked. ``n_polarity`` counts pairs in which both judged the polarity.
NaN where there is nothing to say, or no bound; over several pairs the signed times are NaN, for their sign is that of
the order of names.
"""

DISAGREEMENT_COLUMNS: Mapping[str, str] = {
    "recording_id": "str",
    "station": "str",
    "phase": "str",
    "time": "datetime64[ns]",
    "kinds": "str",
    "severity": "float64",
    "difference_s": "float64",
    "analysts": "str",
    "label_ids": "str",
    "absent": "str",
    "words": "str",
}
"""One row for each onset that is not settled. ``kinds`` is empty where the marks agree within their uncertainties, else
a comma-separated choice of ``time``, ``pick``, ``polarity`` and ``phase``; ``severity`` is 1 where a difference just
matters. ``difference_s`` lies between the earliest and the latest mark. ``analysts`` and ``label_ids`` (JSON lists) are
those who marked it, by time; ``absent`` (a JSON list) are those who looked there and marked nothing."""


def check_marks(marks: pd.DataFrame) -> pd.DataFrame:
    """The same table, if it is of the agreed form: each analyst's own labels, side by side.

    Raises
    ------
    SchemaError
        Names the first thing that is not as agreed.
    """
    missing = [name for name in MARK_COLUMNS if name not in marks]
    if missing:
        raise SchemaError(f"A table of marks has the columns {list(MARK_COLUMNS)}; this one lacks {missing}.")
    if marks["time"].dtype != "datetime64[ns]":
        raise SchemaError(f"Times of marks are naive UTC datetime64[ns]; these are {marks['time'].dtype}.")
    if (marks["analyst"] == "").any():
        raise SchemaError("Every mark has its analyst; some have none.")
    return marks


def check_agreement(table: pd.DataFrame) -> pd.DataFrame:
    """The same table with the agreed columns and dtypes.

    Raises
    ------
    SchemaError
        If a column is missing, or a pair stands twice.
    """
    missing = [name for name in AGREEMENT_COLUMNS if name not in table]
    if missing:
        raise SchemaError(f"A table of agreement has the columns {list(AGREEMENT_COLUMNS)}; this one lacks {missing}.")
    if table.duplicated(["phase", "first", "second"]).any():
        raise SchemaError("A pair of analysts stands once for each phase in a table of agreement; some stand twice.")
    return table[list(AGREEMENT_COLUMNS)].astype(dict(AGREEMENT_COLUMNS))
