"""``PickedAhead``: the recordings that will probably be opened next, picked before they are."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from threading import Lock

import xarray as xr

from workbench.compute.base import Backend
from workbench.compute.queue import JobQueue
from workbench.errors import WorkbenchError, WorkerLostError
from workbench.inference.runs import PickerRun
from workbench.schema import Job
from workbench.session.kernels import Kernels
from workbench.session.opened import Opened
from workbench.session.picker_list import PICKER_RUN, PickerList

__all__ = ["PickedAhead"]

_MOST_SAMPLES = 4_000_000
"""Of a recording that is picked ahead; a longer one would keep the processor busy while the analyst works."""

_MOST_RECORDINGS = 8
_MOST_BYTES = 128 * 2**20
"""Of recordings and curves that are ahead of the open one: a part of what is kept, so that nothing else has to go."""


class PickedAhead:
    """Runs the pickers on a user's list over the next recordings, one by one, where no one sees it.

    It goes on while the user rests, and stops at once while anything runs that was asked for.

    Parameters
    ----------
    pickers
        Whose pickers run, and who keeps the curves.
    kernels
        Where they run, one after the other, and what else is asked for there.
    schedule
        Calls a function on the owner's thread.
    on_picked
        Called there when a neighbour's curves have come.
    """

    def __init__(
        self,
        pickers: PickerList,
        kernels: Kernels,
        *,
        schedule: Callable[[Callable[[], None]], None],
        on_picked: Callable[[], None],
    ) -> None:
        self._pickers = pickers
        self._schedule = schedule
        self._on_picked = on_picked
        # Nobody asked for this work: nobody is told how far it is, or that it failed.
        self._jobs = JobQueue(kernels.backend, schedule=schedule, on_job=self._note, on_error=self._stop_at)
        self._turn = self._job_turn = self._n_done = self._bytes = 0
        self._run_there: frozenset[str] = frozenset()
        self._is_waiting, self._turn_in_hand, self._lock = False, -1, Lock()
        self._near: Callable[[int], str | None] = _nowhere
        self._fetch: Callable[[str], Future[Opened]] | None = None
        self._to_run: list[str] = []
        self._opened: Opened | None = None
        kernels.param.watch(lambda event: self.give_way(any(entry.is_open for entry in event.new)), "jobs")

    def want(self, near: Callable[[int], str | None], fetch: Callable[[str], Future[Opened]]) -> None:
        """Pick the next recordings, and no longer those before.

        Parameters
        ----------
        near
            How many recordings further on, to its id; None where there is none, or none that may be fetched.
        fetch
            Reads a recording.
        """
        self.cancel()
        self._near, self._fetch = near, fetch
        self._read_next()

    def give_way(self, is_asked: bool) -> None:
        """Stop while something is in hand that somebody asked for; go on with what was in hand when it has ended."""
        if is_asked == self._is_waiting:
            return
        self._is_waiting = is_asked
        if is_asked:
            self._stop()
            return
        if not self._run_there.issuperset(self._pickers.runs):
            # One was added meanwhile: it is run over those, too, that the others have been run over.
            self._begin_anew()
        self._read_next()

    def use(self, backend: Backend) -> None:
        """Send the work to come to another backend."""
        self._jobs.use(backend)

    def cancel(self) -> None:
        """Stop for good; the recording that has just been opened comes first."""
        self._stop()
        self._near = _nowhere
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._n_done, self._bytes, self._run_there = 0, 0, frozenset(self._pickers.runs)

    def _stop(self) -> None:
        self._turn += 1
        self._jobs.cancel()

    def _read_next(self) -> None:
        is_enough = self._n_done >= _MOST_RECORDINGS or self._bytes > _MOST_BYTES
        if self._is_waiting or is_enough or self._fetch is None:
            return
        # Where `schedule` calls at once, a job that ends and a recording that is opened meet here, in two threads.
        with self._lock:
            if self._turn_in_hand == self._turn:
                return
            self._turn_in_hand = self._turn
        if (name := self._near(self._n_done + 1)) is not None:
            self._fetch(name).add_done_callback(partial(self._read, self._turn))

    def _read(self, turn: int, future: Future[Opened]) -> None:
        self._schedule(lambda: self._pick(turn, future))

    def _pick(self, turn: int, future: Future[Opened]) -> None:
        if turn != self._turn:
            return
        is_read = not future.cancelled() and future.exception() is None
        self._opened, self._to_run = future.result() if is_read else None, []
        if self._opened is not None and _can_be_picked(self._opened.recording):
            self._to_run = self._pickers.not_run_on(str(self._opened.recording.attrs["recording_id"]))
        self._run_next()

    def _run_next(self) -> None:
        # One may have been taken off the list meanwhile.
        self._to_run = [key for key in self._to_run if key in self._pickers.runs]
        if not self._to_run or self._opened is None:
            self._n_done, self._turn_in_hand = self._n_done + 1, -1
            self._bytes += 0 if self._opened is None else self._opened.nbytes
            self._read_next()
            return
        key, recording = self._to_run.pop(0), self._opened.recording
        run, recording_id = self._pickers.runs[key], str(recording.attrs["recording_id"])
        self._job_turn = self._turn
        arguments = self._pickers.run_arguments(key, recording)
        self._jobs.add(PICKER_RUN, **arguments, done=partial(self._keep, run, recording_id))

    def _note(self, job: Job) -> None:
        # One that was stopped may end after the next turn has begun.
        if job.ended and self._job_turn == self._turn and not self._jobs.was_dropped(job):
            self._run_next()

    def _stop_at(self, error: WorkbenchError) -> None:
        """Nobody is told; but what may have ended a process is not tried on one recording after the other."""
        if isinstance(error, WorkerLostError):
            self.cancel()

    def _keep(self, run: PickerRun, recording_id: str, annotations: xr.Dataset, job: Job) -> None:
        self._bytes += annotations.nbytes
        self._pickers.keep_curves(run, recording_id, annotations, job.elapsed_s)
        self._on_picked()


def _nowhere(_: int) -> None:
    return


def _can_be_picked(recording: xr.Dataset) -> bool:
    """Whether a recording is one that pickers can run over in a moment."""
    return recording["waveform"].size <= _MOST_SAMPLES and not recording.attrs.get("without_waveforms")
