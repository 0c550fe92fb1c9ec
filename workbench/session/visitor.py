"""``Visitor``: who has a page open, and what the server lets them do."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.errors import SourceError, WorkbenchError

__all__ = ["OWNER", "Visitor"]

_NAMED = ("seisbench", "fdsn", "seedlink")
"""Kinds whose place is no path: a name in a cache, a service on the internet."""


@dataclass(frozen=True)
class Visitor:
    """Who has a page open, and what the server lets them do; made by the server, and out of reach of the page.

    Parameters
    ----------
    name
        As logged in, and written beside every decision; empty where nobody logs in.
    read_only
        Why this visitor may write nothing, in words; empty if they may.
    places
        Sources that are served; None where whoever opens a page is at their own computer and may open anything.
    logout
        Address of the page that logs out; empty where nobody logs in.

    Examples
    --------
    >>> Visitor("ben", read_only="Ben reads.").check_may_write("An export")
    Traceback (most recent call last):
    ...
    workbench.errors.WorkbenchError: An export would write on the server. Ben reads.
    """

    name: str = ""
    read_only: str = ""
    places: tuple[str, ...] | None = None
    logout: str = ""

    @property
    def is_limited(self) -> bool:
        """Whether the server has fixed what may be opened."""
        return self.places is not None

    @property
    def fetches_nothing(self) -> str:
        """Why the server fetches nothing from the internet for this visitor; empty if it does."""
        if self.is_limited:
            return "This server fetches nothing for its visitors; whoever runs it can, before."
        return self.read_only

    def check_may_write(self, what: str) -> None:
        """Nothing, if this visitor may write.

        Raises
        ------
        WorkbenchError
            If not; says why.
        """
        if self.read_only:
            raise WorkbenchError(f"{what} would write on the server. {self.read_only}")

    def check_may_choose_a_place(self) -> None:
        """Nothing, if this visitor may choose where pickers run, and start or restart what runs there.

        Raises
        ------
        WorkbenchError
            If not; says why.
        """
        if self.read_only:
            raise WorkbenchError(f"Pickers run where the server runs them. {self.read_only}")

    def check_may_fetch(self, what: str) -> None:
        """Nothing, if this visitor may make the server fetch something from the internet.

        Raises
        ------
        WorkbenchError
            If not; says who can.
        """
        if self.fetches_nothing:
            raise WorkbenchError(f"{what} would be fetched from the internet. {self.fetches_nothing}")

    def is_served(self, place: str) -> bool:
        """Whether a place is, letter by letter, one that the server was started with."""
        return self.places is not None and place in self.places

    def check_may_open(self, place: str) -> None:
        """Nothing, if a source may be opened, as far as its text says; paths are held against the folders later.

        Raises
        ------
        SourceError
            If the server was started with others.
        """
        if self.places is not None and place not in self.places and place.partition(":")[0] in _NAMED:
            raise SourceError(f"This server does not serve {place}. It serves {', '.join(self.places)}.")


OWNER = Visitor()
"""Whoever sits at the computer that the workbench runs on, and may do everything."""
