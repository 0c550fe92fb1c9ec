"""``StatusLine``: the job in hand, what was saved last, and whether keys act on the plot."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd
import panel as pn

from workbench.schema import Job
from workbench.session import Session
from workbench.views.icons import icon, status_icon
from workbench.views.keys import keymap
from workbench.views.markup import Action, Markup

__all__ = ["StatusLine", "time_left"]

_HINTS = (
    (("phase:P", "phase:S"), "place"),
    (("refine",), "refine"),
    (("accept", "reject"), "accept / reject"),
    (("undo",), "undo"),
)


class StatusLine(pn.viewable.Viewer):
    """One row at the foot of the page.

    Parameters
    ----------
    traces
        A viewer with the parameter ``armed``: whether keys act.
    on_help
        Opens the sheet of all keys.
    """

    def __init__(self, session: Session, traces: Any, on_help: Any, theme: str = "light") -> None:
        super().__init__()
        self._session = session
        self._traces = traces
        self._on_help = on_help
        self._profile = session.settings.keys
        self._markup = Markup(session, self._act, kind="status_line")
        session.param.watch(lambda *_: self._draw(), ["job", "errand", "saved", "recording", "loading"])
        traces.param.watch(lambda *_: self._draw(), "armed")
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def _draw(self) -> None:
        session = self._session
        jobs = [("errand", session.errand), ("job", session.job)]
        shown = [_job_html(name, job) for name, job in jobs if job is not None and job.state in ("queued", "running")]
        self._markup.html = (
            f'<span class="jobs" role="status">{shown[0] if shown else self._idle()}</span>'
            f"{_saved_html(session.saved)}"
            f'<span class="spread"></span>{self._keys_html()}'
        )

    def _idle(self) -> str:
        if self._session.loading:
            return '<span class="late">Reading the recording…</span>'
        return ""

    def _keys_html(self) -> str:
        if not self._traces.armed:
            state = f'{icon("keyboard")}<span class="muted">Keys off: click the plot</span>'
        else:
            state = f"{icon('keyboard')}<b>Keys on</b>"
        by_action: dict[str, str] = {}
        for key, action in keymap(self._profile).items():
            by_action.setdefault(action, key)
        hints = []
        for actions, words in _HINTS:
            keys = [by_action[action] for action in actions if action in by_action]
            if keys:
                caps = " ".join(_caps(key) for key in keys)
                hints.append(f'<span class="hint {words.split()[0]}">{caps} {words}</span>')
        return (
            f'<span class="armed">{state}</span>{"".join(hints)}'
            '<button class="plain" data-act="help"><kbd>?</kbd> <span>all keys</span></button>'
        )

    def _act(self, action: Action) -> None:
        if action["act"] == "help":
            self._on_help()
        elif action["act"] == "cancel" and action["which"] == "errand":
            self._session.cancel_errand()
        elif action["act"] == "cancel":
            self._session.cancel()


def _caps(key: str) -> str:
    parts = key.split("+") if len(key) > 1 else [key]
    return "".join(f"<kbd>{escape(part.upper() if len(part) == 1 else part)}</kbd>" for part in parts)


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


def _job_html(name: str, job: Job) -> str:
    known = job.fraction == job.fraction and job.fraction > 0
    width = 100 * job.fraction if known else 30
    words = " · ".join(part for part in (job.step, time_left(job)) if part)
    return (
        f'<span class="late job" data-key="{escape(job.job_id)}"><span class="ellipsis">{escape(job.title)}</span>'
        f'<span class="track {"" if known else "unknown"}" role="progressbar" aria-label="{escape(job.title)}"'
        f' aria-valuenow="{width:.0f}" aria-valuemin="0" aria-valuemax="100"><i style="width:{width:.1f}%"></i></span>'
        f'<span class="muted ellipsis">{escape(words)}</span>'
        f'<button class="plain" data-act="cancel" data-which="{name}">Cancel</button></span>'
    )


def _saved_html(entry: Any) -> str:
    if entry is None:
        return ""
    at = pd.Timestamp(entry.decided_at).tz_localize("UTC").to_pydatetime().astimezone()
    return (
        f'<span class="saved" role="status">{status_icon("done", 14)}Saved {at:%H:%M:%S} · entry {entry.entry:,}</span>'
    )
