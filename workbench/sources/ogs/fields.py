"""Columns of a fixed-width line, counted from 1 as the format descriptions do, turned into numbers and times."""

from __future__ import annotations

import datetime as dt
import re

__all__ = [
    "Columns",
    "UnreadLineError",
    "instant_ns",
    "is_s_alone",
    "milliseconds_ns",
    "onset_quality",
    "polarity",
    "possible_year",
    "year_of",
]

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_STATION = re.compile(r"[A-Z][A-Z0-9]*", re.ASCII)
_DEGREES = re.compile(r"([ \d]{2})-([ \d]\d\.\d\d)", re.ASCII)
# A field filled with one of these holds nothing: Fortran's overflow, and how the files mark what is not known.
_FILLERS = ("*", "-", ".")
# Two digits without their century mark are read a hundred years early; of the last hundred years none is so.
_YEARS = 100
_UNUSED = 4
_EPOCH = dt.datetime(1970, 1, 1)
_POLARITIES = {"": "", "C": "positive", "c": "positive", "+": "positive", "D": "negative", "d": "negative",
               "-": "negative"}  # fmt: skip
_ONSETS = {"": "", "I": "impulsive", "i": "impulsive", "E": "emergent", "e": "emergent", "?": "questionable"}


class UnreadLineError(ValueError):
    """A line that is not as its format says; the text ends a sentence."""


class Columns:
    """One line by its columns: first and last, both counted, from 1.

    >>> line = Columns("BUA eP   7705061140 5400        5650eS")
    >>> line.text(1, 4), line.number(21, 24), line.number(41, 45)
    ('BUA', 5400.0, nan)
    """

    def __init__(self, line: str) -> None:
        self._line = line

    def raw(self, first: int, last: int) -> str:
        """The columns as they stand; blanks where the line ends before."""
        return self._line[first - 1 : last].ljust(last - first + 1)

    def text(self, first: int, last: int) -> str:
        """The columns without blanks at either end."""
        return self._line[first - 1 : last].strip()

    def number(self, first: int, last: int, name: str = "number") -> float:
        """The number in the columns; NaN where they are blank or filled with ``*``, ``-`` or ``.``.

        Raises
        ------
        UnreadLineError
            If something else stands there, or the line ends inside the number.
        """
        found = self._filled(first, last, name)
        if not found:
            return float("nan")
        if not _NUMBER.fullmatch(found):
            raise UnreadLineError(f"columns {first} to {last} ({name}) hold {found!r}, which is no number")
        return float(found)

    def whole(self, first: int, last: int, name: str = "number") -> int | None:
        """The whole number in the columns; None where :meth:`number` gives NaN."""
        found = self._filled(first, last, name)
        if not found:
            return None
        if not _WHOLE.fullmatch(found):
            raise UnreadLineError(f"columns {first} to {last} ({name}) hold {found!r}, which is no whole number")
        return int(found)

    def hundredths(self, first: int, last: int, name: str) -> float:
        """Seconds that are written in hundredths without a point (``5826`` is 58.26 s); NaN where :meth:`number` is."""
        found = self.whole(first, last, name)
        if found is not None and found < 0:
            raise UnreadLineError(f"columns {first} to {last} ({name}) hold {found}; seconds are not below zero")
        return float("nan") if found is None else found / 100.0

    def station(self, first: int, last: int) -> str:
        """A station's code: letters and digits, the first a letter."""
        found = self.raw(first, last)
        if not _STATION.fullmatch(found.rstrip()):
            raise UnreadLineError(f"columns {first} to {last} hold {found!r}, which is no station code")
        return found.rstrip()

    def degrees(self, first: int, last: int, name: str, limit: float) -> float:
        """Degrees from ``DD-MM.MM`` (minutes padded with blanks), to 0 ... `limit`; NaN where blank."""
        found = self._line[first - 1 : last]
        if not found.strip() or not found.strip("*"):
            return float("nan")
        match = _DEGREES.fullmatch(found)
        if not match or not match[1].strip():
            raise UnreadLineError(f"columns {first} to {last} ({name}) hold {found!r}; expected DD-MM.MM")
        minutes = float(match[2])
        value = int(match[1]) + minutes / 60.0
        if minutes >= 60 or value > limit:
            raise UnreadLineError(f"columns {first} to {last} ({name}) hold {found!r}, which is no {name}")
        return value

    def weight_class(self, column: int, name: str) -> int:
        """HYPO71's class of a weight; blank is 0."""
        found = self._line[column - 1 : column].strip()
        if found and found not in "012345":
            raise UnreadLineError(f"column {column} ({name}) holds {found!r}; expected 0 to 5")
        return int(found or 0)

    def _filled(self, first: int, last: int, name: str) -> str:
        cell = self._line[first - 1 : last]
        found = cell.strip()
        if found and len(cell) < last - first + 1:
            raise UnreadLineError(f"the line ends in column {len(self._line)}, inside {name} ({first} to {last})")
        return "" if any(not found.strip(filler) for filler in _FILLERS) else found


