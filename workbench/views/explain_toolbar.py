"""``ExplainToolbar``: which picker, phase, method, baseline and target, and which picker beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import panel as pn

from workbench.explain import EXPLAINERS
from workbench.inference.picking import DETECTION
from workbench.pickers.offers import picker_title
from workbench.pickers.seisbench_cards import SEISBENCH_CLASSES
from workbench.pickers.weights import default_weights
from workbench.session import Explaining
from workbench.views.explain_words import BASELINES, METHODS, TARGETS, method_words
from workbench.views.markup import Action, Markup
from workbench.views.tags import options, tag, text

__all__ = ["ExplainToolbar"]

_SEEN = 4
"""Methods that are buttons; the others stand in a list."""

_BASELINE = "Baseline: what the waveform is compared with"
_WITHOUT_BASELINE = ("saliency", "input_x_gradient", "smooth_grad", "grad_cam")
_SHOWN = ["picker", "second", "phase", "method", "target", "baseline", "attribution", "busy"]


class ExplainToolbar(pn.viewable.Viewer):
    """A row of controls; what they ask is explained at once."""

    def __init__(self, explaining: Explaining) -> None:
        super().__init__()
        self._explaining = explaining
        self._markup = Markup(explaining.session, self._act, kind="explain_toolbar")
        self._offers = _on_this_computer()
        explaining.param.watch(explaining.afterwards.watcher(self._draw), _SHOWN)
        explaining.session.param.watch(lambda *_: self._look_again(), "runs")
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def _look_again(self) -> None:
        """Weights may have come to this computer since."""
        self._offers = _on_this_computer()
        self._draw()

    def _draw(self) -> None:
        explaining = self._explaining
        explained = explaining.attribution
        seconds = "" if explained is None else f"{explained.attrs['seconds']:.2g} s"
        self._markup.html = "".join(
            (
                self._picker_html("picker", "Picker"),
                self._phase_html(),
                self._method_html(),
                self._choice(
                    "baseline",
                    _BASELINE,
                    BASELINES,
                    explaining.method in _WITHOUT_BASELINE,
                ),
                self._choice("target", "What is explained: the curve, or its log-odds", TARGETS),
                self._picker_html("second", "Second picker"),
                tag("span", class_="spread"),
                tag("span", seconds, class_="muted seconds", title="That the explanation took"),
            )
        )

    def _picker_html(self, name: str, label: str) -> str:
        explaining = self._explaining
        there = {key: f"{run.card.title} {run.card.weights}" for key, run in explaining.pickers().items()}
        value = getattr(explaining, name)
        offers = {f"+{key}": f"{picker_title(key)}…" for key in self._offers if not _listed(key, there)}
        if name == "second":
            there = {"": "Compare…"} | {key: words for key, words in there.items() if key != explaining.picker}
        elif not there:
            there = {"": "Choose…"}
        control = tag(
            "select", options(there | offers, value), data_act=name, data_key=name, aria_label=label,
        )  # fmt: skip
        chosen = there.get(value, "")
        title = f"{label}: {chosen}" if value and chosen else label
        return tag("label", control, class_=f"choice {name}", title=title)

    def _phase_html(self) -> str:
        explaining = self._explaining
        run = explaining.run
        phases = run.card.phases if run is not None else ("P", "S")
        buttons = [
            tag(
                "button", "Event" if phase == DETECTION else text(phase), data_act="phase", data_choice=phase,
                data_key=phase, aria_pressed=phase == explaining.phase, disabled=explaining.time is None,
            )
            for phase in sorted(phases, key=lambda phase: (phase == DETECTION, phase))
        ]  # fmt: skip
        return tag("span", *buttons, class_="segments", role="group", aria_label="Phase")

    def _method_html(self) -> str:
        explaining = self._explaining
        names = [name for name in METHODS if name in EXPLAINERS] + [name for name in EXPLAINERS if name not in METHODS]
        seen, rest = names[:_SEEN], names[_SEEN:]
        buttons = [
            tag(
                "button", text(method_words(name)), data_act="method", data_choice=name, data_key=name,
                aria_pressed=name == explaining.method, title=METHODS[name][1] if name in METHODS else None,
            )
            for name in seen
        ]  # fmt: skip
        more = {name: method_words(name) for name in rest}
        chosen = explaining.method if explaining.method in more else ""
        other = tag(
            "select", options({"": "More…"} | more, chosen), data_act="method", data_key="others",
            aria_label="Other methods", class_="on" if chosen else None,
        )  # fmt: skip
        whole = tag(
            "select", options({name: method_words(name) for name in names}, explaining.method), data_act="method",
            data_key="all", aria_label="Method",
        )  # fmt: skip
        row = tag("span", *buttons, class_="segments", role="group", aria_label="Method")
        return tag("span", row, other, class_="choice wide") + tag("span", whole, class_="choice narrow")

    def _choice(self, name: str, label: str, words: Mapping[str, str], off: bool = False) -> str:
        value = getattr(self._explaining, name)
        control = tag(
            "select", options(words, value), data_act=name, data_key=name, aria_label=label, disabled=off,
        )  # fmt: skip
        title = "This method compares with nothing" if off else label
        return tag("label", control, class_=f"choice {name}", title=title)

    def _act(self, action: Action) -> None:
        explaining, name = self._explaining, action["act"]
        value = str(action.get("choice") or action.get("value") or "")
        if name in ("picker", "second") and value.startswith("+"):
            explaining.bring(name, value[1:])
        elif name == "phase" and explaining.time is not None:
            explaining.ask_phase(value)
        elif name == "method" and value:
            explaining.method = value
        elif name in ("picker", "second", "baseline", "target"):
            setattr(explaining, name, value)
        self._draw()


def _on_this_computer() -> list[str]:
    """Networks with weights here: the bundled one, and those of SeisBench that are cached."""
    return ["xiaonet", *(name for name in SEISBENCH_CLASSES if default_weights(name))]


def _listed(name: str, keys: Iterable[str]) -> bool:
    return any(key.partition("/")[0] == name for key in keys)
