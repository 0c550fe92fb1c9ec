"""``EdgeWork``: edges, and what they did to a pick, of one :class:`~workbench.session.surveying.Surveying`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from workbench.compute.queue import JobQueue
from workbench.errors import WorkbenchError
from workbench.session.gather import Gather

__all__ = ["CHECKS", "LEFT_OUT", "ON_ONE_PICK", "EdgeWork"]

_SIMILARITY = "workbench.explain.graph.similarity:envelope_similarity"
LEFT_OUT = "workbench.explain.graph.left_out:leave_one_out"
CHECKS = "workbench.explain.graph.checks:check_between"

ON_ONE_PICK = {
    "attention": "workbench.explain.graph.attention:attention_between",
    "attribution": "workbench.explain.graph.attribution:attribute_between",
}
"""Kinds of edges that belong to one pick of a picker that sees all stations, and what makes them."""


class EdgeWork:
    """Asks for what is wanted and keeps what belongs to the screen; what comes too late is dropped.

    Parameters
    ----------
    surveying
        Whose gather, focus, phase and kind of edges are asked about.
    """

    def __init__(self, surveying: Any) -> None:
        self._surveying = surveying
        session = surveying.session
        self._queue = JobQueue(
            session.kernels.backend,
            schedule=lambda function: session.schedule(function),
            on_job=self._tell_job,
            on_error=self._fail,
        )
        self._asked: tuple[Any, ...] = ()
        self._pick: tuple[Any, ...] = ()

    def ask(self) -> None:
        """Make the edges that are wanted, unless they are there or on their way."""
        one = self._surveying
        gather = one.gather
        if gather is None or one.edges == "off":
            self.forget()
        elif one.edges in ON_ONE_PICK:
            self._ask_about_pick(gather)
        else:
            self._ask_about_envelopes(gather)

    def _ask_about_envelopes(self, gather: Gather) -> None:
        one, session = self._surveying, self._surveying.session
        asked = (session.recording_id, one.edges, one.component, gather.start, gather.end)
        if asked == self._asked:
            return
        self.forget()
        self._asked = asked
        self._send(
            _SIMILARITY, "Comparing envelopes", partial(setattr, one, "edge_weights"), recording=session.recording,
            start=gather.start, end=gather.end, component=one.component,
        )  # fmt: skip

    def _ask_about_pick(self, gather: Gather) -> None:
        one, session = self._surveying, self._surveying.session
        onset = gather.onset(session.station, one.phase)
        if not one.sees_all or onset is None:
            self.forget()
            return
        pick = (session.recording_id, one.picker, session.station, one.phase, onset["time"])
        asked = (*pick, one.edges)
        if asked == self._asked:
            return
        if pick != self._pick:
            self.forget()
        self._queue.cancel()
        self._asked, self._pick = asked, pick
        what = f"{one.phase} on {session.station}"
        one.edge_weights = one.edge_seconds = None
        self._send(ON_ONE_PICK[one.edges], f"Asking who moved {what}", self._keep_edges, **self._arguments())
        if one.left_out is None:
            keep = partial(setattr, one, "left_out")
            self._send(LEFT_OUT, f"Leaving stations out of {what}", keep, **self._arguments())

    def check(self) -> None:
        """Check what is said of the neighbours of the pick that was asked about."""
        one = self._surveying
        if self._pick and one.edges in ON_ONE_PICK:
            one.checks, one.checking = [], True
            self._send(CHECKS, f"Checking {one.phase} on {self._pick[2]}", self._keep_checks, **self._arguments())

    def _arguments(self) -> dict[str, Any]:
        session = self._surveying.session
        _, picker, station, phase, time = self._pick
        given = session.run_arguments(picker, session.recording)
        named = {name: given[name] for name in ("recording", "picker", "weights")}
        return named | {"station": station, "phase": phase, "time": time}

    def _keep_edges(self, found: Any) -> None:
        self._surveying.param.update(edge_weights=found.edges, edge_seconds=found.seconds)

    def _keep_checks(self, checks: list[Any]) -> None:
        self._surveying.param.update(checks=checks, checking=False)

    def forget(self) -> None:
        """Stop what runs, and take the edges and all that was said of a pick off the screen."""
        self._queue.cancel()
        self._asked = self._pick = ()
        self._surveying.param.update(edge_weights=None, edge_seconds=None, left_out=None, checks=[], checking=False)

    def cancel(self) -> None:
        """Stop what runs; what has come stays."""
        self._queue.cancel()
        self._surveying.checking = False

    def _send(self, function: str, title: str, done: Callable[[Any], None], **arguments: Any) -> None:
        self._queue.use(self._surveying.session.kernels.backend)
        asked = self._asked

        def keep(value: Any, _: object) -> None:
            if asked == self._asked:
                done(value)

        self._queue.add(function, title=title, done=keep, **arguments)

    def _fail(self, error: WorkbenchError) -> None:
        self._surveying.checking = False
        self._surveying.tell_error(error)

    def _tell_job(self, job: Any) -> None:
        self._surveying.job = job
        self._surveying.session.kernels.note(job)