def year_of(mark: str, two_digits: str) -> int:
    """Year from a century mark (``1`` is 2000, blank 1900) and two digits.

    >>> year_of("1", "24"), year_of(" ", "97")
    (2024, 1997)

    Raises
    ------
    UnreadLineError
        If the mark is another one, or the year is none of the last hundred and not the coming one.
    """
    if mark not in ("1", " "):
        raise UnreadLineError(f"the century mark is {mark!r}; expected 1 (2000 and later) or a blank (1900s)")
    return possible_year((2000 if mark == "1" else 1900) + _part(two_digits, "year"))


def possible_year(year: int) -> int:
    """The same year, if it is one of the last hundred or the coming one.

    The network recorded from 1977 on; cards of older earthquakes come from elsewhere.
    """
    latest = dt.datetime.now(dt.UTC).year + 1
    if not latest - _YEARS < year <= latest:
        raise UnreadLineError(
            f"the year {year} is not between {latest - _YEARS + 1} and {latest}: is the century mark right?"
        )
    return year


def instant_ns(year: int, mmdd: str, hhmm: str) -> int:
    """Nanoseconds since 1970 of a minute; the minute may be 60, and every part padded with a blank.

    >>> instant_ns(1977, "1102", "0660") == instant_ns(1977, "1102", " 7 0")
    True
    """
    month, day = _part(mmdd[:2], "month"), _part(mmdd[2:], "day")
    hour, minute = _part(hhmm[:2], "hour"), _part(hhmm[2:], "minute")
    if hour > 23 or minute > 60:
        raise UnreadLineError(f"{hhmm!r} is no hour and minute")
    try:
        midnight = dt.datetime(year, month, day)
    except ValueError as error:
        raise UnreadLineError(f"{year}, {mmdd!r} is no date ({error})") from error
    return ((midnight - _EPOCH).days * 1440 + hour * 60 + minute) * 60 * 10**9


def milliseconds_ns(seconds: float) -> int:
    """Seconds as nanoseconds, rounded to the millisecond: the files give hundredths and thousandths."""
    return round(seconds * 1000) * 10**6


def onset_quality(letter: str) -> str | None:
    """Name of an onset's letter (i, e, ?); None for one that is not known."""
    return _ONSETS.get(letter)


def is_s_alone(marks: str, flags: str, p_class: int, p_seconds: float) -> bool:
    """Whether the P of a line stands for none: a station with S alone has a P of class 4 at 0.00 s, flagged ``" g"``.

    Parameters
    ----------
    marks
        Onset and first motion of P: who gave one has seen it.
    flags
        The two columns that say of P and of S whether they were used (``g``) or not (``n``).
    """
    return not marks.strip() and flags[:1] == " " and flags[1:].strip() != "" and p_class == _UNUSED and p_seconds == 0


def polarity(letter: str) -> str | None:
    """Name of a first motion's letter (C, c, + up; D, d, - down); None for one that is not known."""
    return _POLARITIES.get(letter)


def _part(text: str, name: str) -> int:
    found = text.strip()
    if not _WHOLE.fullmatch(found) or found[0] in "+-":
        raise UnreadLineError(f"the {name} is {text!r}; expected digits")
    return int(found)
