"""Each onset of a phase gets a part of the record of its own, with its neighbours' onsets outside."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.exporters.cutting import MARGIN_S, Cut, cut, distinct


def test_a_short_record_with_one_of_each_phase_is_kept_whole():
    assert cut([100, 700, 800], ["p", "Pn", "s"], 6000, 100.0) == [Cut(0, 6000, (0, 1, 2))]


def test_a_day_is_cut_to_a_minute_around_its_labels():
    day = 86_400 * 100
    assert cut([4_000_000, 4_001_000], ["p", "s"], day, 100.0) == [Cut(3_994_000, 4_007_001, (0, 1))]
    assert MARGIN_S == 60


def test_cuts_end_at_the_ends_of_the_record():
    assert cut([10, 99_990], ["p", "s"], 100_000, 100.0) == [Cut(0, 6011, (0,)), Cut(93_990, 100_000, (1,))]


def test_two_events_in_a_short_record_become_two_traces():
    first, second = cut([1000, 1500, 3000, 3500], ["p", "s", "p", "s"], 6000, 100.0)
    assert first == Cut(0, 2250, (0, 1))
    assert second == Cut(2250, 6000, (2, 3))


def test_of_several_labels_on_one_onset_the_last_decision_counts():
    assert distinct([100, 150, 120], ["p", "p", "s"], [5, 4, 1], 100.0) == [0, 2]
    assert distinct([100, 200], ["p", "p"], [5, 4], 100.0) == [0, 1]


@settings(deadline=None)
@given(
    onsets=st.lists(st.tuples(st.integers(0, 199_999), st.sampled_from(["p", "s", "Pn"])), min_size=1, max_size=30),
    rate_hz=st.sampled_from([20.0, 100.0, 250.0]),
)
def test_every_label_is_in_one_cut_and_no_phase_comes_twice(onsets, rate_hz):
    onsets = sorted(onsets)
    samples, phases = [at for at, _ in onsets], [phase for _, phase in onsets]
    cuts = cut(samples, phases, 200_000, rate_hz)
    assert sorted(member for part in cuts for member in part.members) == list(range(len(onsets)))
    for part in cuts:
        assert 0 <= part.first < part.stop <= 200_000
        assert all(part.first <= samples[member] < part.stop for member in part.members)
        assert len({phases[member] for member in part.members}) == len(part.members)
        strangers = [at for number, at in enumerate(samples) if number not in part.members]
        edges = {samples[part.members[0]], samples[part.members[-1]]}
        assert not [at for at in strangers if part.first < at < part.stop - 1 and at not in edges]
