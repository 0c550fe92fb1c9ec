"""``NetworkToolbar``, ``MapHead`` and ``SectionHead``: what is looked at, what map and section show."""

from __future__ import annotations

from collections.abc import Mapping

import panel as pn

from workbench.processing.filtering import FILTERS
from workbench.session import Surveying
from workbench.session.surveying import EDGES
from workbench.views.markup import Action, Markup
from workbench.views.network_nodes import NODE_WORDS
from workbench.views.tags import options, tag, text

__all__ = ["EDGE_WORDS", "MapHead", "NetworkToolbar", "SectionHead"]

EDGE_WORDS: Mapping[str, tuple[str, str]] = {
    "attention": ("Attention", "How much a station's pick was read from each neighbour: by the station-graph picker"),
    "attribution": ("Attribution", "How much each neighbour's trace spoke for the pick: integrated gradients"),
    "similarity": ("Similarity", "How alike the envelopes of two stations are; needs no network"),
    "off": ("Off", "No edges"),
}

_ORDERS = {"distance": "Distance", "azimuth": "Azimuth", "arrival": "First arrival"}
_SHOWN = ["picker", "groups", "group", "gather"]


def _segments(
    label: str, act: str, words: Mapping[str, str], value: str, titles: Mapping[str, str] | None = None
) -> str:
    buttons = [
        tag(
            "button", text(word), data_act=act, data_choice=name, data_key=name, aria_pressed=name == value,
            title=(titles or {}).get(name), class_=name.lower() if name in ("P", "S") and act == "phase" else None,
        )
        for name, word in words.items()
    ]  # fmt: skip
    return tag("span", *buttons, class_="segments", role="group", aria_label=label)


class _Head(pn.viewable.Viewer):
    """A row of controls over the surveying."""

    def __init__(self, surveying: Surveying, watched: list[str]) -> None:
        super().__init__()
        self._surveying, self._session = surveying, surveying.session
        self._markup = Markup(self._session, self._act, kind="network_head")
        surveying.param.watch(lambda *_: self._draw(), watched)
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def _act(self, action: Action) -> None:
        self._change(action)
        self._draw()

    def _change(self, action: Action) -> None:
        """A choice is a parameter of the surveying."""
        self._surveying.param.update({action["act"]: str(action.get("choice") or action.get("value") or "")})

    def _draw(self) -> None:
        raise NotImplementedError


class MapHead(_Head):
    """Edges, from which weight on, what colours the stations, and the phase."""

    def __init__(self, surveying: Surveying) -> None:
        super().__init__(surveying, ["edges", "above", "nodes", "phase"])

    def _draw(self) -> None:
        one = self._surveying
        slider = tag(
            "input", type="range", min="0", max="0.95", step="0.05", value=f"{one.above:g}", data_act="above",
            data_live="30", data_key="above", aria_label="Show edges above this share of the range",
            title="Edges weaker than this are not drawn", disabled=one.edges == "off",
        )  # fmt: skip
        nodes = tag(
            "select", options({name: words[0] for name, words in NODE_WORDS.items()}, one.nodes), data_act="nodes",
            data_key="nodes", aria_label="Colour of stations", title=NODE_WORDS[one.nodes][1],
        )  # fmt: skip
        self._markup.html = "".join(
            (
                tag("span", "Edges", class_="label"),
                _segments(
                    "Edges", "edges", {name: EDGE_WORDS[name][0] for name in EDGES}, one.edges,
                    {name: EDGE_WORDS[name][1] for name in EDGES},
                ),
                tag("label", tag("span", "Show above", class_="label"), slider, class_="above"),
                tag("span", class_="spread"),
                nodes,
                _segments("Phase", "phase", {"P": "P", "S": "S"}, one.phase),
            )
        )  # fmt: skip

    def _change(self, action: Action) -> None:
        if action["act"] == "above":
            self._surveying.above = min(max(float(action["value"]), 0.0), 1.0)
        else:
            super()._change(action)


