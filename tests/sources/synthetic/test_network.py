"""Whole windows: onsets are where energy begins, sizes and distances show, and a seed gives the same again."""

import pickle

import numpy as np
import pytest

from workbench.sources.synthetic import SyntheticNetwork
from workbench.sources.synthetic.geometry import distance_and_azimuth
from workbench.sources.synthetic.noise import band_limited

from .quiet import quiet_network


def windows(network, seeds):
    return [network.example(np.random.default_rng(seed)) for seed in seeds]


def distances_km(example):
    origin = example.origins[0]
    return distance_and_azimuth(
        np.array(origin.latitude_deg), np.array(origin.longitude_deg), example.latitude_deg, example.longitude_deg
    )[0]


def test_an_example_has_the_agreed_form():
    example = SyntheticNetwork(stations=(3, 6), events=(0, 0, 1)).example(np.random.default_rng(4))
    n_stations = len(example.stations)
    assert 3 <= n_stations <= 6
    assert example.waveform.shape == (n_stations, 3, 3000)
    assert example.waveform.dtype == np.float32
    for name in ("p_sample", "s_sample", "snr_db", "p_snr_db"):
        assert getattr(example, name).shape == (2, n_stations)
    assert example.magnitude.tolist() == [event.magnitude for event in example.origins]
    assert list(example.origin_s) == sorted(example.origin_s)
    start = np.datetime64("2024-01-01T00:00:00")
    after_s = [(event.time.to_datetime64() - start) / np.timedelta64(1, "s") for event in example.origins]
    np.testing.assert_allclose(after_s, example.origin_s, atol=1e-6)


def test_a_seed_gives_the_same_window_again_and_another_seed_another():
    network = SyntheticNetwork(stations=4)
    first, again, other = windows(network, [7, 7, 8])
    np.testing.assert_array_equal(first.waveform, again.waveform)
    np.testing.assert_array_equal(first.p_sample, again.p_sample)
    assert first.origins == again.origins
    assert first.faults == again.faults
    assert not np.array_equal(first.waveform, other.waveform)


def test_a_network_that_travelled_to_another_process_makes_the_same():
    network = SyntheticNetwork(stations=3)
    here = network.example(np.random.default_rng(0))
    there = pickle.loads(pickle.dumps(network)).example(np.random.default_rng(0))
    np.testing.assert_array_equal(here.waveform, there.waveform)


@pytest.mark.parametrize("coda", [0.0, 1.0])
@pytest.mark.parametrize("rate_hz", [50.0, 100.0, 200.0])
def test_onsets_are_where_energy_begins(coda, rate_hz):
    network = quiet_network(
        sampling_rate_hz=rate_hz, duration_s=40.0, coda=(coda, coda), radius_km=(10.0, 30.0), depth_km=(8.0, 14.0)
    )
    for example in windows(network, range(6)):
        motion = np.abs(example.waveform).max(axis=1)
        for station, onset in enumerate(example.p_sample[0]):
            soon = motion[station, : int(onset + 0.3 * rate_hz)]
            # Single precision leaves a trace of the strong S before P.
            assert soon[: int(onset)].max(initial=0.0) <= 1e-5 * motion[station].max()
            if soon.max() > 1e-3 * motion[station].max():
                begins = int(np.flatnonzero(soon > 0.03 * soon.max())[0])
                assert 0 <= begins - int(onset) <= 2 + 0.03 * rate_hz


def test_s_begins_where_it_is_said_to():
    for example in windows(quiet_network(radius_km=(20.0, 40.0), duration_s=40.0), range(5)):
        energy = np.cumsum((example.waveform.astype(float) ** 2).sum(axis=1), axis=-1)
        for station, onset in enumerate(example.s_sample[0].astype(int)):
            # P rings for a second or two; where S comes later than that, it comes out of silence.
            if onset - example.p_sample[0, station] > 300 and energy[station, onset] < 0.5 * energy[station, -1]:
                late = energy[station, onset - 1] - energy[station, onset - 100]
                assert late < 1e-4 * (energy[station, onset + 100] - energy[station, onset])


def test_s_minus_p_grows_with_distance_as_the_velocities_say():
    example = quiet_network(stations=30, depth_km=(8.0, 8.0), duration_s=60.0).example(np.random.default_rng(0))
    straight_km = np.hypot(distances_km(example), 8.0)
    lag_s = (example.s_sample[0] - example.p_sample[0]) / 100.0
    speed_km_s = straight_km / lag_s
    assert np.corrcoef(straight_km, lag_s)[0, 1] > 0.99
    assert ((speed_km_s > 6.0) & (speed_km_s < 9.0)).all()


def test_onsets_are_the_travel_times_from_the_origin():
    network = quiet_network(stations=12, elevation_m=(0.0, 0.0), duration_s=60.0)
    example = network.example(np.random.default_rng(5))
    depth_km = np.array(example.origins[0].depth_km)
    for phase, onset in (("P", example.p_sample[0]), ("S", example.s_sample[0])):
        travel_s = network.travel_times.rays(phase, depth_km, distances_km(example)).first_s
        np.testing.assert_allclose(onset / 100.0 - example.origin_s[0], travel_s, atol=1e-6)


