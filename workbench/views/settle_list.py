"""``SettleList``: onsets on which analysts differ, on the Review page, with what each of them has."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from workbench.errors import WorkbenchError
from workbench.labels.disagreements import initials
from workbench.session import Settling
from workbench.views.icons import icon
from workbench.views.markup import Action
from workbench.views.review_lists import button_row
from workbench.views.tags import tag, text

__all__ = ["SettleList"]

_OUTCOMES = {"taken": "settled", "midway": "midway", "own": "own", "none": "no onset", "left": "left"}
_ARROW = {"positive": " ↑", "negative": " ↓", "undecidable": " ↕"}
_BADGES = {"time": "time", "pick": "one only", "polarity": "polarity", "phase": "phase"}


class SettleList:
    """The list of :class:`workbench.session.Settling`.

    Parameters
    ----------
    cursor
        Gives the time under the cursor, or None.
    """

    def __init__(self, settling: Settling, cursor: Callable[[], pd.Timestamp | None]) -> None:
        self.settling, self._cursor = settling, cursor

    @property
    def keys(self) -> list[str]:
        """Keys of the onsets."""
        return list(self.settling.onsets["key"])

    @property
    def selected(self) -> int:
        """Row of the onset on the screen; -1 for none."""
        keys = self.keys
        return keys.index(self.settling.item) if self.settling.item in keys else -1

    def show(self) -> None:
        """Make the list anew, and open the worst onset of it."""
        if not self.settling.session.blind:
            self.settling.opens = True
            self.settling.refresh()

    def head_html(self) -> str:
        """What is left, how far analysts agree so far, and what can be done for many at once."""
        one = self.settling
        if one.session.blind:
            return tag("div", tag("b", "You are picking blind", class_="ellipsis"), tag("span", class_="spread"),
                       tag("button", "Stop", class_="button", data_act="see"), class_="top")  # fmt: skip
        total = int((one.onsets["severity"] >= 1).sum())
        top = tag("div", tag("b", f"{one.left:,}", class_="left"),
                  tag("span", f" left of {total:,} that differ", class_="muted"), class_="top")  # fmt: skip
        share = f"width:{100 * (total - one.left) / max(total, 1):.2f}%"
        bar = tag("div", tag("i", class_="kept", style=share), class_="bar")
        said = tag(
            "p", text(str(one.onsets.attrs.get("agreement", "")).replace(" -", " −")), class_="muted small agreed"
        )
        n = len(one.agreeing)
        many = tag("button", text(f"Settle the {n:,} that agree, midway"), class_="button", data_act="settle_agreeing",
                   disabled=not n or one.looking or not one.session.journal.writable,
                   title="All whose marks differ less than their uncertainties")  # fmt: skip
        anew = tag(
            "button", "Anew", class_="plain", data_act="refresh", title="Make the list anew", disabled=one.looking
        )
        return top + bar + said + tag("div", many, tag("span", class_="spread"), anew, class_="order")

    def row(self, index: int) -> Mapping[str, Any]:
        """One onset on which analysts differ."""
        row = self.settling.onsets.iloc[index]
        outcome = self.settling.outcomes.get(row["key"], "")
        chip = tag("span", text(row["phase"]), class_=f"chip human {_family(row['phase'])}")
        kinds = [tag("span", _BADGES[kind], class_="kind") for kind in row["kinds"].split(",") if kind]
        right = tag("span", text(_OUTCOMES[outcome]), class_="outcome kept") if outcome else "".join(kinds)
        if not outcome and not kinds:
            right = tag("span", "agree", class_="muted")
        first = tag("div", chip, tag("b", text(str(row["station"]).strip(".")), class_="ellipsis"),
                    tag("span", f"{row['time']:%Y-%m-%d}", class_="muted day"), tag("span", class_="spread"), right,
                    class_="line")  # fmt: skip
        cell = first + tag("div", text(row["words"]), class_="words", title=row["words"])
        return {"cells": [cell], "id": row["key"], "kind": "decided" if outcome else ""}

    def nothing(self) -> str:
        """Why the list is empty."""
        one = self.settling
        if one.session.blind:
            return "The list would show what is hidden from you while you pick blind."
        if one.looking:
            return "Analysts are being compared…"
        return "No two analysts looked at the same station of this source yet, or all is settled."

    def why_html(self) -> str:
        """What each analyst has."""
        one, row = self.settling, self.settling.row
        if row is None or one.session.blind:
            words = "Choose an onset from the list." if self.keys else self.nothing()
            return tag("div", tag("span", text(words), class_="muted"), class_="why")
        facts = f"{row['time']:%Y-%m-%d %H:%M:%S} · {row['phase']}"
        line = tag("div", tag("b", text(str(row["station"]).strip(".")), class_="name"),
                   tag("span", text(facts), class_="muted"), class_="what")  # fmt: skip
        labels = one.session.labels.set_index("label_id")
        marks = [self._mark(n, who, labels.loc[name] if name in labels.index else None)
                 for n, (who, name) in enumerate(one.marks(), 1)]  # fmt: skip
        absent = [
            tag("div", tag("span", initials(who), class_="initials"), tag("b", text(who)),
                tag("span", "looked here and has none", class_="muted"), class_="mark")
            for who in json.loads(row["absent"])
            if who not in dict(one.marks())
        ]  # fmt: skip
        words = tag("div", icon("warn", 16), tag("span", text(f"{row['words']}.")), class_="doubts", role="status")
        return tag("div", line, words, tag("div", *marks, *absent, class_="marks"), class_="why")

    def _mark(self, number: int, who: str, label: pd.Series | None) -> str:
        parts = [tag("kbd", str(number)), tag("span", initials(who), class_="initials"), tag("b", text(who))]
        if label is None:
            parts.append(tag("span", "settled", class_="muted"))
        elif label["decision"] == "reject":
            parts.append(tag("span", "rejected it", class_="muted"))
        else:
            sides = label["uncertainty_minus_s"], label["uncertainty_plus_s"]
            width = "" if pd.isna(sides[0]) else f" −{1e3 * sides[0]:.0f} +{1e3 * sides[1]:.0f} ms"
            time = pd.Timestamp(label["time"]).round("ms")
            what = f"{label['phase']}{_ARROW.get(label['polarity'], '')} {time:%H:%M:%S}.{time.microsecond // 1000:03d}"
            quality = f" · {label['onset_quality']}" if label["onset_quality"] else ""
            parts.append(tag("span", text(f"{what}{width}{quality}")))
            parts.append(tag("span", text(f"set {label['decided_at']:%Y-%m-%d %H:%M}"), class_="muted"))
        return tag("div", *parts, class_="mark")

    def buttons_html(self) -> str:
        """Take one, between, own, none, leave, undo."""
        one = self.settling
        there = one.row is not None and not one.session.blind
        can = there and one.session.journal.writable
        taking = can and one.outcomes.get(one.item, "left") == "left"
        buttons = [
            (f"take:{n}", "check", f"Take {initials(who)}", str(n), f"The onset is as {who} has it", taking)
            for n, (who, _) in enumerate(one.marks() if can else [], 1)
        ]
        buttons += [
            ("between", "minus", "Between", "B", "Midway; then , and . move it sample by sample", taking),
            ("own", "refine", "Own", "O", "At the cursor", taking),
            ("none", "close", "None", "0", "There is no onset here", taking),
            ("skip", "next", "Leave", "Tab", "Go on; what is not settled stays on the list", there),
            ("undo", "undo", "Undo", "Z", "Take back the last decision", bool(one.outcomes)),
        ]
        return button_row(buttons, ", and . move what was settled")

    def act(self, action: Action) -> None:
        """Do what a key or a button says."""
        one, act = self.settling, action["act"]
        if act == "choose":
            one.open(self.keys[int(action["row"])])
        elif act == "step":
            one.step(int(action["by"]))
        elif act in ("before", "after"):
            one.step(-1 if act == "before" else 1)
        elif act.startswith("take:"):
            one.take(int(act.removeprefix("take:")) - 1)
        elif act in ("earlier", "later"):
            one.nudge(-1 if act == "earlier" else 1)
        elif act == "own":
            self._own()
        elif act == "see":
            one.session.set_blind("")
            one.refresh()
        elif act == "skip":
            one.leave()
        elif act in ("between", "none", "undo", "refresh", "settle_agreeing"):
            getattr(one, act)()

    def _own(self) -> None:
        time = self._cursor()
        if time is None:
            raise WorkbenchError(
                "The cursor is not on the plot: point at the onset first, or take B and move it by , and ."
            )
        self.settling.own(time)


def _family(phase: str) -> str:
    return phase[:1].lower() if phase[:1] in "PS" else "other"
