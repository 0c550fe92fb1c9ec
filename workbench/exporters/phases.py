"""Which labels a format takes that knows only P and S."""

from __future__ import annotations

import re

import pandas as pd

from workbench.exporters.account import Account

__all__ = ["kind_of", "p_and_s"]

_KIND = re.compile(r"([PS])(g|n|b|\*|1|diff)?")


def kind_of(phase: str) -> str:
    """``"P"`` or ``"S"`` of a crustal or mantle arrival of that wave; empty for any other phase.

    >>> [kind_of(phase) for phase in ("P", "Pn", "Sg", "PcP", "pP", "Lg")]
    ['P', 'P', 'S', '', '', '']
    """
    found = _KIND.fullmatch(phase)
    return found[1] if found else ""


def p_and_s(account: Account, labels: pd.DataFrame, others_too: bool) -> pd.DataFrame:
    """The labels with a column ``kind``, ``"P"`` or ``"S"``; what is neither is left out.

    Parameters
    ----------
    others_too
        Of a recording's station that has no label P, take its first of Pn, Pg, ... as its P, and S likewise.
    """
    labels = labels.assign(kind=labels["phase"].map(kind_of))
    plain = labels["phase"].isin(["P", "S"])
    if not others_too:
        return account.keep(labels, plain, "the format holds P and S only (Pn, Pg, ... can be taken as P by a setting)")
    labels = account.keep(labels, labels["kind"] != "", "the format holds P and S only")
    plain = plain[labels.index]
    places = ["recording_id", "station", "kind"]
    has_plain = plain.groupby([labels[name] for name in places]).transform("any")
    first = labels["time"] == labels.groupby(places)["time"].transform("min")
    taken = account.keep(labels, plain | (first & ~has_plain), "the station has another label of that kind before it")
    account.note("Pn, Pg, ... is written as P (and S likewise)", int((~plain[taken.index]).sum()))
    return taken
