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
    words = summarise(attribution({("Z", 0): 0.4, ("N", 9): -0.3, ("E", 9): 0.3})).words
    assert words == (
        "Z 40 %, N 30 %, E 30 %, but 60 % of the weight lies more than 2 s after the pick. "
        "30 % of the weight speaks against it."
    )


def test_methods_say_only_what_they_tell_apart() -> None:
    parts = {("Z", 0): 0.5, ("N", 0): 0.5}
    assert summarise(attribution(parts, "grad_cam")).words == "100 % of the weight lies within 2 s of the pick."
    assert summarise(attribution(parts, "shapley")).words == "Mostly Z (50 %)."
