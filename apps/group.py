"""``Group``: who may come in to a server, and what each of them may do there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.logins import Login, check_name, password_fits, read_logins
from workbench.session import Visitor

__all__ = ["OPEN", "Group"]

_READS = (
    "This login may look, and write nothing: no label, status, note or file. Whoever runs the server can change that."
)
_ALL_READ = "This server is read-only: labels can be seen, and none can be saved."


@dataclass(frozen=True)
class Group:
    """Who may come in, and what each may do; asked anew for each page, so that a change of the file holds at once.

    Parameters
    ----------
    logins
        File of :mod:`workbench.logins`; None where nobody logs in with a password.
    oauth
        Panel's name of the provider that people log in with; empty where none is asked.
    allowed
        Who may come in by that provider: names as it gives them, or ``"@example.org"`` for all of a domain.
    read_only
        Names of those who write nothing, besides those that the file says it of.
    all_read_only
        Nobody writes.
    places
        Sources that are served; None where nobody logs in and nothing was fixed.
    """

    logins: Path | None = None
    oauth: str = ""
    allowed: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    all_read_only: bool = False
    places: tuple[str, ...] | None = None

    @property
    def asks(self) -> bool:
        """Whether one has to log in."""
        return self.logins is not None or bool(self.oauth)

    def may_enter(self, name: str) -> bool:
        """Whether somebody who has shown that they are called so may open a page, now."""
        if self.logins is not None:
            return name in self._people()
        try:
            check_name(name)
        except WorkbenchError:
            return False
        return any(name == one or (one.startswith("@") and name.endswith(one)) for one in self.allowed)

    def knows(self, name: str, password: str) -> bool:
        """Whether this is the password of that name; takes as long where there is no such name."""
        people = self._people()
        somebody = people.get(name) or next(iter(people.values()), None)
        return somebody is not None and password_fits(password, somebody.password) and name in people

    def visitor(self, name: str) -> Visitor:
        """What somebody may do who has logged in by that name.

        Raises
        ------
        WorkbenchError
            If a login is asked for, and this is none that may enter.
        """
        if not self.asks:
            return Visitor(read_only=_ALL_READ if self.all_read_only else "", places=self.places)
        if not name or not self.may_enter(name):
            raise WorkbenchError("Nobody who may enter is logged in. Log in again.")
        own = self._people().get(name) if self.logins is not None else None
        reads = self._is_named_read_only(name) or (own is not None and own.read_only)
        words = _ALL_READ if self.all_read_only else _READS if reads else ""
        return Visitor(name, words, self.places, logout="logout")

    def _is_named_read_only(self, name: str) -> bool:
        # A provider may spell a name otherwise than whoever runs the server: nobody writes by capital letters.
        read_only = self.read_only if self.logins is not None else tuple(each.casefold() for each in self.read_only)
        return (name if self.logins is not None else name.casefold()) in read_only

    def _people(self) -> dict[str, Login]:
        return dict(read_logins(self.logins)) if self.logins is not None else {}


OPEN = Group()
"""Anybody at this computer may come in, and do everything."""
