"""Two pickers side by side in words: whose pick is when and how sure, where their weight differs, and how much."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from workbench.explain.comparing import AGREE, DIFFER, Compared, compare_attributions
from workbench.explain.shares import Share, component_shares, second_shares
from workbench.explain.summary import tells_components, tells_times
from workbench.inference.runs import PickerRun
from workbench.session import Explaining
from workbench.views.pick_table import short_name
from workbench.views.tags import tag, text

__all__ = ["agreement_words", "compare_html", "pair_names", "picks_words", "weight_words"]

_WITHIN_S = 2.0
"""Of the time that is asked about: a pick farther off is another onset's."""

_POINTS = 0.05
"""A difference of shares that is worth a word."""


class Said(NamedTuple):
    """What one picker says: its pick near the time, or None, and the height of its curve at the pick or the time."""

    name: str
    time: pd.Timestamp | None
    probability: float


def pair_names(first: str, second: str) -> tuple[str, str]:
    """A few letters for each of two pickers by key, never the same for both.

    >>> pair_names("phasenet/original", "eqtransformer/original")
    ('PN', 'EQT')
    >>> pair_names("phasenet/original", "phasenet/instance")
    ('orig', 'inst')
    >>> pair_names("xiaonet/run", "xiaonet/runs/run")
    ('1st', '2nd')
    """
    names = short_name(first), short_name(second)
    if names[0] == names[1]:
        names = first.partition("/")[2][:4], second.rpartition("/")[2][:4]
    return names if names[0] != names[1] and all(names) else ("1st", "2nd")


def compare_html(explaining: Explaining) -> str:
    """All of it in one line of HTML; why there is nothing to compare, where there is not."""
    runs = explaining.session.runs
    first, second = runs.get(explaining.picker), runs.get(explaining.second)
    explained = explaining.attribution
    if first is None or second is None or explained is None:
        return ""
    names = _titles(first, second)
    phase = str(explained.attrs["phase"])
    if phase not in second.card.phases:
        return text(f"{names[1]} has no {phase} to compare with; it gives {', '.join(second.card.phases)}.")
    station, time = str(explained.attrs["station"]), pd.Timestamp(explained.attrs["target_time"])
    if second.annotations is None:
        picks = f"{names[1]} is still picking."
    else:
        said = [_said(run, name, station, phase, time) for run, name in zip((first, second), names, strict=True)]
        picks = picks_words(said[0], said[1], phase)
    beside = explaining.beside
    if beside is None:
        return text(f"{picks} {explaining.beside_problem or f'Explaining {names[1]} too…'}")
    parts = [picks]
    # What a method does not tell apart is the same for both, but for the lengths of their windows.
    components: tuple[list[Share], list[Share]] = [], []
    seconds: tuple[list[Share], list[Share]] = [], []
    if tells_components(explained):
        components = component_shares(explained), component_shares(beside)
    if tells_times(explained):
        seconds = second_shares(explained), second_shares(beside)
    if tells_components(explained) or tells_times(explained):
        parts.append(weight_words(*components, *seconds, names))
    if tells_components(explained) and tells_times(explained):
        parts.append(agreement_words(compare_attributions(explained, beside)))
    if explaining.tried is not None:
        parts.append("Both without the changes.")
    return tag("b", text(f"{names[0]} and {names[1]}: ")) + text(" ".join(parts))


def _titles(first: PickerRun, second: PickerRun) -> tuple[str, str]:
    """Without the weights, if the pickers differ in more than these."""
    if first.card.title != second.card.title:
        return first.card.title, second.card.title
    return f"{first.card.title} {first.card.weights}", f"{second.card.title} {second.card.weights}"


def _said(run: PickerRun, name: str, station: str, phase: str, time: pd.Timestamp) -> Said:
    picks = run.picks
    own = picks[(picks["station"] == station) & (picks["phase"] == phase)]
    if len(own):
        far = (own["time"] - time).abs()
        row = own.iloc[int(far.argmin())]
        if far.min() <= pd.Timedelta(_WITHIN_S, "s"):
            return Said(name, pd.Timestamp(row["time"]), float(row["probability"]))
    if run.annotations is None:
        return Said(name, None, float("nan"))
    curve = run.annotations["probability"].sel(station=station, phase=phase)
    return Said(name, None, float(curve.sel(time=time, method="nearest")))


