"""Checks on known ground: an honest explanation passes, a made-up one fails the check that is there to find it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import xarray as xr

from tests.explain.known_networks import IgnoresWeights, KnownPicker, Linear, at, bursts
from workbench.errors import JobCancelledError, UnknownNameError
from workbench.explain.base import Attributed
from workbench.explain.checks import CHECKS, check_explanation, check_one
from workbench.explain.checks.case import open_case
from workbench.explain.gradients import Saliency
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
    for name in ("adds_up", "onset", "removal", "weights", "shifts", "agreement"):
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


def show(values_of: Callable[[torch.Tensor], torch.Tensor], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let saliency be a picture of the input, whatever the network says."""
    attribute = lambda _, question, __: Attributed(values_of(question.inputs))  # noqa: E731
    monkeypatch.setattr(Saliency, "attribute", attribute)


@pytest.mark.parametrize("method", ["input_x_gradient", "integrated_gradients", "gradient_shap", "saliency"])
def test_what_was_learned_falls_apart_with_the_weights_though_the_input_stays(
    recording: xr.Dataset, picker: KnownPicker, method: str
) -> None:
    found = check_one(recording, explain(recording, picker, method=method, **ASKED), picker, name="weights")
    assert found.verdict == "pass", found
    assert abs(found.figures["correlation"]) < 0.25
    if method != "saliency":
        assert found.figures["with_loudness_and_nearness"] > 0.3, "a product with the input keeps its shape"


@pytest.mark.parametrize("method", ["input_x_gradient", "integrated_gradients", "saliency"])
def test_a_network_that_ignores_its_weights_is_found_out(recording: xr.Dataset, method: str) -> None:
    picker = KnownPicker(IgnoresWeights())
    found = check_one(recording, explain(recording, picker, method=method, **ASKED), picker, name="weights")
    assert found.verdict == "fail"
    assert found.figures["correlation"] > 0.99


def test_a_drawing_of_edges_is_found_out(
    recording: xr.Dataset, picker: KnownPicker, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(lambda inputs: inputs.diff(dim=-1, prepend=0 * inputs[..., :1]).abs(), monkeypatch)
    found = check_one(recording, explain(recording, picker, method="saliency", **ASKED), picker, name="weights")
    assert found.verdict == "fail"
    assert found.figures["correlation"] > 0.99


def test_the_input_itself_is_found_out_though_nothing_is_left_beyond_it(
    recording: xr.Dataset, picker: KnownPicker, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(torch.abs, monkeypatch)
    found = check_one(recording, explain(recording, picker, method="saliency", **ASKED), picker, name="weights")
    assert found.verdict == "fail"
    assert "it shows the input" in found.words
    assert found.figures["loudness_and_nearness"] > 0.99


def test_weight_that_lies_on_padding_alone_is_not_called_near_or_far(
    recording: xr.Dataset, picker: KnownPicker
) -> None:
    explained = explain(recording, picker, method="saliency", **ASKED)
    explained["attribution"].values[np.isfinite(explained["attribution"].values)] = 0.0
    for name in ("onset", "weights", "shifts", "agreement"):
        found = check_one(recording, explained, picker, name=name)
        assert (found.verdict, found.words) == (
            "none",
            "All of the weight lies on padding: no sample of the recording has any.",
        )


def test_equal_numbers_are_not_ranked_by_their_last_digits(recording: xr.Dataset, picker: KnownPicker) -> None:
    """On the way back from the recording's samples, equal numbers come apart."""
    explained = explain(recording, picker, method="shapley", **ASKED)
    case = open_case(recording, explained, picker)
    assert np.unique(case.values[case.window.there].numpy()).size > 12
    assert case.cannot_rank.startswith("Too few numbers to rank")


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
