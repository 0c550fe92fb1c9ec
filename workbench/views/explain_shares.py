"""``SharesCard``: how much of an explanation lies on each component, and how far from the answer."""

from __future__ import annotations

from collections.abc import Sequence

import panel as pn
import xarray as xr

from workbench.explain.shares import Share, component_shares, second_shares
from workbench.explain.summary import tells_components, tells_times
from workbench.session import Explaining
from workbench.views.explain_compare import pair_names
from workbench.views.markup import Markup
from workbench.views.tags import tag, text

__all__ = ["SharesCard", "shares_html"]

_NEAR = ("−2 to 0 s", "0 to +2 s")

_NO_PARTS = tag("p", "This method does not tell components apart.", class_="none muted")
_NO_TIMES = tag("p", "This method does not tell times apart: one number for each component.", class_="none muted")


class SharesCard(pn.viewable.Viewer):
    """Bars of what speaks for the answer and what against it, each with its share of the whole in percent."""

    def __init__(self, explaining: Explaining) -> None:
        super().__init__()
        self._explaining = explaining
        self._markup = Markup(explaining.session, lambda _: None, kind="shares")
        explaining.param.watch(explaining.afterwards.watcher(self._draw), ["attribution", "problem", "tried", "beside"])
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def _draw(self) -> None:
        explaining = self._explaining
        tried = explaining.tried
        if tried is not None and tried.attribution is not None:
            self._markup.html = shares_html(tried.attribution, note="as changed")
            return
        beside = explaining.beside
        names = pair_names(explaining.picker, explaining.second) if beside is not None else ("", "")
        self._markup.html = shares_html(explaining.attribution, explaining.problem, beside, names)


def shares_html(
    attribution: xr.Dataset | None,
    problem: str = "",
    beside: xr.Dataset | None = None,
    names: tuple[str, str] = ("", ""),
    note: str = "",
) -> str:
    """Both blocks of bars; a sentence where there is nothing to show.

    Parameters
    ----------
    attribution
        What is explained, or None.
    problem
        Why it is not.
    beside, names
        The same by a second picker, whose bars stand below the first's, and a few letters for each of the two.
    note
        What is special about it.
    """
    title = tag("h2", "Share of each component")
    if attribution is None:
        words = problem or "Explain a pick to see which component and which seconds it rests on."
        return title + tag("p", text(words), class_="none muted")
    phase = str(attribution.attrs["phase"])
    components, seconds = component_shares(attribution), second_shares(attribution)
    if sum(share.whole for share in components) == 0:
        return title + tag("p", "The attribution is zero everywhere.", class_="none muted")
    others = (None, None) if beside is None else (component_shares(beside), second_shares(beside))
    largest = max(components, key=lambda share: share.whole).name
    signed = any(share.negative > 0 for share in components)
    aside = note or (f"{names[0]} over {names[1]}" if beside is not None else "")
    return "".join(
        (
            tag(
                "div",
                title,
                tag("span", text(aside), class_="muted small"),
                tag("span", class_="spread"),
                _key(phase, signed),
                class_="head",
            ),
            _block(components, others[0], [largest], phase, "components")
            if tells_components(attribution)
            else _NO_PARTS,
            tag("h2", "Seconds from the pick", class_="second"),
            _block(seconds, others[1], _NEAR, phase, "seconds") if tells_times(attribution) else _NO_TIMES,
        )
    )


def _key(phase: str, signed: bool) -> str:
    """What the two colours mean, in words; a method without signs has only sizes."""
    if not signed:
        return tag("span", "sizes only", class_="muted small")
    return tag(
        "span", tag("i", class_="for"), f"for {text(phase)} ", tag("i", class_="against"), "against", class_="key small"
    )


def _block(
    shares: Sequence[Share], others: Sequence[Share] | None, strong: Sequence[str], phase: str, kind: str
) -> str:
    pairs = [(share,) for share in shares] if others is None else list(zip(shares, others, strict=True))
    rows = [_row(pair, pair[0].name in strong, phase) for pair in pairs]
    return tag("div", *rows, class_=f"block {kind}" if others is None else f"block {kind} two", role="table")


def _row(shares: Sequence[Share], strong: bool, phase: str) -> str:
    """One share, or those of two pickers one above the other."""
    first = shares[0].name
    percent = " | ".join(f"{100 * share.whole:.0f}" for share in shares)
    words = "; ".join(
        f"{share.name}: {100 * share.positive:.1f} % for {phase}, {100 * share.negative:.1f} % against it"
        for share in shares
    )
    bars = [
        tag(
            "span",
            tag("i", class_="for", style=f"width:{100 * share.positive:.2f}%"),
            tag("i", class_="against", style=f"width:{100 * share.negative:.2f}%"),
            class_="bar",
        )
        for share in shares
    ]
    drawn = tag("span", *bars, class_="bars", role="cell", aria_label=words)
    name = tag("span", text(first), class_="name strong" if strong else "name", role="rowheader", title=first)
    told = tag("span", f"{percent} %", class_="percent", role="cell")
    return tag("div", name, drawn, told, class_="row", role="row", title=words)
