"""Colours of pictures that are printed or saved: those of the light theme, for a file knows no other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

__all__ = ["PALETTE", "VERDICT_WORDS", "phase_ink", "signed_colours"]

PALETTE: Mapping[str, str] = {
    "paper": "#FFFFFF",
    "sunken": "#F7F9FB",
    "border": "#D8DEE5",
    "grid": "#E9EDF1",
    "strong": "#7E8A96",
    "text": "#18212B",
    "muted": "#55616D",
    "trace": "#6A7683",
    "p": "#B44400",
    "s": "#0069A8",
    "other": "#00795C",
    "for": "#00664F",
    "against": "#A3197F",
    "neutral": "#8792A0",
    "ok": "#1A7336",
    "warn": "#8A5A00",
    "error": "#B3261E",
    "ok_fill": "#E5F3E9",
    "warn_fill": "#FBF0DC",
    "error_fill": "#FBE9E7",
}
"""The tokens of the light theme that pictures use."""

VERDICT_WORDS = {"pass": "passed", "warn": "warning", "fail": "failed", "none": "not made"}
"""A verdict as it is read out; no verdict is ever a bare colour."""

_STEPS = 13


def phase_ink(phase: str) -> str:
    """The colour of a phase: one for the P family, one for the S family, one for all else.

    >>> phase_ink("Pn") == phase_ink("P") != phase_ink("Detection")
    True
    """
    return PALETTE.get(phase[:1].lower() if phase[:1] in "PS" else "other", PALETTE["other"])


def signed_colours() -> np.ndarray:
    """Thirteen colours, RGB in 0 to 1: against, neutral in the middle, for.

    >>> signed_colours().shape
    (13, 3)
    """
    ends = [_rgb(PALETTE[name]) for name in ("against", "neutral", "for")]
    place = np.linspace(-1, 1, _STEPS)
    return np.stack([np.interp(place, (-1, 0, 1), [end[channel] for end in ends]) for channel in range(3)], axis=1)


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue
