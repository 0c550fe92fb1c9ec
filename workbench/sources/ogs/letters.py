"""What single letters and names of places mean in the catalogue formats."""

from __future__ import annotations

import re

from workbench.sources.ogs.fields import Columns, onset_quality, polarity
from workbench.sources.ogs.records import CatalogText

__all__ = ["event_type_of", "marks_of", "place_of"]

_EVENT_TYPES = {
    "L": "earthquake",
    "E": "explosion",
    "B": "chemical explosion",
    "F": "landslide",
    "U": "unknown",
}
_PLACE = re.compile(r"(?P<place>[^(]*?)\s*\((?P<region>[^()]*)\)")
_NO_PLACE = re.compile(r"(?:not localized with )?first station ", re.IGNORECASE)


def event_type_of(letter: str) -> str:
    """An event type in words; a letter that is not known stays as it is.

    >>> event_type_of("B"), event_type_of("X"), event_type_of("")
    ('chemical explosion', 'X', '')
    """
    return _EVENT_TYPES.get(letter, letter)


def marks_of(columns: Columns, onset: int, first_motion: int, line: int, found: CatalogText) -> tuple[str, str]:
    """Onset quality and polarity from their columns; a letter that is not known is empty, and remembered as odd."""
    quality, motion = onset_quality(columns.text(onset, onset)), polarity(columns.text(first_motion, first_motion))
    if quality is None:
        found.note_odd("an onset is none of i, e, ?; it was taken as not known", line)
    if motion is None:
        found.note_odd("a polarity is none of C, D, +, -; it was taken as not known", line)
    return quality or "", motion or ""


def place_of(text: str) -> tuple[str, str, str]:
    """Place, region, and a note where the text says only which station saw the event first.

    >>> place_of("PUOS D'ALPAGO (VENETO)"), place_of("ADRIATICO")
    (("PUOS D'ALPAGO", 'VENETO', ''), ('ADRIATICO', '', ''))
    >>> place_of("first station LSR(picks identified on 2 stations)")
    ('', '', 'first station LSR(picks identified on 2 stations)')
    """
    text = text.strip()
    if _NO_PLACE.match(text):
        return "", "", text
    match = _PLACE.fullmatch(text)
    return (match["place"], match["region"].strip(), "") if match else (text, "", "")