def test_a_higher_station_hears_it_later():
    low, high = (
        quiet_network(coordinates=np.array([[46.0, 13.0, metres]])).example(np.random.default_rng(1))
        for metres in (0.0, 2000.0)
    )
    travel_s = [(example.p_sample[0, 0] / 100.0) - example.origin_s[0] for example in (low, high)]
    assert 0.2 < travel_s[1] - travel_s[0] <= 2.0 / 4.2


def test_ten_times_the_moment_is_ten_times_the_motion_at_long_periods():
    def long_period(magnitude):
        network = quiet_network(
            magnitude=(magnitude, magnitude), stress_drop_mpa=(3.0, 3.0), full_scale_counts=1e12, duration_s=60.0
        )
        example = network.example(np.random.default_rng(2))
        frequency = np.fft.rfftfreq(6000, 0.01)
        height = np.abs(np.fft.rfft(example.waveform, axis=-1))
        return height[..., (frequency > 0.3) & (frequency < 0.6)].mean()

    assert long_period(2.0 + 2 / 3) / long_period(2.0) == pytest.approx(10.0, rel=0.03)


def test_amplitude_falls_with_distance_by_spreading_and_q():
    def peaks(q_s):
        network = quiet_network(
            stations=60, q_s=(q_s, q_s), depth_km=(10.0, 10.0), duration_s=60.0, kappa_s=(0.02, 0.02)
        )
        found = windows(network, range(6))
        distance_km = np.concatenate([np.hypot(distances_km(example), 10.0) for example in found])
        peak = [np.abs(example.waveform).max(axis=(1, 2)) / np.abs(example.waveform).max() for example in found]
        return distance_km, np.concatenate(peak)

    distance_km, strong = peaks(1000.0)
    slope = np.polyfit(np.log10(distance_km), np.log10(strong), 1)[0]
    assert -2.0 < slope < -0.8
    _, weak = peaks(50.0)
    far, near = distance_km > 50, distance_km < 20
    assert np.median(weak[far] / strong[far]) < 0.6 * np.median(weak[near] / strong[near])


def test_the_first_motion_points_along_the_ray():
    network = quiet_network(stations=20, sensor_hz=(0.0,))
    example = network.example(np.random.default_rng(3))
    origin = example.origins[0]
    _, azimuth_deg = distance_and_azimuth(
        np.array(origin.latitude_deg), np.array(origin.longitude_deg), example.latitude_deg, example.longitude_deg
    )
    for station, onset in enumerate(np.ceil(example.p_sample[0]).astype(int)):
        z, north, east = example.waveform[station, :, onset : onset + 10].astype(float).sum(axis=-1)
        horizontal = np.array([np.cos(np.deg2rad(azimuth_deg[station])), np.sin(np.deg2rad(azimuth_deg[station]))])
        along = np.array([north, east]) @ horizontal
        assert along * z > 0
        assert abs(north * horizontal[1] - east * horizontal[0]) < 1e-3 * abs(along)


def test_s_is_stronger_than_p_by_what_the_theory_says():
    """Far-field displacement: the ratio of velocities to the third, times that of the mean radiation: about 5 to 6."""
    network = quiet_network(
        stations=60, duration_s=60.0, magnitude=(1.0, 1.0), kappa_s=(0.0, 0.0), q_s=(5000.0, 5000.0)
    )
    ratios = []
    for example in windows(network, range(5)):
        for station in range(60):
            onset_p, onset_s = int(example.p_sample[0, station]), int(example.s_sample[0, station])
            if onset_s - onset_p > 150:
                displacement = np.cumsum(example.waveform[station].astype(float), axis=-1)
                at_p = np.abs(displacement[:, onset_p : onset_p + 60]).max()
                at_s = np.abs(displacement[:, onset_s : onset_s + 60]).max()
                ratios.append(at_s / at_p)
    assert 3.0 < np.median(ratios) < 9.0


def test_without_earthquakes_there_is_noise_alone():
    example = SyntheticNetwork(events=(1.0,), dead=0.0).example(np.random.default_rng(0))
    assert example.p_sample.shape == (0, 8)
    assert example.origins == ()
    assert (np.nanstd(example.waveform, axis=-1) > 0).all()


