"""Annotations: probability curves, checked at the border."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from workbench.errors import SchemaError
from workbench.schema import PickerCard, check_annotations, make_annotations


def annotations(probability: np.ndarray, **attrs: object) -> xr.Dataset:
    return make_annotations(
        probability,
        stations=["BW.UH1."],
        phases=["P", "S"],
        start=np.datetime64("2018-12-30T03:00:00"),
        sampling_rate_hz=100.0,
        recording_id="a",
        picker="phasenet",
        versions={"torch": "2", "seisbench": "1"},
        **attrs,
    )


def test_curves_keep_what_is_not_known() -> None:
    curves = np.full((1, 2, 10), 0.5)
    curves[0, 0, :3] = np.nan
    made = annotations(curves, notices="padded")
    assert np.isnan(made["probability"].values).sum() == 3
    assert made["probability"].dtype == np.float32
    assert json.loads(made.attrs["versions"]) == {"seisbench": "1", "torch": "2"}
    assert made.attrs["notices"] == "padded"
    assert check_annotations(made) is made


def test_curves_of_nothing_but_gaps_are_let_through() -> None:
    assert np.isnan(annotations(np.full((1, 2, 10), np.nan))["probability"].values).all()


@pytest.mark.parametrize("wrong", [1.5, -0.2])
def test_logits_are_not_taken_for_probabilities(wrong: float) -> None:
    with pytest.raises(SchemaError, match="between 0 and 1"):
        annotations(np.full((1, 2, 10), wrong))


def test_rounding_above_one_is_let_through() -> None:
    assert annotations(np.full((1, 2, 10), 1.0005)).sizes["time"] == 10


def test_wrong_shape_is_named() -> None:
    with pytest.raises(SchemaError, match=r"shape \(2, 10\)"):
        annotations(np.zeros((2, 10)))


def test_missing_attribute_is_named() -> None:
    made = annotations(np.zeros((1, 2, 10)))
    del made.attrs["weights_hash"]
    with pytest.raises(SchemaError, match="weights_hash"):
        check_annotations(made)


def test_dataset_without_curves_is_refused() -> None:
    with pytest.raises(SchemaError, match="variable 'probability'"):
        check_annotations(xr.Dataset())


def test_threshold_of_a_ratio_is_put_on_the_scale_of_its_curve() -> None:
    assert PickerCard("sta_lta", "STA/LTA", threshold_unit="ratio").to_probability(4.0) == pytest.approx(0.8)
    assert PickerCard("phasenet", "PhaseNet").to_probability(0.3) == 0.3
