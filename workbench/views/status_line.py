"""``StatusLine``: the job in hand, what was saved last, and whether keys act on the plot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import panel as pn

from workbench.schema import Job
from workbench.session import Session
from workbench.views.icons import icon, status_icon
from workbench.views.keys import keymap
from workbench.views.markup import Action, Markup
from workbench.views.tags import tag, text

__all__ = ["ALL_KEYS", "UNSAVED", "StatusLine", "job_html", "saved_html", "time_left"]

_HINTS = (
    (("phase:P", "phase:S"), "place"),
    (("refine",), "refine"),
    (("accept", "reject"), "accept / reject"),
    (("undo",), "undo"),
)

ALL_KEYS = tag("button", tag("kbd", "?"), tag("span", " all keys"), class_="plain", data_act="help")
"""What opens the sheet of all keys."""

UNSAVED = tag("span", icon("warn"), "Read-only: nothing is saved", class_="saved", role="status")


class StatusLine(pn.viewable.Viewer):
    """One row at the foot of the page.

    Parameters
    ----------
    traces
        A viewer with the parameters ``armed``, whether keys act, and ``profile``.
    on_help
        Opens the sheet of all keys.
    """

    def __init__(self, session: Session, traces: Any, on_help: Callable[[], None]) -> None:
        super().__init__()
        self._session = session
        self._traces = traces
        self._on_help = on_help
        self._markup = Markup(session, self._act, kind="status_line")
        session.param.watch(lambda *_: self._draw(), ["job", "errand", "saved", "recording", "loading"])
        traces.param.watch(lambda *_: self._draw(), ["armed", "profile"])
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def _draw(self) -> None:
        session = self._session
        shown = job_html(errand=session.errand, job=session.job)
        self._markup.html = "".join(
            (
                tag("span", shown or self._idle(), class_="jobs", role="status"),
                saved_html(session.saved) if session.journal.writable else UNSAVED,
                tag("span", class_="spread"),
                self._keys_html(),
            )
        )

    def _idle(self) -> str:
        return tag("span", "Reading the recording…", class_="late") if self._session.loading else ""

    def _keys_html(self) -> str:
        armed = tag("b", "Keys on") if self._traces.armed else tag("span", "Keys off: click the plot", class_="muted")
        by_action: dict[str, str] = {}
        for key, action in keymap(self._traces.profile).items():
            by_action.setdefault(action, key)
        hints = []
        # Each of them writes: who may only look is told none.
        for actions, words in _HINTS if self._session.journal.writable else ():
            keys = [by_action[action] for action in actions if action in by_action]
            if keys:
                caps = " ".join(_caps(key) for key in keys)
                hints.append(tag("span", f"{caps} {words}", class_=f"hint {words.split()[0]}"))
        return "".join((tag("span", icon("keyboard"), armed, class_="armed"), *hints, ALL_KEYS))

    def _act(self, action: Action) -> None:
        if action["act"] == "help":
            self._on_help()
        elif action["act"] == "cancel" and action["which"] == "errand":
            self._session.cancel_errand()
        elif action["act"] == "cancel":
            self._session.cancel()


def _caps(key: str) -> str:
    parts = key.split("+") if len(key) > 1 else [key]
    return "".join(tag("kbd", text(part.upper() if len(part) == 1 else part)) for part in parts)


def time_left(job: Job) -> str:
    """The rest of a job in words, as long as the part that is done says anything about it.

    >>> time_left(Job("1", "Export", "running", fraction=0.25, elapsed_s=10.0))
    '30 s left'
    """
    if not 0.02 < job.fraction < 1.0 or job.elapsed_s <= 0:
        return ""
    seconds = job.elapsed_s * (1 - job.fraction) / job.fraction
    if seconds < 10:
        return f"{seconds:.1f} s left"
    return f"{seconds:.0f} s left" if seconds < 100 else f"{seconds / 60:.0f} min left"


def job_html(**jobs: Job | None) -> str:
    """The first of these jobs that runs or waits, under its name; empty if none does."""
    return next((_job(name, job) for name, job in jobs.items() if job is not None and not job.ended), "")


def _job(name: str, job: Job) -> str:
    """A job that runs or waits: what, how far, and a button that cancels it, whose ``data-which`` is `name`."""
    known = job.fraction == job.fraction and job.fraction > 0
    width = 100 * job.fraction if known else 30
    words = " · ".join(part for part in (job.step, time_left(job)) if part)
    bar = tag(
        "span",
        tag("i", style=f"width:{width:.1f}%"),
        class_="track" if known else "track unknown",
        role="progressbar",
        aria_label=job.title,
        aria_valuenow=round(width) if known else None,
        aria_valuemin=0,
        aria_valuemax=100,
    )
    return tag(
        "span",
        tag("span", text(job.title), class_="ellipsis"),
        bar,
        tag("span", text(words), class_="muted ellipsis"),
        tag("button", "Cancel ", tag("kbd", "Esc"), class_="plain", data_act="cancel", data_which=name, data_escape=""),
        class_="late job",
        data_key=job.job_id,
    )


def saved_html(entry: Any) -> str:
    """What was written to the journal last, and when; empty before the first decision."""
    if entry is None:
        return ""
    at = pd.Timestamp(entry.decided_at).floor("us")
    words = f"Saved {at:%H:%M:%S} UTC · entry {entry.entry:,}"
    return tag("span", status_icon("done", 14), words, class_="saved", role="status")
