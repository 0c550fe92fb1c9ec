"""What colleagues did on a recording, in one sentence."""

from __future__ import annotations

import pandas as pd

from workbench.labels.meanwhile import ago, did
from workbench.labels.tables import RECORDING_ROWS

__all__ = ["colleague_words"]


def colleague_words(rows: pd.DataFrame) -> str:
    """The last thing that they did, and how many more; empty where there is nothing to tell.

    Parameters
    ----------
    rows
        Of the journal, by others, the oldest first.
    """
    told = rows[~rows["decision"].isin([name for name in RECORDING_ROWS if name not in ("status", "note")])]
    if told.empty:
        return ""
    last = told.iloc[-1]
    if last["decision"] == "status":
        what = f"set this recording to {last['text']!r}"
    elif last["decision"] == "note":
        what = "changed the note on this recording"
    else:
        what = f"{did(last['decision'], last['undoes'])} the {last['phase']} on {last['station']}"
    more = f" (and {len(told) - 1} more changes here)" if len(told) > 1 else ""
    return f"{last['analyst']} {what} {ago(pd.Timestamp(last['decided_at']).value)}{more}. What you see is up to date."
