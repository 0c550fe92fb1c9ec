"""Reasons to doubt an onset, each a function of the evidence: how strongly, from 0 to 1, and in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.labels.doubt.evidence import REACH_S, Evidence, Onset

__all__ = ["REASONS", "Doubt", "Reason", "doubts_of"]

_TOLERANCE_S = {"P": 0.1, "S": 0.2}
"""What analysts differ by on onsets that nobody doubts."""

_WRONG_S = 0.5
_WRONG_PHASE_S = 0.4
_SURE = 0.5
_SAME_SHIFT_S = 0.15
_LEAST_SHIFT_S = 0.4
_P_KM_S = (3.0, 9.0)
_RATIO = 1.75
_REGIONAL_KM = 1000.0
"""Beyond, waves dive into the mantle: one velocity along the surface says nothing of them."""

_SLACK_S = 1.0
_MOVEOUT_S = {"P": 0.3, "S": 0.5}
_RISE_DB = 6.0


@dataclass(frozen=True)
class Doubt:
    """One reason to doubt one onset.

    Parameters
    ----------
    strength
        0 (none) to 1 (as good as certain).
    words
        What was found, without a full stop; it begins small, for it may stand within a sentence.
    """

    reason: str
    strength: float
    words: str


@dataclass(frozen=True)
class Reason:
    """One kind of doubt.

    Parameters
    ----------
    title
        For people.
    weight
        0 to 1: how much it counts unless the user says otherwise.
    find
        Strength and words for an onset, or None.
    """

    title: str
    weight: float
    find: Callable[[Onset, Evidence], tuple[float, str] | None]


def doubts_of(onset: Onset, evidence: Evidence) -> list[Doubt]:
    """All doubts of one onset, in the order of :data:`REASONS`."""
    found = ((name, reason.find(onset, evidence)) for name, reason in REASONS.items())
    return [Doubt(name, min(1.0, float(hit[0])), hit[1]) for name, hit in found if hit is not None and hit[0] > 0]


def _against_pickers(onset: Onset, _: Evidence) -> tuple[float, str] | None:
    if onset.kind != "label" or not onset.near:
        return None
    away = {title: (onset.time - time).total_seconds() for title, (time, _) in onset.near.items()}
    sure = np.array([probability for _, probability in onset.near.values()])
    # One picker may be wrong: the surer half of the votes decides.
    middle = _weighted_median(np.array(list(away.values())), sure)
    over = abs(middle) - _TOLERANCE_S[onset.phase]
    if over <= 0:
        return None
    title = min(away, key=lambda name: abs(away[name] - middle))
    more = f" and {len(away) - 1} more" if len(away) > 1 else ""
    return over / _WRONG_S * sure.max(), f"label is {_apart(away[title])} {title}'s {onset.phase}{more}"


def _pickers_disagree(onset: Onset, evidence: Evidence) -> tuple[float, str] | None:
    if len(onset.near) < 2 or _is_of_no_account(onset, evidence):
        return None
    times = [time for time, _ in onset.near.values()]
    apart_s = (max(times) - min(times)).total_seconds()
    over = apart_s - 2 * _TOLERANCE_S[onset.phase]
    return (over / (2 * _WRONG_S), f"pickers {_amount(apart_s)} apart") if over > 0 else None


def _missed(onset: Onset, evidence: Evidence) -> tuple[float, str] | None:
    missing = [title for title in evidence.pickers if title not in onset.near]
    if not missing or _is_of_no_account(onset, evidence):
        return None
    if len(missing) == len(evidence.pickers) > 1:
        return 1.0, "no picker finds it"
    return len(missing) / len(
        evidence.pickers
    ), f"{' and '.join(missing)} {'miss' if len(missing) > 1 else 'misses'} it"


def _is_of_no_account(onset: Onset, evidence: Evidence) -> bool:
    """Whether somebody looked for onsets here and saw no reason to label this one, and pickers hardly see it either."""
    return onset.kind == "pick" and evidence.labelled and _no_label(onset, evidence) is None


def _middle_probability(onset: Onset, evidence: Evidence) -> tuple[float, str] | None:
    if not onset.near or _is_of_no_account(onset, evidence):
        return None
    highest = max(probability for _, probability in onset.near.values())
    return (1 - abs(2 * highest - 1) if highest > 0.5 else 1.0, f"probability {highest:.2f}") if highest < 0.8 else None


def _wrong_phase(onset: Onset, evidence: Evidence) -> tuple[float, str] | None:
    if onset.kind != "label":
        return None
    other = "S" if onset.phase == "P" else "P"
    near = {
        title: probability
        for title, (time, probability) in onset.other.items()
        if abs((onset.time - time).total_seconds()) <= _WRONG_PHASE_S
        and (title not in onset.near or onset.near[title][1] < probability)
    }
    if not near:
        return None
    # Close to the source, S follows P so soon that both lie this near: a label of the other phase there explains it.
    explained = any(abs((each.time - onset.time).total_seconds()) <= _WRONG_PHASE_S
                    for each in evidence.of(onset.station, other))  # fmt: skip
    if explained:
        return None
    title = max(near, key=lambda name: near[name])
    return near[title] * len(near) / len(evidence.asked(other)), f"{title} sees {other} here ({near[title]:.2f})"


def _order(onset: Onset, evidence: Evidence) -> tuple[float, str] | None:
    if onset.kind != "label":
        return None
    others = evidence.of(onset.station, "S" if onset.phase == "P" else "P")
    if len(others) != 1 or len(evidence.of(onset.station, onset.phase)) != 1:
        return None
    s_minus_p_s = (onset.time - others[0].time).total_seconds() * (1 if onset.phase == "S" else -1)
    return (1.0, f"S is {_amount(-s_minus_p_s)} before P") if s_minus_p_s <= 0 else None


def _s_minus_p(onset: Onset, evidence: Evidence) -> tuple[float, str] | None:
    distance_km = evidence.distance_km.get(onset.station)
    own, others = (
        evidence.of(onset.station, phase, onset.kind) for phase in (onset.phase, "S" if onset.phase == "P" else "P")
    )
    if distance_km is None or distance_km > _REGIONAL_KM or evidence.holds_several_events:
        return None
    if len(own) != 1 or len(others) != 1:
        return None
    s_minus_p_s = abs((onset.time - others[0].time).total_seconds())
    least, most = ((_RATIO - 1) * distance_km / velocity for velocity in reversed(_P_KM_S))
    over = max(least - s_minus_p_s, s_minus_p_s - most) - _SLACK_S
    if over <= 0:
        return None
    words = f"S \u2212 P is {s_minus_p_s:.1f} s, where {distance_km:.0f} km take {least:.1f} to {most:.1f} s"
    return over / (2 * _SLACK_S), words


def _travel_time(onset: Onset, evidence: Evidence) -> tuple[float, str] | None:
    distance_km = evidence.distance_km.get(onset.station)
    if distance_km is None or distance_km > _REGIONAL_KM or evidence.event is None:
        return None
    if onset.kind != "label" or evidence.holds_several_events:
        return None
    took_s = (onset.time - evidence.event.time).total_seconds()
    slowness = _RATIO if onset.phase == "S" else 1.0
    least, most = (slowness * distance_km / velocity for velocity in reversed(_P_KM_S))
    over = max(least - took_s, took_s - most) - _SLACK_S
    if over <= 0:
        return None
    words = f"{took_s:.1f} s after the origin, where {distance_km:.0f} km take {least:.1f} to {most:.1f} s"
    return over / (2 * _SLACK_S), words


def _neighbours(onset: Onset, _: Evidence) -> tuple[float, str] | None:
    over = abs(onset.residual_s) - _MOVEOUT_S[onset.phase]
    if not over > 0 or (onset.kind == "pick" and abs(onset.residual_s) > REACH_S):
        return None
    side = "after" if onset.residual_s > 0 else "before"
    words = f"{_amount(abs(onset.residual_s))} {side} the moveout of {onset.n_others} other onsets"
    return over / (2 * _WRONG_S), words


def _shifted_trace(onset: Onset, evidence: Evidence) -> tuple[float, str] | None:
    """Both labels of a station off by the same amount, however far: the trace's time, not the analyst, is wrong."""
    if onset.kind != "label":
        return None
    labels = {phase: evidence.of(onset.station, phase) for phase in "PS"}
    picks = {phase: _found(evidence, onset.station, phase) for phase in "PS"}
    if any(_fits(label) for phase in "PS" for label in labels[phase]):
        return None
    if not all(len(labels[phase]) == 1 and picks[phase] for phase in "PS"):
        return None
    best = None
    for p_time, p_sure in picks["P"]:
        for s_time, s_sure in picks["S"]:
            p_away = (labels["P"][0].time - p_time).total_seconds()
            s_away = (labels["S"][0].time - s_time).total_seconds()
            if s_time > p_time and abs(p_away - s_away) <= _SAME_SHIFT_S:
                sure = min(p_sure, s_sure)
                if best is None or sure > best[1]:
                    best = ((p_away + s_away) / 2, sure)
    if best is None or abs(best[0]) < _LEAST_SHIFT_S:
        return None
    side = "before" if best[0] < 0 else "after"
    return best[1], f"P and S both lie {_amount(abs(best[0]))} {side} the pickers': the trace may be shifted"


