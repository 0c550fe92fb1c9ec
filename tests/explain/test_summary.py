"""Shares of components and seconds, and the words made of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from workbench.explain.summary import summarise
from workbench.schema import make_attribution, make_recording

START = pd.Timestamp("2024-01-01")
AT_S = 15.0


def attribution(parts: dict[tuple[str, float], float], method: str = "integrated_gradients") -> xr.Dataset:
    """One sample of the weight given for each component and number of seconds from the pick."""
    recording = make_recording(
        np.zeros((1, 3, 3000), np.float32),
        stations=["XX.A."],
        components=list("ZNE"),
        start=START,
        sampling_rate_hz=100.0,
        recording_id="r",
        source="test",
    )
    values = np.zeros((3, 3000))
    for (component, seconds), weight in parts.items():
        values["ZNE".index(component), round((AT_S + seconds) * 100)] = weight
    return make_attribution(
        values,
        recording,
        station="XX.A.",
        picker="known",
        weights="",
        weights_hash="",
        phase="S",
        target="probability",
        target_time=START + pd.Timedelta(AT_S, "s"),
        target_half_width_s=0.1,
        method=method,
        baseline="zero",
        value=0.9,
        baseline_value=0.0,
        convergence_delta=0.0,
        window_start=START,
        window_s=30.0,
        settings={},
        versions={},
        seconds=0.1,
    )


def test_shares_of_components_seconds_and_signs() -> None:
    found = summarise(attribution({("E", -6): 0.5, ("E", 1): 0.14, ("Z", -1): -0.16, ("N", 5): 0.2}))
    assert {share.name: share.whole for share in found.components} == pytest.approx({"Z": 0.16, "N": 0.2, "E": 0.64})
    assert [share.whole for share in found.seconds] == pytest.approx([0.5, 0, 0.16, 0.14, 0.2])
    assert found.negative == pytest.approx(0.16)
    assert found.before == pytest.approx(0.66)
    assert found.after == pytest.approx(0.34)


def test_words_say_what_surprises() -> None:
    words = summarise(attribution({("E", -6): 0.64, ("Z", -7): 0.07, ("Z", 1): 0.29})).words
    assert words == "Mostly E (64 %), but 71 % of the weight lies more than 5 s before the pick."
    words = summarise(attribution({("Z", 0): 0.8, ("N", 1): -0.1, ("E", 3): 0.1})).words
    assert words == "Mostly Z (80 %), and 90 % of the weight lies within 2 s of the pick."
    words = summarise(attribution({("E", -3): 0.67, ("Z", 0): 0.33})).words
    assert words == "Mostly E (67 %), but 67 % of the weight lies 2 to 5 s before the pick."
    words = summarise(attribution({("Z", 0): 0.4, ("N", 9): -0.3, ("E", 9): 0.3})).words
    assert words == (
        "Z 40 %, N 30 %, E 30 %, but 60 % of the weight lies more than 2 s after the pick. "
        "30 % of the weight speaks against it."
    )


def test_the_page_says_no_more_than_a_method_tells() -> None:
    from workbench.views.explain_question import answer_words
    from workbench.views.explain_shares import shares_html

    parts = {("Z", -9): 0.6, ("N", 0): 0.4}
    for method, words, kind in (
        ("shapley", "Mostly <b>Z</b> (60 %).", "seconds"),
        ("grad_cam", "60 % of the weight lies more than 5 s before it, around 00:00:05.", "components"),
    ):
        made = attribution(parts, method)
        assert answer_words(made) == words
        assert f'class="block {kind}"' not in shares_html(made)
        assert "apart" in shares_html(made)
    assert "apart" not in shares_html(attribution(parts))


def test_a_time_without_a_pick_is_not_called_one() -> None:
    made = attribution({("Z", 0): 1.0})
    for attrs in ({"value": 0.05}, {"target": "logit", "value": -4.0}, {"phase": "Detection"}):
        assert summarise(made.assign_attrs(attrs)).words.endswith("within 2 s of the time explained.")
    assert summarise(made.assign_attrs(target="logit", value=-1.0)).words.endswith("within 2 s of the pick.")


def test_methods_say_only_what_they_tell_apart() -> None:
    parts = {("Z", 0): 0.5, ("N", 0): 0.5}
    assert summarise(attribution(parts, "grad_cam")).words == "100 % of the weight lies within 2 s of the pick."
    assert summarise(attribution(parts, "shapley")).words == "Mostly Z (50 %)."


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({("E", -3): 0.67}, "67 % of the weight lies 2 to 5 s before"),
        ({("E", 4): 0.67}, "67 % of the weight lies 2 to 5 s after"),
        ({("E", 4): 0.3, ("E", 9): 0.3}, "60 % of the weight lies more than 2 s after"),
        ({("E", -4): 0.3, ("E", -9): 0.3}, "60 % of the weight lies more than 2 s before"),
    ],
)
def test_weight_that_lies_to_one_side_is_not_said_to_be_spread_out(
    parts: dict[tuple[str, float], float], words: str
) -> None:
    from workbench.views.explain_question import answer_words

    made = attribution(parts | {("E", 0): 1.0 - sum(parts.values())})
    assert answer_words(made) == f"Almost only <b>E</b> (100 %), but {words} it."
    if "2 to 5 s after" not in words:
        assert f"but {words} the pick." in summarise(made).words


def test_the_only_component_is_not_said_to_stand_out() -> None:
    from workbench.views.explain_question import answer_words

    alone = attribution({("Z", 0): 0.8, ("Z", 1): 0.2}).isel(component=[0])
    assert summarise(alone).words == "Z is the only component, and 100 % of the weight lies within 2 s of the pick."
    assert answer_words(alone) == "<b>Z</b> is the only component, and 100 % of the weight lies within 2 s of it."
