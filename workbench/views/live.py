"""``LivePage``: traces that move as samples arrive, and picks that appear in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import panel as pn
import panel_material_ui as pmui
import param

from workbench.inference.live import LivePicks, Snapshot
from workbench.inference.streaming import StreamPick
from workbench.schema import Job
from workbench.session import Session
from workbench.views.app_bar import AppBar
from workbench.views.frame import Frame
from workbench.views.guard import guarded
from workbench.views.live_figure import LiveFigure
from workbench.views.markup import Action, Markup
from workbench.views.notices import NoticeBar
from workbench.views.shell import shell
from workbench.views.tags import options, tag, text
from workbench.views.theme import SYMBOLS, TOKENS

__all__ = ["LivePage"]

_PERIOD_MS = 300
_SPEEDS = {"1": "real time", "5": "5 times", "20": "20 times"}


class LivePage(pn.viewable.Viewer):
    """The page of a stream: a toolbar, the plot, and a status line, below the bar of all apps.

    Parameters
    ----------
    make
        Makes the feed that is picked, anew each time the user starts it; gets the speed.
    apps
        Title to address of the apps that are served; this one's address is empty.
    feed
        What streams, in words: title, place, and how.
    picker
        Title of the picker.
    replayed
        Whether the speed can be chosen: a server sends as the samples are recorded.
    """

    theme = param.Selector(default="light", objects=list(TOKENS))

    def __init__(
        self,
        session: Session,
        make: Callable[[float], LivePicks],
        apps: Mapping[str, str],
        feed: tuple[str, str, str],
        picker: str,
        *,
        replayed: bool = True,
        theme: str = "light",
    ) -> None:
        super().__init__(theme=theme)
        self._session, self._make, self._feed, self._picker, self._replayed = session, make, feed, picker, replayed
        self._live: LivePicks | None = None
        self._speed, self._stopped = "5" if replayed else "1", False
        self._plot = LiveFigure(theme)
        self._pane = pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_both", margin=0)
        self._toolbar = Markup(session, self._act, kind="toolbar")
        self._status = Markup(session, self._act, kind="status_line")
        self._empty = Markup(session, self._act, kind="live_empty", sizing_mode="stretch_both")
        self._stage = pn.Column(self._empty, sizing_mode="stretch_both", margin=0)
        self._bar = AppBar(session, apps, self._other_theme, None, theme, feed)
        frame = Frame(
            notices=NoticeBar(session).__panel__(),
            toolbar=self._toolbar,
            plot=self._stage,
            status=self._status,
            alone=True,
        )
        self._page = shell(self._bar, frame, theme, "Live")
        self._periodic = pn.state.add_periodic_callback(self._tick, period=_PERIOD_MS, start=False)
        self.param.watch(lambda *_: self._retheme(), "theme")
        self.refresh()

    def __panel__(self) -> pmui.Page:
        return self._page

    def start(self) -> None:
        """Begin the feed anew."""
        self.stop()
        self._live, self._stopped = self._make(float(self._speed)), False
        self._live.start()
        if not self._periodic.running:
            self._periodic.start()
        self.refresh()

    def stop(self) -> None:
        """End the feed; what it showed stays."""
        if self._live is not None:
            self._live.stop()
        self._stopped = True
        if self._periodic.running:
            self._periodic.stop()
        self.refresh()

    def refresh(self) -> None:
        """Draw what there is now."""
        seen = self._live.snapshot() if self._live is not None else None
        running = seen is not None and seen.running and not self._stopped
        anything = seen is not None and seen.newest is not None
        with pn.io.hold():
            if seen is not None and self._live is not None:
                self._plot.draw(seen, self._live.seconds)
            # A figure that is there but not visible keeps its place all the same.
            wanted = self._pane if anything else self._empty
            if self._stage[0] is not wanted:
                self._stage[0] = wanted
            self._empty.html = "" if anything else self._empty_html(seen, running)
            self._toolbar.html = self._toolbar_html(running, anything)
            self._status.html = tag("span", self._words(seen, running), class_="jobs", role="status")
        self._tell_job(running)
        if not running and self._periodic.running:
            self._periodic.stop()

    def _tell_job(self, running: bool) -> None:
        state = "running" if running else "done"
        if self._live is not None and (self._session.job is None or self._session.job.state != state):
            self._session.job = Job("live", "Picking the stream", state)

    def _tick(self) -> None:
        # A tick may have been on its way when the feed was stopped: what was shown then stays.
        if not self._stopped:
            with guarded(self._session):
                self.refresh()

    def _act(self, action: Action) -> None:
        if action["act"] == "start":
            self.start()
        elif action["act"] == "stop":
            self.stop()
        elif action["act"] == "speed" and action["value"] in _SPEEDS:
            self._speed = action["value"]
            self.refresh()

    def _other_theme(self) -> None:
        self.theme = "dark" if self.theme == "light" else "light"

    def _retheme(self) -> None:
        with pn.io.hold():
            self._page.dark_theme = self.theme == "dark"
            self._plot.paint(self.theme)
            self._bar.show_theme(self.theme)

    def _toolbar_html(self, running: bool, anything: bool) -> str:
        if running:
            button = tag("button", "Stop", class_="button", data_act="stop", data_key="stop")
        else:
            button = tag("button", "Start again", class_="primary", data_act="start", data_key="again")
        legend = [
            tag("span", tag("span", SYMBOLS[0], class_=phase.lower()), f" {phase}", class_="legend")
            for phase in ("P", "S")
        ]
        return "".join(
            (
                button if running or anything else "",
                self._speed_html(running) if self._replayed else "",
                tag("span", class_="spread"),
                tag("span", text(f"Picks of {self._picker}"), class_="muted"),
                *legend,
            )
        )

    def _speed_html(self, running: bool) -> str:
        words = "Stop to change the speed" if running else "Speed"
        control = tag(
            "select", options(_SPEEDS, self._speed), data_act="speed", data_key="speed", aria_label="Speed",
            disabled=running,
        )  # fmt: skip
        return tag("label", tag("span", "Speed", class_="label"), control, class_="choice", title=words)

    def _empty_html(self, seen: Snapshot | None, running: bool) -> str:
        if running:
            return tag("p", "Waiting for the first samples…", class_="muted", data_key="waiting")
        again = seen is not None
        words = (
            f"Nothing has come from {self._feed[0]}."
            if again
            else f"{self._feed[0]}, {self._feed[2]}: picks appear here as the samples arrive."
        )
        return tag("p", text(words)) + tag("button", "Start", class_="primary", data_act="start", data_key="start")

    def _words(self, seen: Snapshot | None, running: bool) -> str:
        if seen is None:
            return tag("span", "Nothing is streaming", class_="muted")
        if seen.error:
            return tag("span", text(f"The stream ended: {seen.error}"), class_="error ellipsis")
        state = "Streaming" if running else "Stopped" if self._stopped else "The stream has ended"
        if running and self._replayed and self._speed != "1":
            state += f" at {self._speed} times real time"
        stations = sum(len(times) > 0 for times in seen.times.values())
        counts = f"{_count(stations, 'station')}, {_count(len(seen.picks), 'pick') if seen.picks else 'no picks yet'}"
        last = tag("span", text(f"Last: {_sentence(seen.picks[-1])}"), class_="ellipsis") if seen.picks else ""
        return tag("b", text(state)) + tag("span", text(counts), class_="counts") + last


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _sentence(pick: StreamPick) -> str:
    when = np.datetime_as_string(pick.time, unit="ms")[11:21]
    return f"{pick.phase} at {pick.station.rstrip('.')} {when} UTC, known {pick.latency_s:.1f} s after its onset"
