"""``SourceDialog``: where a user names what to open."""

from __future__ import annotations

from html import escape
from pathlib import Path

import panel as pn

from workbench.session import Session
from workbench.sources import SOURCES
from workbench.views.icons import icon
from workbench.views.markup import Action, Markup, attributes

__all__ = ["SourceDialog", "folders_near"]

_KINDS = {
    "stead": "STEAD (HDF5 and CSV)",
    "seisbench": "SeisBench dataset",
    "phasenet_npz": "PhaseNet *.npz",
    "waveforms": "Waveform files or SDS archive",
}
_NAMED = (
    "STEAD", "INSTANCE", "ETHZ", "PNW", "NEIC", "GEOFON", "SCEDC", "Iquique", "LenDB", "VCSEIS", "OBS", "CREW", "TXED", "DummyDataset",
)  # fmt: skip
_MOST_FOLDERS = 60


def folders_near(text: str, roots: tuple[Path, ...] | None) -> list[str]:
    """Folders that a half-typed path could become; with `roots`, only those inside them."""
    typed = Path(text).expanduser()
    parent = typed if text.endswith("/") else typed.parent
    if not text.strip() or not parent.is_absolute():
        return [str(root) for root in roots or (Path.home(),)]
    parent = parent.resolve()
    if roots is not None and not any(parent == root or root in parent.parents for root in roots):
        return [str(root) for root in roots]
    try:
        found = sorted(path for path in parent.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return []
    return [f"{path}/" for path in found if path.name.startswith(typed.name) or text.endswith("/")][:_MOST_FOLDERS]


class SourceDialog(pn.viewable.Viewer):
    """A dialog; :meth:`open` shows it. What it opens is listed in the background."""

    def __init__(self, session: Session, theme: str = "light") -> None:
        super().__init__()
        self._session = session
        self._path, self._kind, self._dataset = "", "", ""
        self._markup = Markup(session, self._act, kind="dialog")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def open(self) -> None:
        """Show the dialog with the place that is open."""
        source = self._session.source
        if source is not None and source.kind not in ("examples",) and ":" not in str(source.location):
            self._path = str(source.location)
        self._draw()

    def _draw(self) -> None:
        kinds = {name: _KINDS.get(name, name) for name in SOURCES if name != "examples"}
        options = '<option value="">Recognise it</option>' + "".join(
            f"<option {attributes(value=name, selected=name == self._kind)}>{escape(words)}</option>"
            for name, words in kinds.items()
        )
        near = "".join(
            f"<option {attributes(value=path)}></option>" for path in folders_near(self._path, self._session.roots)
        )
        path = attributes(
            type="text", data_act="path", data_live="200", data_key="path", value=self._path, list="near", spellcheck="false",
            placeholder="/data/2024, traces.hdf5, an SDS archive …", data_focus="path", autocomplete="off",
        )  # fmt: skip
        named = "".join(f"<option {attributes(value=n, selected=n == self._dataset)}>{n}</option>" for n in _NAMED)
        limit = self._session.roots
        within = (
            f'<p class="muted small">This server opens folders inside {escape(", ".join(map(str, limit)))}.</p>'
            if limit
            else ""
        )
        self._markup.html = (
            '<dialog aria-label="Open a source"><form method="dialog"><header><h2>Open a source</h2><span class="spread"></span>'
            f'<button class="icon" aria-label="Close" formnovalidate>{icon("close")}</button></header></form><div class="rows">'
            f'<label class="row"><span>File or folder</span><input {path}></label><datalist id="near">{near}</datalist>'
            f'<label class="row"><span>Kind</span><select data-act="kind">{options}</select></label>{within}</div>'
            f'<footer><button class="button" data-act="examples">ObsPy\'s examples</button><button class="primary" data-act="open">Open</button></footer><hr>'
            '<div class="rows"><label class="row"><span>SeisBench dataset</span><span class="pair">'
            f'<select data-act="dataset">{named}</select><button class="button" data-act="download">Open or download</button></span></label>'
            '<p class="muted small">A dataset that is not in SeisBench\'s cache is downloaded by SeisBench first; some are hundreds of gigabytes. '
            "The status line shows the progress and a Cancel button.</p></div></dialog>"
        )

    def _act(self, action: Action) -> None:
        name, value = action["act"], str(action.get("value") or "")
        if name == "closed":
            self._markup.html = ""
        elif name == "path":
            self._path = value
            self._draw()
        elif name in ("kind", "dataset"):
            setattr(self, f"_{name}", value)
        elif name == "examples":
            self._request("examples")
        elif name == "download":
            self._request(f"seisbench:{self._dataset or _NAMED[0]}")
        elif name == "open" and self._path.strip():
            self._request(self._path.strip(), self._kind or None)

    def _request(self, place: str, kind: str | None = None) -> None:
        self._markup.html = ""
        self._session.notice = None
        self._session.request_source(place, kind)
