"""``gather_evidence``: what one recording says about its labels and picks, before anything is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import PickerError
from workbench.inference.picking import picks_from
from workbench.inference.run import annotate
from workbench.pickers import open_picker
from workbench.processing.common_origin import fit_common_origin
from workbench.processing.distances import distances, station_table
from workbench.processing.onset_groups import group_onsets, onsets_of_group, spread_km
from workbench.schema import Event, Report, empty_picks, silent

__all__ = ["REACH_S", "Evidence", "Onset", "gather_evidence"]

REACH_S = 2.5
"""A pick this near to a label of its phase, or nearer, is meant to be the same onset."""

_TOGETHER_S = 1.0
_SHIFTS = (0.29, 0.61)
_SETTLE_S = 3.0
_SHORTEST_SHARE = 0.25
_AROUND_S = 1.0
_GUARD_S = 0.1
_FROM_S, _TO_S = -5.0, 5.0
_AGREES_S = 0.3
_LEAST_AGREEING = 0.5


@dataclass(frozen=True, eq=False)
class Onset:
    """One onset that somebody claims: a label, or what pickers find where there is none.

    Parameters
    ----------
    kind
        ``"label"`` or ``"pick"``.
    identity
        Of the label or of the surest pick.
    near
        By picker: time and probability of its pick of that phase at most `REACH_S` away, if it has one.
    other
        By picker: time and probability of its pick of the *other* phase nearest to the onset, if within `REACH_S`.
    shifted_s
        Where the first picker puts the onset, in s relative to its own pick, with its windows moved; NaN where it
        loses it. Empty where that was not tried.
    rise_db
        Power of the loudest component in the second after the onset over that in the second before; NaN if unknown.
    residual_s
        Observed minus what the other onsets of the event let expect; NaN if they are too few.
    n_others
        Onsets that this was measured against.
    has_samples
        Whether the station recorded anything there; a picker cannot find what was not recorded.
    """

    kind: str
    identity: str
    station: str
    phase: str
    time: pd.Timestamp
    near: Mapping[str, tuple[pd.Timestamp, float]]
    other: Mapping[str, tuple[pd.Timestamp, float]] = field(default_factory=dict)
    shifted_s: tuple[float, ...] = ()
    rise_db: float = float("nan")
    residual_s: float = float("nan")
    n_others: int = 0
    has_samples: bool = True


@dataclass(frozen=True, eq=False)
class Evidence:
    """A recording's onsets and all that bears on them.

    Parameters
    ----------
    pickers
        Titles, in the order in which they were asked; a picker that could not run is not among them.
    distance_km
        From the event's hypocentre to each station; empty where it is not known.
    labelled
        Whether somebody has looked for all onsets here, so that one without a label was missed.
    remarks
        Why a picker could not run, or a label was left out, one sentence each.
    phases
        By picker: the families, P and S, that it gives; one that is not named gives both.
    """

    recording_id: str
    onsets: tuple[Onset, ...]
    pickers: tuple[str, ...]
    event: Event | None = None
    distance_km: Mapping[str, float] = field(default_factory=dict)
    labelled: bool = True
    remarks: tuple[str, ...] = ()
    phases: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def asked(self, phase: str) -> tuple[str, ...]:
        """The pickers that give a phase: the others cannot be said to miss it."""
        return tuple(title for title in self.pickers if phase in self.phases.get(title, "PS"))

    @property
    def holds_several_events(self) -> bool:
        """Whether a station has two labels of one phase: then none is held against the one event that is told."""
        places = [(onset.station, onset.phase) for onset in self.onsets if onset.kind == "label"]
        return len(set(places)) < len(places)

    def of(self, station: str, phase: str, kind: str = "label") -> list[Onset]:
        """The onsets of a phase on a station, in the order of time."""
        found = [each for each in self.onsets if (each.station, each.phase, each.kind) == (station, phase, kind)]
        return sorted(found, key=lambda onset: onset.time)


def gather_evidence(
    recording: xr.Dataset,
    labels: pd.DataFrame,
    pickers: Sequence[tuple[str, str]],
    *,
    event: Event | None = None,
    labelled: bool = True,
    shifts: bool = True,
    report: Report = silent,
) -> Evidence:
    """Run pickers over a recording and set its labels against what they find.

    Parameters
    ----------
    labels
        Columns ``station``, ``phase`` (of the P or S family) and ``time``, and ``label_id`` or ``pick_id``.
    pickers
        Names and weights; the first one is run again with its windows moved, if `shifts`.

    Raises
    ------
    PickerError
        If none of the pickers can run on the recording.
    """
    remarks: list[str] = []
    found: dict[str, pd.DataFrame] = {}
    phases: dict[str, frozenset[str]] = {}
    moved: list[tuple[pd.Timestamp, pd.DataFrame]] = []
    labels = _on_stations(labels, recording, remarks)
    for number, (name, weights) in enumerate(pickers):
        report(number / len(pickers), f"{name} {weights}".strip())
        title = _title(name, weights, pickers)
        try:
            found[title] = _picks(recording, name, weights)
        except PickerError as error:
            remarks.append(f"{title}: {error}")
            continue
        phases[title] = frozenset(phase[:1] for phase in open_picker(name, weights).card.phases)
        if shifts and not moved:
            moved = [_picks_moved(recording, name, weights, share) for share in _SHIFTS]
    if not found:
        raise PickerError(f"No picker can run on {recording.attrs['recording_id']}. {' '.join(remarks)}")
    onsets = _claims(labels, found)
    distance_km = _distances(recording, event)
    residuals = _residuals(recording, onsets, event)
    first = next(iter(found))
    complete = [
        Onset(
            onset.kind, onset.identity, onset.station, onset.phase, onset.time, onset.near, onset.other,
            _shifted(onset, first, moved), _rise_db(recording, onset), *residual, _has_samples(recording, onset),
        )
        for onset, residual in zip(onsets, residuals, strict=True)
    ]  # fmt: skip
    report(1.0, "done")
    return Evidence(
        str(recording.attrs["recording_id"]), tuple(complete), tuple(found), event, distance_km, labelled,
        tuple(remarks), phases,
    )  # fmt: skip


def _title(name: str, weights: str, pickers: Sequence[tuple[str, str]]) -> str:
    card = open_picker(name, weights).card
    twice = sum(other == name for other, _ in pickers) > 1
    return f"{card.title} {card.weights}".strip() if twice else card.title


def _picks(recording: xr.Dataset, name: str, weights: str) -> pd.DataFrame:
    picks = picks_from(annotate(recording, name, weights), open_picker(name, weights).card)
    family = picks["phase"].str[:1]
    return picks.assign(phase=family)[family.isin(["P", "S"])].reset_index(drop=True)


def _picks_moved(recording: xr.Dataset, name: str, weights: str, share: float) -> tuple[pd.Timestamp, pd.DataFrame]:
    """Picks with every window elsewhere, and from when on they can be compared with those of the whole recording.

    The beginning is cut off, for pickers that begin with the first sample, and the clock is put forward by as much
    again, for those that begin on full steps of it.
    """
    card = open_picker(name, weights).card
    rate = float(recording.attrs["sampling_rate_hz"])
    window_s = card.window_s if np.isfinite(card.window_s) and card.window_s > 0 else 30.0
    n_cut = min(round(share * window_s / 2 * rate), round(share * _SHORTEST_SHARE * recording.sizes["time"]))
    forward = pd.Timedelta(round(1e9 * n_cut / rate), "ns")
    cut = recording.isel(time=slice(n_cut, None))
    begins = pd.Timestamp(cut["time"].values[0]) + pd.Timedelta(_SETTLE_S, "s")
    try:
        picks = _picks(cut.assign_coords(time=cut["time"] + forward.to_timedelta64()), name, weights)
    except PickerError:
        return begins, empty_picks()
    return begins, picks.assign(time=picks["time"] - forward)


def _on_stations(labels: pd.DataFrame, recording: xr.Dataset, remarks: list[str]) -> pd.DataFrame:
    """Labels on stations that the recording has."""
    names = set(map(str, recording["station"].values))
    elsewhere = sorted(set(map(str, labels["station"])) - names)
    if elsewhere:
        remarks.append(f"Labels on {', '.join(elsewhere)} were left out: the recording has no such station.")
    return labels[labels["station"].isin(names)]


def _claims(labels: pd.DataFrame, found: Mapping[str, pd.DataFrame]) -> list[Onset]:
    """Each label, then each onset that pickers find away from labels, the surest pick standing for those around it."""
    names = labels["label_id"] if "label_id" in labels else labels.get("pick_id", pd.Series("", index=labels.index))
    told = [
        (str(name), str(station), str(phase)[:1], pd.Timestamp(time))
        for name, station, phase, time in zip(names, labels["station"], labels["phase"], labels["time"], strict=True)
        if str(phase)[:1] in ("P", "S")
    ]
    claims = [
        Onset("label", *each, _near(found, *each[1:]), _near(found, each[1], "PS".replace(each[2], ""), each[3]))
        for each in told
    ]
    loose = pd.concat([picks.assign(title=title) for title, picks in found.items()], ignore_index=True)
    loose = loose.sort_values("probability", ascending=False, kind="stable")
    taken = [(station, phase, time, REACH_S) for _, station, phase, time in told]
    for pick in loose.itertuples():
        near = any(
            (station, phase) == (pick.station, pick.phase) and abs((time - pick.time).total_seconds()) <= reach
            for station, phase, time, reach in taken
        )
        if not near:
            taken.append((pick.station, pick.phase, pick.time, _TOGETHER_S))
            where = (pick.station, pick.phase, pick.time)
            claims.append(Onset("pick", pick.pick_id, *where, _near(found, *where)))
    return claims


def _near(
    found: Mapping[str, pd.DataFrame], station: str, phase: str, time: pd.Timestamp
) -> dict[str, tuple[pd.Timestamp, float]]:
    near = {}
    for title, picks in found.items():
        own = picks[(picks["station"] == station) & (picks["phase"] == phase)]
        away = (own["time"] - time).dt.total_seconds().abs()
        if len(own) and away.min() <= REACH_S:
            nearest = own.loc[away.idxmin()]
            near[title] = pd.Timestamp(nearest["time"]), float(nearest["probability"])
    return near


def _shifted(onset: Onset, first: str, moved: Sequence[tuple[pd.Timestamp, pd.DataFrame]]) -> tuple[float, ...]:
    if first not in onset.near:
        return ()
    time = onset.near[first][0]
    again = [_near({first: picks}, onset.station, onset.phase, time) for begins, picks in moved if time >= begins]
    return tuple((near[first][0] - time).total_seconds() if near else float("nan") for near in again)


def _rise_db(recording: xr.Dataset, onset: Onset) -> float:
    """How much louder it is after an onset than before it, on the component where that is most."""
    waveform = recording["waveform"].sel(station=onset.station).values
    rate = float(recording.attrs["sampling_rate_hz"])
    start = pd.Timestamp(recording["time"].values[0])
    at = round((onset.time - start).total_seconds() * rate)
    n_around, n_guard = round(_AROUND_S * rate), max(1, round(_GUARD_S * rate))
    low, high = max(0, at + round(_FROM_S * rate)), at + round(_TO_S * rate)
    before = slice(at - n_around - n_guard - low, at - n_guard - low)
    after = slice(at + n_guard - low, at + n_guard + n_around - low)
    if before.start < 0 or at + n_guard + n_around > waveform.shape[-1]:
        return float("nan")
    # Differences stand for a high pass: a slow drift is no onset.
    steps = np.diff(waveform[:, low:high], axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        power = [np.mean(np.square(steps[:, part]), axis=-1) for part in (after, before)]
        ratio = 10 * np.log10(power[0] / power[1])
    ratio = ratio[np.isfinite(ratio)]
    return float(ratio.max()) if ratio.size else float("nan")


def _has_samples(recording: xr.Dataset, onset: Onset) -> bool:
    around = pd.Timedelta(_AROUND_S, "s")
    near = recording["waveform"].sel(station=onset.station, time=slice(onset.time - around, onset.time + around))
    return bool(np.isfinite(near.values).any())


def _distances(recording: xr.Dataset, event: Event | None) -> dict[str, float]:
    """Kilometres from the hypocentre to each station, where both are known; a depth that is not known counts as 0."""
    if event is None:
        return {}
    table = distances(event, station_table(recording))
    away_km = np.hypot(table["distance_km"], event.depth_km if np.isfinite(event.depth_km) else 0.0)
    return {str(name): float(km) for name, km in zip(table["station"], away_km, strict=True) if np.isfinite(km)}


def _residuals(recording: xr.Dataset, onsets: Sequence[Onset], event: Event | None) -> list[tuple[float, int]]:
    """Each onset against the common origin that suits it best; origins come of labels, where there are any."""
    unknown: list[tuple[float, int]] = [(float("nan"), 0)] * len(onsets)
    places = recording[["latitude_deg", "longitude_deg"]].to_dataframe()
    spread = spread_km(places["latitude_deg"].to_numpy(float), places["longitude_deg"].to_numpy(float))
    table = _placed(onsets, places)
    human = table[table["who"] == "human"]
    if human.duplicated(["station", "phase"]).any():
        # Several events: which label is of which is not told.
        return unknown
    told = human if len(human) else table
    origins = []
    for group in group_onsets(told, spread):
        own = onsets_of_group(told, group, spread)
        origin = fit_common_origin(own, event)
        if origin is not None and (np.abs(origin.residual_s) < _AGREES_S).mean() >= _LEAST_AGREEING:
            origins.append((origin, len(own)))
    if not origins:
        return unknown
    zero = table["time"].min()
    seconds = (table["time"] - zero).dt.total_seconds().to_numpy()
    away, counts = [], []
    for origin, n_onsets in origins:
        distance_km = origin.distance_km(table["latitude_deg"].to_numpy(), table["longitude_deg"].to_numpy())
        travel_s = np.where(table["phase"] == "S", origin.travel_s(distance_km, "S"), origin.travel_s(distance_km, "P"))
        away.append(seconds - (origin.time - zero).total_seconds() - travel_s)
        counts.append(n_onsets - 1)
    best = np.argmin(np.abs(np.nan_to_num(away, nan=np.inf)), axis=0)
    return [(float(away[row][column]), counts[row]) for column, row in enumerate(best)]


def _placed(onsets: Sequence[Onset], places: pd.DataFrame) -> pd.DataFrame:
    """Onsets as :mod:`~workbench.processing.onset_groups` reads them."""
    rows = [
        (
            onset.station, onset.phase, onset.time, "human" if onset.kind == "label" else "model",
            max((probability for _, probability in onset.near.values()), default=float("nan")),
        )
        for onset in onsets
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["station", "phase", "time", "who", "probability"])
    table["time"] = pd.to_datetime(table["time"])
    for name in ("latitude_deg", "longitude_deg"):
        table[name] = table["station"].map(places[name]).astype(float)
    return table
