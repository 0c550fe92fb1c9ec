"""Samples at a network's rate are those that SeisBench makes of them."""

from __future__ import annotations

import numpy as np
import pytest
from obspy import Stream, Trace

from workbench.pickers.decimation import every_how_many, every_nth


@pytest.mark.parametrize("zero_phase", [True, False])
@pytest.mark.parametrize(("rate_hz", "wanted_hz"), [(200.0, 100.0), (500.0, 100.0), (250.0, 50.0)])
def test_samples_are_those_of_seisbench(rate_hz: float, wanted_hz: float, zero_phase: bool) -> None:
    from seisbench.models import WaveformModel

    samples = (np.random.default_rng(2).standard_normal(5003) * 100 + 3000).astype(np.float32)
    stream = Stream([Trace(samples.copy(), {"sampling_rate": rate_hz})])
    WaveformModel.resample(stream, wanted_hz, zerophase=zero_phase)
    step = every_how_many(rate_hz, wanted_hz)
    found = every_nth(samples, rate_hz, step, zero_phase=zero_phase)
    np.testing.assert_array_equal(found, stream[0].data.astype(np.float32))


def test_samples_at_the_rate_that_is_wanted_are_not_copied() -> None:
    samples = np.zeros(10, np.float32)
    assert every_nth(samples, 100.0, 1, zero_phase=True) is samples


@pytest.mark.parametrize(("rate_hz", "wanted_hz"), [(125.0, 100.0), (50.0, 100.0), (99.99, 100.0)])
def test_rates_that_do_not_go_into_each_other_are_left_to_seisbench(rate_hz: float, wanted_hz: float) -> None:
    assert every_how_many(rate_hz, wanted_hz) == 0
