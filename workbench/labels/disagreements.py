"""``disagreements``: onsets that analysts have not settled, the worst first, with what each of them says."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from workbench.labels.agreement import Stations, agreement, looked_at
from workbench.labels.matching import TOLERANCE_S, family, group_times
from workbench.schema import DISAGREEMENT_COLUMNS, OVERALL, Report, check_marks, silent

__all__ = ["PICK_SEVERITY", "UNCERTAINTY_S", "disagreements", "find_disagreements", "initials", "joint_uncertainty_s"]

UNCERTAINTY_S: Mapping[str, float] = {"P": 0.05, "S": 0.1}
"""Taken where an analyst gave none; 0.1 s for any other phase."""

PICK_SEVERITY = 5.0
"""An onset that one of two saw weighs as a difference of five times their joint uncertainty."""

_PHASE_SEVERITY = 3.0
_NAMES_SAID = 5
_POLARITY_SEVERITY = 2.0
_PLAIN_UNCERTAINTY_S = 0.1
_OPPOSITE = {"positive", "negative"}


def find_disagreements(
    journal: Any,
    recording_ids: Iterable[str] | None = None,
    *,
    tolerance_s: float = TOLERANCE_S,
    report: Report = silent,
) -> pd.DataFrame:
    """The disagreements of a journal, in recordings about which several analysts have written.

    Parameters
    ----------
    journal
        A :class:`workbench.labels.journal.Journal`.
    recording_ids
        Only of these; None is all.

    Returns
    -------
    pandas.DataFrame
        As :func:`disagreements` gives it; ``attrs["agreement"]`` says in a line how far all agree so far.
    """
    report(0.0, "reading the journal")
    wanted = None if recording_ids is None else set(recording_ids)
    ids = [name for name in journal.several_recordings() if wanted is None or name in wanted]
    marks, looks = journal.marks(ids), journal.looks(ids)
    found = disagreements(marks, looks, journal.labels(ids), tolerance_s=tolerance_s)
    found.attrs["agreement"] = _agreement_words(agreement(marks, looks, tolerance_s=tolerance_s, each_pair=False))
    return found


def _agreement_words(table: pd.DataFrame) -> str:
    """The agreement over all pairs, settled onsets included, in a line."""
    parts = []
    for row in table[table["first"] == OVERALL].itertuples():
        if row.n_pairs:
            kappa = "" if np.isnan(row.kappa_pick) else f", κ {row.kappa_pick:.2f}"
            parts.append(f"{row.phase} {1e3 * row.median_abs_s:.0f} ms{kappa} ({row.n_pairs})")
    return f"So far: {'; '.join(parts)}. Median difference, kappa of has-pick (onsets)." if parts else ""


def disagreements(
    marks: pd.DataFrame,
    looks: pd.DataFrame,
    labels: pd.DataFrame,
    stations: Stations | None = None,
    *,
    tolerance_s: float = TOLERANCE_S,
) -> pd.DataFrame:
    """Onsets that at least two analysts looked for and nobody has settled, the worst first.

    Marks of a phase family on a station of a recording are of one onset if they are at most `tolerance_s` apart,
    matched one to one. How bad a disagreement is:

    - ``time``: the largest difference in units of the two marks' joint uncertainty (each on the side where the other
      lies, added in quadrature; `UNCERTAINTY_S` where none was given). From 1 on the times disagree.
    - ``pick``: somebody looked there and marked nothing, or rejected it: `PICK_SEVERITY`.
    - ``polarity``: both judged it, differently: 2 up against down, else 1.
    - ``phase``: another name of the same family, as P and Pn: 1; a mark of the other family by somebody who has none of
      this one near: 3, told beside ``pick``.

    The severity is the largest of these, with a hundredth of the others, and the time's own where it is below 1. Onsets
    that agree stand at the end, with no kinds. A mark of an onset that was settled before, without it, stands beside
    the settled label, as if that were somebody's.

    Parameters
    ----------
    marks, looks, labels
        As the methods of that name of :class:`workbench.labels.journal.Journal` give them.
    stations
        As in :func:`workbench.labels.agreement.agreement`.
    """
    check_marks(marks)
    seen = looked_at(marks, looks, stations)
    here: dict[tuple[str, str], set[str]] = defaultdict(set)
    for analyst, places in seen.items():
        for place in places:
            here[place].add(analyst)
    families = {"family": marks["phase"].map(family)}
    by_settlement = _settlements(marks, labels)
    rows: list[dict[str, Any]] = []
    for place, own in marks.assign(**families).groupby(["recording_id", "station"], sort=True):
        lookers = here[str(place[0]), str(place[1])]
        if len(lookers) > 1 and (own["settled_by"] == "").any():
            rows += _of_station(own.to_dict("records"), by_settlement, lookers, tolerance_s)
    table = pd.DataFrame(rows, columns=list(DISAGREEMENT_COLUMNS)).astype(dict(DISAGREEMENT_COLUMNS))
    return table.sort_values("severity", ascending=False, kind="stable", ignore_index=True)


def initials(analyst: str) -> str:
    """Two letters of a name.

    >>> initials("Ada Lovelace"), initials("ben.k"), initials("cleo"), initials('"the 2nd"'), initials("<>")
    ('AL', 'BK', 'CL', 'T2', '<>')
    """
    words = re.findall(r"[^\W_]+", analyst) or [analyst]
    return ("".join(word[0] for word in words[:2]) if len(words) > 1 else words[0][:2]).upper() or "?"


def joint_uncertainty_s(early: Mapping[str, Any], late: Mapping[str, Any]) -> float:
    """Uncertainty of the time between two marks: after the early one and before the late one, in quadrature."""
    return float(np.hypot(_side(early, "uncertainty_plus_s"), _side(late, "uncertainty_minus_s")))


def _side(mark: Mapping[str, Any], name: str) -> float:
    given = mark[name]
    # An uncertainty of nothing would make any difference infinitely bad.
    known = UNCERTAINTY_S.get(family(mark["phase"]), _PLAIN_UNCERTAINTY_S)
    return float(given) if given > 0 else known


@dataclass(frozen=True)
class _Settlement:
    """A settled label that stands as one more mark, and whose marks it stands for."""

    mark: Mapping[str, Any]
    analysts: frozenset[str]


def _settlements(marks: pd.DataFrame, labels: pd.DataFrame) -> dict[str, _Settlement]:
    whose = marks[marks["settled_by"] != ""].groupby("settled_by")["analyst"].agg(frozenset).to_dict()
    found = {}
    for label in labels[labels["label_id"].isin(whose)].to_dict("records"):
        row = {str(name): value for name, value in label.items()}
        row |= {"analyst": f"settled by {row['analyst']}", "family": family(row["phase"])}
        found[row["label_id"]] = _Settlement(row, whose[row["label_id"]])
    return found


def _of_station(
    marks: Sequence[Mapping[Any, Any]],
    settlements: Mapping[str, _Settlement],
    lookers: set[str],
    tolerance_s: float,
) -> list[dict[str, Any]]:
    rows = []
    here = [settlements[name] for name in {mark["settled_by"] for mark in marks} & settlements.keys()]
    own = [mark for mark in marks if mark["settled_by"] == ""]
    for name in sorted({mark["family"] for mark in own}):
        by_analyst: dict[str, list[Mapping[Any, Any]]] = defaultdict(list)
        for mark in [*own, *(settlement.mark for settlement in here)]:
            if mark["family"] == name:
                by_analyst[mark["analyst"]].append(mark)
        names = sorted(by_analyst)
        times = [[mark["time"].value for mark in by_analyst[who]] for who in names]
        for group in group_times(times, tolerance_s):
            members = sorted((by_analyst[names[who]][at] for who, at in group.items()), key=lambda mark: mark["time"])
            spoken_for = [each for each in here if any(mark is each.mark for mark in members)]
            if len(spoken_for) < len(members):
                absent = lookers.difference(*(each.analysts for each in spoken_for))
                rows += _row(members, own, absent, tolerance_s)
    return rows


def _row(
    members: Sequence[Mapping[Any, Any]],
    marks: Sequence[Mapping[Any, Any]],
    lookers: Collection[str],
    tolerance_s: float,
) -> list[dict[str, Any]]:
    yes = [mark for mark in members if mark["decision"] != "reject"]
    if not yes:
        # Rejected by whoever marked it: nobody says that there is an onset.
        return []
    first, last, name = yes[0], yes[-1], yes[0]["family"]
    saw = {mark["analyst"] for mark in yes}
    no = sorted({*lookers, *(mark["analyst"] for mark in members)} - saw)
    found: dict[str, tuple[float, str]] = {}
    for one, other in combinations(yes, 2):
        _compare_pair(one, other, found)
    if no:
        found["pick"] = PICK_SEVERITY, f"{_have(sorted(saw))} {name}, {_have(no)} none"
    for mark in marks:
        is_other = mark["analyst"] in no and mark["family"] != name and mark["decision"] != "reject"
        if is_other and _near(mark, first, tolerance_s):
            found["phase"] = _PHASE_SEVERITY, f"{mark['analyst']} calls it {mark['phase']}"
    # A difference within the uncertainties is told, but is no disagreement.
    kinds = [kind for kind, (severity, _) in found.items() if kind != "time" or severity >= 1]
    worst = sorted((found[kind][0] for kind in kinds), reverse=True) or [found.get("time", (0.0, ""))[0]]
    words = [found[kind][1] for kind in sorted(found, key=lambda kind: -found[kind][0])]
    return [
        {
            "recording_id": first["recording_id"],
            "station": first["station"],
            "phase": name,
            "time": first["time"] + (last["time"] - first["time"]) / 2,
            "kinds": ",".join(kinds),
            "severity": worst[0] + 0.01 * sum(worst[1:]),
            "difference_s": (last["time"] - first["time"]).total_seconds(),
            "analysts": json.dumps([mark["analyst"] for mark in members], ensure_ascii=False),
            "label_ids": json.dumps([mark["label_id"] for mark in members]),
            "absent": json.dumps(no, ensure_ascii=False),
            "words": "; ".join(words),
        }
    ]


def _near(mark: Mapping[Any, Any], other: Mapping[Any, Any], tolerance_s: float) -> bool:
    return bool(abs((mark["time"] - other["time"]).total_seconds()) <= tolerance_s)


def _compare_pair(early: Mapping[Any, Any], late: Mapping[Any, Any], found: dict[str, tuple[float, str]]) -> None:
    """Add what two marks of one onset differ in, where it is worse than what was found before."""
    apart_s = (late["time"] - early["time"]).total_seconds()
    ratio = apart_s / joint_uncertainty_s(early, late)
    who = f"{early['analyst']} has {early['phase']} {1e3 * apart_s:.0f} ms before {late['analyst']}"
    same = f"{_have([early['analyst'], late['analyst']])} it at the same time"
    _worse(found, "time", ratio, f"{who}, {ratio:.1f} times their uncertainty" if apart_s else same)
    polarities = {early["polarity"], late["polarity"]}
    if len(polarities) == 2 and "" not in polarities:
        severity = _POLARITY_SEVERITY if polarities == _OPPOSITE else 1.0
        words = f"polarity {early['polarity']} ({early['analyst']}) against {late['polarity']} ({late['analyst']})"
        _worse(found, "polarity", severity, words)
    if early["phase"] != late["phase"]:
        words = f"{early['phase']} ({early['analyst']}) against {late['phase']} ({late['analyst']})"
        _worse(found, "phase", 1.0, words)


def _worse(found: dict[str, tuple[float, str]], kind: str, severity: float, words: str) -> None:
    if kind not in found or severity > found[kind][0]:
        found[kind] = severity, words


def _have(analysts: Sequence[str]) -> str:
    """Who has: ``"Ada has"``, ``"Ada and Ben have"``, of many the first few."""
    said, more = analysts[:_NAMES_SAID], len(analysts) - _NAMES_SAID
    if more > 0:
        return f"{', '.join(said)} and {more} more have"
    return f"{' and '.join(filter(None, [', '.join(said[:-1]), said[-1]]))} {'has' if len(said) == 1 else 'have'}"
