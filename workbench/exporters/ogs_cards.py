"""One line of a ``.dat`` file of OGS: a HYPO71 phase card, by its columns."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HUNDREDTH_NS", "LATEST_S", "MINUTE_NS", "Card", "Mark", "separator"]

MINUTE_NS = 60 * 10**9
HUNDREDTH_NS = 10**7

LATEST_S = 99.99
"""Four columns hold so many seconds after the card's minute."""

_ONSETS = {"impulsive": "i", "emergent": "e", "questionable": "?"}
_MOTIONS = {"positive": "C", "negative": "D"}


@dataclass(frozen=True)
class Mark:
    """An onset as the card writes it.

    Parameters
    ----------
    hundredths
        Of a second, after the card's minute: 0 to 9999.
    weight_class
        0 to 4; None is a blank, which HYPO71 takes as 0.
    """

    hundredths: int
    onset_quality: str = ""
    polarity: str = ""
    weight_class: int | None = None

    def letters(self, phase: str) -> str:
        """The four columns of onset, phase, first motion and weight."""
        weight = " " if self.weight_class is None else str(self.weight_class)
        return f"{_ONSETS.get(self.onset_quality, ' ')}{phase}{_MOTIONS.get(self.polarity, ' ')}{weight}"


@dataclass(frozen=True)
class Card:
    """A station's P, its S, or both.

    Parameters
    ----------
    station
        The code alone, up to four letters.
    minute
        Of the card, ``"yyyymmddhhmm"``.
    event_letter
        ``"L"`` local earthquake; empty where it is not known.
    event_number
        Within the year, 1 to 9999.
    """

    station: str
    minute: str
    p: Mark | None
    s: Mark | None
    event_number: int
    located: bool
    event_letter: str = ""

    def line(self) -> str:
        """The card; columns as in OGS's files.

        >>> Card("BAD", "200101031836", Mark(2595, "impulsive", "negative", 0), Mark(6020, "", "", 2), 8, True).line()
        'BAD iPD010101031836 2595        6020 S 2                        D             8 gg'
        """
        year = int(self.minute[:4])
        century = "1" if year >= 2000 else " "
        p_letters = self.p.letters("P") if self.p is not None else "    "
        # A station with S alone has 0000 for the seconds of its P.
        p_seconds = self.p.hundredths if self.p is not None else 0
        s_columns = f"{self.s.hundredths:>4}{self.s.letters('S')}" if self.s is not None else ""
        head = f"{self.station:<4}{p_letters}{century}{self.minute[2:]} {p_seconds:04d}{' ' * 8}{s_columns}"
        letter, located = self.event_letter or " ", "D" if self.located else " "
        seen = ("g" if self.p is not None else " ") + ("g" if self.s is not None else " ")
        return f"{head:<63}{letter}{located}{' ' * 10}{self.event_number:>4} {seen}".rstrip()


def separator(located: bool) -> str:
    """The line that ends an event: HYPO71's instruction card.

    >>> separator(True).index("1"), separator(True).index("D"), len(separator(False))
    (17, 64, 18)
    """
    return f"{'1':>18}{'D':>47}" if located else f"{'1':>18}"
