"""Which channels of a station are shown, and which component each of them is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from workbench.sources.samples import component_ranks

__all__ = ["assign_components", "choose_channels", "order_components"]

# Velocity before acceleration, broadband before short period: what phase pickers were mostly trained on.
_PREFERRED = ("HH", "BH", "EH", "SH", "CH", "DH", "FH", "GH", "HP", "DP", "EP", "SP", "HL", "HN", "BN", "EN", "SN")
# SEED instrument codes: high and low gain seismometer, accelerometer, gravimeter, geophone.
_GROUND_MOTION = frozenset("HLNGP")


def choose_channels(channels: Iterable[str], instrument: str = "") -> tuple[list[str], list[str]]:
    """Channel codes of the one instrument that is shown, and those left out.

    The instrument with most of its components there; of several, velocity before acceleration. Codes of one or two
    letters count as an instrument too.

    Parameters
    ----------
    instrument
        Band and instrument code (``"HN"``) to be taken wherever a station has it.

    Examples
    --------
    >>> choose_channels(["HNZ", "HNN", "HNE", "HHZ", "HHN", "HHE", "LCE"])
    (['HHE', 'HHN', 'HHZ'], ['HNE', 'HNN', 'HNZ', 'LCE'])
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for channel in sorted(set(channels)):
        groups[channel[:-1]].append(channel)
    moving = {name: codes for name, codes in groups.items() if len(name) != 2 or name[1] in _GROUND_MOTION}
    candidates = moving or groups
    if instrument in candidates:
        best = instrument
    else:
        best = min(candidates, key=lambda name: (-min(3, len(candidates[name])), _rank(name), name))
    return groups[best], sorted(code for name, codes in groups.items() if name != best for code in codes)


def _rank(name: str) -> int:
    return _PREFERRED.index(name) if name in _PREFERRED else len(_PREFERRED)


def assign_components(chosen: Mapping[str, list[str]]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Component letter to channel code for each station, and the stations whose 1 and 2 stand for N and E.

    Where every station's horizontals are 1 and 2 (of unknown direction) they keep these letters. Where others have N
    and E, 1 stands in the place of N and 2 in that of E, so that they are seen together. A 3 without Z is the vertical.

    Parameters
    ----------
    chosen
        Station to the codes of its instrument.

    Examples
    --------
    >>> assign_components({"A.A.": ["HH1", "HH2", "HHZ"], "A.B.": ["HHE", "HHN", "HHZ"]})[0]["A.A."]
    {'N': 'HH1', 'E': 'HH2', 'Z': 'HHZ'}
    """
    by_station = {station: {code[-1].upper(): code for code in codes} for station, codes in chosen.items()}
    any_north = any({"N", "E"} & letters.keys() for letters in by_station.values())
    replaced = []
    for station, letters in by_station.items():
        if "3" in letters and "Z" not in letters:
            letters["Z"] = letters.pop("3")
        if any_north and {"1", "2"} & letters.keys() and not {"N", "E"} & letters.keys():
            by_station[station] = {{"1": "N", "2": "E"}.get(letter, letter): code for letter, code in letters.items()}
            replaced.append(station)
    return by_station, replaced


def order_components(letters: Iterable[str]) -> list[str]:
    """Component letters in the order in which traces are shown.

    >>> order_components("ENZ")
    ['Z', 'N', 'E']
    """
    found = sorted(set(letters))
    return [found[rank] for rank in component_ranks(found)]
