"""What goes wrong at stations is in the samples as it is told."""

import numpy as np

from workbench.sources.synthetic import SyntheticNetwork

from .quiet import quiet_network

NEVER = {"gap": 0.0, "glitch": 0.0, "dead": 0.0}


def faulty(kind, seed=0, **settings):
    network = SyntheticNetwork(events=(0, 1), **{**NEVER, kind: 1.0, **settings})
    example = network.example(np.random.default_rng(seed))
    told = [fault for fault in example.faults if fault.kind == kind]
    assert len(told) == len(example.stations)
    return example, told


def test_gaps_are_missing_samples_where_told_and_nowhere_else():
    example, told = faulty("gap")
    expected = np.zeros(example.waveform.shape, dtype=bool)
    for fault in told:
        expected[fault.station, :, fault.first_sample : fault.last_sample + 1] = True
    np.testing.assert_array_equal(np.isnan(example.waveform), expected)


def test_an_onset_in_a_gap_is_not_told():
    hidden = 0
    for seed in range(20):
        example, told = faulty("gap", seed)
        whole = SyntheticNetwork(events=(0, 1), **NEVER).example(np.random.default_rng(seed))
        for fault in told:
            for mine, true in ((example.p_sample, whole.p_sample), (example.s_sample, whole.s_sample)):
                within = fault.first_sample <= int(np.nan_to_num(true[0, fault.station])) <= fault.last_sample
                if np.isfinite(true[0, fault.station]):
                    assert np.isnan(mine[0, fault.station]) == within
                    hidden += within
    assert hidden > 0


def test_a_dead_channel_holds_a_constant_and_a_dead_station_has_no_onset():
    seen = set()
    for seed in range(6):
        example, told = faulty("dead", seed)
        for fault in told:
            for row, letter in enumerate("ZNE"):
                flat = np.ptp(example.waveform[fault.station, row]) == 0
                assert flat == (letter in fault.component)
            seen.add(fault.component == "ZNE")
            if fault.component == "ZNE":
                assert np.isnan(example.p_sample[:, fault.station]).all()
                assert np.isnan(example.snr_db[:, fault.station]).all()
    assert seen == {True, False}


def test_a_glitch_is_a_step_on_one_component_at_its_sample():
    example, told = faulty("glitch")
    clean = SyntheticNetwork(events=(0, 1), **NEVER).example(np.random.default_rng(0))
    for fault in told:
        row = "ZNE".index(fault.component)
        difference = np.abs(example.waveform[fault.station] - clean.waveform[fault.station])
        assert difference[row].argmax() == fault.first_sample
        assert difference[row, : fault.first_sample].max(initial=0.0) == 0
        assert np.delete(difference, row, axis=0).max() == 0
        assert difference[row, fault.last_sample + 1 :].max(initial=0.0) < 0.1 * difference[row].max()


def test_what_exceeds_the_digitiser_is_clipped_and_told():
    network = quiet_network(magnitude=(4.0, 4.0), full_scale_counts=20_000.0)
    example = network.example(np.random.default_rng(1))
    told = {fault.station: fault for fault in example.faults}
    assert {fault.kind for fault in example.faults} == {"clipped"}
    for station, samples in enumerate(example.waveform):
        full = np.abs(samples) == 20_000
        assert full.any() == (station in told)
        if station in told:
            assert np.flatnonzero(full.any(axis=0))[0] == told[station].first_sample
            assert full.any(axis=1).tolist() == [letter in told[station].component for letter in "ZNE"]
    assert np.abs(example.waveform).max() == 20_000
