"""What the panel of pickers shows: HTML of one picker, of all others, and of the whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from workbench.inference.input_check import Finding
from workbench.inference.picking import DETECTION
from workbench.inference.runs import PickerRun
from workbench.pickers.offers import Offer
from workbench.views.icons import icon
from workbench.views.tags import icon_button, tag, text

__all__ = ["offers_html", "own_html", "panel_html", "run_html"]

_LEVELS = {"stop": ("error", "error"), "warn": ("warn", "warn"), "note": ("info", "muted")}
_MOST_REMARKS = 4
_SPREAD = tag("span", class_="spread")


def panel_html(runs: Sequence[str], offers: str, *, busy: bool, ready: bool, adding: bool, coming: str = "") -> str:
    """Head with Run or Cancel, the pickers, and the door to all others."""
    if busy:
        button = tag("button", "Cancel", class_="button", data_act="cancel", data_key="cancel")
    else:
        words = f"{icon('play', 12)}&nbsp;Run"
        button = tag("button", words, class_="primary", data_act="run", data_key="run", disabled=not (ready and runs))
    hint = tag("span", "thresholds apply at once", class_="muted small")
    words = text(coming) or "No picker is on the list. Add one to see picks."
    nothing = "" if runs else tag("p", words, class_="none muted")
    words = f"{icon('close' if adding else 'plus', 12)}&nbsp;{'Close the list' if adding else 'Add picker…'}"
    add = tag("button", words, class_="plain", data_act="add", data_key="add", aria_expanded=adding)
    return tag("div", tag("b", "Pickers"), hint, _SPREAD, button, class_="top") + tag(
        "div", nothing, *runs, tag("div", add, class_="add"), offers, class_="scroll", tabindex=-1
    )


def run_html(run: PickerRun, symbol: str, findings: Sequence[Finding], running: bool) -> str:
    """One picker: symbol, name, weights, time it took, switch, and a slider for each phase."""
    card = run.card
    seconds = "running…" if running else f"{run.seconds:.1f} s" if run.seconds == run.seconds else ""
    remove = icon_button(
        "remove", "close", f"Remove {card.title} from the list", class_="icon tiny", data_key=run.key, size_px=10
    )
    show = {"type": "checkbox", "role": "switch", "data_act": "switch", "data_key": run.key, "checked": run.on}
    switch = tag("label", tag("input", aria_label=f"Show {card.title}", **show), tag("i"), class_="switch")
    head = (
        tag("span", symbol, class_="symbol"),
        tag("b", text(card.title), class_="ellipsis"),
        tag("span", text(card.weights), class_="muted small ellipsis", title=card.weights_hash),
        _SPREAD,
        tag("span", seconds, class_="muted small seconds", title=_where_it_ran(run)),
        remove,
        switch,
    )
    sliders = [_slider(run, phase) for phase in card.phases if phase in run.thresholds and phase != DETECTION]
    return tag(
        "div",
        tag("div", *head, class_="line"),
        *sliders,
        *_words(run, findings),
        class_="run" if run.on else "run off",
        data_key=run.key,
    )


def _where_it_ran(run: PickerRun) -> str:
    """Runtime of a picker's network; empty before its run, and for a picker without one."""
    return "" if run.annotations is None else str(run.annotations.attrs.get("runtime", ""))


def _words(run: PickerRun, findings: Sequence[Finding]) -> list[str]:
    """What hinders the picker; after its run, what it did about it."""
    if run.annotations is None:
        return [_finding(finding) for finding in findings]
    remarks = [line for line in str(run.annotations.attrs.get("notices", "")).split("\n") if line]
    told = [_finding(finding) for finding in findings if finding.level != "note"]
    more = [f"… and {len(remarks) - _MOST_REMARKS} more of the kind"] if len(remarks) > _MOST_REMARKS else []
    return told + [_sentence("info", "muted", line) for line in remarks[:_MOST_REMARKS] + more]


def _finding(finding: Finding) -> str:
    return _sentence(*_LEVELS.get(finding.level, ("info", "muted")), f"{finding.text} {finding.remedy}")


def _sentence(picture: str, colour: str, words: str) -> str:
    return tag("p", icon(picture, 12), tag("span", text(words)), class_=f"finding {colour}")


