"""``DoubleList``: blind double picking on the Review page: sending stations to it, and picking them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from workbench.errors import WorkbenchError
from workbench.labels.double_picking import DoubleItem
from workbench.session import BLINDS, DoublePicking, Reviewing
from workbench.session.double_picking import item_key
from workbench.views.icons import icon
from workbench.views.markup import Action
from workbench.views.review_lists import button_row
from workbench.views.tags import options, tag, text

__all__ = ["DoubleList"]

_OF = {"doubts": "the doubts", "recordings": "all recordings"}
_LONGEST = 15


class DoubleList:
    """The list of :class:`workbench.session.DoublePicking`; what can be sent to it comes from the doubts.

    Parameters
    ----------
    reviewing
        Whose queue a share can be sent of.
    """

    def __init__(self, double: DoublePicking, reviewing: Reviewing) -> None:
        self.double, self._reviewing = double, reviewing
        self._percent, self._seed, self._of = "20", "1", "doubts"

    @property
    def keys(self) -> list[str]:
        """Keys of the items."""
        return [item_key(item) for item in self.double.items]

    @property
    def selected(self) -> int:
        """Row of the item on the screen; -1 for none."""
        keys = self.keys
        return keys.index(self.double.item) if self.double.item in keys else -1

    def show(self) -> None:
        """Read the list anew."""
        self.double.refresh()

    def head_html(self) -> str:
        """What is left, what is hidden, and what can be sent to the list."""
        double = self.double
        total, left = len(double.items), double.left
        words = tag("span", f" left of {total:,} for {text(double.session.analyst)}", class_="muted ellipsis")
        top = tag("div", tag("b", f"{left:,}", class_="left"), words, class_="top")
        share = f"width:{100 * (total - left) / max(total, 1):.2f}%"
        bar = tag("div", tag("i", class_="kept", style=share), class_="bar")
        hidden = {name: words for name, words in BLINDS.items() if name}
        chooser = tag("select", options(hidden, double.hides), data_act="hides", data_key="hides", class_="wide",
                      aria_label="What is hidden while one picks")  # fmt: skip
        return top + bar + tag("div", chooser, class_="order") + ("" if double.session.blind else self._send_html())

    def _send_html(self) -> str:
        """The fields by which stations are sent; not while one picks blind, for the doubts come of what is hidden."""
        off = not self.double.session.journal.writable
        percent = tag("input", type="number", min="1", max="100", step="1", value=self._percent,
                      data_act="percent", data_key="percent", aria_label="Percent", class_="small")  # fmt: skip
        of = tag("select", options(_OF, self._of), data_act="of", data_key="of", aria_label="Of what")
        seed = tag("input", type="number", min="0", step="1", value=self._seed, data_act="seed", data_key="seed",
                   aria_label="Seed", title="The same seed chooses the same stations", class_="small")  # fmt: skip
        button = tag(
            "button", "Send", class_="button", data_act="send", disabled=off, title="Send them to all analysts"
        )
        return tag(
            "div",
            tag("span", "Send ", percent, " % of"),
            of,
            tag("span", "seed ", seed),
            button,
            class_="send",
        )

    def row(self, index: int) -> Mapping[str, Any]:
        """One station to pick."""
        item = self.double.items[index]
        done = item_key(item) in self.double.done
        right = tag("span", icon("check", 13), " done", class_="outcome kept") if done else ""
        name = text(item.station.strip(".") or "All stations")
        first = tag("div", tag("b", name, class_="ellipsis"), tag("span", class_="spread"), right, class_="line")
        part = _part(item)
        words = f"{item.recording_id} · {part}" if part else item.recording_id
        cell = first + tag("div", text(words), tag("br"), text(item.sent), class_="words flush", title=words)
        return {"cells": [cell], "id": item_key(item), "kind": "decided" if done else ""}

    def nothing(self) -> str:
        """Why the list is empty."""
        if self.double.session.source is None:
            return "No source is open."
        return "Nothing of this source was sent to double picking. Choose a share above, or pick any recording blind."

    def why_html(self) -> str:
        """What is to be done on the item, and what is hidden meanwhile."""
        double, item = self.double, self.double.shown
        if item is None:
            words = "Choose a station: others' labels are hidden when it opens, and yours from them."
            return tag("div", tag("span", words, class_="muted"), class_="why")
        part = _part(item)
        facts = tag("span", text(f"{item.recording_id}{' · ' + part if part else ''}"), class_="muted ellipsis")
        name = tag("b", text(item.station.strip(".") or "All stations"), class_="name")
        line = tag("div", name, facts, tag("span", class_="spread"), class_="what")
        hidden = BLINDS[double.session.blind]
        note = "Set each onset that you see, with P and S, then N. None to see is an answer, too."
        words = tag(
            "div", icon("lock", 16), tag("span", text(f"{hidden}. {note}")), class_="doubts calm", role="status"
        )
        return tag("div", line, words, class_="why")

    def buttons_html(self) -> str:
        """Done, later, undo."""
        double = self.double
        can = double.shown is not None and bool(double.session.blind) and double.session.journal.writable
        buttons = [
            ("finish", "check", "Done", "N", "All onsets here are set, none or many; go on", can),
            ("skip", "next", "Later", "Tab", "Go on without saying that it is done", bool(double.items)),
            ("undo", "undo", "Undo", "Z", "The one that was done last is not done after all", bool(double.done)),
        ]
        return button_row(buttons, "P and S set an onset at the cursor: click the plot first")

    def act(self, action: Action) -> None:
        """Do what a key or a button says."""
        double, act = self.double, action["act"]
        if act == "choose":
            double.open(self.keys[int(action["row"])])
        elif act == "step":
            double.step(int(action["by"]))
        elif act in ("before", "after"):
            double.step(-1 if act == "before" else 1)
        elif act == "send":
            self._send()
        elif act == "skip":
            double.step(1)
        elif act in ("finish", "undo"):
            getattr(double, act)()
        elif "value" in action:
            self._set_field(act, str(action["value"]))

    def _set_field(self, name: str, value: str) -> None:
        if name == "hides" and value in self.double.param["hides"].objects:
            self.double.choose_hides(value)
        elif name == "percent":
            # What was typed stays in its field, right or wrong: nothing else is sent in its place.
            self._percent = value[: _LONGEST + 1]
            _share(value)
        elif name == "seed":
            self._seed = value[: _LONGEST + 1]
            _seed(value)
        elif name == "of" and value in _OF:
            self._of = value

    def _send(self) -> None:
        share, seed = _share(self._percent), _seed(self._seed)
        places: list[tuple[str, str, pd.Timestamp | None]]
        if self._of == "doubts":
            rows = self._reviewing.queue.to_dict("records")
            places = [(row["recording_id"], row["station"], row["time"]) for row in rows]
        else:
            places = [(str(name), "", None) for name in self.double.session.index]
        self.double.send(places, share, seed, _OF[self._of])


def _share(percent: str) -> float:
    """What a percentage that was typed is of one."""
    try:
        value = float(percent)
    except ValueError:
        value = float("nan")
    if not 0 < value <= 100:
        raise WorkbenchError(f"Percent is a number above 0, up to 100; this is {percent[:_LONGEST]!r}.")
    return value / 100


def _seed(seed: str) -> int:
    """The seed that was typed."""
    if not (seed.isascii() and seed.isdigit() and len(seed) <= _LONGEST):
        raise WorkbenchError(
            f"The seed is a whole number of up to {_LONGEST} digits, such as 1; this is {seed[:_LONGEST]!r}."
        )
    return int(seed)


def _part(item: DoubleItem) -> str:
    return "" if pd.isna(item.start) else f"{item.start:%H:%M:%S} to {item.end:%H:%M:%S}"
