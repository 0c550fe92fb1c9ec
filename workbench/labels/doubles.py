"""One row an onset, where several analysts' labels of it stand side by side and nobody has settled them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from workbench.labels.matching import TOLERANCE_S, family, group_times

__all__ = ["OnePerOnset", "one_an_onset", "unsettled"]


@dataclass(frozen=True)
class OnePerOnset:
    """Labels of which each onset has one.

    Parameters
    ----------
    labels
        The label decided last of each onset.
    left_out
        The other analysts' labels of the same onsets.
    """

    labels: pd.DataFrame
    left_out: pd.DataFrame


def one_an_onset(labels: pd.DataFrame, tolerance_s: float = TOLERANCE_S) -> OnePerOnset:
    """Each onset once: of several analysts' labels of one onset that are not settled, the one decided last.

    Labels of one phase family on one station of a recording are of one onset if they are of different analysts and at
    most `tolerance_s` apart, matched one to one. An analyst's own labels are never left out for each other.

    Parameters
    ----------
    labels
        As :meth:`workbench.labels.journal.Journal.labels` gives them, rejects too: one that was decided last says that
        there is no onset.
    """
    left_out: list[int] = []
    place = ["recording_id", "station", "family"]
    keyed = labels.reset_index(drop=True).assign(family=labels["phase"].map(family).to_numpy())
    if len(set(keyed["analyst"])) > 1:
        # Most places have one analyst: they are sorted out at once.
        several = keyed.groupby(place)["analyst"].transform("nunique") > 1
        for _, own in keyed[several].groupby(place, sort=False):
            by_analyst = [list(rows.index) for _, rows in own.groupby("analyst", sort=True)]
            times = own["time"].astype("int64")
            for group in group_times([[int(times[at]) for at in rows] for rows in by_analyst], tolerance_s):
                members = sorted((by_analyst[who][at] for who, at in group.items()), key=lambda at: keyed["entry"][at])
                left_out += members[:-1]
    gone = keyed.index.isin(left_out)
    whole = labels.reset_index(drop=True)
    return OnePerOnset(whole[~gone].reset_index(drop=True), whole[gone].reset_index(drop=True))


def unsettled(labels: pd.DataFrame) -> dict[str, str]:
    """Labels that :func:`one_an_onset` leaves out, with why: what an export holds back."""
    why = "another analyst marked the same onset later, and nobody has settled which holds"
    return dict.fromkeys(one_an_onset(labels).left_out["label_id"], why)
