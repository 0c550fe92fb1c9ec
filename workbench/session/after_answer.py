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
from workbench.explain.attention_layers import last_global
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

_OF_WINDOW = {"time": "target_time", "window_start": "window_start"}
"""Arguments of attention_of, and the attributes of an attribution that name the same window."""

_OF_PLAIN = ("checks", "attention", "attention_known", "attention_problem")
"""What is known of an answer, and comes back with it."""

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
        self._followed = False
        self._asked_why: Tried | None = None
        self._judged: xr.Dataset | None = None
        self._plain: tuple[xr.Dataset | None, dict[str, Any]] = (None, {})

    @property
    def n_checks(self) -> int:
        """That follow an answer."""
        return len(CHECKS)

    def cancel(self) -> None:
        """Stop it all; what has come stays."""
        self._pause.cancel()
        self._judged = None
        self._ahead.cancel()
        for queue in (self._looks, self._seconds, self._checks, self._strips, self._tries):
            queue.cancel()

    def begin(self) -> None:
        """Start what follows the answer that has just come, once it is on the screen."""
        one, self._judged, self._followed = self._explaining, None, False
        if one.judges_changed:
            one.param.update(judges_changed=False, attention_known=False)
        self._go_on_in_a_moment()

    def _go_on_in_a_moment(self) -> None:
        """Go on after the pause, unless something else is wanted by then."""
        one = self._explaining
        go_on = partial(self._go_on, one.question, one.attribution)
        self._pause.cancel()
        self._pause = Timer(_PAUSE_S, lambda: one.session.schedule(go_on))
        self._pause.daemon = True
        self._pause.start()

    def _go_on(self, question: Question, attribution: xr.Dataset) -> None:
        """What follows the answer, if that has not begun; else judge what is on the screen by now."""
        if self._explaining.question != question or self._explaining.attribution is not attribution:
            return
        if self._followed:
            self._judge()
        else:
            self._followed = True
            self._follow()

    def _follow(self) -> None:
        one = self._explaining
        # First, for they are quick: the next key may ask for one of them.
        self._ahead.begin()
        # Of a change that was tried before the pause was over, all is there or on its way.
        is_explained = one.tried is not None and one.tried.attribution is not None
        if is_explained or one.changes is None or one.changes.nothing:
            self._judge()
        if one.tried is None:
            self.try_changes()
        self.ask_second()
        if one.strip is None:
            arguments = one.arguments() | {name: getattr(one, name) for name in ("station", "time", "phase")}
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

    def _judge(self) -> None:
        """Attention and checks of what is on the screen: of the changed copy while a what-if stands, else as read."""
        one, tried = self._explaining, self._explaining.tried
        changed = tried is not None and tried.attribution is not None
        attribution = tried.attribution if changed else one.attribution
        if attribution is None or attribution is self._judged:
            return
        looked = one.attention_known or bool(one.attention_problem)
        if self._judged is one.attribution and looked and not one.checks_left:
            # Known for who takes the changes back.
            self._plain = one.attribution, {name: getattr(one, name) for name in _OF_PLAIN}
        was_changed, self._judged = one.judges_changed, attribution
        self._looks.cancel()
        self._checks.cancel()
        one.judges_changed = changed
        if attribution is self._plain[0]:
            one.param.update(checks_left=0, **self._plain[1])
            return
        one.param.update(checks=[], checks_left=self.n_checks)
        attrs = attribution.attrs
        arguments = one.arguments() | {"recording": tried.recording} if changed else one.arguments()
        # Another method of the same question: what the network read is the same.
        if changed or was_changed or not one.attention_known:
            own = (
                {name: pd.Timestamp(attrs[key]) for name, key in _OF_WINDOW.items()} if changed else {"time": one.time}
            )
            self._send(
                _ATTENTION, "Attention to", self._keep_attention, queue=self._looks,
                **arguments, station=one.station, phase=one.phase, **own,
            )  # fmt: skip
        for name in CHECKS:
            self._send(
                _CHECK, "Checking", self._keep_check, queue=self._checks,
                **arguments, attribution=attribution, name=name,
            )  # fmt: skip

    def _keep_attention(self, layers: list[xr.Dataset]) -> None:
        one = self._explaining
        one.param.update(
            attention=layers, attention_known=True, attention_problem="", layer=last_global(layers), head=0,
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
        question, attribution, judged = one.question, one.attribution, self._judged

        def keep(value: Any) -> None:
            of_this = self._judged is judged or queue not in (self._looks, self._checks)
            if one.question == question and one.attribution is attribution and of_this:
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
            # Or where nothing was judged yet, because a change stood when the pause ended.
            if self._judged is not None or (self._followed and one.checks_left):
                self._judge()
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
        self._judge()

    def _keep_why(self, tried: Tried, attribution: xr.Dataset) -> None:
        if self._explaining.tried is tried:
            self._explaining.tried = replace(tried, attribution=attribution)
            self._go_on_in_a_moment()


def _onto(recording: xr.Dataset, changed_part: xr.Dataset) -> xr.Dataset:
    """The recording of one station, with the changed samples where they were made."""
    waveform = recording["waveform"].values.copy()
    first = int(recording.indexes["time"].searchsorted(changed_part["time"].values[0]))
    waveform[:, :, first : first + changed_part.sizes["time"]] = changed_part["waveform"].values
    changed = recording.assign(waveform=(recording["waveform"].dims, waveform))
    return changed.assign_attrs(history=changed_part.attrs["history"])
