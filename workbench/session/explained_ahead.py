"""``ExplainedAhead``: the picks beside the one on the screen, explained before they are asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from workbench.compute.queue import JobQueue
from workbench.schema import one_station
from workbench.session.onsets import nearest_onset

__all__ = ["ExplainedAhead"]

_EXPLAIN = "workbench.explain.run:explain"
_ONE_PASS = ("saliency", "input_x_gradient", "grad_cam")
"""Methods that cost one pass through the network; of the others, none is made that may never be looked at."""

_N_AHEAD = 6


class ExplainedAhead:
    """Asks for the onsets nearest in the list; whatever the user asks comes first, for it stops this.

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
        """Explain the neighbours of the question on the screen that are not kept, the nearest first."""
        one = self._explaining
        if one.method not in _ONE_PASS or one.question is None:
            return
        onsets = one.onsets()
        here = nearest_onset(onsets, one.station, one.phase, one.time) if len(onsets) else -1
        if here < 0:
            return
        rows = sorted(range(len(onsets)), key=lambda row: (abs(row - here), row < here))
        for row in rows[1 : _N_AHEAD + 1]:
            onset = onsets.iloc[row]
            own = {"station": str(onset["station"]), "phase": str(onset["phase"]), "time": onset["time"]}
            question = replace(one.question, **own)
            if question.phase in one.run.card.phases and not one.keeps(question):
                recording = one_station(one.session.recording, question.station)
                arguments = one.question_arguments() | own | {"recording": recording}
                one.send(self._queue, _EXPLAIN, "Explaining", partial(one.keep, question), **arguments)
