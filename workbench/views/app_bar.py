"""``AppBar``: which app this is, what is open in it, where work runs, and who works."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import panel as pn

from workbench.labels.disagreements import initials
from workbench.session import Session
from workbench.views.analyst_chip import analyst_chip, analyst_dialog, blind_chip
from workbench.views.icons import icon
from workbench.views.kernel_chip import kernel_chip
from workbench.views.markup import Action, Markup, stylesheet
from workbench.views.tags import icon_button, tag, text

__all__ = ["LOGO", "AppBar", "recording_facts"]

LOGO = (
    '<svg width="28" height="20" viewBox="0 0 28 20" fill="none" stroke-width="2" stroke-linecap="round" '
    'aria-hidden="true"><path d="M1 10h4l2-3 2 6" stroke="currentColor" stroke-linejoin="round"/>'
    '<path d="M11 2v16" stroke="var(--wb-p)"/><path d="M14 6l2 8 2-11" stroke="currentColor" stroke-linejoin="round"/>'
    '<path d="M20 4v12" stroke="var(--wb-s)"/><path d="M22 10h5" stroke="currentColor"/></svg>'
)


class AppBar(pn.viewable.Viewer):
    """The row at the top of the page.

    Parameters
    ----------
    apps
        Title to address of the apps that are served; the one whose address is empty is this one.
    on_theme, on_help
        Called by the two buttons; without `on_help` there is no such button.
    crumbs
        What is open, in words: title, place of it, and what of it; None is the session's recording.
    on_kernel
        Called by the kernel's chip; without it, work runs on this computer and the chip only says so.
    """

    def __init__(
        self,
        session: Session,
        apps: Mapping[str, str],
        on_theme: Callable[[], None],
        on_help: Callable[[], None] | None,
        theme: str = "light",
        crumbs: tuple[str, str, str] | None = None,
        on_kernel: Callable[[], None] | None = None,
    ) -> None:
        super().__init__()
        self._session, self._apps, self._theme = session, apps, theme
        see = functools.partial(session.set_blind, "")
        self._calls = {"theme": on_theme, "help": on_help, "kernel": on_kernel, "see": see, "name": self._ask_name}
        self._asks_name = False
        self._words = crumbs
        self._markup = Markup(session, self._act, kind="app_bar")
        self._markup.stylesheets = [*self._markup.stylesheets, stylesheet("analyst.css")]
        session.param.watch(lambda *_: self._draw(), ["source", "recording_id", "recording", "job", "analyst", "blind"])
        session.kernels.param.watch(lambda *_: self._draw(), ["chosen", "status"])
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def show_theme(self, theme: str) -> None:
        """Draw the button that leads to the other theme."""
        self._theme = theme
        self._draw()

    def _draw(self) -> None:
        links = [
            tag(
                "a",
                text(title),
                href=address or None,
                data_carry=bool(address),
                aria_current=None if address else "page",
            )
            for title, address in self._apps.items()
        ]
        to = "dark" if self._theme == "light" else "light"
        self._markup.html = "".join(
            (
                tag("span", LOGO, tag("b", "Workbench"), class_="logo"),
                tag("nav", *links, aria_label="Apps"),
                tag("span", class_="rule"),
                self._crumbs(),
                tag("span", class_="spread"),
                blind_chip(self._session),
                kernel_chip(self._session, chosen=self._calls["kernel"] is not None),
                icon_button("theme", "moon" if to == "dark" else "sun", f"To the {to} theme", data_key=to),
                icon_button("help", "help", "Help: all keys") if self._calls["help"] else "",
                self._who(),
                analyst_dialog(self._session) if self._asks_name else "",
            )
        )

    def _who(self) -> str:
        """Who decides and, where one has logged in, the name, the role and the way out."""
        analyst, visitor = self._session.analyst, self._session.visitor
        if not visitor.name and not visitor.read_only:
            return analyst_chip(self._session)
        role = f"Read-only: {visitor.read_only}" if visitor.read_only else "Logged in" if visitor.name else "Analyst"
        who = f"{role} · {analyst}" if visitor.read_only else f"{role}: {analyst}"
        reads = (
            tag("span", icon("lock", 14), tag("span", "read-only"), class_="role", title=who)
            if visitor.read_only
            else ""
        )
        name = tag("b", text(analyst), class_="name ellipsis", title=who) if visitor.name else ""
        out = (
            tag("a", icon("leave"), class_="icon", href=visitor.logout, title="Log out", aria_label="Log out")
            if visitor.logout
            else ""
        )
        drawn = tag("span", text(initials(analyst)), class_="initials", role="img", title=who, aria_label=who)
        return tag("span", reads, name, drawn, out, class_="who")

    def _crumbs(self) -> str:
        session = self._session
        if self._words is not None:
            return _crumbs_html(*self._words, "")
        if session.source is None:
            return tag("span", "No source is open", class_="muted")
        facts = recording_facts(session) if session.recording is not None else ""
        return _crumbs_html(session.source.title, session.source.location, _name(session), facts, session.recording_id)

    def _ask_name(self) -> None:
        self._asks_name = True
        self._draw()

    def _act(self, action: Action) -> None:
        call = self._calls.get(action["act"])
        if call is not None:
            call()
        elif action["act"] == "rename" and action.get("kind") == "change":
            self._asks_name = False
            self._draw()
            self._session.set_analyst(str(action["value"]))
        elif action["act"] == "closed":
            self._asks_name = False
            self._draw()


def _crumbs_html(title: str, location: str, name: str, facts: str, identity: str = "") -> str:
    return tag(
        "span",
        tag("span", text(title), class_="ellipsis source", title=location),
        tag("span", "›", class_="muted arrow"),
        tag("b", text(name), class_="ellipsis", title=identity),
        tag("span", text(facts), class_="muted ellipsis facts"),
        class_="crumbs",
    )


def _name(session: Session) -> str:
    at = session.row(session.recording_id)
    if at >= 0:
        n_stations, start = session.recordings["n_stations"].iloc[at], session.recordings["start"].iloc[at]
        if n_stations > 1 and pd.notna(start):
            return f"{start:%Y-%m-%d %H:%M:%S}"
    return session.recording_id or "no recording"


def recording_facts(session: Session) -> str:
    """Stations, components, rate and length of the open recording: ``"20 st · 3C · 200 Hz · 300 s"``."""
    recording = session.recording
    rates = np.unique(recording["native_sampling_rate_hz"].values)
    rate = f"{rates[0]:g}" if len(rates) == 1 else f"{rates[0]:g}–{rates[-1]:g}"
    seconds = recording.sizes["time"] / recording.attrs["sampling_rate_hz"]
    length = (
        f"{seconds:.0f} s"
        if seconds < 600
        else f"{seconds / 60:.0f} min"
        if seconds < 7200
        else f"{seconds / 3600:.1f} h"
    )
    return f"{recording.sizes['station']} st · {recording.sizes['component']}C · {rate} Hz · {length}"