def picks_words(first: Said, second: Said, phase: str) -> str:
    """Whose pick is when, in ms, and how sure.

    >>> at = pd.Timestamp("2018-12-30T03:00:42.790")
    >>> picks_words(Said("A", at, 0.45), Said("B", at - pd.Timedelta("460ms"), 0.48), "S")
    'B picks S 460 ms earlier, with probability 0.48 against 0.45 (+0.03).'
    >>> picks_words(Said("A", at, 0.45), Said("B", None, 0.06), "S")
    'B has no pick of S within 2 s: it says 0.06 here, A 0.45 (−0.39).'
    """
    heights = first.probability, second.probability
    difference = f"{heights[1] - heights[0]:+.2f}".replace("-", "−")
    if first.time is not None and second.time is not None:
        ms = round(1e3 * (second.time - first.time).total_seconds())
        when = "at the same time" if ms == 0 else f"{abs(ms)} ms {'later' if ms > 0 else 'earlier'}"
        return (
            f"{second.name} picks {phase} {when}, with probability {heights[1]:.2f} against {heights[0]:.2f} "
            f"({difference})."
        )
    others = f"{second.name} {_height(heights[1])}", f"{first.name} {_height(heights[0])}"
    if first.time is None and second.time is None:
        return f"Neither has a pick of {phase} within {_WITHIN_S:g} s: here {others[1]}, {others[0]}."
    lacks, has = (first, second) if first.time is None else (second, first)
    end = f" ({difference})" if np.isfinite(heights).all() else ""
    return (
        f"{lacks.name} has no pick of {phase} within {_WITHIN_S:g} s: it says {_height(lacks.probability)} here, "
        f"{has.name} {_height(has.probability)}{end}."
    )


def _height(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "nothing"


def weight_words(
    components: list[Share],
    components_beside: list[Share],
    seconds: list[Share],
    seconds_beside: list[Share],
    names: tuple[str, str],
) -> str:
    """Where the second puts more weight than the first: the component, and the seconds, that differ most."""
    found = [
        _most(one, other, where)
        for one, other, where in (
            (components, components_beside, "on {}"),
            (_by_nearness(seconds), _by_nearness(seconds_beside), "{}"),
        )
    ]
    found = [words for words in found if words]
    if not found:
        told = {"components": components, "seconds": seconds}
        return f"Both put their weight on the same {' and '.join(name for name, shares in told.items() if shares)}."
    return f"{names[1]} puts {' and '.join(found)}."


def _by_nearness(shares: list[Share]) -> list[Share]:
    """Of five intervals, three that are easily said: before, around and after the onset."""
    if not shares:
        return []
    early, mid, before, after, late = shares
    return [
        Share("earlier than 2 s before it", early.positive + mid.positive, early.negative + mid.negative),
        Share("within 2 s of it", before.positive + after.positive, before.negative + after.negative),
        Share("later than 2 s after it", late.positive, late.negative),
    ]


def _most(one: list[Share], other: list[Share], where: str) -> str:
    if not one:
        return ""
    differences = [second.whole - first.whole for first, second in zip(one, other, strict=True)]
    place = int(np.argmax(np.abs(differences)))
    if abs(differences[place]) < _POINTS:
        return ""
    more = "more" if differences[place] > 0 else "less"
    shares = f"{100 * other[place].whole:.0f} % against {100 * one[place].whole:.0f} %"
    return f"{more} {where.format(one[place].name)} ({shares})"


def agreement_words(compared: Compared | None) -> str:
    """Whether the two looked at the same.

    >>> agreement_words(Compared(0.58, 0.44, 30.0))
    'The two explanations agree in part: 58 % of the weight in common, rank correlation 0.44 over half seconds.'
    """
    if compared is None:
        return "Their windows have nothing in common, so that the explanations cannot be compared."
    how = "agree" if compared.rank >= AGREE else "differ" if compared.rank < DIFFER else "agree in part"
    rank = f"{compared.rank:.2f}".replace("-", "−")
    common = f"{100 * compared.common:.0f} % of the weight in common"
    return f"The two explanations {how}: {common}, rank correlation {rank} over half seconds."