def _fits(label: Onset) -> bool:
    """Whether a picker has the onset where the label is: then the trace is where it belongs, whatever else is on it."""
    return any(abs((label.time - time).total_seconds()) <= _LEAST_SHIFT_S for time, _ in label.near.values())


def _found(evidence: Evidence, station: str, phase: str) -> list[tuple[pd.Timestamp, float]]:
    """Every pick of a phase on a station, whether a label is near or not."""
    return [
        pick
        for onset in evidence.onsets
        if (onset.station, onset.phase) == (station, phase)
        for pick in onset.near.values()
    ]


def _window_shift(onset: Onset, evidence: Evidence) -> tuple[float, str] | None:
    if not onset.shifted_s or _is_of_no_account(onset, evidence):
        return None
    lost = int(np.isnan(onset.shifted_s).sum())
    if lost:
        return lost / len(onset.shifted_s), f"lost in {lost} of {len(onset.shifted_s)} shifted windows"
    over = max(map(abs, onset.shifted_s)) - _TOLERANCE_S[onset.phase] / 2
    return (over / _WRONG_S, f"moves {_amount(max(map(abs, onset.shifted_s)))} with the window") if over > 0 else None


def _no_rise(onset: Onset, _: Evidence) -> tuple[float, str] | None:
    if onset.kind != "label" or not onset.rise_db < _RISE_DB:
        return None
    # An S comes in the coda of P: it may hardly rise.
    weaker = 0.5 if onset.phase == "S" else 1.0
    strength = weaker * min(1.0, (_RISE_DB - onset.rise_db) / _RISE_DB)
    sign = "\u2212" if onset.rise_db < 0 else ""
    return strength, f"hardly louder after than before ({sign}{abs(onset.rise_db):.0f} dB)"


