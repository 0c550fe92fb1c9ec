"""HTML of who decides on a page: the name, the dialog that changes it, and that others' labels are hidden."""

from __future__ import annotations

from urllib.parse import quote, unquote

from workbench.labels.disagreements import initials
from workbench.session import BLINDS, Session
from workbench.views.icons import icon
from workbench.views.tags import dialog, field, tag, text

__all__ = ["COOKIE", "analyst_chip", "analyst_dialog", "blind_chip", "remembered_name"]

COOKIE = "workbench_analyst"
"""Cookie in which a browser remembers the name that was chosen on a page, and which name it was chosen instead of."""


def analyst_chip(session: Session) -> str:
    """The analyst's name with its initials; a button, unless the name comes from a login."""
    name = session.analyst
    who = f"Analyst: {name}"
    inside = tag("span", text(name), class_="ellipsis name"), tag("span", text(initials(name)), class_="initials")
    if session.analyst_fixed:
        return tag("span", *inside, class_="analyst", title=who)
    words = f"{who}. Change the name that is written beside your decisions"
    chosen = session.settings.analyst_name != name
    # The next page that this browser opens is the same person's.
    kept = f"{quote(session.settings.analyst_name)}|{quote(name)}" if chosen else ""
    return tag("button", *inside, class_="analyst", title=words, aria_label=words, data_act="name", data_remember=kept)


def remembered_name(cookie: str, instead_of: str) -> str:
    """The name that a browser remembers, if it was chosen instead of the one that the settings give; else empty.

    >>> remembered_name("root|Ada%20L", "root"), remembered_name("root|Ada%20L", "ben")
    ('Ada L', '')
    """
    before, _, name = cookie.partition("|")
    return " ".join(unquote(name).split())[:80] if unquote(before) == instead_of else ""


def analyst_dialog(session: Session) -> str:
    """A field for the name."""
    name = tag("input", type="text", value=session.analyst, data_act="rename", data_focus="name", maxlength="80",
               autocomplete="name")  # fmt: skip
    words = "It is written beside every decision from now on; what was written keeps its own. Enter takes it."
    return dialog("Who decides", tag("div", field("Name", name), class_="rows"), tag("p", words, class_="muted small"))


def blind_chip(session: Session) -> str:
    """That something is hidden, and a way to see it; empty where nothing is."""
    if not session.blind:
        return ""
    words = f"{BLINDS[session.blind]}. Stop picking blind"
    inside = icon("lock", 13), tag("b", "Blind"), icon("close", 12)
    return tag("button", *inside, class_="blind", title=words, aria_label=words, data_act="see")
