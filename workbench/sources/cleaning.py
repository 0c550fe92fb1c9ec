"""Cleaning: which traces of a source can be trained on, and for each one that cannot, why, with figure and limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from workbench.errors import SchemaError, SourceError
from workbench.schema import Report, silent
from workbench.sources.base import Source
from workbench.sources.cleaning_rules import FAULT_COLUMNS, Limits, epicentral_km, faults_of, metadata_faults
from workbench.sources.cleaning_samples import measure_traces
from workbench.sources.event_groups import events_by_stations
from workbench.sources.trace_table import TRACE_COLUMNS, trace_table

__all__ = ["DROPPED_COLUMNS", "REASONS", "Cleaned", "clean_source", "clean_traces", "read_traces"]

REASONS: Mapping[str, str] = {
    "duplicate": "the same trace again",
    "s_before_p": "S not after P",
    "onset_outside_trace": "an onset outside the trace",
    "onset_before_origin": "an onset before the origin",
    "impossible_travel_time": "an onset too early or too late for the distance",
    "impossible_distance": "a distance that cannot be",
    "distance_disagrees": "a distance that the coordinates contradict",
    "impossible_magnitude": "a magnitude that cannot be",
    "impossible_depth": "a depth that cannot be",
    "impossible_place": "coordinates that are no place",
    "clipped": "clipped",
    "dead": "a dead component",
    "low_snr": "signal too weak",
    "missing_station": "no station code",
    "missing_place": "no station coordinates",
    "missing_start": "no start time",
    "missing_rate": "no sampling rate",
    "missing_onset": "no onset",
    "missing_origin": "no origin time or epicentre",
    "missing_magnitude": "no magnitude",
    "missing_waveform": "no waveform",
    "unreadable": "a waveform that cannot be read",
}
"""Every reason to drop a trace, in the order in which they are reported."""

DROPPED_COLUMNS = ("recording_id", "station", "event_id", "reason", "value", "limit", "words")

_SAME_START_S = 1.0


@dataclass(frozen=True)
class Cleaned:
    """What a cleaning left, and what it took away.

    Parameters
    ----------
    traces
        All that there were, with distance and ratio of signal to noise filled where they could be worked out.
    kept
        Those without a fault.
    dropped
        One row per dropped trace and reason, with :data:`DROPPED_COLUMNS`: figure, limit (NaN where there is none) and
        a sentence.
    notices
        What the source could not list.
    """

    traces: pd.DataFrame
    kept: pd.DataFrame
    dropped: pd.DataFrame
    notices: tuple[str, ...] = ()

    def counts(self) -> pd.DataFrame:
        """Traces by reason: ``reason``, ``traces``, and ``only`` those that nothing else is wrong with."""
        reasons = self.dropped.drop_duplicates(["recording_id", "station", "reason"])
        alone = reasons.groupby(["recording_id", "station"])["reason"].transform("size") == 1
        table = pd.DataFrame(
            {"traces": reasons["reason"].value_counts(), "only": reasons.loc[alone, "reason"].value_counts()}
        ).reindex([reason for reason in REASONS if (reasons["reason"] == reason).any()])
        return table.fillna(0).astype(int).rename_axis("reason").reset_index()

    def events(self) -> pd.DataFrame:
        """Events by number of stations, before and after; see :func:`~.event_groups.events_by_stations`."""
        return events_by_stations(self.traces, self.kept)


def clean_source(
    source: Source, limits: Limits | None = None, *, waveforms: bool = True, report: Report = silent
) -> Cleaned:
    """The traces of a source, cleaned.

    Parameters
    ----------
    waveforms
        Whether every waveform is read, for clipped, dead and doubled ones, and ratios that are not stated. Without,
        only what the metadata show is found.

    Raises
    ------
    SourceError
        If the source cannot be listed, or holds nothing.
    """
    traces = trace_table(source, report)
    if traces.empty:
        raise SourceError(f"{source.location} holds no trace.")
    quality = measure_traces(source, traces, report) if waveforms else None
    return clean_traces(traces, limits, quality)


def clean_traces(traces: pd.DataFrame, limits: Limits | None = None, quality: pd.DataFrame | None = None) -> Cleaned:
    """A table of traces, cleaned by its columns and by what was measured of the samples, where that is given."""
    limits = limits or Limits()
    notices = tuple(traces.attrs.get("notices", ()))
    traces = traces.reset_index(drop=True)
    if quality is not None:
        traces["snr_db"] = traces["snr_db"].fillna(quality["measured_snr_db"])
    faults = [metadata_faults(traces, limits)]
    traces["distance_km"] = traces["distance_km"].fillna(epicentral_km(traces))
    if quality is not None:
        faults += _sample_faults(quality, limits)
    found = pd.concat(faults, ignore_index=True)
    found = pd.concat([found, _duplicates(traces, found, quality)], ignore_index=True)
    order = found["reason"].map({reason: place for place, reason in enumerate(REASONS)})
    found = found.assign(order=order).sort_values(["row", "order"], kind="stable", ignore_index=True)
    named = traces.loc[found["row"], ["recording_id", "station", "event_id"]].reset_index(drop=True)
    dropped = pd.concat([named, found[["reason", "value", "limit", "words"]]], axis=1)
    kept = traces.drop(index=found["row"].unique()).reset_index(drop=True)
    return Cleaned(traces, kept, dropped, notices)


def _sample_faults(quality: pd.DataFrame, limits: Limits) -> list[pd.DataFrame]:
    refused = faults_of(quality["refusal"] != "", "unreadable", np.nan, np.nan, "")
    refused["words"] = quality["refusal"].loc[refused["row"]].to_numpy()
    return [
        refused,
        faults_of(
            quality["flat"] > limits.most_flat,
            "dead",
            quality["flat"],
            limits.most_flat,
            "A component is missing or stands still for {value} of its length; the limit is {limit}.",
        ),
        faults_of(
            quality["clipped"] > limits.most_clipped,
            "clipped",
            quality["clipped"],
            limits.most_clipped,
            "{value} samples in a row or in pairs stand at the largest value; the limit is {limit}.",
        ),
    ]


def _duplicates(traces: pd.DataFrame, faults: pd.DataFrame, quality: pd.DataFrame | None) -> pd.DataFrame:
    """Traces that another one repeats: one event at one station from the same second on, or the same samples.

    Of several the one with the fewest other faults stays, then the clearest, then the first.
    """
    n_faults = faults.groupby("row").size().reindex(traces.index, fill_value=0)
    best = traces.assign(n_faults=n_faults, row=traces.index).sort_values(
        ["n_faults", "snr_db", "row"], ascending=[True, False, True]
    )
    found = [_repeats(best, _same_start(traces), "Station, event and start are those of {}.")]
    onset = traces["start"] + pd.to_timedelta(traces["p_sample"] / traces["sampling_rate_hz"], unit="s").dt.round("ms")
    same_onset = traces["station"] + "\x1f" + traces["event_id"] + "\x1f" + onset.astype("str")
    found.append(_repeats(best, same_onset.where(onset.notna(), ""), "Station, event and P onset are those of {}."))
    if quality is not None:
        # A station of a long recording is listed for each event that it holds, with the same samples.
        again = traces.duplicated(["recording_id", "station"])
        found.append(_repeats(best, quality["digest"].mask(again, ""), "The samples are those of {}."))
    return pd.concat(found, ignore_index=True).drop_duplicates("row")


def _same_start(traces: pd.DataFrame) -> pd.Series:
    """A key that traces of one station and event share, if each begins within a second of the one before."""
    known = traces[traces["start"].notna() & (traces["station"] != "")]
    order = known.sort_values(["station", "event_id", "start"], kind="stable")
    same = order["station"].eq(order["station"].shift()) & order["event_id"].eq(order["event_id"].shift())
    near = order["start"].diff().dt.total_seconds().le(_SAME_START_S) & same
    return (~near).cumsum().astype("str").reindex(traces.index, fill_value="")


def _repeats(best: pd.DataFrame, keys: pd.Series, words: str) -> pd.DataFrame:
    own = keys.loc[best.index]
    told = own != ""
    again = told & own.duplicated()
    first = best["recording_id"].groupby(own.where(told)).transform("first")
    table = faults_of(again, "duplicate", np.nan, np.nan, "")
    rows = best.index.to_numpy()[table["row"].to_numpy()]
    table["words"] = [words.format(name) for name in first.loc[rows]]
    return table.assign(row=rows)[list(FAULT_COLUMNS)]


def read_traces(path: Path) -> pd.DataFrame:
    """The table of traces in a file that a cleaning wrote, CSV or parquet.

    Raises
    ------
    SourceError
        If it cannot be read.
    SchemaError
        If it is another table.
    """
    try:
        table = (
            pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, keep_default_na=False, dtype=str)
        )
    except (OSError, ValueError) as error:
        raise SourceError(f"The table of traces {path} cannot be read: {error}.") from error
    missing = [name for name in TRACE_COLUMNS if name not in table]
    if missing:
        raise SchemaError(f"{path} lacks the columns {missing} of a table of traces; name kept.parquet or kept.csv.")
    if path.suffix != ".parquet":
        table = table.assign(
            **{name: table[name].replace("", np.nan) for name, kind in TRACE_COLUMNS.items() if kind == "float64"},
            has_waveform=table["has_waveform"] == "True",
        )
    return table[list(TRACE_COLUMNS)].astype(dict(TRACE_COLUMNS))
