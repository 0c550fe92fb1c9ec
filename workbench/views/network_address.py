"""The Network page's address: a link opens the same event, phase and edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

import pandas as pd

from workbench.session import Surveying
from workbench.views.address import address_of

__all__ = ["FIRST_FILTER", "Looked", "look_as_addressed", "network_address", "read_looked"]

FIRST_FILTER = "1–20 Hz"
"""Of a section that is opened: below it the ground is restless, and a local onset drowns in that."""

_CHOICES = ("phase", "edges", "nodes", "order", "reduce")


@dataclass(frozen=True)
class Looked:
    """What an address names; empty, or None, where it says nothing.

    Parameters
    ----------
    picker
        Key on the list: ``"station_graph/base"``.
    time
        Of the event, UTC.
    choices
        Of the map and the section, by name.
    """

    picker: str = ""
    time: pd.Timestamp | None = None
    choices: Mapping[str, str] = ()  # type: ignore[assignment]


def network_address(surveying: Surveying) -> str:
    """The query of the address that leads back here; without defaults."""
    where = address_of(surveying.session)
    if not where:
        return ""
    parts = dict(parse_qsl(where))
    parts["picker"] = surveying.picker
    # A page without a filter is asked for; the filter that a section begins with is not.
    parts.pop("filter", "")
    if surveying.session.filter != FIRST_FILTER:
        parts["filter"] = surveying.session.filter
    if 0 <= surveying.group < len(surveying.groups):
        parts["time"] = surveying.groups[surveying.group].start.isoformat(timespec="milliseconds")
    for name in _CHOICES:
        value = str(getattr(surveying, name))
        if value != surveying.param[name].default:
            parts[name] = value
    return urlencode({name: value for name, value in parts.items() if value})


def read_looked(query: str) -> Looked:
    """What a query names; what is not known is left out.

    >>> read_looked("?phase=S&edges=magic&picker=xiaonet/100k").choices
    {'phase': 'S'}
    """
    values = dict(parse_qsl(query.lstrip("?")))
    known = {name: Surveying.param[name].objects for name in _CHOICES}
    choices = {name: values[name] for name in _CHOICES if values.get(name) in known[name]}
    return Looked(values.get("picker", ""), _time(values.get("time", "")), choices)


def _time(words: str) -> pd.Timestamp | None:
    try:
        time = pd.Timestamp(words)
    except ValueError:
        return None
    return None if pd.isna(time) or time.tz else time


def look_as_addressed(surveying: Surveying, looked: Looked) -> None:
    """Set what an address says, and show its event once there are onsets."""
    surveying.param.update(dict(looked.choices))
    if looked.picker:
        surveying.expect_picker(looked.picker)
    if looked.time is not None:
        surveying.expect(looked.time)