def _slider(run: PickerRun, phase: str) -> str:
    family = phase[:1].lower() if phase[:1] in "PS" else "other"
    value = float(run.thresholds[phase])
    ratio = run.card.threshold_unit == "ratio"
    low, high, step = (1.05, max(20.0, 2 * value), 0.05) if ratio else (0.01, 0.99, 0.01)
    n = int((run.picks["phase"] == phase).sum())
    count = "" if run.annotations is None else f"{n} pick{'' if n == 1 else 's'}"
    label = f"{phase} threshold of {run.card.title}"
    shared = {"data_act": "threshold", "data_key": run.key, "data_phase": phase, "min": low, "step": step}
    fill = 100 * (min(max(value, low), high) - low) / (high - low)
    slider = tag(
        "input",
        type="range",
        max=f"{high:g}",
        value=f"{value:g}",
        aria_label=label,
        data_live=15,
        style=f"--fill:{fill:.1f}%",
        **shared,
    )
    number = tag("input", type="number", max=f"{high:g}", value=f"{value:.2f}", aria_label=f"{label}, value", **shared)
    picks = tag("span", count, class_="muted small right")
    return tag("div", tag("b", text(phase)), slider, number, picks, class_=f"slider {family}")


def offers_html(
    offers: Sequence[Offer] | None, remote: Mapping[str, Sequence[str]], on_list: Collection[str], shut: str = ""
) -> str:
    """Every picker of the registry: with what to add, or greyed with the reason and ``Get…``.

    Parameters
    ----------
    shut
        Why no weights are fetched for this user; empty if they are.
    """
    if offers is None:
        return tag("p", "Looking for pickers…", class_="none muted")
    found = [_offer(offer, remote.get(offer.name), on_list, shut) for offer in offers]
    return tag("div", *found, class_="offers", data_scroll="offers")


def own_html(offers: Sequence[Offer] | None, place: str) -> str:
    """A field for the path to weights of one's own, and a button for each network that could take them."""
    networks = [offer for offer in offers or () if offer.needs_weights]
    if not networks:
        return ""
    path = tag(
        "input",
        type="text",
        value=place,
        spellcheck="false",
        autocomplete="off",
        placeholder="/data/weights/mine.pt",
        data_act="own",
        data_live=200,
        data_key="own",
    )
    label = tag("label", tag("b", "Weights file or folder on this computer"), path)
    doors = [
        tag(
            "button",
            text(offer.title),
            class_="button",
            data_act="use_own",
            data_picker=offer.name,
            data_key=f"own {offer.name}",
            title=f"Load them into {offer.title}",
        )
        for offer in networks
    ]
    return tag(
        "div",
        label,
        tag("div", tag("span", "Load as", class_="muted small"), *doors, class_="doors"),
        class_="offer own",
    )


def _offer(offer: Offer, remote: Sequence[str] | None, on_list: Collection[str], shut: str) -> str:
    reason = tag("p", text(f"{offer.reason} {offer.remedy}"), class_="muted small") if not offer.ok else ""
    head = tag("div", "" if offer.ok else icon("lock", 13), tag("b", text(offer.title)), class_="line")
    doors = [*_additions(offer, on_list), *_downloads(offer, remote, shut)]
    return tag(
        "div",
        head,
        reason,
        tag("div", *doors, class_="doors") if doors else "",
        class_="offer" if offer.ok else "offer locked",
        data_key=offer.name,
    )


def _additions(offer: Offer, on_list: Collection[str]) -> list[str]:
    if not offer.ok:
        return []
    found = []
    for weights in offer.weights if offer.needs_weights else ("",):
        key = f"{offer.name}/{weights}" if weights else offer.name
        if key in on_list:
            found.append(tag("span", text(f"{weights} is on the list".strip()), class_="muted small"))
        else:
            use = {"data_act": "use", "data_picker": offer.name, "data_weights": weights, "data_key": f"use {key}"}
            found.append(tag("button", text(f"Add {weights}".strip()), class_="button", **use))
    return found


def _downloads(offer: Offer, remote: Sequence[str] | None, shut: str) -> list[str]:
    if not offer.needs_weights:
        return []
    if remote is None:
        words = shut or "Ask SeisBench's server which weights it has"
        get: dict[str, Any] = {"disabled": bool(shut)} | {
            "data_act": "get",
            "data_picker": offer.name,
            "data_key": f"get {offer.name}",
            "title": words,
        }
        return [tag("button", "Get…", class_="plain", **get)]
    if not remote:
        return [tag("span", "SeisBench has no other weights of it.", class_="muted small")]
    return [
        tag(
            "button",
            text(f"Download {weights}"),
            class_="button",
            data_act="fetch",
            data_picker=offer.name,
            data_weights=weights,
            data_key=f"fetch {offer.name} {weights}",
        )
        for weights in remote
    ]
