"""What became of doubted onsets, by what the journal says of the labels that were made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from workbench.labels.journal import Journal

__all__ = ["KEY_COLUMNS", "OUTCOMES", "OUTCOME_OF", "onset_key", "what_became"]

OUTCOMES = ("kept", "fixed", "rejected", "flagged", "skipped")
"""What may have become of an item of the queue."""

OUTCOME_OF = {"accept": "kept", "move": "fixed", "add": "fixed", "reject": "rejected", "edit": "flagged"}
"""Decision of the journal to what it makes of an item."""

KEY_COLUMNS = ["recording_id", "station", "phase", "kind", "identity"]
"""Of a queue: what tells its items apart."""

_SEPARATOR = "\x1f"


def onset_key(row: Mapping[str, Any]) -> str:
    """What stands for an item of the queue."""
    return _SEPARATOR.join(str(row[name]) for name in KEY_COLUMNS)


def what_became(journal: Journal, doubts: pd.DataFrame, looked_at: Mapping[str, pd.Timestamp]) -> dict[str, str]:
    """Key to outcome of each doubted onset; empty where nothing was decided.

    Parameters
    ----------
    doubts
        With `KEY_COLUMNS`.
    looked_at
        Each of their recordings to when its doubts were found: a label that stood then was doubted, not decided upon.
    """
    decided: dict[tuple[str, str], str] = {}
    for label in journal.outcomes(looked_at).itertuples(index=False):
        flagged = label.onset_quality == "questionable"
        outcome = "flagged" if flagged else OUTCOME_OF.get(label.decision, "kept")
        if label.pick_id:
            decided[label.recording_id, label.pick_id] = outcome
        if label.decided_at > looked_at[label.recording_id]:
            decided[label.recording_id, label.label_id] = outcome
    # Columns of plain values: of thousands of recordings, rows of a table take longer than the journal's answer.
    rows = zip(*(doubts[name].tolist() for name in KEY_COLUMNS), strict=True)
    return {_SEPARATOR.join(map(str, row)): decided.get((row[0], row[-1]), "") for row in rows}
