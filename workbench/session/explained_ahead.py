"""``ExplainedAhead``: the picks beside the one on the screen, and its other quick methods, before anybody asks."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from workbench.compute.queue import JobQueue
from workbench.schema import one_station
from workbench.session.onsets import nearest_onset
from workbench.session.question import Question

__all__ = ["ExplainedAhead"]

_EXPLAIN = "workbench.explain.run:explain"
_ONE_PASS = ("saliency", "input_x_gradient", "grad_cam")
"""Methods that cost one pass through the network; of the others, none is made that may never be looked at."""

_QUICK = ("saliency", "input_x_gradient")
"""Those of them that load nothing more: to load Captum takes a second, in which a click would wait."""

_N_AHEAD = 6
_MOST_BYTES = 16_000_000
"""Of an explanation; a longer recording's would drive out what has been looked at."""


class ExplainedAhead:
    """Asks about the onsets nearest in the list by a method of one pass; of a slower one, the same by quick methods.

    Whatever the user asks comes first, for it stops this.

    What cannot be explained is said when it is asked for, not before.
    """

    def __init__(self, explaining: Any) -> None:
        self._explaining = explaining
        self._queue = JobQueue(
            explaining.session.kernels.backend,
            schedule=lambda function: explaining.session.schedule(function),
            on_job=lambda _: None,
            on_error=lambda _: None,
        )

    def cancel(self) -> None:
        """Stop it; what has come is kept."""
        self._queue.cancel()

    def begin(self) -> None:
        """Explain what may be asked next to the question on the screen, as far as it is not kept."""
        one = self._explaining
        if one.question is None or one.attribution is None or one.attribution.nbytes > _MOST_BYTES:
            return
        if one.method in _ONE_PASS:
            self._explain_neighbours()
        else:
            for method in _QUICK:
                self._explain(replace(one.question, method=method))

    def _explain_neighbours(self) -> None:
        """The nearest onsets first."""
        one = self._explaining
        onsets = one.onsets()
        here = nearest_onset(onsets, one.station, one.phase, one.time) if len(onsets) else -1
        if here < 0:
            return
        rows = sorted(range(len(onsets)), key=lambda row: (abs(row - here), row < here))
        for row in rows[1 : _N_AHEAD + 1]:
            onset = onsets.iloc[row]
            own = {"station": str(onset["station"]), "phase": str(onset["phase"]), "time": onset["time"]}
            self._explain(replace(one.question, **own))

    def _explain(self, question: Question) -> None:
        one = self._explaining
        if question.phase not in one.run.card.phases or question in one.kept:
            return
        own = {name: getattr(question, name) for name in ("station", "phase", "time", "method")}
        recording = one_station(one.session.recording, question.station)
        arguments = one.question_arguments() | own | {"recording": recording}
        one.send(self._queue, _EXPLAIN, "Explaining", partial(one.kept.keep, question), **arguments)
