"""The page of any app: its bar at the top, its frame below, and the tokens of both themes."""

from __future__ import annotations

import panel as pn
import panel_material_ui as pmui
import param
from bokeh.themes import Theme
from panel.util import edit_readonly

from workbench.views.app_bar import AppBar
from workbench.views.frame import Frame
from workbench.views.markup import stylesheet
from workbench.views.theme import FONT, TOKENS, bokeh_theme, css_tokens, theme_config

__all__ = ["shell"]


def shell(bar: AppBar, frame: Frame, theme: str, title: str) -> pmui.Page:
    """A page with that bar and frame; ``dark_theme`` of it follows the app."""
    document = pn.state.curdoc
    if document is not None:
        # Figures are coloured from the tokens; Material UI leaves alone what the document's own theme names.
        document.theme = Theme(json=bokeh_theme(theme))
    page = pmui.Page(
        header=[bar],
        main=[frame],
        theme_config=theme_config(),
        dark_theme=theme == "dark",
        theme_toggle=False,
        busy_indicator=None,
        meta_title=f"{title} · Workbench",
        stylesheets=[_page_css()],
        raw_css=[_first_screen_css(theme)],
    )
    with edit_readonly(page):
        # It would follow Panel's state at the beginning and end of each message, walk all models of the page, and keep
        # them for good: only what is followed instead takes the state's hold off the page.
        page.busy = param.rx(False)
    return page


def _first_screen_css(theme: str) -> str:
    """What stands on the screen until the page does: words on its own background, not a grey veil."""
    token = TOKENS[theme]
    return (
        f"#loader {{ background: {token['background']} !important; }} #loader .spinner {{ display: none; }} "
        f"#loader:not(.error)::after {{ content: 'Opening the workbench…'; font: 13px {FONT}; "
        f"color: {token['muted']}; }}"
    )


def _page_css() -> str:
    """Tokens of both themes as CSS variables, and what Material UI leaves to be said."""
    shadow = "0 1px 2px rgba(24, 33, 43, .06)"
    return (
        f":host {{ --wb-font: {FONT}; }} .mui-light {{ {css_tokens('light')} --wb-shadow: {shadow}; }}"
        f" .mui-dark {{ {css_tokens('dark')} --wb-shadow: none; }}" + stylesheet("page.css")
    )
