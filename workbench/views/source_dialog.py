"""``SourceDialog``: where a user names what to open."""

from __future__ import annotations

from pathlib import Path

import panel as pn

from workbench.session import Session
from workbench.sources import SOURCES
from workbench.sources.ogs_catalog import ogs_place, split_place
from workbench.sources.paths import is_inside
from workbench.views.markup import Action, Markup
from workbench.views.tags import dialog, field, options, tag, text

__all__ = ["SourceDialog", "folders_near"]

_KINDS = {
    "stead": "STEAD (HDF5 and CSV)",
    "seisbench": "SeisBench dataset",
    "phasenet_npz": "PhaseNet *.npz",
    "waveforms": "Waveform files or SDS archive",
    "ogs": "Catalogue of OGS",
    "fdsn": "FDSN service (fdsn:URL?…)",
}
_NO_FILES = ("examples", "synthetic")
_MADE = "Computed, not recorded: every onset, origin and magnitude is known. Needs no file and no download."
_NAMED = (
    *("STEAD", "INSTANCE", "ETHZ", "PNW", "NEIC", "GEOFON", "SCEDC", "Iquique", "LenDB", "VCSEIS", "OBS", "CREW"),
    *("TXED", "DummyDataset"),
)
_WARNING = (
    "A dataset that is not in SeisBench's cache is downloaded by SeisBench first; some are hundreds of gigabytes. The "
    "status line shows the progress and a Cancel button."
)
_MOST_FOLDERS = 60


def folders_near(text: str, roots: tuple[Path, ...] | None) -> list[str]:
    """Folders that a half-typed path could become; with `roots`, only those inside them."""
    try:
        typed = Path(text).expanduser()
        parent = typed if text.endswith("/") else typed.parent
        parent = parent.resolve() if parent.is_absolute() else parent
    except (OSError, RuntimeError, ValueError):
        # No such user, or a letter that no path has.
        return []
    if not text.strip() or not parent.is_absolute():
        return [str(root) for root in (roots if roots is not None else (Path.home(),))]
    if roots is not None and not any(parent == root or root in parent.parents for root in roots):
        return [str(root) for root in roots]
    try:
        below = (path for path in parent.iterdir() if path.is_dir() and not path.name.startswith("."))
        found = sorted(path for path in below if is_inside(path, roots))
    except OSError:
        return []
    return [f"{path}/" for path in found if path.name.startswith(typed.name) or text.endswith("/")][:_MOST_FOLDERS]


class SourceDialog(pn.viewable.Viewer):
    """A dialog; :meth:`open` shows it. What it opens is listed in the background."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._path, self._kind, self._dataset, self._waveforms = "", "", "", ""
        self._markup = Markup(session, self._act, kind="dialog")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def open(self) -> None:
        """Show the dialog with the place that is open."""
        source = self._session.source
        if source is not None and source.kind == "ogs":
            self._path, self._waveforms = split_place(str(source.location))
        elif source is not None and source.kind not in _NO_FILES and ":" not in str(source.location):
            self._path = str(source.location)
        self._draw()

    def _draw(self) -> None:
        session = self._session
        kinds = {"": "Recognise it"} | {name: _KINDS.get(name, name) for name in SOURCES if name not in _NO_FILES}
        near = tag(
            "datalist", *(tag("option", value=path) for path in folders_near(self._path, session.roots)), id="near"
        )
        path = tag(
            "input",
            type="text",
            value=self._path,
            list="near",
            spellcheck="false",
            autocomplete="off",
            placeholder="/data/2024, traces.hdf5, an SDS archive …",
            data_act="path",
            data_live=200,
            data_key="path",
            data_focus="path",
        )
        self._markup.html = dialog(
            "Open a source",
            tag(
                "div",
                field("File or folder", path),
                near,
                field("Kind", tag("select", options(kinds, self._kind), data_act="kind")),
                field("Waveforms", self._waveforms_input()),
                self._within(),
                class_="rows",
            ),
            self._served(),
            tag(
                "footer",
                tag("button", "ObsPy's examples", class_="button", data_act="examples"),
                tag("button", "Synthetic network", class_="button", data_act="synthetic", title=_MADE),
                tag("button", "Open", class_="primary", data_act="open"),
            ),
            "" if session.visitor.is_limited else self._datasets(),
        )

    def _within(self) -> str:
        """Where paths may lie, where that is limited."""
        roots = self._session.roots
        if roots is None:
            return ""
        places = ", ".join(str(root) for root in roots)
        words = f"This server opens what lies inside {places}." if places else "This server opens no folder."
        return tag("p", text(words), class_="muted small")

    def _datasets(self) -> str:
        """What SeisBench knows by name, and downloads."""
        names = tag("select", options({name: name for name in _NAMED}, self._dataset), data_act="dataset")
        download = tag("button", "Open or download", class_="button", data_act="download")
        pair = field("SeisBench dataset", tag("span", names, download, class_="pair"))
        return tag("hr") + tag("div", pair, class_="rows") + tag("p", text(_WARNING), class_="muted small")

    def _served(self) -> str:
        """A button for each source that the server was started with."""
        places = self._session.visitor.places or ()
        buttons = [
            tag("button", text(place), class_="button ellipsis", data_act="served", data_place=place, title=place)
            for place in places
            if place not in _NO_FILES
        ]
        if not buttons:
            return ""
        return tag("div", tag("p", "Served here", class_="muted small"), *buttons, class_="served")

    def _waveforms_input(self) -> str:
        """Where a catalogue's waveforms are named, if they lie elsewhere."""
        return tag(
            "input",
            type="text",
            value=self._waveforms,
            spellcheck="false",
            autocomplete="off",
            placeholder="only for a catalogue: folder or SDS archive",
            title="The waveforms of a catalogue, where they lie in another folder; without them its picks are shown.",
            data_act="waveforms",
            data_live=200,
            data_key="waveforms",
        )

    def _act(self, action: Action) -> None:
        name, value = action["act"], str(action.get("value") or "")
        if name == "closed":
            self._markup.html = ""
        elif name == "path":
            self._path = value
            # What was typed last may come after the button that closed the dialog.
            if self._markup.html:
                self._draw()
        elif name in ("kind", "dataset", "waveforms"):
            setattr(self, f"_{name}", value)
        elif name in _NO_FILES:
            self._request(name)
        elif name == "served":
            self._request(str(action["place"]))
        elif name == "download":
            self._markup.html = ""
            self._session.notice = None
            self._session.request_dataset(self._dataset or _NAMED[0])
        elif name == "open" and self._path.strip():
            path, waveforms = self._path.strip(), self._waveforms.strip()
            if waveforms:
                self._request(ogs_place(path, waveforms))
            else:
                self._request(path, self._kind or None)

    def _request(self, place: str, kind: str | None = None) -> None:
        self._markup.html = ""
        self._session.notice = None
        self._session.request_source(place, kind)
