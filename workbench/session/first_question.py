"""``FirstQuestion``: what is asked as soon as the recording is open and its picker on the list."""

from __future__ import annotations

from typing import Any

import pandas as pd

__all__ = ["FirstQuestion"]


class FirstQuestion:
    """Chooses the picker that is asked, and asks about the onset that is wanted, or about the first.

    Parameters
    ----------
    explaining
        Whose parameters are set.
    auto
        Whether the first pick is explained as soon as there is one.
    """

    def __init__(self, explaining: Any, *, auto: bool) -> None:
        self._explaining, self._auto = explaining, auto
        self._brought = ("", "")
        self._expected: tuple[pd.Timestamp, dict[str, str]] | None = None

    def expect(self, time: pd.Timestamp, where: dict[str, str]) -> None:
        """Ask that once everything is there; `where` as for :meth:`Explaining.explain_at`."""
        self._expected = (time, where)
        self.look()

    def bring(self, slot: str, name: str) -> None:
        """Take the picker of that name into ``"picker"`` or ``"second"`` once it is on the list."""
        self._brought = (slot, name)

    def look(self) -> None:
        """Do what can be done by now."""
        one, expected = self._explaining, self._expected
        networks = one.pickers()
        slot, name = self._brought
        if found := [key for key in networks if name and key.partition("/")[0] == name]:
            self._brought = ("", "")
            setattr(one, slot, found[-1])
        if expected is not None:
            if one.session.recording is None or expected[1].get("picker", "") not in {"", *networks} or not networks:
                return
            self._expected = None
            one.picker = expected[1].pop("picker", "") or next(iter(networks))
            one.explain_at(expected[0], **expected[1])
        if one.picker not in networks:
            one.picker = next(iter(networks), "")
        if self._auto and one.time is None and one.picker:
            self._ask_about_the_first()

    def _ask_about_the_first(self) -> None:
        one = self._explaining
        onsets = one.onsets()
        own = onsets[onsets["station"] == one.session.station] if len(onsets) else onsets
        if len(own):
            first = own.iloc[0]
            one.explain_at(first["time"], station=str(first["station"]), phase=str(first["phase"]))
