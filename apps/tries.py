"""``Tries``: how long whoever guesses passwords waits, and how many of their guesses are not even looked at."""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

__all__ = ["TooManyTriesError", "Tries", "network_of"]

_LINES = 1 << 14
_LONGEST_S = 10.0
_FORGET_S = 60.0
_UNDER_WAY = 30
_FREE_HERE, _FREE_ANYWHERE = 3, 20


class TooManyTriesError(Exception):
    """A try that was not looked at.

    Parameters
    ----------
    wait_s
        When to come again, in whole seconds.
    """

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"Too many tries. Wait {wait_s} s, then try again.")
        self.wait_s = wait_s


@dataclass
class _Line:
    """Tries that take turns: of one name from one network, or of one name from anywhere.

    Parameters
    ----------
    free
        Failures after which nobody waits yet; each further one makes the next wait a second longer.
    longest_s
        What one waits for the one before at most.
    """

    free: int
    longest_s: float
    failed: float = 0.0
    at: float = 0.0
    free_at: float = 0.0
    known: bool = False

    def turn(self, now: float) -> float:
        """When the next try may be looked at."""
        # One failure is forgotten each minute.
        self.failed, self.at = max(0.0, self.failed - (now - self.at) / _FORGET_S), now
        return max(now, self.free_at) + min(self.longest_s, max(0.0, self.failed - self.free))

    def take(self, turn: float) -> None:
        """Count a try as failed until it is known better: those beside it must not overtake it."""
        self.failed, self.free_at = min(self.failed + 1, self.free + self.longest_s), turn


class Tries:
    """Tries of all names, in memory of a fixed size.

    The first three of a name from one network are looked at at once, each further one waits a second longer than the
    last, up to ten; those sent together wait for each other, and where that would take more than ten seconds they are
    refused. After twenty failures of a name from anywhere, networks from which nobody has ever got in by it wait a
    second for each other. So guessing from many places is slow, and does not keep out whom the name belongs to.

    Names and networks stand in lines by a hash that nobody outside can foresee: long ones take no more room, and no
    number of names empties a line.

    Parameters
    ----------
    clock
        Seconds, rising.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._key = os.urandom(16)
        self._here: dict[int, _Line] = {}
        self._anywhere: dict[int, _Line] = {}
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def one(self, name: str, network: str) -> Iterator[float]:
        """Seconds to wait before the password of a try is looked at; in the block it counts as under way.

        Raises
        ------
        TooManyTriesError
            If too many others wait already; then it counts nowhere.
        """
        if self._under_way[network] >= _UNDER_WAY:
            raise TooManyTriesError(1)
        self._under_way[network] += 1
        try:
            yield self._wait_s(name, network)
        finally:
            self._under_way[network] -= 1
            if not self._under_way[network]:
                del self._under_way[network]

    def _wait_s(self, name: str, network: str) -> float:
        now = self._clock()
        lines = [line for line in self._lines(name, network) if line is not None]
        turns = [line.turn(now) for line in lines]
        if max(turns) - now > _LONGEST_S:
            raise TooManyTriesError(math.ceil(max(turns) - now))
        for line, turn in zip(lines, turns, strict=True):
            line.take(turn)
        return max(turns) - now

    def got_in(self, name: str, network: str) -> None:
        """The password was right: what failed here is forgotten, and what fails elsewhere no longer counts here."""
        here, anywhere = self._lines(name, network)
        here.failed, here.known = 0.0, True
        if anywhere is not None:
            anywhere.failed = max(0.0, anywhere.failed - 1)

    def not_looked_at(self, name: str, network: str) -> None:
        """The password of a try could not be looked at: it did not fail."""
        for line in self._lines(name, network):
            if line is not None:
                line.failed = max(0.0, line.failed - 1)

    def _lines(self, name: str, network: str) -> tuple[_Line, _Line | None]:
        """The two lines of a try; only the first where somebody got in by that name from there before."""
        here = self._here.setdefault(self._number(f"{name}\0{network}"), _Line(_FREE_HERE, _LONGEST_S))
        anywhere = self._anywhere.setdefault(self._number(name), _Line(_FREE_ANYWHERE, 1.0))
        return here, None if here.known else anywhere

    def _number(self, text: str) -> int:
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest, "big") % _LINES


def network_of(peer: str | None, forwarded: str) -> str:
    """Where a request comes from: an IPv4 address, or the /64 of an IPv6 address, of which one person has all.

    Parameters
    ----------
    peer
        Who is connected.
    forwarded
        The header ``X-Forwarded-For``, of which only the last entry is a proxy's own. It counts where the peer is this
        computer: then that is the proxy, and else anybody could write what they like.

    Examples
    --------
    >>> network_of("192.0.2.7", "10.0.0.1"), network_of("127.0.0.1", "10.0.0.1, 2001:db8::5")
    ('192.0.2.7', '2001:db8::/64')
    """
    try:
        address = ip_address(peer or "")
        if address.is_loopback and (last := forwarded.rpartition(",")[2].strip()):
            address = ip_address(last)
    except ValueError:
        return peer or ""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)
