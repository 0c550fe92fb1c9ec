"""The cards of the Explain page: which viewer stands in which place of its frame."""

from __future__ import annotations

from collections.abc import Mapping

import panel as pn

from workbench.session import Explaining

__all__ = ["explain_cards"]


def explain_cards(explaining: Explaining) -> Mapping[str, pn.viewable.Viewer]:
    """New viewers by place: ``belief`` and ``what_if`` at the right, ``shares``, ``attention`` and ``save`` below.

    Those with a figure have a parameter ``theme``.
    """
    cards: dict[str, type[pn.viewable.Viewer]] = {}
    return {place: card(explaining) for place, card in cards.items()}
