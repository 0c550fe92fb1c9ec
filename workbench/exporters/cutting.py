"""Which part of a station's samples goes with which of its labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["MARGIN_S", "SAME_ONSET_S", "WHOLE_S", "Cut", "cut", "distinct"]

WHOLE_S = 600.0
"""A record up to this long is kept whole; of a longer one, `MARGIN_S` around its labels."""

MARGIN_S = 60.0
"""Kept before the first and after the last label of a cut."""

SAME_ONSET_S = 1.0
"""Two labels of one phase that are nearer than this mark the same onset."""


@dataclass(frozen=True)
class Cut:
    """Samples ``first`` to ``stop`` (exclusive) of a station, and which labels lie in them, by position."""

    first: int
    stop: int
    members: tuple[int, ...]


def distinct(samples: Sequence[int], phases: Sequence[str], entries: Sequence[int], rate_hz: float) -> list[int]:
    """Positions of labels that mark different onsets, by time; of several on one onset, the decision made last.

    >>> distinct([100, 120, 900], ["P", "P", "P"], [7, 9, 8], rate_hz=100.0)
    [1, 2]
    """
    kept: list[int] = []
    for position in sorted(range(len(samples)), key=lambda at: -entries[at]):
        near = (
            other
            for other in kept
            if phases[other] == phases[position] and abs(samples[other] - samples[position]) < SAME_ONSET_S * rate_hz
        )
        if next(near, None) is None:
            kept.append(position)
    return sorted(kept, key=lambda at: samples[at])


def cut(samples: Sequence[int], phases: Sequence[str], n_samples: int, rate_hz: float) -> list[Cut]:
    """Cuts that hold every label once, and each phase once, because a row of a dataset has one place for a phase.

    A new cut begins where a phase comes again (another event) or `WHOLE_S` after the first label of the cut; the border
    lies halfway between the labels on either side.

    Parameters
    ----------
    samples
        Of the labels of one station, ascending, 0 to `n_samples` - 1.
    phases
        Of the same labels.

    Examples
    --------
    >>> cut([1000, 1200, 4000], ["P", "S", "P"], 6000, rate_hz=100.0)
    [Cut(first=0, stop=2600, members=(0, 1)), Cut(first=2600, stop=6000, members=(2,))]
    """
    groups = _groups(samples, phases, rate_hz)
    between = [(samples[one[-1]] + samples[two[0]]) // 2 for one, two in pairwise(groups)]
    margin = round(MARGIN_S * rate_hz) if n_samples > WHOLE_S * rate_hz else n_samples
    cuts = []
    for group, low, high in zip(groups, [0, *between], [*between, n_samples], strict=False):
        first, last = samples[group[0]], samples[group[-1]]
        # Labels of two cuts may fall on one sample; then each cut holds that sample.
        low, high = min(low, first), max(high, last + 1)
        cuts.append(Cut(max(low, first - margin), min(high, last + margin + 1), tuple(group)))
    return cuts


def _groups(samples: Sequence[int], phases: Sequence[str], rate_hz: float) -> list[list[int]]:
    groups: list[list[int]] = []
    for position, (sample, phase) in enumerate(zip(samples, phases, strict=True)):
        group = groups[-1] if groups else None
        again = group is not None and phase in {phases[member] for member in group}
        far = group is not None and sample - samples[group[0]] > WHOLE_S * rate_hz
        if group is None or again or far:
            groups.append([position])
        else:
            group.append(position)
    return groups
