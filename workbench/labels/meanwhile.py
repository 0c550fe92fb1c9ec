"""What another analyst did since somebody looked, so that nobody decides over a decision that she has not seen."""

from __future__ import annotations

import time
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row, bindparam, select

from workbench.errors import DecidedMeanwhileError
from workbench.labels.tables import RECORDING_ROWS, journal
from workbench.schema import Decision

__all__ = ["SAME_ONSET_S", "ago", "check_unchanged", "did"]

SAME_ONSET_S = 1.0
"""Two labels of a phase this near to each other on the same station are of the same onset."""

_DID = {
    "accept": "accepted",
    "add": "set",
    "move": "moved",
    "edit": "changed",
    "reject": "rejected",
    "settle": "settled",
}

_SINCE = (
    select(journal)
    .where(journal.c.recording_id == bindparam("recording_id"), journal.c.entry > bindparam("seen"))
    .where(journal.c.analyst != bindparam("analyst"), journal.c.decision.not_in(RECORDING_ROWS))
    .order_by(journal.c.entry.desc())
)


def check_unchanged(connection: Connection, decision: Decision, seen: int, analyst: str) -> None:
    """Nothing, if no other analyst decided on the same onset after the entry `seen`.

    The same onset is the same label, a label of the same pick, or a new label of that phase there within
    `SAME_ONSET_S`.

    Raises
    ------
    DecidedMeanwhileError
        Says who decided what and when.
    """
    asked = {"recording_id": decision.recording_id, "seen": seen, "analyst": analyst}
    for row in connection.execute(_SINCE, asked):
        if _is_same(row, decision):
            raise DecidedMeanwhileError(
                f"{row.analyst} {did(row.decision, row.undoes)} this {row.phase} {ago(row.decided_at_ns)}; look again, "
                "then decide. Nothing was written."
            )


def did(decision: str, undoes: Any) -> str:
    """What a row did, as a verb: ``"moved"``."""
    if decision == "restore":
        return "brought back" if pd.isna(undoes) else "took back"
    return _DID.get(decision, "changed")


def ago(decided_at_ns: int) -> str:
    """How long ago that was.

    >>> ago(0)[-9:]
    ' days ago'
    """
    # Clocks of two computers differ: what lies ahead was now.
    seconds = max(0, time.time_ns() - decided_at_ns) / 1e9
    for unit_s, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit_s:
            return f"{seconds / unit_s:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def _is_same(row: Row[Any], decision: Decision) -> bool:
    if decision.label_id and row.label_id == decision.label_id:
        return True
    if decision.pick_id and row.pick_id == decision.pick_id:
        return True
    if decision.label_id or (row.station, row.phase) != (decision.station, decision.phase):
        return False
    away_ns = abs(row.time_ns - pd.Timestamp(decision.time).as_unit("ns").value)
    return bool(away_ns <= SAME_ONSET_S * 1e9)
