"""What the Explain page asks for runs on every backend alike: answers, words of refusal, progress and cancel."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from tests.compute.places import PLACES, open_backend
from workbench.compute import Backend
from workbench.errors import JobCancelledError, PickerError
from workbench.explain.changes import Changes
from workbench.explain.checks import check_one
from workbench.explain.run import explain
from workbench.explain.what_if import shift_strip, what_if
from workbench.inference.picking import picks_from
from workbench.inference.run import annotate
from workbench.pickers import open_picker
from workbench.schema import Job
from workbench.sources import open_source

PATIENCE_S = 240.0
EXPLAIN = "workbench.explain.run:explain"


@pytest.fixture(scope="module", params=PLACES)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    with open_backend(request.param) as backend:
        yield backend


@pytest.fixture(scope="module")
def asked() -> dict[str, Any]:
    """What every function of the page is told, about the surest P of the bundled recording."""
    source = open_source("examples")
    recording = source.read(str(source.scan()["recording_id"].iloc[0]))
    picks = picks_from(annotate(recording, "xiaonet"), open_picker("xiaonet").card)
    pick = picks[picks["phase"] == "P"].sort_values("probability").iloc[-1]
    return {"recording": recording, "picker": "xiaonet", "station": pick["station"], "time": pick["time"]}


def test_answers_are_those_of_this_process(backend: Backend, asked: dict[str, Any]) -> None:
    def there(function: str, **arguments: Any) -> Any:
        return backend.result(backend.submit(f"workbench.explain.{function}", **arguments).job_id, PATIENCE_S)

    question = asked | {"phase": "P", "method": "saliency"}
    here, found = explain(**question), there("run:explain", **question)
    xr.testing.assert_allclose(found, here, rtol=1e-4)
    assert set(found.attrs) == set(here.attrs)
    judged = {"recording": asked["recording"], "attribution": here, "picker": "xiaonet", "name": "onset"}
    assert there("checks:check_one", **judged).words == check_one(**judged).words
    changed = asked | {"phase": "P", "changes": Changes(drop="N", flip="Z")}
    tried, as_here = there("what_if:what_if", **changed), what_if(**changed)
    assert tried.probability == pytest.approx(as_here.probability, rel=1e-4)
    assert tried.recording.attrs["history"] == as_here.recording.attrs["history"]
    strip = there("what_if:shift_strip", **asked, phase="P")
    xr.testing.assert_allclose(strip, shift_strip(**asked, phase="P"), rtol=1e-4)
    assert there("attention:attention_of", **asked, phase="P") == []


def test_a_refusal_comes_back_in_its_own_words(backend: Backend, asked: dict[str, Any]) -> None:
    outside = asked | {"phase": "P", "time": pd.Timestamp("1999-01-01")}
    with pytest.raises(PickerError, match="lies outside the recording, which runs from"):
        backend.result(backend.submit(EXPLAIN, **outside).job_id, PATIENCE_S)


def test_it_tells_how_far_it_is_and_stops_when_told(backend: Backend, asked: dict[str, Any]) -> None:
    steps: list[str] = []
    further = threading.Event()

    def on_change(job: Job) -> None:
        steps.append(job.step)
        if job.fraction > 0 and "window" in job.step and np.isfinite(job.fraction):
            further.set()

    job = backend.submit(
        EXPLAIN, on_change=on_change, **asked, phase="P", method="occlusion", length_s=0.02, step_s=0.01
    )
    assert further.wait(PATIENCE_S), steps
    backend.cancel(job.job_id)
    with pytest.raises(JobCancelledError):
        backend.result(job.job_id, PATIENCE_S)
