"""One analyst's decisions on one open recording: picks and labels in, rows in the journal out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import UnknownNameError, WorkbenchError
from workbench.labels.meanwhile import SAME_ONSET_S
from workbench.schema import Decision

__all__ = ["Desk"]

_COPIED = ("uncertainty_minus_s", "uncertainty_plus_s", "polarity", "onset_quality", "weight")


class Recorder(Protocol):
    """The part of :class:`workbench.labels.journal.Journal` that a desk needs."""

    def record(self, decision: Decision, *, seen: int | None = None) -> Any:
        """Write one decision of who has seen all entries up to that one; returns once it is on disk."""
        ...


class Desk:
    """Turns what an analyst does to picks and labels of one recording into decisions, and records them.

    Parameters
    ----------
    journal
        Where decisions go.
    recording
        The open Recording; an onset is set on one of its stations, within its time.
    labels
        Gives the labels that stand on this recording now.
    picks
        Gives the picks of models and catalogue on this recording now.
    provenance
        Gives where a decision comes from, for a pick's row or None: picker, weights, filter, waveform hash, ...
    seen
        Gives the journal's last entry that the labels show; with it nobody decides over what she has not seen.
    """

    def __init__(
        self,
        journal: Recorder,
        recording: xr.Dataset,
        *,
        labels: Callable[[], pd.DataFrame],
        picks: Callable[[], pd.DataFrame],
        provenance: Callable[[Mapping[str, Any] | None], Mapping[str, Any]],
        seen: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._journal = journal
        self._recording_id = str(recording.attrs["recording_id"])
        self._stations = [str(name) for name in recording["station"].values]
        self._first, self._last = (pd.Timestamp(recording["time"].values[end]) for end in (0, -1))
        # A time that came through the browser is a float: it may lie a little before the sample that it is of.
        self._slack = pd.Timedelta(1 / recording.attrs["sampling_rate_hz"], unit="s")
        self._labels = labels
        self._picks = picks
        self._provenance = provenance
        self._seen = seen

    def set(self, station: str, phase: str, time: pd.Timestamp) -> Any:
        """An onset that the analyst sets; moves her label of that phase if one stands within `SAME_ONSET_S`.

        Raises
        ------
        UnknownNameError
            If the recording has no such station.
        WorkbenchError
            If the time is not within the recording.
        """
        self._check(station, time)
        labels = self._labels()
        same = labels[(labels["station"] == station) & (labels["phase"] == phase) & (labels["decision"] != "reject")]
        if len(same):
            distance_s = (same["time"] - time).abs().dt.total_seconds()
            if distance_s.min() <= SAME_ONSET_S:
                return self.move(str(same.loc[distance_s.idxmin(), "label_id"]), time)
        return self._record("add", {"station": station, "phase": phase}, time=time)

    def move(self, identity: str, time: pd.Timestamp) -> Any:
        """The label, or a new label from the pick, at another time; raises as :meth:`set` does."""
        row = self._row(identity)
        self._check(str(row["station"]), time)
        return self._record("move", row, time=time)

    def edit(self, identity: str, **changes: Any) -> Any:
        """The label with other uncertainty, polarity, onset quality, weight or phase; a pick is accepted with them."""
        row = self._row(identity)
        return self._record("edit" if row["label_id"] else "accept", row, **changes)

    def accept(self, identity: str) -> Any:
        """The pick as a label; a label that was rejected stands again."""
        return self._record("accept", self._row(identity))

    def reject(self, identity: str) -> Any:
        """The pick, or the label, as an onset that is not there."""
        return self._record("reject", self._row(identity))

    def _check(self, station: str, time: pd.Timestamp) -> None:
        if station not in self._stations:
            raise UnknownNameError("station of this recording", station, self._stations)
        if not self._first - self._slack <= time <= self._last + self._slack:
            raise WorkbenchError(
                f"{time} is not within this recording, which goes from {self._first} to {self._last}: "
                "point at the onset on its traces."
            )

    def _row(self, identity: str) -> dict[str, Any]:
        labels = self._labels()
        for column in ("label_id", "pick_id"):
            found = labels[labels[column] == identity] if identity else labels.iloc[:0]
            if len(found):
                return dict(found.iloc[-1].to_dict())
        picks = self._picks()
        found = picks[picks["pick_id"] == identity]
        if found.empty:
            raise UnknownNameError("pick or label on this recording", identity)
        pick = found.iloc[0].to_dict()
        uncertainty_s = pick.pop("uncertainty_s")
        return {
            **pick,
            "label_id": "",
            "uncertainty_minus_s": uncertainty_s,
            "uncertainty_plus_s": uncertainty_s,
        }

    def _record(self, decision: str, row: Mapping[str, Any], **changes: Any) -> Any:
        values: dict[str, Any] = {name: row[name] for name in _COPIED if name in row} | changes
        values = {name: float(v) if isinstance(v, (int, np.floating)) else v for name, v in values.items()}
        time = pd.Timestamp(values.pop("time", row.get("time")))
        phase = str(values.pop("phase", row["phase"]))
        return self._journal.record(
            Decision(
                decision=decision,
                recording_id=self._recording_id,
                station=str(row["station"]),
                phase=phase,
                time=time,
                label_id=str(row.get("label_id", "")),
                pick_id=str(row.get("pick_id", "")),
                provenance=self._origin(row),
                **values,
            ),
            seen=self._seen(),
        )

    def _origin(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Where a decision comes from; a label that is changed keeps the picker that it came from."""
        kept = json.loads(row["provenance"]) if row.get("provenance") else {}
        now = self._provenance(row if row.get("picker") else None)
        # Numpy's scalars as Python's, so that the journal can write them as JSON.
        return kept | {name: value.item() if isinstance(value, np.generic) else value for name, value in now.items()}
