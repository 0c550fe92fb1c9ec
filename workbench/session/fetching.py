"""``Fetching``: a recording's waveforms are asked for before it is opened, where everybody sees that they come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.compute.queue import JobQueue
from workbench.errors import WorkbenchError
from workbench.sources.base import Source
from workbench.sources.fetched import is_here
from workbench.sources.shelf import Shelf

__all__ = ["Fetching"]


class Fetching:
    """One request at a time; another recording that is turned to takes its place.

    Parameters
    ----------
    queue
        Makes the queue whose job is shown, from what is told of errors.
    """

    def __init__(self, queue: Callable[[Callable[[WorkbenchError], None]], JobQueue]) -> None:
        self._queue = queue
        self._jobs = self._new_queue()
        self._wanted: tuple[Source | None, str] = (None, "")
        self._over = False
        self._then: Callable[[], None] | None = None

    def _new_queue(self) -> JobQueue:
        # What did not come, and why, is said by the recording itself, in place of its traces.
        return self._queue(lambda _: self._end())

    def turn_to(self, source: Source | None, recording_id: str) -> bool:
        """Whether :meth:`ask` must come before that recording is read: its waveforms are neither here nor given up."""
        again, self._over = self._over and self._wanted == (source, recording_id), False
        self.drop()
        self._wanted = (source, recording_id)
        return source is not None and not again and not is_here(source, recording_id)

    def ask(self, shelf: Shelf[Any], then: Callable[[], None]) -> None:
        """Have what was turned to fetched; `then` is called once that is over, also where nothing came.

        What a shelf has of it, read before, is not kept.
        """
        source, recording_id = self._wanted

        def over() -> None:
            shelf.drop(recording_id)
            then()

        self._then = over
        if self._jobs.busy:
            # One that was cancelled may still wait for its service, and must not hold this one up.
            self._jobs.abandon()
            self._jobs = self._new_queue()
        self._jobs.add(
            "workbench.sources.fetched:fetch_recording",
            title=f"Waveforms of {recording_id}",
            done=lambda *_: self._end(),
            source=source,
            recording_id=recording_id,
        )

    def cancel(self) -> None:
        """Stop asking, and show what is here."""
        self._jobs.cancel()
        self._end()

    def drop(self) -> None:
        """Stop asking; nobody waits for it any more."""
        self._then = None
        self._jobs.cancel()

    def _end(self) -> None:
        then, self._then = self._then, None
        if then is not None:
            self._over = True
            then()
