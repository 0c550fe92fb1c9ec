"""``ExportDialog``: labels out again, in the background, with word of where they were written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import panel as pn

from workbench.errors import SourceError, WorkbenchError
from workbench.exporters import EXPORTERS
from workbench.exporters.account import REJECTED
from workbench.exporters.manifest import read_manifest
from workbench.exporters.settings import read_settings
from workbench.labels.doubles import unsettled
from workbench.session import Notice, Session
from workbench.views.export_options import format_titles, lost_words, setting_fields
from workbench.views.markup import Action, Markup
from workbench.views.tags import dialog, field, options, refusal, tag

__all__ = ["ExportDialog"]


class ExportDialog(pn.viewable.Viewer):
    """A dialog; :meth:`open` shows it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._format = next(iter(EXPORTERS))
        self._settings: dict[str, dict[str, Any]] = {}
        self._folder = ""
        self._only_this = False
        self._refusal = ""
        self._markup = Markup(session, self._act, kind="dialog")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def open(self) -> None:
        """Show the dialog with a folder beside the journal."""
        self._refusal = ""
        if not self._folder:
            name = (
                "".join(c if c.isalnum() else "-" for c in self._session.source.title)
                if self._session.source
                else "labels"
            )
            self._folder = str(self._base() / f"{name}-{self._format}-{date.today():%Y-%m-%d}")
        self._draw()

    def _base(self) -> Path:
        return self._session.exports_folder

    def _draw(self) -> None:
        n_all, n_this = self._count(), int((self._session.labels["decision"] != "reject").sum())
        which = {
            "all": f"All recordings of this source ({_count(n_all, 'label')})",
            "this": f"The open recording only ({_count(n_this, 'label')})",
        }
        nothing = n_this == 0 if self._only_this else n_all == 0
        hint = "There are no labels yet: accept a pick with A, or place one with P or S."
        folder = {"data_act": "folder", "data_live": 300, "data_key": "folder", "value": self._folder}
        self._markup.html = dialog(
            "Export labels",
            tag(
                "div",
                field("Format", tag("select", options(format_titles(), self._format), data_act="format")),
                setting_fields(self._format, self._settings.get(self._format, {})),
                field("Labels", tag("select", options(which, "this" if self._only_this else "all"), data_act="which")),
                field("Folder", tag("input", type="text", spellcheck="false", **folder)),
                lost_words(self._format),
                tag("p", hint, class_="muted") if nothing else "",
                refusal(self._refusal),
                class_="rows",
            ),
            tag("footer", tag("button", "Export", class_="primary", data_act="export", disabled=nothing)),
        )

    def _count(self) -> int:
        statuses, table = self._session.statuses, self._session.recordings
        if statuses.empty or table.empty:
            return 0
        here = _is_listed(self._session, statuses["recording_id"])
        column = "n_labels" if "n_labels" in statuses else "n_p"
        return int(statuses.loc[here, column].sum())

    def _act(self, action: Action) -> None:
        name, value = action["act"], str(action.get("value") or "")
        if name == "closed":
            self._markup.html = ""
        elif name == "format":
            # What a page sends may be anything: an unknown format is refused before it is one.
            EXPORTERS.target(value)
            self._folder = self._folder.replace(f"-{self._format}-", f"-{value}-")
            self._format = value
            self._draw()
        elif name == "setting":
            self._choose(str(action.get("setting")), value)
        elif name == "which":
            self._only_this = value == "this"
            self._draw()
        elif name == "folder":
            self._folder, self._refusal = value, ""
        elif name == "export":
            self._try_export()

    def _choose(self, setting: str, value: str) -> None:
        """Remember a setting of the format, or say what is wrong with its value."""
        self._refusal = ""
        try:
            self._settings.setdefault(self._format, {}).update(read_settings(self._format, {setting: value}))
        except WorkbenchError as error:
            self._refusal = str(error)
        self._draw()

    def _try_export(self) -> None:
        """Export, or say in the dialog what to change: a notice on the page would lie under it."""
        try:
            self._export()
        except WorkbenchError as error:
            self._refusal = str(error)
            self._draw()

    def _export(self) -> None:
        self._session.visitor.check_may_write("An export")
        if self._session.blind:
            # It would name the journal's entry, and hold the labels of one analyst only.
            raise WorkbenchError("You are picking blind, and an export holds everybody's labels: leave that first.")
        session, folder = self._session, self.allowed(_expanded(self._folder.strip()))
        if folder == self._base().resolve():
            # Empty, or the folder itself: later exports would lie inside of this one.
            raise WorkbenchError(f"Name a new folder to write in, such as {folder / 'labels'}.")
        ids = [session.recording_id] if self._only_this else None
        position = session.journal.position()
        labels = session.journal.labels(ids, at=position.entry or None)
        labels = labels[_is_listed(session, labels["recording_id"])].reset_index(drop=True)
        self._markup.html = ""
        session.send(
            "workbench.exporters.writing:export_labels",
            title=f"Export to {folder.name}",
            done=lambda files: self._tell(folder, files),
            exporter=self._format,
            labels=labels,
            recordings=session.source.read,
            folder=folder,
            events=session.source.event,
            settings=dict(self._settings.get(self._format, {})),
            position=position,
            source=f"{session.source.kind}:{session.source.title}",
            held_back=unsettled(labels),
        )

    def allowed(self, folder: Path) -> Path:
        """The folder, if the server may write there: a page reaches only what the server was given."""
        try:
            folder = (self._base() / folder).resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise SourceError(f"{str(folder)!r} is no folder that can be written: {error}.") from error
        roots = self._session.roots
        allowed = None if roots is None else (*roots, self._base().resolve())
        if self._session.visitor.is_limited:
            # What a group is served is read there, and never written to.
            allowed = (self._base().resolve(),)
        if allowed is not None and not any(root == folder or root in folder.parents for root in allowed):
            places = " or ".join(str(root) for root in allowed)
            raise SourceError(f"{folder} lies outside of what this server may write. Choose a folder in {places}.")
        return folder

    def _tell(self, folder: Path, files: Sequence[Path]) -> None:
        """Where the labels are, and what became of those that the format could not hold."""
        manifest = read_manifest(folder)
        n_left = manifest.n_labels - manifest.n_written
        made = f"{_count(len(files), 'file')}, as of entry {manifest.entry}"
        words = f"{_count(manifest.n_written, 'label')} written to {folder} ({made})."
        left = f" {_count(n_left, 'label')} left out: see the details." if n_left else ""
        lost = any(each["why"] != REJECTED for each in manifest.left_out)
        detail = "\n".join([*manifest.in_words(), *(str(file) for file in files)])
        self._session.notice = Notice("warn" if lost else "info", words + left, detail)


def _is_listed(session: Session, recording_ids: pd.Series) -> np.ndarray:
    """Which of some recordings the open source has; quick however many it has."""
    return np.asarray(session.index.get_indexer(pd.Index(recording_ids)) >= 0)


def _expanded(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise SourceError(f"{text!r} is no folder that can be written: {error}.") from error


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