def _no_label(onset: Onset, evidence: Evidence) -> tuple[float, str] | None:
    if onset.kind != "pick" or not evidence.labelled:
        return None
    sure = [probability for _, probability in onset.near.values()]
    share = len(sure) / len(evidence.asked(onset.phase))
    title = max(onset.near, key=lambda name: onset.near[name][1])
    has_labels = any(each.kind == "label" for each in evidence.onsets)
    missing = "there is no label" if has_labels else "the recording has no label at all"
    if max(sure) < _SURE and share < 1:
        return None
    return max(sure) * share, f"{title} sees {onset.phase} ({max(sure):.2f}); {missing}"


REASONS: Mapping[str, Reason] = {
    "against_pickers": Reason("Label against pickers", 0.9, _against_pickers),
    "pickers_disagree": Reason("Pickers disagree", 0.5, _pickers_disagree),
    "missed": Reason("Missed by a picker", 0.5, _missed),
    "middle_probability": Reason("Probability in the middle", 0.2, _middle_probability),
    "wrong_phase": Reason("Other phase seen", 0.9, _wrong_phase),
    "order": Reason("S before P", 1.0, _order),
    "s_minus_p": Reason("S \u2212 P against distance", 0.7, _s_minus_p),
    "travel_time": Reason("Travel time", 0.8, _travel_time),
    "neighbours": Reason("Neighbours disagree", 0.7, _neighbours),
    "shifted_trace": Reason("Both labels shifted", 0.9, _shifted_trace),
    "window_shift": Reason("Window shift", 0.3, _window_shift),
    "no_rise": Reason("No rise of the signal", 0.5, _no_rise),
    "no_label": Reason("Seen but not labelled", 0.8, _no_label),
}
"""By name, in the order in which they are shown."""


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _apart(seconds: float) -> str:
    return f"{_amount(abs(seconds))} {'before' if seconds < 0 else 'after'}"


def _amount(seconds: float) -> str:
    return f"{1e3 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"
