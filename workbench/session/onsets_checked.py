"""Which onsets of the open recording are held against its event: the analyst's before those of the source."""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbench.schema import empty_picks
from workbench.sources.catalogued import Catalogued

__all__ = ["onsets_to_check"]

_NEAR_S = 2.5
_COLUMNS = ["pick_id", "station", "phase", "time"]


def onsets_to_check(session: Any) -> pd.DataFrame:
    """Onsets with ``pick_id`` (of the pick or of the label), ``station``, ``phase`` and ``time``.

    A label stands for the pick of its phase within 2.5 s at its station, and a rejected one takes it away. Where the
    source tells events apart, those of another event in the same recording are left out.
    """
    labels = session.labels
    picks = _picks(session)[_COLUMNS]
    if labels.empty:
        return picks.reset_index(drop=True)
    replaced = picks["pick_id"].isin(labels["pick_id"]).to_numpy(copy=True)
    for row, pick in enumerate(picks.itertuples()):
        beside = labels[(labels["station"] == pick.station) & (labels["phase"] == pick.phase)]
        replaced[row] |= bool(((beside["time"] - pick.time).abs().dt.total_seconds() <= _NEAR_S).any())
    kept = labels[labels["decision"] != "reject"]
    own = kept[["station", "phase", "time"]].assign(pick_id=kept["label_id"])
    return pd.concat([own[_COLUMNS], picks[~replaced]], ignore_index=True)


def _picks(session: Any) -> pd.DataFrame:
    if len(session.reference):
        if session.event is not None and isinstance(session.source, Catalogued):
            own = session.source.event_picks(session.recording_id, session.event.event_id)
            return own if len(own) else session.reference
        return session.reference
    run = next((run for run in session.runs.values() if run.on and len(run.picks)), None)
    return run.picks if run is not None else empty_picks()
