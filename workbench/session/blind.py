"""``BlindPicking``: who decides, and what is kept from her eyes while she picks what others pick too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import param

from workbench.errors import WorkbenchError
from workbench.schema import empty_picks
from workbench.session.decisions import Decisions
from workbench.session.opened import Opened

__all__ = ["BLINDS", "BlindPicking"]

BLINDS: Mapping[str, str] = {
    "": "Nothing is hidden",
    "colleagues": "Colleagues' labels are hidden",
    "all": "Colleagues' labels and all picks are hidden",
}
"""What may be hidden, in words. With ``all`` there are no picks and curves of pickers, no picks of the source, no event
and no theoretical arrivals: nothing that says where an onset should be."""

_LONGEST_NAME = 80


class BlindPicking(Decisions):
    """The part of a session that knows who decides and what she may not see."""

    analyst = param.String("", doc="Name written beside every decision; set it by set_analyst.")
    analyst_fixed = param.Boolean(False, doc="Whether the name is that of a login, which nobody changes on a page.")
    blind = param.Selector(default="", objects=list(BLINDS), doc="What is hidden: see BLINDS. Set it by set_blind.")

    def set_analyst(self, name: str) -> None:
        """Write another name beside all that is decided from now on; what was written keeps its own.

        Raises
        ------
        WorkbenchError
            If the name is empty or very long, or comes from a login.
        """
        name = " ".join(name.split())
        if self.analyst_fixed:
            raise WorkbenchError(f"You are logged in as {self.analyst}; log in by another name to decide by it.")
        if not name or len(name) > _LONGEST_NAME:
            raise WorkbenchError(f"A name has 1 to {_LONGEST_NAME} characters; this one has {len(name)}.")
        if name == self.analyst:
            return
        self._check_not_between()
        with self.hold(), param.parameterized.batch_call_watchers(self):
            self.analyst = self.journal.analyst = name
            self.look_anew()

    def set_blind(self, blind: str) -> None:
        """Hide what colleagues decided, and with ``"all"`` every pick too, or show it again with ``""``."""
        if blind == self.blind:
            return
        self._check_not_between()
        self.cancel()
        with self.hold(), param.parameterized.batch_call_watchers(self):
            self.blind = blind
            self.journal.own_only = bool(blind)
            if blind == "all" and self._hidden is None:
                self._hidden, self.runs = self.runs, {}
            elif blind != "all" and self._hidden is not None:
                self.runs, self._hidden = {key: self._curves.fill(run, "") for key, run in self._hidden.items()}, None
            self.look_anew()

    def look_anew(self) -> None:
        """Read what the journal tells this analyst now, and show the open recording as if it had just been opened."""
        self.saved = None
        self._read_statuses()
        self._forget_neighbours()
        if self.recording_id:
            self.open(self.recording_id)

    def _seen(self, opened: Opened) -> Opened:
        """What may be seen of what was read."""
        if self.blind != "all":
            return opened
        nothing = pd.DataFrame({"station": [], "phase": [], "time": []})
        return replace(opened, event=None, reference=empty_picks(), theory=nothing)

    def open(self, recording_id: str) -> None:
        """Open a recording of the source."""
        raise NotImplementedError

    def _forget_neighbours(self) -> None:
        raise NotImplementedError
