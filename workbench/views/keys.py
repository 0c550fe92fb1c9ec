"""One table of actions, and three tables of the keys that do them.

A key is written as the browser names it, modifiers first: ``"p"``, ``"Shift+ArrowUp"``, ``"Ctrl+z"``, ``"Alt+0"``.
``Ctrl`` stands for the command key on a Mac too. An action that takes a value carries it after a colon: ``"phase:P"``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.errors import UnknownNameError

__all__ = ["ACTIONS", "PROFILES", "UNCERTAINTY_CLASSES_S", "WEIGHTS_S", "Action", "KeyRow", "key_table", "keymap"]


@dataclass(frozen=True)
class Action:
    """Something that a key, a button or the mouse does.

    Parameters
    ----------
    words
        What it does, for the help sheet.
    group
        Heading in the help sheet.
    """

    words: str
    group: str


_PLACE, _JUDGE, _MOVE, _SHOW, _SAFE = "Place a pick", "Judge the pick in hand", "Go", "Show", "Undo and help"

WEIGHTS_S: Mapping[str, float] = {"0": 0.01, "1": 0.04, "2": 0.2, "3": 1.0}
"""Uncertainty in seconds that a weight of Hypo71 stands for at OGS; 4 is not used."""

UNCERTAINTY_CLASSES_S: Mapping[str, float] = {"1": 0.01, "2": 0.04, "3": 0.2, "4": 1.0}
"""Uncertainty class to seconds on either side: the same steps as the weights, so that class and weight agree."""

FAVOURITES: Mapping[str, str] = {"3": "Pn", "4": "Pg", "5": "Sn", "6": "Sg", "7": "PmP", "8": "SmS", "9": "Lg"}

ACTIONS: Mapping[str, Action] = {
    "phase:P": Action("P here", _PLACE),
    "phase:S": Action("S here", _PLACE),
    **{f"phase:{phase}": Action(f"{phase} here", _PLACE) for phase in FAVOURITES.values()},
    "switch": Action("switch between P and S", _PLACE),
    "set": Action("set the phase in use at the cursor", _PLACE),
    "set_next": Action("set, and go to the next station", _PLACE),
    "refine": Action("refine at the cursor (AIC; moves the cursor only)", _PLACE),
    "nudge:-1": Action("one sample earlier", _PLACE),
    "nudge:1": Action("one sample later", _PLACE),
    "nudge:-10": Action("ten samples earlier", _PLACE),
    "nudge:10": Action("ten samples later", _PLACE),
    "delete": Action("remove the pick", _PLACE),
    "accept": Action("accept the model's pick", _JUDGE),
    "reject": Action("reject the pick", _JUDGE),
    "why": Action("why the picker picked there", _JUDGE),
    "why:page": Action("the same on the Explain page", _JUDGE),
    "polarity:positive": Action("first motion up", _JUDGE),
    "polarity:negative": Action("first motion down", _JUDGE),
    "polarity:undecidable": Action("first motion undecidable", _JUDGE),
    "onset:impulsive": Action("impulsive onset", _JUDGE),
    "onset:emergent": Action("emergent onset", _JUDGE),
    **{
        f"uncertainty:{name}": Action(f"uncertainty class {name}: ±{seconds:g} s", _JUDGE)
        for name, seconds in UNCERTAINTY_CLASSES_S.items()
    },
    "uncertainty:cursor": Action("uncertainty as far as the cursor", _JUDGE),
    **{
        f"weight:{n}": Action(f"weight {n}" + (f" ({WEIGHTS_S[n]:g} s)" if n in WEIGHTS_S else " (not used)"), _JUDGE)
        for n in "01234"
    },
    "station:-1": Action("station above", _MOVE),
    "station:1": Action("station below", _MOVE),
    "recording:-1": Action("previous recording", _MOVE),
    "recording:1": Action("next recording", _MOVE),
    "filter:toggle": Action("filter on or off", _SHOW),
    "filter:1": Action("next filter", _SHOW),
    "filter:-1": Action("previous filter", _SHOW),
    "components": Action("components: all, Z, N, E", _SHOW),
    "amplitude:1": Action("traces larger", _SHOW),
    "amplitude:-1": Action("traces smaller", _SHOW),
    "whole": Action("the whole recording", _SHOW),
    "undo": Action("undo", _SAFE),
    "redo": Action("redo", _SAFE),
    "help": Action("all keys", _SAFE),
    "disarm": Action("keys off", _SAFE),
}
"""Action name to what it does."""

_COMMON: Mapping[str, str] = {
    "Shift+ArrowUp": "polarity:positive",
    "Shift+ArrowDown": "polarity:negative",
    "Shift+x": "polarity:undecidable",
    "i": "onset:impulsive",
    "e": "onset:emergent",
    **{f"Shift+{name}": f"uncertainty:{name}" for name in UNCERTAINTY_CLASSES_S},
    **{f"Alt+{n}": f"weight:{n}" for n in "01234"},
    "ArrowLeft": "nudge:-1",
    "ArrowRight": "nudge:1",
    "Shift+ArrowLeft": "nudge:-10",
    "Shift+ArrowRight": "nudge:10",
    "ArrowUp": "station:-1",
    "ArrowDown": "station:1",
    "[": "recording:-1",
    "]": "recording:1",
    "Backspace": "delete",
    "Delete": "delete",
    "Ctrl+z": "undo",
    "Ctrl+Shift+z": "redo",
    "Ctrl+y": "redo",
    "Home": "whole",
    "w": "why",
    "Shift+w": "why:page",
    "?": "help",
    "Escape": "disarm",
}

PROFILES: Mapping[str, Mapping[str, str]] = {
    "default": {
        "p": "phase:P",
        "1": "phase:P",
        "s": "phase:S",
        "2": "phase:S",
        **{digit: f"phase:{phase}" for digit, phase in FAVOURITES.items()},
        " ": "set",
        "Enter": "set_next",
        "r": "refine",
        "f": "filter:toggle",
        "g": "filter:1",
        "d": "filter:-1",
        "t": "components",
        "+": "amplitude:1",
        "-": "amplitude:-1",
        "a": "accept",
        "x": "reject",
        **_COMMON,
    },
    # Snuffler places P with F1, which a browser keeps for itself: 1 stands for it, and F2 stays where it was.
    "snuffler": {
        **_COMMON,
        "1": "phase:P",
        "2": "phase:S",
        "F2": "phase:S",
        **{digit: f"phase:{phase}" for digit, phase in FAVOURITES.items()},
        "F4": "phase:Pn",
        "Ctrl+u": "polarity:positive",
        "Ctrl+d": "polarity:negative",
        "0": "polarity:undecidable",
        " ": "recording:1",
        "n": "recording:1",
        "b": "recording:-1",
        "p": "recording:-1",
        "+": "amplitude:1",
        "-": "amplitude:-1",
        "f": "filter:toggle",
        "r": "refine",
        "Enter": "set_next",
        "a": "accept",
        "x": "reject",
    },
    # ObsPyck changes the phase with Ctrl alone, which is half of other keys in a browser: c stands for it.
    "obspyck": {
        **_COMMON,
        "a": "set",
        "s": "uncertainty:cursor",
        "q": "delete",
        "c": "switch",
        "y": "station:-1",
        "x": "station:1",
        "0": "weight:0",
        "1": "weight:1",
        "2": "weight:2",
        "3": "weight:3",
        "+": "polarity:positive",
        "-": "polarity:negative",
        "p": "phase:P",
        "r": "refine",
        "f": "filter:toggle",
        "t": "components",
        "Enter": "accept",
        "Shift+Backspace": "reject",
    },
}
"""Profile to key to action."""


@dataclass(frozen=True)
class KeyRow:
    """One line of the help sheet: an action and all keys that do it, as printed on them."""

    group: str
    action: str
    words: str
    keys: tuple[str, ...]


_CAPS = {
    " ": "Space",
    "ArrowUp": "↑",
    "ArrowDown": "↓",
    "ArrowLeft": "←",
    "ArrowRight": "→",
    "Escape": "Esc",
    "-": "−",
}


def _printed(key: str) -> str:
    """A key as it is printed on the keyboard.

    >>> _printed("Ctrl+Shift+z"), _printed(" "), _printed("+")
    ('Ctrl+Shift+Z', 'Space', '+')
    """
    modifiers, plus, last = key.rpartition("+") if len(key) > 1 else ("", "", key)
    return modifiers + plus + _CAPS.get(last, last.upper() if len(last) == 1 else last)


def keymap(profile: str) -> dict[str, str]:
    """Key to action of a profile.

    Raises
    ------
    UnknownNameError
        If there is no such profile.
    """
    if profile not in PROFILES:
        raise UnknownNameError("key profile", profile, PROFILES)
    return dict(PROFILES[profile])


def key_table(profile: str) -> tuple[KeyRow, ...]:
    """The help sheet of a profile, in the order of the action table; actions without a key are left out."""
    keys: dict[str, list[str]] = {}
    for key, action in keymap(profile).items():
        keys.setdefault(action, []).append(_printed(key))
    return tuple(
        KeyRow(action.group, name, action.words, tuple(keys[name])) for name, action in ACTIONS.items() if name in keys
    )
