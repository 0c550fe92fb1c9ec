"""``AfterAnswer``: what follows an explanation in the background: attention, a second picker, checks, what-ifs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import Timer
from typing import Any

import pandas as pd
import xarray as xr

from workbench.compute.queue import JobQueue
from workbench.errors import WorkbenchError
from workbench.explain.checks import CHECKS
from workbench.schema import Check, one_station
from workbench.session.explained_ahead import ExplainedAhead
from workbench.session.question import Question, Tried

__all__ = ["AfterAnswer"]

_ATTENTION = "workbench.explain.attention:attention_of"
_EXPLAIN = "workbench.explain.run:explain"
_CHECK = "workbench.explain.checks:check_one"
_WHAT_IF = "workbench.explain.what_if:what_if"
_STRIP = "workbench.explain.what_if:shift_strip"

_PAUSE_S = 0.3
"""Before it begins: the answer is painted first, and who steps from pick to pick starts nothing that is stopped."""


class AfterAnswer:
    """The work of one :class:`~workbench.session.explaining.Explaining` once its answer is on the screen.

    What is seen at once comes first: attention, then the second picker, then the stability strip. Each has a queue of
    its own, for its errors stand in its card, and a hand is on the slider while the checks run.
    """

    def __init__(self, explaining: Any) -> None:
        self._explaining = explaining
        self._tries, self._checks = explaining.queue(self._no_try), explaining.queue(self._no_check)
        self._looks = explaining.queue(self._no_attention)
        self._seconds = explaining.queue(lambda error: setattr(explaining, "beside_problem", str(error)))
        self._strips = explaining.queue(lambda error: setattr(explaining, "strip_problem", str(error)))
        self._ahead = ExplainedAhead(explaining)
        self._pause = Timer(_PAUSE_S, lambda: None)
        self._asked_why: Tried | None = None

    @property
    def n_checks(self) -> int:
        """That follow an answer."""
        return len(CHECKS)

    def cancel(self) -> None:
        """Stop it all; what has come stays."""
        self._pause.cancel()
        self._ahead.cancel()
        for queue in (self._looks, self._seconds, self._checks, self._strips, self._tries):
            queue.cancel()

    def begin(self) -> None:
        """Start what follows the answer that has just come, once it is on the screen."""
        one = self._explaining
        self._pause.cancel()
        follow = partial(self._follow, one.question, one.attribution)
        self._pause = Timer(_PAUSE_S, lambda: one.session.schedule(follow))
        self._pause.daemon = True
        self._pause.start()

    def _follow(self, question: Question, attribution: xr.Dataset) -> None:
        one = self._explaining
        if one.question != question or one.attribution is not attribution:
            return
        # First, for they are quick: the next key may ask for one of them.
        self._ahead.begin()
        arguments = one.arguments() | {name: getattr(one, name) for name in ("station", "time", "phase")}
        if not one.attention_known:  # Another method of the same question: what the network read is the same.
            self._send(_ATTENTION, "Attention to", self._keep_attention, queue=self._looks, **arguments)
        self.try_changes()
        self.ask_second()
        self._check()
        if one.strip is None:
            keep = partial(setattr, one, "strip")
            self._send(_STRIP, "Shifting the window of", keep, queue=self._strips, **arguments)

    def ask_second(self) -> None:
        """The same question to the second picker, if there is one."""
        one = self._explaining
        self._seconds.cancel()
        one.beside, one.beside_problem = None, ""
        run = one.session.runs.get(one.second)
        if one.attribution is None or run is None or one.phase not in run.card.phases:
            return
        keep, arguments = partial(setattr, one, "beside"), one.question_arguments(one.second)
        self._send(_EXPLAIN, "Explaining", keep, queue=self._seconds, **arguments)

    def _check(self) -> None:
        one = self._explaining
        for name in CHECKS:
            arguments = one.arguments() | {"attribution": one.attribution, "name": name}
            self._send(_CHECK, "Checking", self._keep_check, queue=self._checks, **arguments)

    def _keep_attention(self, layers: list[xr.Dataset]) -> None:
        one = self._explaining
        one.param.update(
            attention=layers, attention_known=True, attention_problem="", layer=_first_global(layers), head=0,
            pointed=None,
        )  # fmt: skip

    def _no_attention(self, error: WorkbenchError) -> None:
        self._explaining.attention_problem = str(error)
        self._explaining.tell_error(error)

    def _keep_check(self, check: Check) -> None:
        one = self._explaining
        one.param.update(checks=[*one.checks, check], checks_left=max(0, one.checks_left - 1))

    def _no_check(self, error: WorkbenchError) -> None:
        self._explaining.checks_left = max(0, self._explaining.checks_left - 1)
        self._explaining.tell_error(error)

    def _send(
        self, function: str, title: str, done: Callable[[Any], None], *, queue: JobQueue, **arguments: Any
    ) -> None:
        """Run it behind; what comes back for a question that is no longer asked is dropped."""
        one = self._explaining
        question, attribution = one.question, one.attribution

        def keep(value: Any) -> None:
            if one.question == question and one.attribution is attribution:
                done(value)

        one.send(queue, function, title, keep, **arguments)

    # ---- what if

    def try_changes(self) -> None:
        """See what the picker makes of the changed copy, then why; a later change replaces an earlier one."""
        one = self._explaining
        self._tries.cancel()
        self._asked_why, one.try_problem = None, ""
        changes = one.changes
        if changes is None or changes.nothing or one.attribution is None:
            one.tried = None
            return
        arguments = one.arguments() | {name: getattr(one, name) for name in ("station", "phase", "time")}
        done = partial(self._keep_tried, one.question, changes)
        one.send(self._tries, _WHAT_IF, "Trying", done, changes=changes, **arguments)

    def _keep_tried(self, question: Question, changes: Any, found: Any) -> None:
        one = self._explaining
        if one.question != question or one.changes is not changes:
            return
        run = one.run
        limit = run.card.to_probability(run.thresholds.get(one.phase, 0.0)) if run is not None else 0.0
        there = pd.notna(found.pick_time) and found.probability >= limit
        recording = _onto(one_station(one.session.recording, one.station), found.recording)
        pick_time = found.pick_time if there else None
        self._asked_why = one.tried = tried = Tried(recording, found.annotations, pick_time, float(found.probability))
        # Where the pick is gone, why so little speaks for it is the explanation.
        arguments = one.question_arguments() | {"recording": recording, "window_start": found.window_start}
        if there:
            arguments["time"] = pick_time
        one.send(self._tries, _EXPLAIN, "Explaining", partial(self._keep_why, tried), **arguments)

    def _no_try(self, error: WorkbenchError) -> None:
        """Say why the changes cannot be tried, or why what came of them leaves nothing to explain."""
        one = self._explaining
        if self._asked_why is not None:
            one.tried = replace(self._asked_why, problem=str(error))
        else:
            one.param.update(tried=None, try_problem=str(error))

    def _keep_why(self, tried: Tried, attribution: xr.Dataset) -> None:
        if self._explaining.tried is tried:
            self._explaining.tried = replace(tried, attribution=attribution)


def _onto(recording: xr.Dataset, changed_part: xr.Dataset) -> xr.Dataset:
    """The recording of one station, with the changed samples where they were made."""
    waveform = recording["waveform"].values.copy()
    first = int(recording.indexes["time"].searchsorted(changed_part["time"].values[0]))
    waveform[:, :, first : first + changed_part.sizes["time"]] = changed_part["waveform"].values
    return recording.assign(waveform=(recording["waveform"].dims, waveform))


def _first_global(layers: list[xr.Dataset]) -> int:
    """The last layer over the whole window, as that is what the picks were made from; else the first of all."""
    found = [n for n, layer in enumerate(layers) if str(layer.attrs["title"]).startswith("global")]
    return found[-1] if found else 0
