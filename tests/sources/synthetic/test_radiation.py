"""Radiation of a double couple, and how it is turned onto three components."""

import numpy as np
import pytest

from workbench.sources.synthetic.radiation import MEAN_P, MEAN_S, Mechanism, polarisation, radiation


def test_radiation_is_that_of_the_moment_tensor():
    mechanism = Mechanism(37.0, 62.0, -110.0)
    strike, dip, rake = np.deg2rad([37.0, 62.0, -110.0])
    slip = np.array(
        [
            np.cos(rake) * np.cos(strike) + np.cos(dip) * np.sin(rake) * np.sin(strike),
            np.cos(rake) * np.sin(strike) - np.cos(dip) * np.sin(rake) * np.cos(strike),
            -np.sin(rake) * np.sin(dip),
        ]
    )
    normal = np.array([-np.sin(dip) * np.sin(strike), np.sin(dip) * np.cos(strike), -np.cos(dip)])
    moment = np.outer(slip, normal) + np.outer(normal, slip)
    for azimuth, takeoff in ((10.0, 20.0), (200.0, 95.0), (300.0, 170.0)):
        phi, i = np.deg2rad(azimuth), np.deg2rad(takeoff)
        ray = np.array([np.sin(i) * np.cos(phi), np.sin(i) * np.sin(phi), np.cos(i)])
        sv = np.array([np.cos(i) * np.cos(phi), np.cos(i) * np.sin(phi), -np.sin(i)])
        sh = np.array([-np.sin(phi), np.cos(phi), 0.0])
        expected = [ray @ moment @ ray, sv @ moment @ ray, sh @ moment @ ray]
        np.testing.assert_allclose(radiation(mechanism, azimuth, takeoff), expected, atol=1e-12)


def test_means_over_the_sphere():
    rng = np.random.default_rng(0)
    azimuth, takeoff = rng.uniform(0, 360, 200_000), np.rad2deg(np.arccos(rng.uniform(-1, 1, 200_000)))
    factors = radiation(Mechanism(20.0, 70.0, 30.0), azimuth, takeoff)
    assert np.sqrt((factors[:, 0] ** 2).mean()) == pytest.approx(MEAN_P, rel=0.01)
    assert np.sqrt((factors[:, 1:] ** 2).sum(axis=-1).mean()) == pytest.approx(MEAN_S, rel=0.01)


def test_motions_are_at_right_angles_and_of_length_one():
    axes = polarisation(np.array([0.0, 73.0, 250.0]), np.array([0.0, 30.0, 88.0]))
    np.testing.assert_allclose(axes @ np.swapaxes(axes, -1, -2), np.broadcast_to(np.eye(3), (3, 3, 3)), atol=1e-12)


def test_a_wave_travelling_east_moves_p_up_and_east_and_sh_north_south():
    p, sv, sh = polarisation(np.array(90.0), np.array(30.0))
    np.testing.assert_allclose(p, [np.cos(np.pi / 6), 0, 0.5], atol=1e-12)
    np.testing.assert_allclose(sv, [0.5, 0, -np.cos(np.pi / 6)], atol=1e-12)
    np.testing.assert_allclose(sh, [0, -1, 0], atol=1e-12)
