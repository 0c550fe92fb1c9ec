"""The Explain page's address: a link opens the same question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

import pandas as pd

from workbench.session import Explaining, Session
from workbench.views.address import address_of

__all__ = ["Asked", "ask_as_addressed", "explain_address", "onset_address", "read_question"]


@dataclass(frozen=True)
class Asked:
    """The question that an address names; empty, or None, where it says nothing.

    Parameters
    ----------
    picker, second
        Keys on the list: ``"phasenet/original"``.
    """

    station: str = ""
    phase: str = ""
    time: pd.Timestamp | None = None
    picker: str = ""
    second: str = ""
    method: str = ""
    target: str = ""
    baseline: str = ""


_DEFAULTS = {"method": "integrated_gradients", "target": "probability", "baseline": "zero"}


def explain_address(explaining: Explaining) -> str:
    """The query of the address that leads back here: source, recording and the question, without defaults."""
    where = address_of(explaining.session)
    if not where:
        return ""
    parts = dict(parse_qsl(where))
    if explaining.time is not None:
        parts |= {"station": explaining.station, "phase": explaining.phase}
        parts["time"] = pd.Timestamp(explaining.time).isoformat(timespec="milliseconds")
    for name in ("picker", "second", *_DEFAULTS):
        parts[name] = getattr(explaining, name)
    return urlencode({name: value for name, value in parts.items() if value and value != _DEFAULTS.get(name)})


def onset_address(session: Session, phase: str, time: pd.Timestamp, picker: str) -> str:
    """The query that asks about an onset on the open station; the picker is left out if it is none to look into."""
    parts = dict(parse_qsl(address_of(session)))
    parts |= {"station": session.station, "phase": phase, "time": pd.Timestamp(time).isoformat(timespec="milliseconds")}
    run = session.runs.get(picker)
    if run is not None and run.card.weights and run.card.name != "station_graph":
        parts["picker"] = picker
    return urlencode(parts)


def read_question(query: str) -> Asked:
    """The question of a query; what cannot be read is left out.

    >>> read_question("?phase=S&time=2018-12-30T03:00:42.330&picker=xiaonet/100k").time
    Timestamp('2018-12-30 03:00:42.330000')
    >>> read_question("?phase=S&time=never").time is None
    True
    """
    values: Mapping[str, str] = dict(parse_qsl(query.lstrip("?")))
    names = ("station", "phase", "picker", "second", "method", "target", "baseline")
    return Asked(time=_time(values.get("time", "")), **{name: values.get(name, "") for name in names})


def _time(words: str) -> pd.Timestamp | None:
    try:
        time = pd.Timestamp(words)
    except ValueError:
        return None
    return None if pd.isna(time) or time.tz else time


def ask_as_addressed(explaining: Explaining, asked: Asked) -> None:
    """Set what an address says, and ask its question once the recording and the picker are there."""
    for name in ("method", "target", "baseline", "second"):
        if value := getattr(asked, name):
            explaining.param.update({name: value})
    if asked.time is None:
        return
    explaining.expect(asked.time, station=asked.station, phase=asked.phase, picker=asked.picker)
