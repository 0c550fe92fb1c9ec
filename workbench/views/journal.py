"""``JournalPanel``: what was decided on the open recording, newest first, with its status and note."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import panel as pn
import param

from workbench.labels.double_picking import WITHDRAWN
from workbench.schema import STATUSES
from workbench.session import Session
from workbench.views.later import Later
from workbench.views.markup import Action, Markup, Rows
from workbench.views.tags import field, options, tag, text

__all__ = ["JournalPanel"]

_LIMIT = 2000


class JournalPanel(pn.viewable.Viewer):
    """Rows of the journal, and the two fields that are written to it: status and note."""

    count = param.Integer(0, doc="Number of rows.")

    def __init__(self, session: Session, **params: Any) -> None:
        super().__init__(**params)
        self._session = session
        self._entries = pd.DataFrame()
        self._head = Markup(session, self._act, kind="journal_head")
        self._rows = Rows(
            session,
            self._row,
            self._act,
            columns=[
                {"label": "When, UTC", "width": "66px"},
                {"label": "Decision", "width": "minmax(0,1fr)"},
                {"label": "Onset", "width": "78px", "align": "right"},
                {"label": "By", "width": "44px", "align": "right"},
            ],
            kind="journal",
            label="Journal of this recording",
        )
        self._layout = pn.Column(
            self._head, self._rows, sizing_mode="stretch_both", margin=0, styles={"overflow": "hidden"}
        )
        session.param.watch(Later(session, self._fill), ["saved", "labels", "recording", "recording_id"])
        self._fill()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _fill(self) -> None:
        session = self._session
        if session.recording_id:
            self._entries = session.journal.entries(session.recording_id, _LIMIT)
        else:
            self._entries = pd.DataFrame()
        self.count = len(self._entries)
        self._rows.fill(len(self._entries), nothing="Nothing was decided on this recording yet.")
        status, note = self._status_and_note()
        shut = {"disabled": not session.recording_id or bool(session.shut), "title": session.shut or None}
        statuses = options({name: name.capitalize() for name in STATUSES}, status)
        note_field = {"data_act": "note", "data_key": session.recording_id, "value": note, **shut}
        self._head.html = tag(
            "div",
            field("Status", tag("select", statuses, data_act="status", **shut)),
            field("Note", tag("input", type="text", placeholder="What the next analyst should know", **note_field)),
            class_="fields",
        )

    def _status_and_note(self) -> tuple[str, str]:
        statuses = self._session.statuses
        if not statuses.empty:
            row = statuses[statuses["recording_id"] == self._session.recording_id]
            if len(row):
                return str(row["status"].iloc[0]), str(row["note"].iloc[0])
        return STATUSES[0], ""

    def _row(self, index: int) -> Mapping[str, Any]:
        row = self._entries.iloc[index]
        at = pd.Timestamp(row["decided_at"]).floor("us")
        today = at.date() == pd.Timestamp.now("UTC").date()
        what, onset = _words(row)
        cells = [
            tag("span", f"{at:%H:%M:%S}" if today else f"{at:%Y-%m-%d}", class_="muted"),
            what,
            tag("span", onset, class_="muted"),
            tag("span", text(str(row["analyst"])[:6]), class_="muted"),
        ]
        return {
            "cells": cells,
            "id": str(row["entry"]),
            "title": text(f"Entry {row['entry']:,} · {at:%Y-%m-%d %H:%M:%S} UTC · {row['analyst']}"),
        }

    def _act(self, action: Action) -> None:
        if action["act"] == "status":
            self._session.set_status(str(action["value"]))
        elif action["act"] == "note" and action["kind"] == "change":
            self._session.set_note(str(action["value"]))
        elif action["act"] == "choose":
            self._show(int(action["row"]))

    def _show(self, index: int) -> None:
        """Open the station of a row and take its label in hand, if it still stands."""
        row, session = self._entries.iloc[index], self._session
        if row["station"] and session.recording is not None and row["station"] in session.recording["station"].values:
            session.station = str(row["station"])
            if (session.labels["label_id"] == row["label_id"]).any():
                session.in_hand = str(row["label_id"])


def _words(row: pd.Series) -> tuple[str, str]:
    decision = str(row["decision"])
    if decision in ("status", "note"):
        words = text(row["text"])
        return f"{decision}: {words}" if words else f"{decision} cleared", ""
    if decision in ("double", "looked"):
        where = text(str(row["station"]).strip(".") or "all stations")
        if decision == "looked":
            return f"{'done with' if row['text'] == 'done' else 'not done with'} {where}", ""
        withdrawn = json.loads(row["text"])["state"] == WITHDRAWN
        return f"{'off' if withdrawn else 'to'} blind picking: {where}", ""
    code = str(row["station"]).split(".")[1] if "." in str(row["station"]) else str(row["station"])
    phase = str(row["phase"])
    family = phase[:1].lower() if phase[:1] in "PS" else "other"
    time = pd.Timestamp(row["time"]).round("ms")
    onset = f"{time:%M:%S}.{time.microsecond // 1000:03d}" if pd.notna(time) else ""
    if decision == "restore":
        # Taking back and bringing back are rows of the same kind, told apart by what they point to.
        decision = "undone:" if pd.notna(row["undoes"]) else "redone:"
    return f"{text(decision)} {tag('b', text(phase), class_=family)} {text(code)}", onset
