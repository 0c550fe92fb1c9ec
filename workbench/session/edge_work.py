"""``EdgeWork``: the edges of the map of one :class:`~workbench.session.surveying.Surveying`, made on the kernel."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from workbench.compute.queue import JobQueue
from workbench.errors import WorkbenchError

__all__ = ["EdgeWork"]

_SIMILARITY = "workbench.explain.graph.similarity:envelope_similarity"


class EdgeWork:
    """Asks for the edges that are wanted and keeps those of what is on the screen; what comes too late is dropped.

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

    def ask(self) -> None:
        """Make the edges that are wanted, unless they are there or on their way."""
        one, session = self._surveying, self._surveying.session
        gather = one.gather
        if gather is None or one.edges == "off":
            self.forget()
            return
        asked = (session.recording_id, one.edges, one.component, gather.start, gather.end)
        if asked == self._asked:
            return
        self.forget()
        self._asked = asked
        if one.edges == "similarity":
            self._send(
                _SIMILARITY,
                "Comparing envelopes",
                recording=session.recording,
                start=gather.start,
                end=gather.end,
                component=one.component,
            )

    def forget(self) -> None:
        """Stop what runs, and take the edges off the screen."""
        self._queue.cancel()
        self._asked = ()
        self._surveying.edge_weights = None

    def cancel(self) -> None:
        """Stop what runs; what has come stays."""
        self._queue.cancel()

    def _send(self, function: str, title: str, **arguments: Any) -> None:
        self._queue.use(self._surveying.session.kernels.backend)
        keep = partial(self._keep, self._asked)
        self._queue.add(function, title=title, done=lambda table, _: keep(table), **arguments)

    def _keep(self, asked: tuple[Any, ...], table: pd.DataFrame) -> None:
        if asked == self._asked:
            self._surveying.edge_weights = table

    def _fail(self, error: WorkbenchError) -> None:
        self._asked = ()
        self._surveying.tell_error(error)

    def _tell_job(self, job: Any) -> None:
        self._surveying.job = job
        self._surveying.session.kernels.note(job)
