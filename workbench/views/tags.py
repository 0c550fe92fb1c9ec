"""HTML elements as function calls. Children are HTML; text that came from a user or a file goes through `text`."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from workbench.views.icons import icon

__all__ = ["attributes", "dialog", "field", "icon_button", "options", "refusal", "tag", "text"]

_VOID = frozenset({"input", "hr", "br"})


def text(words: object) -> str:
    """Text as HTML.

    >>> text('<b> & "c"')
    '&lt;b&gt; &amp; &quot;c&quot;'
    """
    return escape(str(words))


def attributes(**values: Any) -> str:
    """HTML attributes, escaped: ``data_act="run"`` becomes ``data-act="run"``; None and False are left out.

    Those that ARIA knows take ``"true"`` and ``"false"``.

    >>> attributes(data_act="open", title='"A" & B', disabled=False, hidden=True, aria_pressed=False)
    'data-act="open" title="&quot;A&quot; &amp; B" hidden aria-pressed="false"'
    """
    parts = []
    for name, value in values.items():
        name = name.rstrip("_").replace("_", "-")
        if isinstance(value, bool) and name.startswith("aria-"):
            value = str(value).lower()
        if value is True:
            parts.append(name)
        elif value is not None and value is not False:
            parts.append(f'{name}="{escape(str(value))}"')
    return " ".join(parts)


def tag(name: str, *children: str, **values: Any) -> str:
    """An element with its children.

    >>> tag("b", text("a < b"), class_="p")
    '<b class="p">a &lt; b</b>'
    """
    opening = f"<{name} {attributes(**values)}>".replace(" >", ">")
    return opening if name in _VOID else f"{opening}{''.join(children)}</{name}>"


def options(choices: Mapping[str, str], value: str) -> str:
    """The ``<option>`` elements of a ``<select>``: value to words, which are text."""
    return "".join(tag("option", text(words), value=name, selected=name == value) for name, words in choices.items())


def icon_button(act: str, picture: str, words: str, **values: Any) -> str:
    """A button that shows a drawing and says the words to screen readers and under the pointer."""
    size_px = values.pop("size_px", 16)
    given = {"class_": "icon", "data_act": act, "data_key": act, "title": words, "aria_label": words} | values
    return tag("button", icon(picture, size_px), **given)


def field(label: str, control: str) -> str:
    """A label and its control, side by side."""
    return tag("label", tag("span", text(label)), control, class_="row")


def refusal(words: str) -> str:
    """Why a dialog does not do what was asked; nothing where there are no words."""
    return tag("p", icon("error"), tag("span", text(words)), class_="refusal", role="alert") if words else ""


def dialog(title: str, *children: str, head: str = "", class_: str | None = None) -> str:
    """A modal dialog with a title, a close button, and what else stands in its head."""
    close = tag("button", icon("close"), class_="icon", aria_label="Close")
    header = tag("header", tag("h2", text(title)), head, tag("span", class_="spread"), close)
    return tag("dialog", tag("form", header, method="dialog"), *children, class_=class_, aria_label=title)
