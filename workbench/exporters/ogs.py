"""Labels as HYPO71 phase cards in the ``.dat`` files of OGS."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from workbench.exporters.base import Batch, EventRows, FolderExporter
from workbench.exporters.ogs_cards import HUNDREDTH_NS, LATEST_S, MINUTE_NS, Card, Mark, separator
from workbench.exporters.phases import p_and_s
from workbench.exporters.weighing import class_of, note_classes
from workbench.schema import DEFAULT_WEIGHT_SCHEME, WeightSchemeName, weight_scheme

__all__ = ["OgsExporter"]

_CODE = re.compile(r"[A-Z][A-Z0-9]{0,3}", re.ASCII)
_YEARS = range(1900, 2100)
_MOST_EVENTS = 9999
_S_AFTER_P_S = 120.0


@dataclass(frozen=True)
class OgsExporter(FolderExporter):
    """``labels.dat``: HYPO71 phase cards as OGS writes them, a line for each station with its P and S.

    Events are numbered within their year by the time of their first label. A label is of the class of weight that the
    analyst gave, else of that of its uncertainty. Where a card of an event would fall into the next year, it counts its
    seconds from the last minute of the old one, so that all cards of an event share their year and number.

    Parameters
    ----------
    weights
        The scheme by which uncertainties become classes.
    others_too
        Take the first of Pn, Pg, ... as P where the station has no P, and S likewise; without it they are left out.
    """

    name: ClassVar[str] = "ogs"
    title: ClassVar[str] = "OGS / HYPO71 phase cards (.dat)"
    cannot_hold: ClassVar[tuple[str, ...]] = (
        "phases other than P and S",
        "station codes over four letters; networks and locations of any station",
        "times finer than 0.01 s, or an S more than 99.99 s after the minute of its P",
        "uncertainties in seconds, but for their class of weight",
        "rejected onsets, undecidable polarities, analysts and provenance",
    )

    weights: WeightSchemeName = DEFAULT_WEIGHT_SCHEME
    others_too: bool = False

    def write(self, batch: Batch) -> None:
        """Write ``labels.dat``."""
        account, scheme = batch.account, weight_scheme(self.weights)
        labels = p_and_s(account, account.standing(batch.labels), self.others_too)
        labels = _with_codes(batch, labels)
        labels = labels.assign(
            hundredths=np.rint(labels["time"].astype("int64") / HUNDREDTH_NS).astype("int64"),
            # Whole numbers and blanks: as plain numbers a blank would make them all fractions.
            weight_class=pd.array([class_of(row, scheme) for row in labels.itertuples()], dtype="Int64"),
        )
        note_classes(account, labels, self.weights, blank_is="left blank, which HYPO71 takes as full weight")
        labels = labels.sort_values(["hundredths", "station", "kind"], kind="stable")
        lines: list[str] = []
        numbers: Counter[int] = Counter()
        for group in batch.by_event(labels):
            lines += _lines(batch, group, numbers)
        text = "".join(f"{line}\n" for line in lines)
        (batch.place / "labels.dat").write_text(text, encoding="ascii", newline="\n")


def _lines(batch: Batch, group: EventRows, numbers: Counter[int]) -> list[str]:
    """Cards of one event, and the line that ends it."""
    event, rows = group.event, group.rows
    year = int(pd.Timestamp(rows[0].hundredths * HUNDREDTH_NS).year)
    if numbers[year] == _MOST_EVENTS:
        batch.account.leave_out((row.label_id for row in rows), f"a year holds {_MOST_EVENTS} events at most")
        return []
    located = event is not None and not (np.isnan(event.latitude_deg) or np.isnan(event.longitude_deg))
    cards = []
    for p, s in _pairs(rows):
        minute_ns = _minute_ns((p if p is not None else s).hundredths, year)
        p_mark, s_mark = _mark(batch, p, minute_ns), _mark(batch, s, minute_ns)
        if p_mark is not None or s_mark is not None:
            code, stamp = (p if p is not None else s).code, f"{pd.Timestamp(minute_ns):%Y%m%d%H%M}"
            number, letter = numbers[year] + 1, "L" if event is not None else ""
            cards.append(Card(code, stamp, p_mark, s_mark, number, located, letter).line())
    if not cards:
        return []
    numbers[year] += 1
    return [*cards, separator(located)]


def _with_codes(batch: Batch, labels: pd.DataFrame) -> pd.DataFrame:
    """The labels that a card has room for, with a column ``code``."""
    account = batch.account
    codes = labels["station"].map(lambda name: name.split(".")[1] if "." in name else name)
    labels = labels.assign(code=codes.astype("str"))
    fits = labels["code"].map(lambda code: bool(_CODE.fullmatch(code))).astype(bool)
    labels = account.keep(labels, fits, "a station code has four letters and digits at most, the first a letter")
    years = labels["time"].dt.year
    labels = account.keep(labels, years.between(_YEARS.start, _YEARS.stop - 1), "a year is one from 1900 to 2099")
    # Of one code in one recording the first station by name: another would read as the same station.
    first = labels.groupby(["recording_id", "code"])["station"].transform("min")
    return account.keep(labels, labels["station"] == first, "another station of the recording has the same code")


def _pairs(rows: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Each P of a station with the S that follows before the next P, and each S that follows none, by time."""
    pairs: list[list[Any]] = []
    last_of: dict[str, list[Any]] = {}
    for row in rows:
        last = last_of.get(row.station)
        if row.kind == "S" and last is not None and last[0] is not None and last[1] is None and _soon(last[0], row):
            last[1] = row
        else:
            last_of[row.station] = [row, None] if row.kind == "P" else [None, row]
            pairs.append(last_of[row.station])
    return [(p, s) for p, s in pairs]


def _soon(p: Any, s: Any) -> bool:
    return bool((s.hundredths - p.hundredths) * HUNDREDTH_NS <= _S_AFTER_P_S * 1e9)


def _minute_ns(hundredths: int, year: int) -> int:
    """The minute of a card; of one that falls into the next year the last of the year of its event."""
    minute_ns = hundredths * HUNDREDTH_NS // MINUTE_NS * MINUTE_NS
    last_ns = pd.Timestamp(year=year + 1, month=1, day=1).as_unit("ns").value - MINUTE_NS
    return min(minute_ns, int(last_ns))


def _mark(batch: Batch, row: Any, minute_ns: int) -> Mark | None:
    """The onset on a card of a minute; None where there is none, or it does not fit."""
    if row is None:
        return None
    hundredths = int(row.hundredths) - minute_ns // HUNDREDTH_NS
    if hundredths > round(LATEST_S * 100):
        why = f"a card holds {LATEST_S} s after the minute of its P, and none of another year"
        batch.account.leave_out([row.label_id], why)
        return None
    weight_class = None if pd.isna(row.weight_class) else int(row.weight_class)
    return Mark(hundredths, row.onset_quality, row.polarity, weight_class)
