"""``AttentionCard``: what each step of a network read, layer by layer and head by head, linked with the traces."""

from __future__ import annotations

import panel as pn
import param

from workbench.session import Explaining
from workbench.views.explain_matrix import MatrixFigure
from workbench.views.explain_reading import Matrix, matrix_of
from workbench.views.guard import guarded
from workbench.views.markup import Action, Markup
from workbench.views.tags import options, tag, text
from workbench.views.theme import TOKENS

__all__ = ["AttentionCard", "attention_head_html", "no_attention_words"]


class AttentionCard(pn.viewable.Viewer):
    """The matrix of the chosen layer; the step under the pointer lights up on the traces."""

    theme = param.Selector(default="light", objects=list(TOKENS))

    def __init__(self, explaining: Explaining, theme: str = "light") -> None:
        super().__init__(theme=theme)
        self._explaining = explaining
        self._head = Markup(explaining.session, self._act, kind="attention_head")
        self._plot = MatrixFigure(self._point, theme)
        self._pane = pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_both", margin=(0, 4, 4, 4))
        self._nothing = Markup(explaining.session, self._act, kind="attention_head")
        self._stage = pn.Column(self._nothing, sizing_mode="stretch_both", margin=0)
        self._layout = pn.Column(self._head, self._stage, sizing_mode="stretch_both", min_height=250, margin=0)
        explaining.param.watch(
            explaining.afterwards.watcher(self._draw),
            [
                "attention",
                "attention_known",
                "attention_problem",
                "attribution",
                "problem",
                "layer",
                "head",
                "time",
                "judges_changed",
            ],
        )
        explaining.param.watch(lambda *_: self._plot.point(explaining.pointed), "pointed")
        self.param.watch(lambda *_: self._plot.paint(self.theme), "theme")
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _draw(self) -> None:
        explaining = self._explaining
        matrix = matrix_of(explaining.attention, explaining.layer, explaining.head)
        titles = [str(layer.attrs["title"]) for layer in explaining.attention]
        with explaining.session.hold():
            self._head.html = attention_head_html(matrix, titles, explaining.layer, changed=explaining.judges_changed)
            if matrix is not None:
                self._plot.show(matrix, explaining.time, explaining.phase)
            else:
                self._nothing.html = tag("p", text(self._words()), class_="none muted") + self._instead()
            # A figure that is there but not visible keeps its place all the same.
            wanted = self._nothing if matrix is None else self._pane
            if self._stage[0] is not wanted:
                self._stage[0] = wanted

    def _words(self) -> str:
        explaining = self._explaining
        if explaining.attribution is None:
            return explaining.problem or "Explain a pick to see what its network attended to."
        if explaining.attention_problem:
            return f"The attention could not be looked at. {explaining.attention_problem}"
        if not explaining.attention_known:
            return "Looking for attention in the network…"
        run = explaining.run
        return no_attention_words(run.card.title if run is not None else "This network")

    def _instead(self) -> str:
        """What a network without attention can be asked for: which of its own steps spoke."""
        explaining = self._explaining
        asked = explaining.attribution is not None and explaining.attention_known and not explaining.attention
        if not asked or explaining.method == "grad_cam":
            return ""
        title = "Grad-CAM: which steps of an inner layer spoke for the answer"
        button = tag(
            "button", "Show its inner steps", class_="button", data_act="grad_cam", data_key="cam", title=title
        )
        return tag("p", button, class_="none")

    def _act(self, action: Action) -> None:
        if action["act"] == "grad_cam":
            self._explaining.method = "grad_cam"
            return
        explaining, value = self._explaining, int(action["value"])
        explaining.pointed = explaining.spot = None
        if action["act"] == "layer":
            explaining.param.update(layer=value, head=0)
        elif action["act"] == "head":
            explaining.head = value

    def _point(self, cell: tuple[int, int] | None) -> None:
        explaining = self._explaining
        with guarded(explaining.session):
            matrix = matrix_of(explaining.attention, explaining.layer, explaining.head)
            spot = matrix.span(cell[1]) if matrix is not None and cell is not None else None
            explaining.param.update(pointed=cell if matrix is not None else None, spot=spot)


def no_attention_words(title: str) -> str:
    """What is said of a network that has no attention.

    >>> no_attention_words("PhaseNet")
    'PhaseNet has no attention layers: no step of it reads another. The attribution on the traces says what it used.'
    """
    what = f"{title} has no attention layers: no step of it reads another."
    return f"{what} The attribution on the traces says what it used."


def attention_head_html(matrix: Matrix | None, titles: list[str], layer: int, *, changed: bool = False) -> str:
    """Title, size of the matrix, and what to choose; only the title where there is no matrix."""
    title = tag("h2", "Attention")
    if matrix is None:
        return tag("div", title, class_="top")
    n_rows, n_columns = matrix.values.shape
    words = f"{n_rows} × {n_columns} of {matrix.step_s:.3g} s" + ", with these changes" * changed
    size = tag("span", text(words), class_="muted ellipsis", title=f"{words}; {matrix.n_heads} heads")
    layers = {str(number): name for number, name in enumerate(titles)}
    chosen = str(layer if layer < len(titles) else 0)
    choose = tag(
        "select", options(layers, chosen), data_act="layer", data_key="layer", aria_label="Layer", title=matrix.title
    )
    heads = {"0": "mean"} | {str(n): f"head {n}" for n in range(1, matrix.n_heads + 1)}
    head = tag(
        "select", options(heads, str(matrix.head)), data_act="head", data_key="head", aria_label="Head of the layer"
    )
    return tag(
        "div", title, size, tag("span", class_="spread"), choose, head if matrix.n_heads > 1 else "", class_="top"
    )
