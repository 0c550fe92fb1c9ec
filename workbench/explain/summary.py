"""An attribution in figures and in one or two sentences: on which component it lies, when, and what speaks against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from workbench.explain.shares import Share, component_shares, second_shares, weighed

__all__ = ["Summary", "sign_words", "summarise", "tells_components", "tells_times"]

_MOST = 0.5
_MUCH = 0.25
_LEAST_PICK = 0.1
_ONE_SHARE = ("grad_cam",)
"""Methods that do not tell components apart."""

_NO_TIMES = ("shapley",)
"""Methods that do not tell times apart."""


@dataclass(frozen=True)
class Summary:
    """Where the weight of an attribution lies; weight is the size of the attribution, whatever its sign.

    Parameters
    ----------
    components, seconds
        Shares of the components, and of intervals of seconds from the time that is explained.
    before, after
        Shares of the weight before that time and from it on, 0 to 1.
    words
        The same in one or two sentences.
    """

    components: tuple[Share, ...]
    seconds: tuple[Share, ...]
    before: float
    after: float
    words: str

    @property
    def negative(self) -> float:
        """Share of the weight that speaks against the answer."""
        return sum(share.negative for share in self.components)


def tells_components(attribution: xr.Dataset) -> bool:
    """Whether its method tells components apart."""
    return attribution.attrs["method"] not in _ONE_SHARE


def tells_times(attribution: xr.Dataset) -> bool:
    """Whether its method tells times apart."""
    return attribution.attrs["method"] not in _NO_TIMES


def sign_words(attribution: xr.Dataset) -> str:
    """What the two colours of an attribution say; a method of sizes only has one."""
    phase = attribution.attrs["phase"]
    if float(weighed(attribution)[0].min(initial=0.0)) >= 0:
        return f"Green is how strongly a sample moves {phase}, whichever way; magenta does not occur."
    return f"Green speaks for {phase}, magenta against it."


def summarise(attribution: xr.Dataset) -> Summary:
    """Where the weight of an attribution lies."""
    components, seconds = component_shares(attribution), second_shares(attribution)
    values, after_s = weighed(attribution)
    weight, is_before = np.abs(values), after_s < 0
    whole = float(weight.sum()) or 1.0
    before = float(weight[..., is_before].sum()) / whole
    sentences = []
    where = _where(components) if tells_components(attribution) else ""
    answer = "the pick" if _is_pick(attribution) else "the time explained"
    when = _when(seconds, answer) if tells_times(attribution) else ""
    if where and when:
        joined = "and" if "within" in when else "but"
        sentences.append(f"{where}, {joined} {when}.")
    else:
        sentences.append(f"{_capital(where or when)}.")
    against = sum(share.negative for share in components)
    if against >= _MUCH:
        sentences.append(f"{_percent(against)} of the weight speaks against it.")
    return Summary(
        tuple(components), tuple(seconds), before, 1.0 - before if weight.any() else 0.0, " ".join(sentences)
    )


def _is_pick(attribution: xr.Dataset) -> bool:
    """Whether anybody would call it one: a phase, and not one of which the picker says that it is not there."""
    attrs = attribution.attrs
    least = _LEAST_PICK if attrs["target"] == "probability" else float(np.log(_LEAST_PICK / (1 - _LEAST_PICK)))
    return bool(attrs["phase"] != "Detection" and attrs["value"] >= least)


def _where(shares: list[Share]) -> str:
    if len(shares) == 1:
        return f"{shares[0].name} is the only component"
    ordered = sorted(shares, key=lambda share: -share.whole)
    if ordered[0].whole >= _MOST:
        return f"Mostly {ordered[0].name} ({_percent(ordered[0].whole)})"
    return ", ".join(f"{share.name} {_percent(share.whole)}" for share in ordered if share.whole > 0)


def _when(shares: list[Share], answer: str) -> str:
    earlier, early, before, after, later = (share.whole for share in shares)
    near = before + after
    if earlier >= _MOST:
        return f"{_percent(earlier)} of the weight lies more than 5 s before {answer}"
    if early >= _MOST:
        return f"{_percent(early)} of the weight lies 2 to 5 s before {answer}"
    if earlier + early >= _MOST:
        return f"{_percent(earlier + early)} of the weight lies more than 2 s before {answer}"
    if later >= _MOST:
        return f"{_percent(later)} of the weight lies more than 2 s after {answer}"
    return f"{_percent(near)} of the weight lies within 2 s of {answer}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
