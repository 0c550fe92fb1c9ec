"""``SaveCard``: how to read the matrix, in words, and the explanation as a file."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import panel as pn
import xarray as xr

from workbench.explain.summary import sign_words
from workbench.session import Explaining
from workbench.views.download import Download
from workbench.views.explain_reading import Matrix, cell_words, matrix_of, reading_html
from workbench.views.markup import Action, Markup
from workbench.views.tags import tag, text

__all__ = ["SaveCard", "explanation_name"]

_FILES = {".html": "Save report…", ".png": "PNG", ".nc": "NetCDF"}
_STATION_LETTERS = 40
"""Of a name that a file of one trace may have: picker and method follow it."""
_TITLES = {
    ".html": "One page with pictures, checks and where it comes from, to read and to print",
    ".png": "The traces with the attribution on them",
    ".nc": "The numbers: attribution, checks and attention",
}


class SaveCard(pn.viewable.Viewer):
    """Words about the cell under the pointer, a slider that reaches every row by keys, and buttons that give files."""

    def __init__(self, explaining: Explaining) -> None:
        super().__init__()
        self._explaining = explaining
        self._writing = ""
        self._markup = Markup(explaining.session, self._act, kind="save", sizing_mode="stretch_both")
        self._download = Download()
        self._layout = pn.Column(self._markup, self._download, sizing_mode="stretch_both", min_height=250, margin=0)
        explaining.param.watch(
            explaining.afterwards.watcher(self._draw),
            ["attention", "attribution", "layer", "head", "pointed", "time", "checks_left"],
        )
        explaining.session.param.watch(lambda *_: self._look_at_errand(), "errand")
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _matrix(self) -> Matrix | None:
        explaining = self._explaining
        return matrix_of(explaining.attention, explaining.layer, explaining.head)

    def _draw(self) -> None:
        explaining, matrix = self._explaining, self._matrix()
        if matrix is not None:
            told = cell_words(matrix, explaining.pointed, explaining.time, explaining.phase)
            pointed = tag("p", text(told), class_="told", role="status") if told else ""
            title, body = "Reading the matrix", pointed + self._rows_html(matrix) + reading_html(matrix)
        else:
            title, body = "Reading the colours", _colours_html(explaining.attribution)
        self._markup.html = tag("h2", title) + tag("div", body, class_="body") + self._buttons_html()

    def _rows_html(self, matrix: Matrix) -> str:
        explaining = self._explaining
        pick = matrix.row_at(explaining.time) if explaining.time is not None else 0
        row = pick if explaining.pointed is None else explaining.pointed[0]
        slider = tag(
            "input",
            type="range",
            min=0,
            max=matrix.values.shape[0] - 1,
            value=row,
            data_act="row",
            data_key="row",
            data_live=30,
            aria_label="Step that reads",
            style=f"--fill:{100 * row / max(matrix.values.shape[0] - 1, 1):.1f}%",
        )
        return tag("label", tag("span", "Step", class_="muted"), slider, class_="row")

    def _buttons_html(self) -> str:
        off = self._explaining.attribution is None or bool(self._writing)
        buttons = [
            tag(
                "button",
                "Writing…" if ending == self._writing else words,
                class_="button",
                data_act="save",
                data_ending=ending,
                data_key=f"save {ending}",
                title=_TITLES[ending],
                disabled=off,
            )
            for ending, words in _FILES.items()
        ]
        coming = self._explaining.checks_left
        words = f"{coming} {'check' if coming == 1 else 'checks'} still to come"
        note = tag("span", words, class_="muted small") if coming and not off else ""
        return tag("div", *buttons, note, class_="buttons")

    def _act(self, action: Action) -> None:
        if action["act"] == "row":
            self._point(int(action["value"]))
        elif action["act"] == "save" and not self._writing:
            self._save(str(action["ending"]))

    def _point(self, row: int) -> None:
        """Point at what a row reads most."""
        explaining, matrix = self._explaining, self._matrix()
        if matrix is not None and 0 <= row < matrix.values.shape[0]:
            key = int(matrix.values[row].argmax())
            explaining.param.update(pointed=(row, key), spot=matrix.span(key))

    def _save(self, ending: str) -> None:
        explaining = self._explaining
        attribution, recording, tried = explaining.attribution, explaining.session.recording, explaining.tried
        if tried is not None and tried.attribution is not None:
            attribution, recording = tried.attribution, tried.recording
        # Checks and attention of what is saved, not of the recording before a change or after it.
        judged = explaining.judges_changed == (attribution is not explaining.attribution)
        if attribution is None or recording is None:
            return
        name = explanation_name(attribution, ending)
        self._writing = ending
        self._draw()
        explaining.session.send(
            "workbench.explain.saving:explanation_file",
            title=f"Writing {name}",
            done=partial(self._download.offer, name),
            ending=ending,
            recording=recording.sel(station=attribution["station"].values),
            attribution=attribution,
            checks=list(explaining.checks) if judged else [],
            attention=list(explaining.attention) if judged else [],
        )

    def _look_at_errand(self) -> None:
        """Give the buttons free as soon as the file is made, has failed or was cancelled."""
        errand = self._explaining.session.errand
        mine = self._writing and errand is not None and errand.title.startswith("Writing ")
        if mine and errand.ended:
            self._writing = ""
            self._draw()


def explanation_name(attribution: xr.Dataset, ending: str) -> str:
    """A name for the file: phase, time, station and method, with nothing that a file system minds.

    Parameters
    ----------
    ending
        With its dot.
    """
    attrs = attribution.attrs
    time = pd.Timestamp(attrs["target_time"])
    station = ".".join(part for part in str(attrs["station"]).split(".") if part)[:_STATION_LETTERS]
    parts = (attrs["phase"], f"{time:%Y-%m-%dT%H%M%S}", station, attrs["picker"], attrs["method"])
    name = "_".join(str(part) for part in parts)
    return "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in name)[:120] + ending


def _colours_html(attribution: xr.Dataset | None) -> str:
    """What colour and bars on the traces say, where there is no matrix to read."""
    if attribution is None:
        return tag("p", "Nothing is explained yet.", class_="muted")
    unit = "probability" if attribution.attrs["target"] == "probability" else "log-odds"
    own = str(attribution.attrs.get("units", "")).replace("logit", "log-odds")
    per = f" They are {own}." if own not in ("", unit) else ""
    adds_up = np.isfinite(attribution.attrs["convergence_delta"])
    numbers = (
        f"The numbers are parts of the {unit}." if adds_up else "The numbers are no parts of anything: compare them."
    )
    notices = filter(None, str(attribution.attrs.get("notices", "")).splitlines())
    return (
        tag("p", text(f"{sign_words(attribution)} A bar sums the samples above it."))
        + "".join(tag("p", text(notice), class_="notice") for notice in notices)
        + tag("p", text(f"{numbers}{per} The stated scale is where colours are full."))
        + tag(
            "p", "It says what moved this network, not what the ground did: look at the checks first.", class_="muted"
        )
    )
