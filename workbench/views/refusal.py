"""The page that stands where there can be no session: it says why, and what to do."""

from __future__ import annotations

from html import escape

import panel as pn
import panel_material_ui as pmui

from workbench.views.icons import icon
from workbench.views.markup import stylesheet
from workbench.views.theme import theme_config

__all__ = ["refusal_page"]


def refusal_page(reason: str) -> pmui.Page:
    """A page with one notice, and the advice to reload once the cause is gone."""
    words = (
        f'<div class="notice error" role="alert" style="margin: 24px">{icon("error")}<div class="words">'
        f"{escape(reason)}<br>Reload this page when that is done.</div></div>"
    )
    notice = pn.pane.HTML(
        words, sizing_mode="stretch_width", stylesheets=[stylesheet("base.css"), stylesheet("notices.css")]
    )
    return pmui.Page(
        title="Workbench",
        main=[notice],
        theme_config=theme_config(),
        theme_toggle=False,
        meta_title="Inspect · Workbench",
    )