class SectionHead(_Head):
    """Order of the stations, reduction, filter, and component."""

    def __init__(self, surveying: Surveying) -> None:
        super().__init__(surveying, ["order", "reduce", "component", "gather"])
        self._session.param.watch(lambda *_: self._draw(), "filter")

    def _draw(self) -> None:
        one = self._surveying
        recording = self._session.recording
        names = [str(name) for name in recording["component"].values] if recording is not None else []
        off = one.gather is None or one.gather.origin is None
        filters = tag(
            "select", options({name: name.replace("none", "No filter") for name in FILTERS}, self._session.filter),
            data_act="filter", data_key="filter", aria_label="Filter of the section",
            title="Of the traces on the screen; pickers read what was recorded",
        )  # fmt: skip
        reduce = _segments("Reduce", "reduce", {"off": "Off", "P": "P", "S": "S"}, one.reduce)
        self._markup.html = "".join(
            (
                tag("h2", "Record section"),
                tag("span", "Order", class_="label"),
                _segments("Order", "order", _ORDERS, one.order),
                tag("span", "Reduce", class_="label"),
                reduce.replace("<button", "<button disabled") if off else reduce,
                tag("span", class_="spread"),
                filters,
                _segments("Component", "component", {name: name for name in names}, one.component),
            )
        )

    def _change(self, action: Action) -> None:
        if action["act"] == "filter":
            self._session.filter = str(action["value"])
        else:
            super()._change(action)


class NetworkToolbar(_Head):
    """Picker, which event of the recording, and what was fitted to it, or why nothing was."""

    def __init__(self, surveying: Surveying) -> None:
        super().__init__(surveying, _SHOWN)
        self._session.param.watch(lambda *_: self._draw(), ["runs", "recording", "job", "errand"])

    def _draw(self) -> None:
        one, session = self._surveying, self._session
        there = {key: f"{run.card.title} {run.card.weights}".strip() for key, run in session.runs.items()}
        if not one.graph_picker:
            there |= {"+station_graph": "Station graph…"}
        if not session.runs:
            there = {"": "Choose…"} | there
        picker = tag(
            "select", options(there, one.picker), data_act="picker", data_key="picker", aria_label="Picker",
        )  # fmt: skip
        self._markup.html = "".join(
            (
                tag("span", "Picker", class_="label"),
                picker,
                tag("span", class_="rule"),
                self._group_html(),
                tag("span", class_="spread"),
                tag("span", text(_facts(one)), class_="muted ellipsis facts", title=_facts(one)),
            )
        )

    def _group_html(self) -> str:
        one = self._surveying
        n = len(one.groups)
        step = [
            tag(
                "button", words, class_="icon", data_act="step", data_by=by, data_key=f"step {by}", title=title,
                aria_label=title, disabled=n == 0 or not 0 <= one.group + by < n,
            )
            for by, words, title in ((-1, "‹", "The event before"), (1, "›", "The next event"))
        ]  # fmt: skip
        if one.group < 0:
            words = tag("span", "no event", class_="muted")
        else:
            group = one.groups[one.group]
            words = tag("b", f"{group.start:%H:%M:%S}") + tag("span", f" · {one.group + 1} of {n}", class_="muted")
        return tag("span", "Event", class_="label") + step[0] + tag("span", words, class_="group") + step[1]

    def _change(self, action: Action) -> None:
        one, name = self._surveying, action["act"]
        value = str(action.get("value") or "")
        if name == "step":
            one.step_group(int(action["by"]))
        elif name == "picker" and value.startswith("+"):
            one.bring(value[1:])
        elif name == "picker":
            one.picker = value


def _facts(one: Surveying) -> str:
    gather = one.gather
    if gather is None:
        return ""
    if gather.origin is None:
        return one.problem
    n = gather.onsets["station"].nunique()
    velocity = gather.origin.velocity_km_s
    return f"{n} stations · {len(gather.onsets)} onsets · P {velocity['P']:.1f}, S {velocity['S']:.1f} km/s"
