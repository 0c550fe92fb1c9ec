"""``SharesCard``: how much of an explanation lies on each component, and how far from the answer."""

from __future__ import annotations

from collections.abc import Sequence

import panel as pn
import xarray as xr

from workbench.explain.shares import Share, component_shares, second_shares
from workbench.session import Explaining
from workbench.views.later import Later
from workbench.views.markup import Markup
from workbench.views.tags import tag, text

__all__ = ["SharesCard", "shares_html"]

_NEAR = ("−2 to 0 s", "0 to +2 s")


class SharesCard(pn.viewable.Viewer):
    """Bars of what speaks for the answer and what against it, each with its share of the whole in percent."""

    def __init__(self, explaining: Explaining) -> None:
        super().__init__()
        self._explaining = explaining
        self._markup = Markup(explaining.session, lambda _: None, kind="shares")
        explaining.param.watch(Later(explaining.session, self._draw), ["attribution", "problem"])
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def _draw(self) -> None:
        self._markup.html = shares_html(self._explaining.attribution, self._explaining.problem)


def shares_html(attribution: xr.Dataset | None, problem: str = "") -> str:
    """Both blocks of bars; a sentence where there is nothing to show.

    Parameters
    ----------
    attribution
        What is explained, or None.
    problem
        Why it is not.
    """
    if attribution is None:
        words = problem or "Explain a pick to see which component and which seconds it rests on."
        return tag("h2", "Share of each component") + tag("p", text(words), class_="none muted")
    phase = str(attribution.attrs["phase"])
    components, seconds = component_shares(attribution), second_shares(attribution)
    whole = sum(share.whole for share in components)
    if whole == 0:
        words = "The attribution is zero everywhere."
        return tag("h2", "Share of each component") + tag("p", words, class_="none muted")
    largest = max(components, key=lambda share: share.whole).name
    signed = any(share.negative > 0 for share in components)
    return "".join(
        (
            tag(
                "div",
                tag("h2", "Share of each component"),
                tag("span", class_="spread"),
                _key(phase, signed),
                class_="head",
            ),
            _block(components, [largest], phase, "components"),
            tag("h2", "Seconds from the pick", class_="second"),
            _block(seconds, _NEAR, phase, "seconds"),
        )
    )


def _key(phase: str, signed: bool) -> str:
    """What the two colours mean, in words; a method without signs has only sizes."""
    if not signed:
        return tag("span", "sizes only", class_="muted small")
    return tag(
        "span", tag("i", class_="for"), f"for {text(phase)} ", tag("i", class_="against"), "against", class_="key small"
    )


def _block(shares: Sequence[Share], strong: Sequence[str], phase: str, kind: str) -> str:
    rows = [_row(share, share.name in strong, phase) for share in shares]
    return tag("div", *rows, class_=f"block {kind}", role="table")


def _row(share: Share, strong: bool, phase: str) -> str:
    percent = f"{100 * share.whole:.0f} %"
    words = f"{share.name}: {100 * share.positive:.1f} % for {phase}, {100 * share.negative:.1f} % against it"
    bar = tag(
        "span",
        tag("i", class_="for", style=f"width:{100 * share.positive:.2f}%"),
        tag("i", class_="against", style=f"width:{100 * share.negative:.2f}%"),
        class_="bar",
        role="cell",
        aria_label=words,
    )
    name = tag("span", text(share.name), class_="name strong" if strong else "name", role="rowheader", title=share.name)
    return tag(
        "div", name, bar, tag("span", percent, class_="percent", role="cell"), class_="row", role="row", title=words
    )
