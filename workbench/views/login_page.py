"""The pages before and after the workbench: to log in, and logged out. No script, and nothing from elsewhere."""

from __future__ import annotations

from urllib.parse import quote

from workbench.views.app_bar import LOGO
from workbench.views.icons import icon
from workbench.views.markup import ESM_FOLDER
from workbench.views.tags import tag, text
from workbench.views.theme import FONT, TOKENS, css_tokens

__all__ = ["login_page", "words_page"]


def login_page(address: str, after: str = "", name: str = "", problem: str = "", theme: str = "light") -> str:
    """The page with the two fields, as HTML.

    Parameters
    ----------
    address
        Where the form goes.
    after
        Path to open then.
    name
        That was typed before.
    problem
        Why one is here again.
    theme
        Of the settings: ``"light"`` or ``"dark"``.
    """
    who = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "maxlength": 64}
    focus = {"autofocus": True}
    first = tag(
        "input", id="name", name_="username", type="text", value=name, required=True, **who, **({} if name else focus)
    )
    second = tag(
        "input", id="password", name_="password", type="password", required=True, autocomplete="current-password",
        **(focus if name else {}),
    )  # fmt: skip
    notice = tag("p", icon("error"), tag("span", text(problem)), class_="problem", role="alert") if problem else ""
    form = tag(
        "form",
        tag("label", "Name", for_="name"),
        first,
        tag("label", "Password", for_="password"),
        second,
        tag("input", type="hidden", name_="next", value=after) if after else "",
        notice,
        tag("button", "Log in", type="submit"),
        method="post",
        action=address,
    )
    return _page("Log in", form, tag("p", "Your name is written beside every decision.", class_="muted"), theme=theme)


def words_page(title: str, words: str, link: str, link_words: str, theme: str = "light") -> str:
    """A page with one sentence and one link, as HTML."""
    return _page(title, tag("p", text(words)), tag("a", text(link_words), href=link, class_="primary"), theme=theme)


def _page(title: str, *content: str, theme: str) -> str:
    logo = tag("div", LOGO, tag("b", "Workbench"), class_="logo")
    card = tag("main", logo, tag("h1", text(title)), *content)
    css = (ESM_FOLDER / "login.css").read_text(encoding="utf-8")
    style = f":root {{ color-scheme: {theme}; --wb-font: {FONT}; {css_tokens(theme)} }}\n{css}"
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="theme-color" content="{TOKENS[theme]["background"]}">'
        f'<link rel="icon" href="{_mark(theme)}"><title>{text(title)} · Workbench</title><style>{style}</style>'
    )
    return f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{card}</body></html>'


def _mark(theme: str) -> str:
    """The logo as the icon of a tab: without one a browser asks for it outside the server's prefix."""
    token = TOKENS[theme]
    drawn = LOGO.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace("currentColor", token["text"])
    for name in ("p", "s"):
        drawn = drawn.replace(f"var(--wb-{name})", token[name])
    return f"data:image/svg+xml,{quote(drawn)}"
