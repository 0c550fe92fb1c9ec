"""Every colour and measure on the screen, in one table with two columns."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["MARKERS", "TOKENS", "phase_colour"]

_TABLE: Mapping[str, tuple[str, str]] = {
    # token: (light, dark)
    "background": ("#F2F4F7", "#0B1015"),
    "surface": ("#FFFFFF", "#131A21"),
    "sunken": ("#F7F9FB", "#0F151B"),
    "plot": ("#FFFFFF", "#10161C"),
    "raised": ("#FFFFFF", "#1B242D"),
    "border": ("#D8DEE5", "#2A353F"),
    "grid": ("#E9EDF1", "#1C252E"),
    "strong": ("#7E8A96", "#6C7985"),
    "text": ("#18212B", "#E4E9EE"),
    "muted": ("#55616D", "#9BA8B5"),
    "accent": ("#223344", "#DDE6EE"),
    "on_accent": ("#FFFFFF", "#10161C"),
    "selected": ("#E4EAF0", "#27333F"),
    "focus_band": ("#F1F4F7", "#18212A"),
    "p": ("#B44400", "#FF9248"),
    "s": ("#0069A8", "#5DB7F0"),
    "other": ("#00795C", "#4FC79A"),
    "trace_focus": ("#2B3640", "#C7D0D9"),
    "trace": ("#6A7683", "#8794A1"),
    "ok": ("#1A7336", "#5CC97B"),
    "warn": ("#8A5A00", "#E5B54A"),
    "error": ("#B3261E", "#FF8A80"),
    "ok_fill": ("#E5F3E9", "#14291C"),
    "warn_fill": ("#FBF0DC", "#2E2612"),
    "error_fill": ("#FBE9E7", "#33191A"),
}

TOKENS: Mapping[str, Mapping[str, str]] = {
    "light": {token: pair[0] for token, pair in _TABLE.items()},
    "dark": {token: pair[1] for token, pair in _TABLE.items()},
}
"""Theme to token to colour."""

MARKERS = ("inverted_triangle", "diamond", "square", "triangle", "circle", "plus")
"""Bokeh markers of pickers, in the order in which they stand in the table."""


def phase_colour(phase: str, theme: str) -> str:
    """The colour of a phase: one hue for the P family, one for the S family, one for all others.

    >>> phase_colour("Pn", "light") == phase_colour("P", "light")
    True
    """
    tokens = TOKENS[theme]
    return tokens.get(phase[:1].lower() if phase[:1] in "PS" else "other", tokens["other"])
