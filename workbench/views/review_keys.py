"""The keys of the Review page, as its help sheet lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.views.review_html import BUTTONS

__all__ = ["REVIEW_KEYS", "REVIEW_LEGEND"]

REVIEW_LEGEND = (
    "The keys of the lists act at once, but not while you type in a field. Enter, or a click in the plot, switches on "
    "the keys of the plot, which come first then; Esc switches them off. Solid lines are yours, dashed ones are a "
    "model's; orange is P, blue is S."
)

REVIEW_KEYS: Mapping[str, Sequence[tuple[str, str]]] = {
    "Doubts": [(key, f"{words.lower()}: {title[:1].lower()}{title[1:]}") for _, words, key, title in BUTTONS.values()],
    "All lists": [
        ("[ ]", "the one before, the one after"),
        ("Enter", "the keys of the plot"),
        ("Shift+Tab", "to buttons and sliders; then Tab goes on to the next of them"),
    ],
    "Blind": [("N", "all onsets here are set; go on"), ("Tab", "later"), ("Z", "not done after all")],
    "Settle": [
        ("1 2 …", "take the mark of that number"),
        ("B", "between"),
        ("O", "at the cursor"),
        ("0", "no onset"),
        (", .", "move what was settled"),
        ("Tab", "leave it"),
        ("Z", "take back"),
    ],
}
"""Heading to keys and what they do."""
