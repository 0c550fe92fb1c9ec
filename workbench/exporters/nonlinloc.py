"""Labels as phase files of NonLinLoc, one for each event."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from workbench.errors import SchemaError
from workbench.exporters.base import Batch, FolderExporter
from workbench.exporters.trace_names import TraceNames
from workbench.exporters.weighing import is_unused, uncertainty_of
from workbench.schema import DEFAULT_WEIGHT_SCHEME, WeightSchemeName, weight_scheme

__all__ = ["NonLinLocExporter"]

StationName = Literal["STA", "NET_STA", "NET_STA_LOC"]

_STEP_NS = 10**5
_MINUTE_STEPS = 60 * 10**4
_ONSETS = {"impulsive": "i", "emergent": "e"}
_MOTIONS = {"positive": "u", "negative": "d"}
_WORD = re.compile(r"[!-~]+", re.ASCII)


@dataclass(frozen=True)
class NonLinLocExporter(FolderExporter):
    """``NAME.obs`` for each event: NonLinLoc's phase file (``NLLOC_OBS``), a line for each label.

    A line holds station, onset, phase, first motion, date, minute, seconds to 0.1 ms, the standard error, and the prior
    weight: 1, or 0 for an onset that is not to be used (class 4), which NonLinLoc keeps in its results and does not
    locate with. A recording without a known event has a file of its own.

    Parameters
    ----------
    weights
        The scheme by which a label that has a class of weight and no uncertainty gets its error.
    station
        What names a station: it must be as in the station list (``GTSRCE``) of the run.
    unknown_s
        Error of a label with neither uncertainty nor class, above 0.

    Raises
    ------
    SchemaError
        If `unknown_s` is none.
    """

    name: ClassVar[str] = "nonlinloc"
    title: ClassVar[str] = "NonLinLoc phase files (.obs)"
    cannot_hold: ClassVar[tuple[str, ...]] = (
        "the two sides of an uncertainty (their mean is written)",
        "networks and locations, but as a part of the station's name",
        "rejected and questionable onsets, undecidable polarities, analysts and provenance",
    )

    weights: WeightSchemeName = DEFAULT_WEIGHT_SCHEME
    station: StationName = "STA"
    unknown_s: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.unknown_s < np.inf:
            raise SchemaError(f"The error of a label without one is above 0 s; this is {self.unknown_s:g}.")

    def write(self, batch: Batch) -> None:
        """Write a file for each event."""
        account, scheme = batch.account, weight_scheme(self.weights)
        labels = account.standing(batch.labels)
        names = pd.Series([_station_name(name, self.station) for name in labels["station"]], labels.index, dtype="str")
        labels = labels.assign(name=names)
        fits = labels[["name", "phase"]].map(lambda word: bool(_WORD.fullmatch(word))).all(axis=1)
        labels = account.keep(labels, fits.astype(bool), "a station or phase is one word of ASCII in this format")
        labels = labels.assign(error_s=[uncertainty_of(row, scheme) for row in labels.itertuples()])
        self._note(batch, labels)
        labels = _with_times(labels.fillna({"error_s": self.unknown_s}))
        files = TraceNames()
        for group in batch.by_event(labels.sort_values(["steps", "name", "phase"], kind="stable")):
            lines = [_line(row) for row in group.rows]
            if group.event is not None and _WORD.fullmatch(group.event.event_id):
                lines.insert(0, f"PUBLIC_ID {group.event.event_id}")
            path = batch.place / f"{files.take(group.name)}.obs"
            path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii", newline="\n")

    def _note(self, batch: Batch, labels: pd.DataFrame) -> None:
        account = batch.account
        sides = labels["uncertainty_minus_s"] != labels["uncertainty_plus_s"]
        known = labels[["uncertainty_minus_s", "uncertainty_plus_s"]].notna()
        account.note("the two sides of the uncertainty became their mean", int((sides & known.all(axis=1)).sum()))
        made = labels["weight"].notna() & ~known.any(axis=1)
        account.note(f"the error was made of the class of weight, by the scheme {self.weights}", int(made.sum()))
        unknown = int(labels["error_s"].isna().sum())
        account.note(f"without weight and uncertainty: written with {self.unknown_s:g} s", unknown)
        alike = int((labels.groupby("name")["station"].transform("nunique") > 1).sum())
        unused = sum(is_unused(row) for row in labels.itertuples())
        account.note("not to be used (class 4): written with the prior weight 0", unused)
        account.note(f"by the form {self.station} another station has the same name", alike)


def _station_name(station: str, form: str) -> str:
    parts = [*station.split("."), "", ""][:3] if "." in station else ["", station, ""]
    chosen = {"STA": parts[1:2], "NET_STA": parts[:2], "NET_STA_LOC": parts}[form]
    return "_".join(part for part in chosen if part)


def _with_times(labels: pd.DataFrame) -> pd.DataFrame:
    """The labels with date, hour and minute as text, and seconds.

    Rounded first and cut into minutes then, so that no line has 60 seconds.
    """
    steps = np.rint(labels["time"].astype("int64") / _STEP_NS).astype("int64")
    minutes = pd.DatetimeIndex(steps // _MINUTE_STEPS * (60 * 10**9))
    return labels.assign(
        steps=steps, minute=minutes.strftime("%Y%m%d %H%M").astype("str"), seconds=steps % _MINUTE_STEPS / 1e4
    )


def _line(row: Any) -> str:
    """Station to time, error, amplitudes, which are not known, and prior weight."""
    onset, motion = _ONSETS.get(row.onset_quality, "?"), _MOTIONS.get(row.polarity, "?")
    what = f"{row.name:<6} {'?':<4} {'?':<4} {onset} {row.phase:<6} {motion}"
    unknown = " ".join([f"{-1:9.2e}"] * 3)
    weight = 0.0 if is_unused(row) else 1.0
    return f"{what} {row.minute} {row.seconds:7.4f} GAU {row.error_s:9.2e} {unknown} {weight:9.2e}"
