"""The chip in the bar that says where pickers run and how that place is; and the same words for its dialog."""

from __future__ import annotations

from workbench.compute import BackendStatus
from workbench.schema import Job
from workbench.session import Session
from workbench.views.tags import tag, text

__all__ = ["STATE_WORDS", "kernel_chip", "state_words"]

STATE_WORDS = {"off": "not started", "starting": "starting", "ready": "ready", "busy": "busy", "lost": "lost"}


def kernel_chip(session: Session, *, chosen: bool) -> str:
    """Dot, name and state; a button where another place can be chosen."""
    if not chosen:
        state = "busy" if _runs(session.job) else "ready"
        words = tag("b", "this computer") + tag("span", state, class_="muted")
        return tag("span", tag("i", class_=state), words, class_="kernel", title="Pickers run on this computer")
    status, title = session.kernels.status, session.kernels.place.title
    words = state_words(status, session.job)
    return tag(
        "button",
        tag("i", class_=status.state),
        tag("b", text(title), class_="ellipsis"),
        tag("span", text(words), class_="muted"),
        class_="kernel",
        data_act="kernel",
        data_key="kernel",
        title=status.words or f"Pickers run on: {title}. Choose another place.",
        aria_label=f"Kernel {title}: {words}",
        aria_haspopup="dialog",
    )


def state_words(status: BackendStatus, job: Job | None) -> str:
    """The state, with how far the work is where that is known.

    >>> state_words(BackendStatus("busy"), Job("1", "PhaseNet", "running", fraction=0.42))
    'busy 42 %'
    """
    known = status.state == "busy" and job is not None and job.state == "running" and 0 < job.fraction <= 1
    return f"busy {100 * job.fraction:.0f} %" if known and job is not None else STATE_WORDS[status.state]


def _runs(job: Job | None) -> bool:
    return job is not None and not job.ended
