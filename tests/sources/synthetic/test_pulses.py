"""Spectra of single waves, and that nothing comes before its time."""

import numpy as np
import pytest

from workbench.sources.synthetic.earthquakes import corner_hz, moment_nm
from workbench.sources.synthetic.pulses import pulses

RATE = 100.0


def pulse(corner, travel_over_q=0.0, kappa=0.02, sensor=0.0, quarters=0, exponent=0.0):
    each = [np.array([value], dtype=float) for value in (corner, travel_over_q, kappa, sensor)]
    return pulses(*each, np.array([quarters]), sampling_rate_hz=RATE, q_exponent=exponent)[0]


def displacement(samples):
    """Amplitude spectrum of the displacement of a velocity pulse, and its frequencies."""
    frequency = np.fft.rfftfreq(8192, 1 / RATE)[1:]
    return frequency, np.abs(np.fft.rfft(samples, 8192))[1:] / RATE / (2 * np.pi * frequency)


@pytest.mark.parametrize("corner", [0.8, 3.0, 12.0])
def test_the_spectrum_is_brunes_times_the_damping(corner):
    frequency, height = displacement(pulse(corner, travel_over_q=0.03, kappa=0.02, exponent=0.4))
    used = (frequency > 0.5) & (frequency < 25)
    damped = np.exp(-np.pi * frequency * 0.02 - np.pi * frequency**0.6 * 0.03)
    expected = damped / (1 + (frequency / corner) ** 2)
    np.testing.assert_allclose(height[used], expected[used], rtol=0.12)


def test_magnitudes_have_the_moment_and_corner_of_the_literature():
    assert moment_nm(4.0) == pytest.approx(1.26e15, rel=0.01)
    # Brune: f = 0.49 beta (stress drop / moment)^(1/3) in km/s, bar and dyne cm times 10^6.
    assert corner_hz(3.0, 3.0, 3.5, "S") == pytest.approx(
        4.9e6 * 3.5 * (30 / (moment_nm(3.0) * 1e7)) ** (1 / 3), rel=0.01
    )
    assert corner_hz(2.0, 3.0, 3.5, "S") / corner_hz(3.0, 3.0, 3.5, "S") == pytest.approx(10**0.5)
    assert corner_hz(3.0, 3.0, 3.5, "P") > corner_hz(3.0, 3.0, 3.5, "S")


@pytest.mark.parametrize("sensor", [0.0, 1.0, 4.5])
def test_a_pulse_begins_at_its_onset(sensor):
    samples = np.abs(pulse(6.0, travel_over_q=0.05, kappa=0.03, sensor=sensor))
    assert 0 < samples[:3].max() <= samples.max()
    assert samples[0] < 0.3 * samples.max()
    assert int(samples.argmax()) < 25
    assert samples[-50:].max() < 0.003 * samples.max()


def test_a_later_onset_is_later_by_quarters_of_a_sample():
    early = pulse(3.0, kappa=0.03)
    for quarters in range(5):
        late = pulse(3.0, kappa=0.03, quarters=quarters)
        spectra = np.fft.rfft(early, 8192), np.fft.rfft(late, 8192)
        row = round(3.0 * 8192 / RATE)
        lag = -np.angle(spectra[1][row] / spectra[0][row]) / (2 * np.pi * row / 8192)
        assert lag == pytest.approx(quarters / 4, abs=0.05)


def test_a_short_period_sensor_takes_long_periods_away():
    frequency, seen = displacement(pulse(3.0, sensor=1.0))
    _, all_of_it = displacement(pulse(3.0))
    ratio = seen / all_of_it
    assert ratio[np.searchsorted(frequency, 1.0)] == pytest.approx(0.707, abs=0.05)
    assert ratio[np.searchsorted(frequency, 10.0)] == pytest.approx(1.0, abs=0.05)
    assert ratio[np.searchsorted(frequency, 0.25)] == pytest.approx(1 / 16, abs=0.03)
