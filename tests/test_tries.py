"""How long who guesses passwords waits, by a clock of the test's own."""

from __future__ import annotations

import pytest

from apps.tries import TooManyTriesError, Tries, network_of

HOME, AWAY = "192.0.2.7", "198.51.100.9"


class Clock:
    """Stands still until it is set forward."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tries(clock: Clock) -> Tries:
    return Tries(clock)


def guess(tries: Tries, name: str = "anna", network: str = AWAY) -> float:
    """How long a try waits, or -1 if it is not looked at; the clock stands still meanwhile."""
    try:
        with tries.one(name, network) as wait_s:
            return wait_s
    except TooManyTriesError:
        return -1.0


def test_each_failure_after_three_waits_a_second_longer_than_the_last(tries: Tries, clock: Clock) -> None:
    waits = []
    for _ in range(16):
        waits.append(guess(tries))
        clock.now += waits[-1]
    assert waits == pytest.approx([0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10], abs=1.0)
    clock.now += 11 * 60
    assert guess(tries) == 0, "forgotten by now"


def test_tries_sent_together_take_turns_and_the_rest_is_not_looked_at(tries: Tries, clock: Clock) -> None:
    waits = [guess(tries) for _ in range(100)]
    assert waits[:8] == [0, 0, 0, 0, 1, 3, 6, 10]
    assert set(waits[8:]) == {-1.0}
    with pytest.raises(TooManyTriesError, match="Wait 15 s"), tries.one("anna", AWAY):
        pass
    clock.now += 10
    assert guess(tries) == pytest.approx(5, abs=0.2), "those refused do not count"


def test_tries_that_could_not_be_looked_at_count_for_nothing(tries: Tries, clock: Clock) -> None:
    for _ in range(40):
        assert guess(tries) == 0
        tries.not_looked_at("anna", AWAY)
    assert guess(tries) == 0


def test_guesses_from_elsewhere_keep_nobody_out_who_got_in_before(tries: Tries, clock: Clock) -> None:
    guess(tries, network=HOME)
    tries.got_in("anna", HOME)
    for n in range(3000):
        guess(tries, network=f"198.51.{n // 250}.{n % 250}")
    assert guess(tries, network=HOME) == 0
    assert guess(tries, network="203.0.113.5") == -1.0, "from anywhere else a name has its own line"
    clock.now += 30
    assert [guess(tries, network=f"203.0.113.{n}") for n in range(5)] == pytest.approx([1, 2, 3, 4, 5], abs=0.6)


def test_whoever_comes_from_elsewhere_does_not_wait_for_another_place(tries: Tries) -> None:
    for _ in range(8):
        guess(tries, network=AWAY)
    assert guess(tries, network=HOME) == 0


def test_no_number_of_names_and_no_length_empties_or_fills_the_lines(tries: Tries, clock: Clock) -> None:
    for _ in range(8):
        guess(tries)
    for n in range(40_000):
        guess(tries, f"{n}" * 50, f"203.0.{n % 256}.{n % 251}")
    assert guess(tries) == -1.0
    assert len(tries._here) + len(tries._anywhere) <= 2 * 16_384
    assert guess(tries, "\ud800x" * 100_000, HOME) >= 0
    assert not tries._under_way


def test_one_place_has_only_so_many_tries_under_way(tries: Tries) -> None:
    under_way = [tries.one(f"name {n}", AWAY) for n in range(30)]
    for one in under_way:
        one.__enter__()
    assert guess(tries, "one more") == -1.0
    assert guess(tries, "one more", HOME) == 0
    for one in under_way:
        one.__exit__(None, None, None)
    assert guess(tries, "one more") == 0


@pytest.mark.parametrize(
    ("peer", "forwarded", "network"),
    [
        ("192.0.2.7", "", "192.0.2.7"),
        ("192.0.2.7", "10.1.1.1", "192.0.2.7"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "1.1.1.1, 192.0.2.7", "192.0.2.7"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "", "192.0.2.7"),
        (None, "", ""),
    ],
)
def test_where_a_request_comes_from(peer: str | None, forwarded: str, network: str) -> None:
    assert network_of(peer, forwarded) == network
