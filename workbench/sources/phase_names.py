"""Which of the many names of phases mean a first P or S."""

from __future__ import annotations

import re

__all__ = ["phase_of"]

_FIRST = re.compile(r"([PS])([gnb1*]|diff|n1|g1)?|[ps]|PKI?K?P\w*")


def phase_of(name: str) -> str:
    """``"P"`` or ``"S"`` for names of a first arrival (Pg, Pn, s, ...); empty for others (depth phases, PP, Lg).

    >>> [phase_of(name) for name in ("Pn", "s", "S1", "pP", "PP", "Lg")]
    ['P', 'S', 'S', '', '', '']
    """
    return name[0].upper() if _FIRST.fullmatch(name) else ""
