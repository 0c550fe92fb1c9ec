"""``StationCard``: the open station in numbers: where it is, its onsets, how far off the moveout, and the way on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import panel as pn

from workbench.session import Surveying
from workbench.session.edge_work import ON_ONE_PICK
from workbench.views.explain_belief_html import belief_html
from workbench.views.later import Later
from workbench.views.markup import Action, Markup
from workbench.views.network_edges import lag_words
from workbench.views.network_nodes import residual_words
from workbench.views.tags import tag, text

__all__ = ["StationCard", "station_html"]


class StationCard(pn.viewable.Viewer):
    """Facts of one station.

    Parameters
    ----------
    on_leave
        Called with the title of an app (``"Inspect"``, ``"Explain"``) that shall open where this page is.
    apps
        Those that are served.
    """

    def __init__(self, surveying: Surveying, on_leave: Callable[[str], None], apps: Mapping[str, str]) -> None:
        super().__init__()
        self._surveying, self._on_leave = surveying, on_leave
        self._apps = [title for title in ("Inspect", "Explain") if apps.get(title)]
        self._markup = Markup(surveying.session, self._act, kind="network_station")
        draw = Later(surveying.session, self._draw)
        surveying.param.watch(draw, ["gather", "phase", "picker", "edges", "edge_weights", "checks", "checking"])
        surveying.session.param.watch(draw, "station")
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def _draw(self) -> None:
        self._markup.html = station_html(self._surveying, self._apps)

    def _act(self, action: Action) -> None:
        if action["act"] == "leave":
            self._on_leave(str(action["app"]))
        elif action["act"] == "check":
            self._surveying.check()


def station_html(one: Surveying, apps: list[str]) -> str:
    """The card; says so where no station is open."""
    gather, station = one.gather, one.session.station
    if gather is None or station not in set(gather.stations["station"]):
        return tag("p", "No station is open.", class_="none muted")
    row = gather.stations.set_index("station").loc[station]
    title = tag("h2", text(row["code"]), tag("span", text(_where(row)), class_="muted"), title=station)
    lines = [_onset_html(one, phase) for phase in ("P", "S")]
    words = {"Inspect": "Open traces", "Explain": "Why this pick?"}
    buttons = [
        tag("button", words[app], class_="button", data_act="leave", data_app=app)
        for app in apps
        if app == "Inspect" or gather.onset(station, one.phase) is not None
    ]
    return title + "".join(lines) + tag("div", *buttons, class_="buttons") + _belief_html(one)


def _belief_html(one: Surveying) -> str:
    """The checks of what is said of the neighbours, or the button that has them made."""
    if one.edges not in ON_ONE_PICK or one.edge_weights is None:
        return ""
    if one.checks:
        return tag("div", belief_html(one.checks, 0, asked=True), class_="belief")
    words = "Checking…" if one.checking else "Can it be believed?"
    return tag("button", words, class_="button", data_act="check", disabled=one.checking)


def _where(row: Any) -> str:
    facts = []
    if row["distance_km"] == row["distance_km"]:
        facts.append(f"{row['distance_km']:.1f} km")
    if row["elevation_m"] == row["elevation_m"]:
        facts.append(f"{row['elevation_m']:.0f} m")
    if row["latitude_deg"] != row["latitude_deg"]:
        facts.append("no coordinates")
    if not row["alive"]:
        facts.append("no live trace")
    return " · ".join(facts)


def _onset_html(one: Surveying, phase: str) -> str:
    gather = one.gather
    onset = gather.onset(one.session.station, phase)
    letter = tag("b", phase, class_=phase.lower())
    if onset is None:
        return tag("div", letter, tag("span", "no onset in this event", class_="muted"), class_="line", data_key=phase)
    who = "you" if onset["who"] == "human" else one.run.card.title if one.run is not None else "catalogue"
    time = tag("b", f"{onset['time']:%M:%S.%f}"[:-3], class_="time")
    sure = "" if onset["probability"] != onset["probability"] else f"probability {onset['probability']:.2f}"
    residual = onset["residual_s"]
    off = ""
    if residual == residual:
        words = f"{lag_words(residual)} from the moveout"
        off = tag("span", words, class_="badge" if residual_words(residual) else "muted")
    said = [tag("span", text(words), class_="muted") for words in (who, sure) if words]
    return tag("div", letter, time, *said, off, class_="line", data_key=phase)
