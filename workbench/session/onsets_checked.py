"""Which onsets of the open recording are held against its event: the analyst's before those of the source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from workbench.processing.onset_groups import group_onsets, onsets_of_group, spread_km
from workbench.schema import empty_picks
from workbench.sources.catalogued import Catalogued

__all__ = ["onsets_around", "onsets_to_check"]

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


def onsets_around(session: Any, onset: Mapping[str, Any]) -> pd.DataFrame:
    """The onsets of the event that one onset belongs to, this one among them; columns as of :func:`onsets_to_check`.

    A recording may hold several events: onsets that lie too far in time for one wave to have made them are left out.

    Parameters
    ----------
    onset
        With ``identity``, ``station``, ``phase`` (P or S) and ``time``; it stands for its phase at its station.
    """
    onsets = onsets_to_check(session)
    onsets = onsets[onsets["phase"].str[:1].isin(["P", "S"])].assign(who="human", probability=0.0)
    onsets = onsets.assign(phase=onsets["phase"].str[:1])
    own = {"pick_id": onset["identity"], "station": onset["station"], "phase": onset["phase"], "time": onset["time"]}
    same = (onsets["station"] == own["station"]) & (onsets["phase"] == own["phase"])
    near = same & ((onsets["time"] - own["time"]).abs().dt.total_seconds() <= _NEAR_S)
    # The label that was made of it stands where the analyst put it.
    moved = onsets[near]
    own |= {"pick_id": moved["pick_id"].iloc[0], "time": moved["time"].iloc[0]} if len(moved) else {}
    here = pd.DataFrame([{**own, "who": "human", "probability": 1.0}])
    onsets = pd.concat([here, onsets[~near]], ignore_index=True) if not near.all() else here
    recording = session.recording
    spread = spread_km(recording["latitude_deg"].values, recording["longitude_deg"].values)
    for group in group_onsets(onsets, spread):
        found = onsets_of_group(onsets, group, spread)
        if (found["pick_id"] == own["pick_id"]).any():
            return found[_COLUMNS]
    return here[_COLUMNS]


def _picks(session: Any) -> pd.DataFrame:
    if len(session.reference):
        if session.event is not None and isinstance(session.source, Catalogued):
            own = session.source.event_picks(session.recording_id, session.event.event_id)
            return own if len(own) else session.reference
        return session.reference
    run = next((run for run in session.runs.values() if run.on and len(run.picks)), None)
    return run.picks if run is not None else empty_picks()
