"""The cards of the Explain page: which viewer stands in which place of its frame."""

from __future__ import annotations

from collections.abc import Mapping

import panel as pn

from workbench.session import Explaining
from workbench.views.explain_attention import AttentionCard
from workbench.views.explain_belief import BeliefCard
from workbench.views.explain_save import SaveCard
from workbench.views.explain_shares import SharesCard
from workbench.views.explain_what_if import WhatIfCard

__all__ = ["explain_cards"]


def explain_cards(explaining: Explaining) -> Mapping[str, pn.viewable.Viewer]:
    """New viewers by place: ``belief`` and ``what_if`` at the right, ``shares``, ``attention`` and ``save`` below.

    Those with a figure have a parameter ``theme``.
    """
    cards: dict[str, type[pn.viewable.Viewer]] = {
        "belief": BeliefCard,
        "what_if": WhatIfCard,
        "shares": SharesCard,
        "attention": AttentionCard,
        "save": SaveCard,
    }
    return {place: card(explaining) for place, card in cards.items()}