def test_twins_look_alike_and_strangers_do_not():
    def likeness(doublet):
        network = quiet_network(
            events=(0, 0, 1),
            doublet=doublet,
            coda=(1.0, 1.0),
            duration_s=60.0,
            stations=6,
            magnitude=(2.0, 2.0),
            stress_drop_mpa=(3.0, 3.0),
            radius_km=(10.0, 15.0),
            depth_km=(5.0, 8.0),
        )
        best = []
        for example in windows(network, range(8)):
            first, second = example.p_sample[:, 0].astype(int)
            if second - first > 600 and second + 800 < 6000:
                pieces = [example.waveform[0, 0, onset : onset + 500].astype(float) for onset in (first, second)]
                full = np.correlate(*[piece - piece.mean() for piece in pieces], "full")
                best.append(np.abs(full).max() / np.linalg.norm(pieces[0]) / np.linalg.norm(pieces[1]))
        assert best
        return np.median(best)

    assert likeness(1.0) > 0.8
    assert likeness(0.0) < 0.6


def test_a_wanted_ratio_is_met_by_the_median_station():
    network = SyntheticNetwork(events=(0, 1), snr_db=(3.0, 3.0), dead=0, gap=0, duration_s=60.0, radius_km=(10.0, 20.0))
    for example in windows(network, range(5)):
        assert np.nanmedian(example.snr_db) == pytest.approx(3.0, abs=1e-6)


def test_the_ratio_is_what_the_samples_show():
    settings = {
        "events": (0, 1),
        "gap": 0,
        "dead": 0,
        "glitch": 0,
        "bursts": 0,
        "sensor_hz": (1.0,),
        "duration_s": 60.0,
    }
    loud = SyntheticNetwork(**settings, snr_db=(25.0, 25.0)).example(np.random.default_rng(3))
    power = (band_limited(loud.waveform, 100.0).astype(float) ** 2).mean(axis=1)
    for station, onset in enumerate(loud.s_sample[0].astype(int)):
        before = power[station, : int(loud.p_sample[0, station]) - 10].mean()
        ratio_db = 10 * np.log10(power[station, onset : onset + 500].mean() / before)
        if loud.snr_db[0, station] > 15:
            assert loud.snr_db[0, station] == pytest.approx(ratio_db, abs=3.0)


def test_noise_lies_between_the_models_of_peterson():
    from obspy.signal.spectral_estimation import get_nhnm, get_nlnm

    network = SyntheticNetwork(
        events=(1.0,),
        sensor_hz=(0.0,),
        duration_s=300.0,
        noise_spread=0.0,
        bursts=0.0,
        gap=0,
        dead=0,
        glitch=0,
        noise_level=(0.5, 0.5),
    )
    example = network.example(np.random.default_rng(0))
    velocity = example.waveform[:, 0] / example.gain_counts_per_m_s
    frequency = np.fft.rfftfreq(velocity.shape[-1], 0.01)
    power = (np.abs(np.fft.rfft(velocity, axis=-1)) ** 2).mean(axis=0) * 2 / (velocity.shape[-1] * 100.0)
    for period_s in (0.15, 0.5, 2.0, 5.0):
        near = np.abs(np.log(frequency[1:] * period_s)) < 0.1
        found_db = 10 * np.log10(np.mean(power[1:][near] * (2 * np.pi * frequency[1:][near]) ** 2))
        (lower, quiet), (upper, loud) = get_nlnm(), get_nhnm()
        middle = (np.interp(period_s, lower[::-1], quiet[::-1]) + np.interp(period_s, upper[::-1], loud[::-1])) / 2
        assert found_db == pytest.approx(middle, abs=4.0)


def test_recorded_noise_is_cut_and_scaled():
    rng = np.random.default_rng(0)
    hum = np.sin(2 * np.pi * 5.0 * np.arange(9000) / 100.0) * np.ones((3, 1))
    network = SyntheticNetwork(events=(1.0,), noise=[hum], sensor_hz=(0.0,), glitch=0, gap=0, dead=0)
    example = network.example(rng)
    height = np.abs(np.fft.rfft(example.waveform, axis=-1))
    assert (height.argmax(axis=-1) == 150).all()
    assert len(np.unique(np.round(example.waveform.std(axis=(1, 2)), 6))) == 8


def test_stations_on_both_sides_of_the_antimeridian_hear_the_same_earthquake():
    places = np.array([[-18.0, 179.9, 0.0], [-18.0, -179.9, 0.0], [-18.2, 179.95, 0.0]])
    example = quiet_network(coordinates=places, duration_s=60.0).example(np.random.default_rng(0))
    assert np.isfinite(example.p_sample).all()
    assert np.ptp(example.p_sample) < 600
    assert abs(abs(example.origins[0].longitude_deg) - 180) < 1


def test_one_station_two_at_one_place_and_one_far_away_are_made():
    alone = quiet_network(stations=1).example(np.random.default_rng(0))
    assert np.isfinite(alone.p_sample).all()
    places = np.array([[46.0, 13.0, 0.0], [46.0, 13.0, 0.0], [46.1, 13.1, 0.0], [46.2, 13.0, 0.0], [0.0, -120.0, 0.0]])
    example = quiet_network(coordinates=places).example(np.random.default_rng(0))
    assert example.p_sample[0, 0] == example.p_sample[0, 1]
    assert np.isnan(example.p_sample[0, 4])
    assert not example.waveform[4].any()
