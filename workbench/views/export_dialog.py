"""``ExportDialog``: labels out again, in the background, with word of where they were written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import panel as pn

from workbench.errors import SourceError, WorkbenchError
from workbench.exporters import EXPORTERS
from workbench.session import Notice, Session
from workbench.views.markup import Action, Markup
from workbench.views.tags import dialog, field, options, tag, text

__all__ = ["ExportDialog"]

_FORMATS = {
    "seisbench": "SeisBench dataset (metadata.csv and waveforms.hdf5)",
    "quakeml": "QuakeML (picks with uncertainties and status)",
    "csv": "CSV (one row per label)",
}


class ExportDialog(pn.viewable.Viewer):
    """A dialog; :meth:`open` shows it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._format = next(iter(EXPORTERS))
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
        return Path(self._session.journal.path).parent / "exports"

    def _draw(self) -> None:
        n_all, n_this = self._count(), int((self._session.labels["decision"] != "reject").sum())
        formats = {name: _FORMATS.get(name, name) for name in EXPORTERS}
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
                field("Format", tag("select", options(formats, self._format), data_act="format")),
                field("Labels", tag("select", options(which, "this" if self._only_this else "all"), data_act="which")),
                field("Folder", tag("input", type="text", spellcheck="false", **folder)),
                tag("p", hint, class_="muted") if nothing else "",
                tag("p", text(self._refusal), class_="refusal", role="alert") if self._refusal else "",
                class_="rows",
            ),
            tag("footer", tag("button", "Export", class_="primary", data_act="export", disabled=nothing)),
        )

    def _count(self) -> int:
        statuses, table = self._session.statuses, self._session.recordings
        if statuses.empty or table.empty:
            return 0
        here = statuses["recording_id"].isin(table["recording_id"])
        column = "n_labels" if "n_labels" in statuses else "n_p"
        return int(statuses.loc[here, column].sum())

    def _act(self, action: Action) -> None:
        name, value = action["act"], str(action.get("value") or "")
        if name == "closed":
            self._markup.html = ""
        elif name == "format":
            self._folder = self._folder.replace(f"-{self._format}-", f"-{value}-")
            self._format = value
            self._draw()
        elif name == "which":
            self._only_this = value == "this"
            self._draw()
        elif name == "folder":
            self._folder, self._refusal = value, ""
        elif name == "export":
            self._try_export()

    def _try_export(self) -> None:
        """Export, or say in the dialog what to change: a notice on the page would lie under it."""
        try:
            self._export()
        except WorkbenchError as error:
            self._refusal = str(error)
            self._draw()

    def _export(self) -> None:
        session, folder = self._session, self.allowed(Path(self._folder).expanduser())
        ids = [session.recording_id] if self._only_this else None
        labels = session.journal.labels(ids)
        labels = labels[labels["recording_id"].isin(session.recordings["recording_id"])].reset_index(drop=True)
        self._markup.html = ""
        session.send(
            "workbench.exporters.writing:export_labels",
            title=f"Export to {folder.name}",
            done=lambda files: self._tell(folder, files, len(labels)),
            exporter=self._format,
            labels=labels,
            recordings=session.source.read,
            folder=folder,
            events=session.source.event,
        )

    def allowed(self, folder: Path) -> Path:
        """The folder, if the server may write there: a page reaches only what the server was given."""
        folder = (self._base() / folder).resolve()
        roots = self._session.roots
        allowed = None if roots is None else (*roots, Path(self._session.journal.path).parent.resolve())
        if allowed is not None and not any(root == folder or root in folder.parents for root in allowed):
            places = " or ".join(str(root) for root in allowed)
            raise SourceError(f"{folder} lies outside of what this server may write. Choose a folder in {places}.")
        return folder

    def _tell(self, folder: Path, files: Sequence[Path], n_labels: int) -> None:
        names = "\n".join(str(file) for file in files)
        words = f"{_count(n_labels, 'label')} written to {folder} ({_count(len(files), 'file')})."
        self._session.notice = Notice("info", words, names)


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
