"""Two explanations side by side: equal ones agree, those of other seconds or components do not."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from tests.explain.made import made_attribution, made_recording
from workbench.explain.comparing import compare_attributions


def with_values(attribution: xr.Dataset, values: np.ndarray) -> xr.Dataset:
    filled = np.broadcast_to(values, attribution["attribution"].shape).astype(np.float32)
    return attribution.assign(attribution=(attribution["attribution"].dims, filled))


@pytest.fixture(scope="module")
def plain() -> xr.Dataset:
    return made_attribution(made_recording())


def burst(component: int, second: float) -> np.ndarray:
    values = np.full((3, 6000), 1e-6)
    values[component, int(100 * second) : int(100 * second) + 50] = 0.01
    return values


def test_an_explanation_agrees_with_itself_and_with_its_opposite(plain: xr.Dataset) -> None:
    for other in (plain, with_values(plain, -plain["attribution"].values)):
        found = compare_attributions(plain, other)
        assert found.common == pytest.approx(1.0)
        assert found.rank == pytest.approx(1.0)
        assert found.seconds == pytest.approx(60.0)


def test_weight_elsewhere_is_not_in_common(plain: xr.Dataset) -> None:
    on_z, on_e, later = (with_values(plain, burst(*place)) for place in ((0, 30), (2, 30), (0, 40)))
    assert compare_attributions(on_z, on_z).common == pytest.approx(1.0)
    assert compare_attributions(on_z, on_e).common < 0.05
    assert compare_attributions(on_z, later).common < 0.05


def test_half_of_the_weight_in_common_is_half(plain: xr.Dataset) -> None:
    one, both = burst(0, 30), burst(0, 30) + burst(2, 40)
    found = compare_attributions(with_values(plain, one), with_values(plain, both))
    assert found.common == pytest.approx(0.5, abs=0.02)


def test_only_what_both_looked_at_is_compared(plain: xr.Dataset) -> None:
    early, late = burst(0, 30), burst(0, 30)
    early[:, 3200:], late[:, :2800] = np.nan, np.nan
    found = compare_attributions(with_values(plain, early), with_values(plain, late))
    assert found.seconds == pytest.approx(4.0)
    late[:, :3200] = np.nan
    assert compare_attributions(with_values(plain, early), with_values(plain, late)) is None
