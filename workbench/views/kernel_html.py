"""HTML of the kernel's dialog: places, the device of the one in use, and jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.compute import BackendStatus
from workbench.compute.places import Place
from workbench.session.kernels import JobEntry
from workbench.views.icons import icon
from workbench.views.kernel_chip import STATE_WORDS
from workbench.views.status_line import time_left
from workbench.views.tags import tag, text

__all__ = ["device_html", "jobs_html", "places_html"]

_KINDS = {
    "local": "threads of the workbench",
    "process": "can be stopped at once",
    "jupyter": "a kernel of this computer",
    "server": "a Jupyter server",
    "dask": "a cluster",
}
_GB = 2**30
_STATES = {"queued": "waits", "running": "runs", "done": "done", "failed": "failed", "cancelled": "cancelled"}


def places_html(places: Mapping[str, Place], chosen: str, asked: str, shut: str = "") -> str:
    """A row for each place, greyed with the reason where it cannot be used.

    Parameters
    ----------
    asked
        Name of one whose token is asked for.
    shut
        Why this user chooses none; empty if they may.
    """
    rows = (_place(place, place.name == chosen, place.name == asked, shut) for place in places.values())
    return tag("div", *rows, class_="places")


def _place(place: Place, is_chosen: bool, is_asked: bool, shut: str) -> str:
    where = str(place.settings.get("url") or place.settings.get("address") or _KINDS.get(place.kind, place.kind))
    if not place.availability.ok:
        why = f"{place.availability.reason} {place.availability.remedy}".strip()
        words = tag("b", text(place.title), class_="ellipsis") + tag("span", text(why), class_="why")
        return tag("div", icon("lock"), words, class_="place off", data_key=place.name)
    use = (
        tag("span", icon("check"), " in use", class_="ok")
        if is_chosen
        else tag(
            "button",
            "Use",
            class_="button",
            data_act="use",
            data_place=place.name,
            data_key=f"use-{place.name}",
            disabled=bool(shut),
            title=shut or None,
        )
    )
    token = (
        tag(
            "input",
            type="password",
            data_act="token",
            data_live=100,
            autocomplete="off",
            data_focus="token",
            placeholder="Token of the server",
            aria_label=f"Token of {place.title}",
        )
        if is_asked
        else ""
    )
    return tag(
        "div",
        tag("i", class_="dot on" if is_chosen else "dot"),
        tag("b", text(place.title), class_="ellipsis"),
        tag("span", text(where), class_="muted ellipsis where"),
        token,
        use,
        class_="place",
        data_key=place.name,
    )


def device_html(place: Place, status: BackendStatus, shut: str = "") -> str:
    """Device, memory, state and what it is doing, with start, interrupt and restart; greyed for the reason `shut`."""
    state = STATE_WORDS[status.state]
    lines = [tag("span", tag("i", class_=f"dot {status.state}"), tag("b", state), class_="state")]
    if status.words:
        lines.append(tag("span", text(status.words), class_="error words" if status.state == "lost" else "words"))
    facts = " · ".join(part for part in (status.device, memory_words(status)) if part)
    remarks = [tag("p", icon("warn"), tag("span", text(remark)), class_="remark warn") for remark in status.remarks]
    stopped = status.state in ("off", "lost")
    buttons = (
        tag(
            "button", "Start", class_="button", data_act="start", disabled=bool(shut) or not stopped, title=shut or None
        ),
        tag("button", "Interrupt", class_="button", data_act="interrupt", disabled=status.state != "busy"),
        tag(
            "button",
            "Restart",
            class_="button",
            data_act="restart",
            title=shut or None,
            disabled=bool(shut) or stopped or place.kind == "local",
        ),
    )
    return tag(
        "section",
        tag("h3", text(place.title)),
        tag("div", *lines, class_="now"),
        tag("div", text(facts), class_="muted") if facts else "",
        *remarks,
        tag("div", *buttons, class_="buttons"),
        class_="device",
    )


def memory_words(status: BackendStatus) -> str:
    """Used and whole memory; empty where it is not known.

    >>> memory_words(BackendStatus(memory_used_bytes=3 * 2**29, memory_total_bytes=80 * 2**30))
    '1.5 of 80 GB'
    """
    if not status.memory_total_bytes:
        return ""
    return f"{status.memory_used_bytes / _GB:.1f} of {status.memory_total_bytes / _GB:.0f} GB"


def jobs_html(jobs: Sequence[JobEntry]) -> str:
    """The jobs of this page, newest first, with progress, time left and what went wrong."""
    rows = [_job(entry) for entry in jobs] or [tag("p", "No job yet: Run starts one.", class_="muted")]
    return tag("section", tag("h3", "Jobs of this page"), *rows, class_="joblist")


def _job(entry: JobEntry) -> str:
    job = entry.job
    known = job.fraction == job.fraction and job.fraction > 0
    words = " · ".join(part for part in (_STATES[job.state], job.step if entry.is_open else "", time_left(job)) if part)
    if job.state == "done":
        words = f"done in {job.elapsed_s:.1f} s"
    width = f"width:{100 * job.fraction if known else 30:.1f}%"
    bar = tag("span", tag("i", style=width), class_="track" if known else "track unknown") if entry.is_open else ""
    stop = (
        tag("button", "Cancel", class_="plain", data_act="stop", data_job=job.job_id, data_key=f"stop-{job.job_id}")
        if entry.is_open
        else ""
    )
    error = tag("p", icon("error", 14), tag("span", text(job.error)), class_="error") if job.state == "failed" else ""
    return tag(
        "div",
        tag("span", text(job.title), class_="ellipsis"),
        tag("span", text(entry.place), class_="muted ellipsis"),
        bar,
        tag("span", text(words), class_="muted words"),
        stop,
        error,
        class_=f"jobrow {job.state}",
        data_key=job.job_id,
    )
