"""``Explaining``: one question asked of a picker ("why S here?"), its answer, and whether that can be believed.

Views read the parameters and call the methods. Nothing is computed here: work goes to the session's kernel and comes
back through the session's ``schedule``; what comes back for a question that is no longer asked is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import Timer
from typing import Any

import pandas as pd
import param
import xarray as xr

from workbench.compute.queue import JobQueue
from workbench.errors import PickerError, UnknownNameError, WorkbenchError
from workbench.explain import EXPLAINERS
from workbench.explain.changes import Changes, Mute
from workbench.inference.runs import PickerRun
from workbench.schema import ATTRIBUTION_TARGETS, Check, Job, one_station
from workbench.session.after_answer import AfterAnswer
from workbench.session.afterwards import Afterwards
from workbench.session.bare_place import bare_place
from workbench.session.first_question import FirstQuestion
from workbench.session.kept_answers import KeptAnswers
from workbench.session.notice import Notice
from workbench.session.onsets import explainable_onsets, nearest_onset
from workbench.session.question import Question
from workbench.session.session import Session

__all__ = ["Explaining"]

_EXPLAIN = "workbench.explain.run:explain"
_STAYS_S = 0.15
"""That the answer before stays on the screen: most answers have come by then, and nothing blinks."""


class Explaining(param.Parameterized):
    """What one user asks of the pickers of a session, and what came back.

    Parameters
    ----------
    session
        Whose open recording, pickers, kernel and notices are used.
    auto
        Whether the first pick is explained as soon as there is one.
    """

    # ---- the question; set by the methods below, which ask it at once
    station = param.String("", doc="That is explained: NET.STA.LOC.")
    phase = param.String("", doc="A phase of the picker, or 'Detection'.")
    time = param.Parameter(doc="That is explained: naive UTC Timestamp, or None where nothing is asked.")
    picker = param.String("", doc="Key of the picker on the session's list.")
    second = param.String("", doc="Key of a second picker beside it; empty for none.")
    method = param.String("integrated_gradients", doc="Name of the explainer.")
    target = param.Selector(default="probability", objects=list(ATTRIBUTION_TARGETS))
    baseline = param.String("zero", doc="What the waveform is compared with: 'zero', 'noise' or 'blurred'.")

    # ---- the answer
    question = param.Parameter(doc="The Question that was asked last, or None.")
    busy = param.Boolean(False, doc="Whether its answer is being made.")
    problem = param.String("", doc="Why there is no answer, in words.")
    attribution = param.Parameter(
        doc="Attribution of the question (one station, on the axes of the recording), or None. It may still be that of "
        "the question before while busy: read method, phase and time from its attrs."
    )
    bare = param.Parameter(
        doc="Where there is no attribution: one of the place that is asked about with no number in it (see "
        "workbench.session.bare_place), for the traces are shown all the same; or None."
    )
    beside = param.Parameter(doc="Attribution by the second picker, or None.")
    beside_problem = param.String("", doc="Why there is none, in words.")
    attention = param.List([], doc="Attention of each layer over the same window; empty where there is none.")
    attention_known = param.Boolean(False, doc="Whether the list above has come: an empty one means 'has none'.")
    attention_problem = param.String("", doc="Why it could not be looked for, in words.")
    checks = param.List([], item_type=Check, doc="Of the attribution, in the order in which they came.")
    judges_changed = param.Boolean(False, doc="Whether attention and checks are of the changed copy of a what-if.")
    checks_left = param.Integer(0, doc="Checks that are still being made.")

    # ---- what if
    changes = param.Parameter(doc="workbench.explain.what_if.Changes to a copy of the waveform, or None.")
    tried = param.Parameter(doc="What came of them: Tried, or None.")
    try_problem = param.String("", doc="Why nothing came of them, in words.")
    strip = param.Parameter(doc="Pick time and probability over offsets of the window (Dataset), or None.")
    strip_problem = param.String("", doc="Why it cannot be made, in words.")
    brushing = param.Boolean(False, doc="Whether a drag over the traces mutes what it covers.")

    # ---- linked views
    spot = param.Parameter(doc="(start, end) Timestamps that light up on the traces, or None.")
    pointed = param.Parameter(doc="(row, column) of the attention's cell under the pointer: who reads whom, or None.")
    layer = param.Integer(0, bounds=(0, None), doc="Which layer's attention is shown.")
    head = param.Integer(0, bounds=(0, None), doc="Which head's attention, from 1; 0 is the mean of all.")
    view = param.Parameter(doc="(start, end) of the time on the screen, or None for some seconds around the pick.")

    job = param.Parameter(doc="The Job in hand, or the last one, or None.")

    def __init__(self, session: Session, *, auto: bool = False, **params: Any) -> None:
        super().__init__(**params)
        self.session = session
        self.afterwards = Afterwards(session)
        self.kept = KeptAnswers()
        self._first = FirstQuestion(self, auto=auto)
        self._placed: tuple[Any, ...] | None = None
        self._stays = Timer(_STAYS_S, lambda: None)
        self._listed: tuple[Any, Any, pd.DataFrame] | None = None
        self._front = self.queue(self._fail)
        self._after = AfterAnswer(self)
        self._watchers = [
            session.param.watch(lambda *_: self._open(), "recording"),
            session.param.watch(lambda *_: self._first.look(), "runs"),
        ]
        self._first.look()

    def queue(self, on_error: Callable[[WorkbenchError], None] | None = None) -> JobQueue:
        """Another queue of jobs; their errors become notices, if nothing else is to be done about them."""
        session = self.session
        return JobQueue(
            session.kernels.backend,
            schedule=lambda function: session.schedule(function),
            on_job=self._tell_job,
            on_error=on_error or self.tell_error,
        )

    # ---- what can be asked

    @property
    def run(self) -> PickerRun | None:
        """The picker that is asked, with its curves of the open recording; None if it is not on the list."""
        return self.session.runs.get(self.picker)

    def pickers(self) -> dict[str, PickerRun]:
        """The networks on the session's list by key; what has no weights has nothing to look into."""
        return {key: run for key, run in self.session.runs.items() if run.card.weights}

    def onsets(self) -> pd.DataFrame:
        """Picks of the picker, and labels that it missed: identity, station, phase, time, who, probability."""
        run, labels = self.run, self.session.labels
        picks = None if run is None else run.picks
        if self._listed is None or self._listed[0] is not picks or self._listed[1] is not labels:
            self._listed = picks, labels, explainable_onsets(run, labels)
        return self._listed[2]

    # ---- asking

    def explain_at(self, time: pd.Timestamp, *, station: str = "", phase: str = "", picker: str = "") -> None:
        """Ask why there is, or is not, a phase at a time; what is not given stays as it is."""
        with param.parameterized.batch_call_watchers(self):
            self.time = pd.Timestamp(time)
            self.station = station or self.station or self.session.station
            self.picker = picker or self.picker
            self.phase = phase or self.phase or "P"
        if self.session.station != self.station:
            self.session.station = self.station

    def expect(self, time: pd.Timestamp, **where: str) -> None:
        """Ask that once the recording is open and the picker on the list; arguments as for :meth:`explain_at`."""
        self._first.expect(time, where)

    def explain_pick(self, identity: str) -> None:
        """Ask about a pick or a label.

        Raises
        ------
        UnknownNameError
            If there is none of that identity on the open recording.
        """
        labels, picks = self.session.labels, self.session.picks
        for table, column in ((labels, "label_id"), (labels, "pick_id"), (picks, "pick_id")):
            found = table[table[column] == identity]
            if len(found):
                row = found.iloc[-1]
                own = str(row.get("picker", ""))
                key = next((key for key, run in self.pickers().items() if (run.picks["pick_id"] == identity).any()), "")
                if own and not key and own not in ("catalog", ""):
                    raise WorkbenchError(
                        f"{own} has no network to look into; explain this onset with a network from the list."
                    )
                self.explain_at(row["time"], station=str(row["station"]), phase=str(row["phase"]), picker=key)
                return
        raise UnknownNameError("pick or label on this recording", identity)

    def step(self, by: int) -> None:
        """Ask about the pick that many further on; stops at either end."""
        onsets = self.onsets()
        if onsets.empty:
            raise WorkbenchError("There is no other pick: run a picker, lower its threshold, or click on the trace.")
        here = -1
        if self.time is not None:
            here = nearest_onset(onsets, self.station, self.phase, self.time)
            if here < 0:
                before = (onsets["station"] < self.station) | (
                    (onsets["station"] == self.station) & (onsets["time"] < self.time)
                )
                here = int(before.sum()) - (1 if by > 0 else 0)
        row = onsets.iloc[min(max(here + by, 0), len(onsets) - 1)]
        self.explain_at(row["time"], station=str(row["station"]), phase=str(row["phase"]))

    def ask_phase(self, phase: str) -> None:
        """Ask about the pick of that phase nearest to what is asked now; where there is none, about the same time."""
        onsets = self.onsets()
        own = onsets[(onsets["station"] == self.station) & (onsets["phase"] == phase)]
        time = self.time
        if len(own):
            time = own["time"].iloc[int((own["time"] - time).abs().argmin())]
        self.explain_at(time, phase=phase)

    def bring(self, slot: str, name: str, weights: str = "") -> None:
        """Load a picker onto the list in the background, then ask it; `slot` is ``"picker"`` or ``"second"``."""
        self._first.bring(slot, name)
        self.session.request_picker(name, weights)

    def next_method(self, by: int = 1) -> None:
        """Ask the same by the next method of the table."""
        names = list(EXPLAINERS)
        here = names.index(self.method) if self.method in names else -by
        self.method = names[(here + by) % len(names)]

    def mute(self, start: pd.Timestamp, end: pd.Timestamp, components: str = "") -> None:
        """Make one more part of a copy of the traces silent, and see what the picker says of that."""
        changes = self.changes or Changes()
        self.changes = replace(changes, mute=(*changes.mute, Mute(start, end, components)))

    @param.depends("changes", watch=True)
    def _try(self) -> None:
        self._after.try_changes()

    @param.depends("second", watch=True)
    def _ask_second(self) -> None:
        self._after.ask_second()

    def cancel(self) -> None:
        """Stop all work on the question; what has come stays."""
        self._stop()
        self.busy, self.checks_left = False, 0

    def _stop(self) -> None:
        self._stays.cancel()
        self._front.cancel()
        self._after.cancel()

    def clear(self) -> None:
        """Forget the question and all answers, for another recording is open."""
        self.cancel()
        with param.parameterized.batch_call_watchers(self):
            self.time = self.question = self.view = None
            self.station = ""
            self._forget("")
        self.kept.clear()

    def _open(self) -> None:
        self.clear()
        self._first.look()

    def close(self) -> None:
        """Stop all work, and listen to the session no more; nothing is told, for nobody may be left to hear it."""
        self._stop()
        for watcher in self._watchers:
            self.session.param.unwatch(watcher)
        self._watchers = []

    # ---- the work

    @param.depends("station", "phase", "time", "picker", "method", "target", "baseline", watch=True)
    def _ask(self) -> None:
        question = self._asked()
        if question is None or question == self.question:
            return
        self._stop()
        if question in self.kept:
            self.question = question
            self._take(question, self.kept[question])
            return
        with self.session.hold():
            self.param.update(question=question, busy=True, problem="", checks_left=0)
        if self._is_of_another_place(question):
            self._stays = Timer(_STAYS_S, lambda: self.session.schedule(partial(self._let_go, question)))
            self._stays.daemon = True
            self._stays.start()
        self.send(self._front, _EXPLAIN, "Explaining", partial(self._take, question), **self.question_arguments())

    def _is_of_another_place(self, question: Question) -> bool:
        """Whether what is on the screen belongs to another pick or picker than a question."""
        return self._placed is not None and self._placed != _place(question)

    def _let_go(self, question: Question) -> None:
        """Take the answer before off the screen, if that of a question has not come by now."""
        if self.question == question and self.busy and self._is_of_another_place(question):
            with self.session.hold(), param.parameterized.batch_call_watchers(self):
                self._forget("", bare=True)
                self.busy = True

    def _asked(self) -> Question | None:
        run = self.run
        if self.session.recording is None or self.time is None or run is None or not self.station:
            return None
        if self.phase not in run.card.phases:
            # What is on the screen would stand under another picker's name.
            self.cancel()
            self.question = None
            self._forget(f"{run.card.title} has no {self.phase}; it gives {', '.join(run.card.phases)}.", bare=True)
            return None
        return Question(
            self.session.recording_id, self.picker, self.station, self.phase, self.time,
            self.method, self.target, self.baseline,
        )  # fmt: skip

    def arguments(self, key: str = "") -> dict[str, Any]:
        """What every function here is told: the one station that is asked about, and the picker (or another)."""
        arguments = self.session.run_arguments(key or self.picker, one_station(self.session.recording, self.station))
        return {name: arguments[name] for name in ("recording", "picker", "weights")}

    def question_arguments(self, key: str = "") -> dict[str, Any]:
        """Of :func:`workbench.explain.run.explain`."""
        names = ("station", "phase", "time", "method", "target", "baseline")
        return self.arguments(key) | {name: getattr(self, name) for name in names}

    def send(self, queue: JobQueue, function: str, title: str, done: Callable[[Any], None], **arguments: Any) -> None:
        """Run ``"module:function"`` on the session's kernel; `done` gets what it returned, on the owner's thread."""
        queue.use(self.session.kernels.backend)
        queue.add(
            function, title=f"{title} {self.phase} on {self.station}", done=lambda value, _: done(value), **arguments
        )

    def _take(self, question: Question, attribution: xr.Dataset) -> None:
        self.kept.keep(question, attribution)
        if question != self.question:
            return
        self._stays.cancel()
        with self.session.hold(), param.parameterized.batch_call_watchers(self):
            if self._is_of_another_place(question):
                self._forget("", but_for=attribution)
            self.checks, self.checks_left, self.problem, self.busy = [], self._after.n_checks, "", False
            self.bare = self.beside = self.tried = None
            if self.attribution is not attribution:
                self.attribution = attribution
        self._placed = _place(question)
        self._after.begin()

    def _forget(self, problem: str, but_for: xr.Dataset | None = None, *, bare: bool = False) -> None:
        before = self.bare if self.attribution is None else self.attribution
        # As _place of a question; a phase that the picker does not know makes none.
        here = (self.session.recording_id, self.picker, self.station, self.phase, self.time)
        self._placed = here if bare else None
        with param.parameterized.batch_call_watchers(self):
            # Set once: to param, comparing a Dataset with what was there takes milliseconds.
            self.attribution = but_for
            self.bare = bare_place(self, before) if bare else None
            self.beside = self.tried = self.strip = self.spot = None
            self.attention, self.attention_known, self.attention_problem, self.checks = [], False, "", []
            self.busy, self.problem, self.changes = False, problem, None
            self.beside_problem = self.strip_problem = self.try_problem = ""

    def _fail(self, error: WorkbenchError) -> None:
        self.question = None
        with self.session.hold():
            self._forget(str(error), bare=True)
            # A refusal is an answer, and stands beside the traces.
            if not isinstance(error, PickerError):
                self.tell_error(error)

    def tell_error(self, error: WorkbenchError) -> None:
        """Make an error a notice of the session."""
        self.session.notice = Notice("error", str(error))

    def _tell_job(self, job: Job) -> None:
        self.job = job
        self.session.kernels.note(job)


def _place(question: Question) -> tuple[Any, ...]:
    """What stays on the screen belongs to this: another method of the same pick replaces it when it has come."""
    return question.recording_id, question.picker, question.station, question.phase, question.time
