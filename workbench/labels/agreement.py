"""How far analysts agree who looked at the same stations: times, has-pick and polarity, for each phase and pair."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pandas as pd

from workbench.labels.kappa import cohen_kappa, counts_of
from workbench.labels.matching import TOLERANCE_S, family, pair_times
from workbench.labels.spread import median_deviation, quantile
from workbench.schema import AGREEMENT_COLUMNS, OVERALL, check_agreement, check_marks

__all__ = ["PHASES", "Stations", "agreement", "looked_at", "stations_of"]

PHASES = ("P", "S")

Stations = Mapping[str, Iterable[str]]
"""Recording to the stations that it has, where that is known."""

_POLARITIES = ("positive", "negative", "undecidable")
_REPEATS = 1000

Place = tuple[str, str]
"""Recording and station."""


@dataclass
class _Pair:
    """What two analysts did, one entry for each pair of marks and for each unit.

    ``units`` holds for each recording the counts both, first only, second only, neither.
    """

    differences_s: list[float] = field(default_factory=list)
    polarities: list[tuple[str, str]] = field(default_factory=list)
    n_blind: int = 0
    alone: list[int] = field(default_factory=lambda: [0, 0])
    units: dict[str, np.ndarray] = field(default_factory=lambda: defaultdict(lambda: np.zeros(4, dtype=np.int64)))


def agreement(
    marks: pd.DataFrame,
    looks: pd.DataFrame,
    stations: Stations | None = None,
    *,
    tolerance_s: float = TOLERANCE_S,
    seed: int = 0,
    each_pair: bool = True,
) -> pd.DataFrame:
    """The table of :data:`workbench.schema.AGREEMENT_COLUMNS`: each pair of analysts, and all pairs together.

    Parameters
    ----------
    marks
        As :meth:`workbench.labels.journal.Journal.marks` gives them.
    looks
        As :meth:`workbench.labels.journal.Journal.looks` gives them.
    stations
        What whoever was done with a whole recording had before her. Without it, only stations on which somebody
        decided something are counted there, and stations where both rightly picked nothing are missing.
    tolerance_s
        Marks of a phase family on a station farther apart than this are of two onsets.
    seed
        Of the bootstrap.
    each_pair
        Give each pair of analysts its row; thirty analysts are 435 pairs, whose intervals take long.
    """
    check_marks(marks)
    seen = looked_at(marks, looks, stations)
    onsets = _onsets(marks)
    rng = np.random.default_rng(seed)
    rows = []
    for phase in PHASES:
        pairs = {
            (first, second): _compare(phase, first, second, seen, onsets, tolerance_s)
            for first, second in combinations(sorted(seen), 2)
            if seen[first] & seen[second]
        }
        rows += [_row(phase, *names, [pair], rng) for names, pair in pairs.items() if each_pair]
        if pairs:
            rows.append(_row(phase, OVERALL, OVERALL, list(pairs.values()), rng))
    return check_agreement(pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS)))


def stations_of(marks: pd.DataFrame, stations: Stations | None = None) -> dict[str, set[str]]:
    """Recording to its stations: those that are known, and those on which anybody decided anything."""
    found: dict[str, set[str]] = defaultdict(set)
    for recording_id, names in (stations or {}).items():
        found[recording_id] |= set(names)
    for recording_id, station in marks[["recording_id", "station"]].drop_duplicates().itertuples(index=False):
        found[recording_id].add(station)
    return found


def looked_at(marks: pd.DataFrame, looks: pd.DataFrame, stations: Stations | None = None) -> dict[str, set[Place]]:
    """Analyst to the stations at which she looked: decided something there, or said that she has done with it."""
    known = stations_of(marks, stations)
    seen: dict[str, set[Place]] = defaultdict(set)
    for analyst, recording_id, station in marks[["analyst", "recording_id", "station"]].itertuples(index=False):
        seen[analyst].add((recording_id, station))
    for analyst, recording_id, station in looks[["analyst", "recording_id", "station"]].itertuples(index=False):
        names = [station] if station else known.get(recording_id, ())
        seen[analyst] |= {(recording_id, name) for name in names}
    return dict(seen)


@dataclass(frozen=True)
class _Onset:
    time_ns: int
    polarity: str
    blind: bool
    entry: int


def _onsets(marks: pd.DataFrame) -> dict[tuple[str, str, str, str], list[_Onset]]:
    """Analyst, recording, station and phase family to her onsets there; what she rejected is none."""
    standing = marks[marks["decision"] != "reject"]
    found: dict[tuple[str, str, str, str], list[_Onset]] = defaultdict(list)
    columns = ["analyst", "recording_id", "station", "phase", "time", "polarity", "provenance", "entry"]
    for analyst, recording_id, station, phase, time, polarity, provenance, entry in standing[columns].itertuples(
        index=False
    ):
        blind = bool(json.loads(provenance or "{}").get("blind"))
        found[analyst, recording_id, station, family(phase)].append(_Onset(time.value, polarity, blind, entry))
    return found


def _compare(
    phase: str,
    first: str,
    second: str,
    seen: Mapping[str, set[Place]],
    onsets: Mapping[tuple[str, str, str, str], list[_Onset]],
    tolerance_s: float,
) -> _Pair:
    pair = _Pair()
    for place in sorted(seen[first] & seen[second]):
        own = [onsets.get((name, *place, phase), []) for name in (first, second)]
        # Both, first only, second only, neither.
        pair.units[place[0]][2 * (not own[0]) + (not own[1])] += 1
        ones, others = ([onset.time_ns for onset in each] for each in own)
        matched = pair_times(ones, others, tolerance_s)
        for i, k in matched:
            one, other = own[0][i], own[1][k]
            pair.differences_s.append((one.time_ns - other.time_ns) / 1e9)
            pair.n_blind += max(one, other, key=lambda onset: onset.entry).blind
            if one.polarity and other.polarity:
                pair.polarities.append((one.polarity, other.polarity))
        for who in (0, 1):
            pair.alone[who] += len(own[who]) - len(matched)
    return pair


def _row(phase: str, first: str, second: str, pairs: Sequence[_Pair], rng: np.random.Generator) -> dict[str, object]:
    units = sum((counts for pair in pairs for counts in pair.units.values()), start=np.zeros(4, dtype=np.int64))
    polarities = [each for pair in pairs for each in pair.polarities]
    row: dict[str, object] = {
        "phase": phase,
        "first": first,
        "second": second,
        "n_recordings": len({name for pair in pairs for name in pair.units}),
        "n_pairs": sum(len(pair.differences_s) for pair in pairs),
        "n_blind": sum(pair.n_blind for pair in pairs),
        "n_first_alone": sum(pair.alone[0] for pair in pairs),
        "n_second_alone": sum(pair.alone[1] for pair in pairs),
        "n_units": int(units.sum()),
        **dict(zip(("n_both", "n_first_only", "n_second_only", "n_neither"), map(int, units), strict=True)),
        "n_polarity": len(polarities),
    }
    row |= _time_columns([each for pair in pairs for each in pair.differences_s], rng, signed=len(pairs) == 1)
    counts = counts_of([one for one, _ in polarities], [other for _, other in polarities], _POLARITIES)
    if len(pairs) == 1:
        kappas = {"pick": cohen_kappa(units.reshape(2, 2)), "polarity": cohen_kappa(counts)}
    else:
        # Either of two may stand first: each pair counts both ways, and half as much.
        kappas = {"pick": _pooled(pairs, rng), "polarity": cohen_kappa((counts + counts.T) / 2)}
    for name, (kappa, low, high) in kappas.items():
        row |= {f"kappa_{name}": kappa, f"kappa_{name}_low": low, f"kappa_{name}_high": high}
    return row


def _time_columns(differences_s: Sequence[float], rng: np.random.Generator, *, signed: bool) -> dict[str, float]:
    values = np.asarray(differences_s, dtype=float)
    found = {"median_abs": quantile(np.abs(values), 0.5)}
    if signed:
        found |= {"median": quantile(values, 0.5), "mad": median_deviation(values, rng)}
    nothing = (float("nan"),) * 3
    row: dict[str, float] = {}
    for name in ("median", "mad", "median_abs"):
        middle, low, high = found.get(name, nothing)
        row |= {f"{name}_s": middle, f"{name}_low_s": low, f"{name}_high_s": high}
    tails = np.quantile(values, [0.05, 0.95]) if signed and values.size > 1 else nothing[:2]
    return row | {"p05_s": float(tails[0]), "p95_s": float(tails[1])}


def _pooled(pairs: Sequence[_Pair], rng: np.random.Generator) -> tuple[float, float, float]:
    """Kappa for has-pick over all pairs; its interval by drawing recordings, which several pairs may share.

    Of one recording there is no interval: it would be drawn each time.
    """
    by_recording: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(4, dtype=np.int64))
    for pair in pairs:
        for name, counts in pair.units.items():
            by_recording[name] = by_recording[name] + counts
    table = np.array(list(by_recording.values()))
    if len(table) < 2:
        return _both_ways(table.sum(axis=0)), float("nan"), float("nan")
    draws = rng.integers(0, len(table), (_REPEATS, len(table)))
    found = [_both_ways(table[draw].sum(axis=0)) for draw in draws]
    found = [kappa for kappa in found if np.isfinite(kappa)]
    low, high = np.quantile(found, [0.025, 0.975]) if found else (float("nan"), float("nan"))
    return _both_ways(table.sum(axis=0)), float(low), float(high)


def _both_ways(units: np.ndarray) -> float:
    counts = units.reshape(2, 2)
    return cohen_kappa((counts + counts.T) / 2)[0]
