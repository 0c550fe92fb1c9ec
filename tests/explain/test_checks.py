"""Checks on known ground: an honest explanation passes, a made-up one fails the check that is there to find it."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from tests.explain.known_networks import KnownPicker, Linear, at, bursts
from workbench.errors import JobCancelledError, UnknownNameError
from workbench.explain.checks import CHECKS, check_explanation, check_one
from workbench.explain.run import explain
from workbench.schema import Check

ASKED = {"station": "XX.A.", "phase": "P", "time": at(45.2)}


@pytest.fixture(scope="module")
def recording() -> xr.Dataset:
    return bursts(45.0)


@pytest.fixture(scope="module")
def picker() -> KnownPicker:
    return KnownPicker(Linear())


def checked(recording: xr.Dataset, explained: xr.Dataset, picker: KnownPicker) -> dict[str, Check]:
    return {check.name: check for check in check_explanation(recording, explained, picker)}


def test_an_honest_explanation_of_a_linear_network_holds(recording: xr.Dataset, picker: KnownPicker) -> None:
    explained = explain(recording, picker, method="integrated_gradients", **ASKED)
    found = checked(recording, explained, picker)
    assert list(found) == list(CHECKS)
    for name in ("adds_up", "onset", "removal", "shifts", "agreement"):
        assert found[name].verdict == "pass", found[name]
    assert found["adds_up"].figures["gap"] < 1e-3
    assert found["shifts"].figures["lowest"] > 0.99


def test_random_numbers_are_found_out(recording: xr.Dataset, picker: KnownPicker) -> None:
    explained = explain(recording, picker, method="integrated_gradients", **ASKED)
    values = explained["attribution"].values
    held = np.isfinite(values)
    values[held] = np.random.default_rng(0).normal(0, 0.1, held.sum())
    found = checked(recording, explained, picker)
    for name in ("adds_up", "onset", "removal", "shifts", "agreement"):
        assert found[name].verdict == "fail", found[name]


def test_what_does_not_look_at_the_weights_is_found_out(
    recording: xr.Dataset, picker: KnownPicker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.explain.base import Attributed
    from workbench.explain.gradients import Saliency

    monkeypatch.setattr(
        Saliency,
        "attribute",
        lambda _, question, __: Attributed(question.inputs.diff(dim=-1, prepend=0 * question.inputs[..., :1]).abs()),
    )
    explained = explain(recording, picker, method="saliency", **ASKED)
    found = check_one(recording, explained, picker, name="weights")
    assert found.verdict == "fail"
    assert found.figures["correlation"] > 0.99
    monkeypatch.undo()
    honest = explain(recording, picker, method="saliency", **ASKED)
    assert check_one(recording, honest, picker, name="weights").figures["correlation"] < found.figures["correlation"]


def test_a_check_that_cannot_be_made_says_why(recording: xr.Dataset, picker: KnownPicker) -> None:
    explained = explain(recording, picker, method="saliency", **ASKED)
    found = check_one(recording, explained, picker, name="adds_up")
    assert found.verdict == "none"
    assert "does not promise" in found.words


def test_checks_can_be_stopped_and_come_one_by_one(recording: xr.Dataset, picker: KnownPicker) -> None:
    explained = explain(recording, picker, method="integrated_gradients", **ASKED)
    came: list[Check] = []

    def stop(fraction: float, step: str) -> None:
        if step.startswith("randomising"):
            raise JobCancelledError("stopped")

    with pytest.raises(JobCancelledError):
        check_explanation(recording, explained, picker, report=stop, on_check=came.append)
    assert [check.name for check in came] == ["adds_up", "onset", "removal"]


def test_an_unknown_check_is_named(recording: xr.Dataset, picker: KnownPicker) -> None:
    explained = explain(recording, picker, method="saliency", **ASKED)
    with pytest.raises(UnknownNameError, match="adds_up"):
        check_one(recording, explained, picker, name="ads_up")
