"""The lists of the Review page beside the doubts, and the tabs that choose between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from workbench.views.icons import icon
from workbench.views.markup import Action
from workbench.views.tags import tag, text

__all__ = ["Buttons", "ReviewList", "button_row", "tabs_html"]

Buttons = Sequence[tuple[str, str, str, str, str, bool]]
"""Action, picture, words, key, title, and whether it can be done now."""

_TITLES = {"doubts": "Doubts", "double": "Blind", "settle": "Settle"}
_LONG = {
    "doubts": "Onsets most likely wrong, the most doubtful first",
    "double": "Stations that several analysts pick without seeing each other",
    "settle": "Onsets on which analysts differ, the worst first",
}


class ReviewList(Protocol):
    """One list of the page: what it shows at the left, over and under the traces, and what its keys do."""

    @property
    def keys(self) -> Sequence[str]:
        """Keys of its items."""
        ...

    @property
    def selected(self) -> int:
        """Row of the item on the screen; -1 for none."""
        ...

    def show(self) -> None:
        """The list has come to the front."""
        ...

    def head_html(self) -> str:
        """What is left, and what is done about the list as a whole."""
        ...

    def row(self, index: int) -> Mapping[str, Any]:
        """A row of the list."""
        ...

    def nothing(self) -> str:
        """Why the list is empty."""
        ...

    def why_html(self) -> str:
        """What the item on the screen is about."""
        ...

    def buttons_html(self) -> str:
        """The row of decisions."""
        ...

    def act(self, action: Action) -> None:
        """Do what a key or a button says; one that this list does not know does nothing."""
        ...


def tabs_html(active: str, left: Mapping[str, int]) -> str:
    """The tabs over the list, with how many items each has left."""
    parts = []
    for name, title in _TITLES.items():
        n = tag("span", f"{left[name]:,}", class_="count") if left.get(name) else ""
        parts.append(
            tag("button", text(title), n, role="tab", aria_selected=name == active, title=_LONG[name], data_act="list",
                data_name=name, data_key=name)
        )  # fmt: skip
    return tag("div", *parts, role="tablist", class_="tabs", aria_label="Lists")


def button_row(buttons: Buttons, hint: str) -> str:
    """Buttons with their keys; the first is the one that is meant most often."""
    parts = [
        tag("button", icon(picture, 16), text(words), tag("kbd", key), title=title, data_act=act, disabled=not can,
            class_="button", data_key=act)
        for act, picture, words, key, title, can in buttons
    ]  # fmt: skip
    return tag("div", *parts, tag("span", text(hint), class_="muted hint"), class_="decide many")
