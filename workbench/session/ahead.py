"""``PickedAhead``: the recordings that will probably be opened next, picked before they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import partial
from typing import Any

import xarray as xr

from workbench.compute.base import Backend
from workbench.compute.queue import JobQueue
from workbench.inference.runs import PickerRun
from workbench.schema import Job
from workbench.session.opened import Opened
from workbench.session.picker_list import PICKER_RUN, PickerList

__all__ = ["PickedAhead"]

_MOST_SAMPLES = 4_000_000
"""Of a recording that is picked ahead; a longer one would keep the processor busy while the analyst works."""


class PickedAhead:
    """Runs the pickers on a user's list over neighbours of the open recording, where no one sees it.

    Parameters
    ----------
    pickers
        Whose pickers run, and who keeps the curves.
    backend
        Where they run, one after the other.
    schedule
        Calls a function on the owner's thread.
    on_picked
        Called there when a neighbour's curves have come.
    """

    def __init__(
        self,
        pickers: PickerList,
        backend: Backend,
        *,
        schedule: Callable[[Callable[[], None]], None],
        on_picked: Callable[[], None],
    ) -> None:
        self._pickers = pickers
        self._schedule = schedule
        self._on_picked = on_picked
        # Nobody asked for this work: nobody is told how far it is, or that it failed.
        self._jobs = JobQueue(backend, schedule=schedule, on_job=_say_nothing, on_error=_say_nothing)
        self._turn = 0

    def want(self, futures: Iterable[Future[Opened]]) -> None:
        """Pick these as soon as they have been read, and no longer those before."""
        self.cancel()
        for future in futures:
            future.add_done_callback(partial(self._read, self._turn))

    def use(self, backend: Backend) -> None:
        """Send the work to come to another backend."""
        self._jobs.use(backend)

    def cancel(self) -> None:
        """Stop; the recording that has just been opened comes first."""
        self._turn += 1
        self._jobs.cancel()

    def _read(self, turn: int, future: Future[Opened]) -> None:
        if not future.cancelled() and future.exception() is None:
            self._schedule(lambda: self._pick(turn, future.result().recording))

    def _pick(self, turn: int, recording: xr.Dataset) -> None:
        if turn != self._turn or recording["waveform"].size > _MOST_SAMPLES:
            return
        if recording.attrs.get("without_waveforms"):
            return
        recording_id = str(recording.attrs["recording_id"])
        for key in self._pickers.not_run_on(recording_id):
            run = self._pickers.runs[key]
            self._jobs.add(
                PICKER_RUN, **self._pickers.run_arguments(key, recording), done=partial(self._keep, run, recording_id)
            )

    def _keep(self, run: PickerRun, recording_id: str, annotations: xr.Dataset, job: Job) -> None:
        self._pickers.keep_curves(run, recording_id, annotations, job.elapsed_s)
        self._on_picked()


def _say_nothing(_: Any) -> None:
    return
