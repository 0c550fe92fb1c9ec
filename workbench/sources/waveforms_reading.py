"""One interval of a waveform folder -> a recording."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from workbench.errors import SourceError
from workbench.processing.large_arrays import let_go, nan_array
from workbench.schema import make_recording
from workbench.sources.stations import StationBook
from workbench.sources.waveforms_channels import assign_components, choose_channels, order_components
from workbench.sources.waveforms_grid import Grid, common_grid
from workbench.sources.waveforms_grouping import Interval
from workbench.sources.waveforms_headers import Segment
from workbench.sources.waveforms_samples import Findings, fill_rows
from workbench.sources.waveforms_turning import directions_of, turn_to_north

__all__ = ["read_interval"]


def read_interval(
    interval: Interval,
    recording_id: str,
    *,
    book: StationBook,
    inventories: list[Any],
    source: str,
    event_id: str = "",
    instrument: str = "",
    notices: Sequence[str] = (),
) -> xr.Dataset:
    """The recording of an interval; what had to be decided is in its attribute ``notices``.

    Parameters
    ----------
    book
        Where stations stand.
    inventories
        ObsPy inventories, for the directions of components 1 and 2.
    instrument
        See :func:`workbench.sources.waveforms_channels.choose_channels`.
    notices
        More that is to be said of the recording.

    Raises
    ------
    SourceError
        If no file of the interval can be read.
    """
    findings = Findings()
    chosen = _chosen(interval, instrument, findings)
    letters, replaced = assign_components(chosen)
    wanted = [s for s in interval.segments if s.channel in chosen[s.station]]
    grid = common_grid(interval, wanted)
    stations = sorted(letters)
    turned = {} if not inventories else _turnable(letters, inventories, grid)
    for station in turned:
        letters[station] = {{"1": "N", "2": "E"}.get(letter, letter): code for letter, code in letters[station].items()}
    components = order_components(letter for found in letters.values() for letter in found)
    waveform, channels, rows = _empty(stations, components, letters, grid)
    fill_rows(interval, rows, wanted, grid, findings)
    for station, directions in turned.items():
        turn_to_north(waveform[stations.index(station)], components, directions)
        findings.add("Components 1 and 2 turned to north and east by StationXML: {}.", station)
    for station in replaced:
        if station not in turned:
            findings.add("1 and 2 of unknown direction stand in the place of N and E: {}.", station)
    _say_what_is_missing(waveform, stations, components, letters, grid, findings)
    places = [book.find(station, grid.start_ns) for station in stations]
    recording = make_recording(
        waveform,
        stations=stations,
        components=components,
        start=np.datetime64(grid.start_ns, "ns"),
        sampling_rate_hz=grid.rate_hz,
        recording_id=recording_id,
        source=source,
        event_id=event_id,
        latitude_deg=[place.latitude_deg for place in places],
        longitude_deg=[place.longitude_deg for place in places],
        elevation_m=[place.elevation_m for place in places],
        native_sampling_rate_hz=_native_rates(stations, wanted),
        channels=channels,
        notices=[*findings.sentences(), *notices],
    )
    let_go(waveform)
    return recording


def _chosen(interval: Interval, instrument: str, findings: Findings) -> dict[str, list[str]]:
    by_station: dict[str, set[str]] = defaultdict(set)
    for segment in interval.segments:
        by_station[segment.station].add(segment.channel)
    chosen = {}
    for station, codes in sorted(by_station.items()):
        chosen[station], left_out = choose_channels(codes, instrument)
        if left_out:
            findings.add("Left out, another instrument is shown: {}.", f"{station} {'/'.join(left_out)}")
    return chosen


def _turnable(
    letters: Mapping[str, Mapping[str, str]], inventories: list[Any], grid: Grid
) -> dict[str, dict[str, tuple[float, float]]]:
    found = {}
    for station, codes in letters.items():
        if "Z" in codes and {code[-1] for code in codes.values()} >= {"1", "2", "Z"}:
            directions = directions_of(station, codes, inventories, grid.start_ns)
            if directions:
                found[station] = directions
    return found


def _empty(
    stations: list[str], components: list[str], letters: Mapping[str, Mapping[str, str]], grid: Grid
) -> tuple[np.ndarray, np.ndarray, dict[tuple[str, str], np.ndarray]]:
    """A waveform of NaN, the channel codes of its rows, and its rows by station and channel code."""
    shape = (len(stations), len(components))
    try:
        waveform = nan_array((*shape, grid.n_samples))
    except (MemoryError, OverflowError) as error:
        raise SourceError(
            f"A recording of {shape[0]} stations and {grid.n_samples} samples does not fit into memory. "
            "Open the source with a smaller most_mb."
        ) from error
    channels = np.full(shape, "", dtype="<U16")
    rows = {}
    for index, station in enumerate(stations):
        for letter, code in letters[station].items():
            channels[index, components.index(letter)] = code
            rows[station, code] = waveform[index, components.index(letter)]
    return waveform, channels, rows


def _native_rates(stations: list[str], segments: list[Segment]) -> list[float]:
    rates = {segment.station: segment.rate_hz for segment in reversed(segments)}
    return [round(rates[station], 6) for station in stations]


def _say_what_is_missing(
    waveform: np.ndarray,
    stations: list[str],
    components: list[str],
    letters: Mapping[str, Mapping[str, str]],
    grid: Grid,
    findings: Findings,
) -> None:
    """Name gaps, dead channels and missing components; a dead (constant) channel becomes NaN."""
    lacking = [letter for letter in ("Z12" if {"1", "2"} & set(components) else "ZNE") if letter not in components]
    # A vertical alone is what many stations have; one of three components is lost.
    if len(lacking) == 1:
        findings.add("No station has the component {} here.", lacking[0])
    for index, station in enumerate(stations):
        for letter in components:
            name = f"{station} {letters[station].get(letter, letter)}"
            row = waveform[index, components.index(letter)]
            missing = np.isnan(row)
            n_missing = int(np.count_nonzero(missing))
            if letter not in letters[station]:
                findings.add("Components that the station does not have here: {}.", name)
            elif n_missing == row.size:
                findings.add("No samples: {}.", name)
            elif row.size > 1 and np.nanmin(row) == np.nanmax(row):
                row[:] = np.nan
                findings.add("Dead (the same value throughout), shown as missing: {}.", name)
            elif n_missing / grid.rate_hz >= 1.0 or bool(missing[1:-1].any()):
                n_gaps = int(np.count_nonzero(missing[1:] & ~missing[:-1]) + missing[0])
                findings.add("Gaps: {}.", f"{name} ({n_gaps}, {n_missing / grid.rate_hz:.3g} s in all)")
