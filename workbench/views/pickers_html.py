"""What the panel of pickers shows: HTML of one picker, of all others, and of the whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape

from workbench.inference.input_check import Finding
from workbench.inference.runs import PickerRun
from workbench.pickers.offers import Offer
from workbench.views.icons import icon
from workbench.views.markup import attributes

__all__ = ["offers_html", "panel_html", "run_html"]

_LEVELS = {"stop": ("error", "error"), "warn": ("warn", "warn"), "note": ("info", "muted")}


def panel_html(runs: Sequence[str], offers: str, *, busy: bool, ready: bool, adding: bool) -> str:
    """Head with Run or Cancel, the pickers, and the door to all others."""
    if busy:
        button = '<button class="button" data-act="cancel" data-key="cancel">Cancel</button>'
    else:
        off = attributes(disabled=not (ready and runs))
        button = f'<button class="primary" data-act="run" data-key="run" {off}>{icon("play", 12)}&nbsp;Run</button>'
    nothing = "" if runs else '<p class="none muted">No picker is on the list. Add one to see picks.</p>'
    words = "Close the list" if adding else "Add picker…"
    return (
        f'<div class="top"><b>Pickers</b><span class="muted small">thresholds apply at once</span><span class="spread"></span>{button}</div>'
        f'<div class="scroll" tabindex="-1">{nothing}{"".join(runs)}'
        f'<div class="add"><button class="plain" data-act="add" data-key="add" aria-expanded="{str(adding).lower()}">{icon("close" if adding else "plus", 12)}&nbsp;{words}</button></div>{offers}</div>'
    )


def run_html(run: PickerRun, symbol: str, findings: Sequence[Finding], running: bool) -> str:
    """One picker: symbol, name, weights, time it took, switch, and a slider for each phase."""
    card = run.card
    seconds = "running…" if running else f"{run.seconds:.1f} s" if run.seconds == run.seconds else ""
    switch = attributes(
        type="checkbox",
        role="switch",
        data_act="switch",
        data_key=run.key,
        checked=run.on,
        aria_label=f"Show {card.title}",
    )
    sliders = "".join(_slider(run, phase) for phase in card.phases if phase in run.thresholds and phase != "Detection")
    words = "".join(_finding(finding) for finding in findings)
    words += "".join(
        f'<p class="finding muted">{icon("info", 12)}<span>{escape(line)}</span></p>' for line in _remarks(run)
    )
    remove = attributes(
        class_="icon tiny",
        data_act="remove",
        data_key=run.key,
        aria_label=f"Remove {card.title}",
        title="Remove from the list",
    )
    return (
        f'<div class="run {"" if run.on else "off"}" data-key="{escape(run.key)}"><div class="line"><span class="symbol">{symbol}</span>'
        f'<b class="ellipsis">{escape(card.title)}</b><span class="muted small ellipsis" title="{escape(card.weights_hash)}">{escape(card.weights)}</span>'
        f'<span class="spread"></span><span class="muted small">{seconds}</span><button {remove}>{icon("close", 10)}</button><label class="switch"><input {switch}><i></i></label></div>'
        f"{sliders}{words}</div>"
    )


def _remarks(run: PickerRun) -> list[str]:
    if run.annotations is None:
        return []
    return [line for line in str(run.annotations.attrs.get("notices", "")).split("\n") if line][:4]


def _slider(run: PickerRun, phase: str) -> str:
    family = phase[:1].lower() if phase[:1] in "PS" else "other"
    value = float(run.thresholds[phase])
    ratio = run.card.threshold_unit == "ratio"
    low, high, step = (1.05, max(20.0, 2 * value), 0.05) if ratio else (0.01, 0.99, 0.01)
    n = int((run.picks["phase"] == phase).sum())
    count = "" if run.annotations is None else f"{n} pick{'' if n == 1 else 's'}"
    label = f"{phase} threshold of {run.card.title}"
    shared = {"data_act": "threshold", "data_key": f"{run.key}", "data_phase": phase}
    slider = attributes(
        type="range",
        min=low,
        max=f"{high:g}",
        step=step,
        value=f"{value:g}",
        aria_label=label,
        data_live="15",
        **shared,
    )
    field = attributes(
        type="number", min=low, max=f"{high:g}", step=step, value=f"{value:.2f}", aria_label=f"{label}, value", **shared
    )
    fill = 100 * (min(max(value, low), high) - low) / (high - low)
    return (
        f'<div class="slider {family}"><b>{escape(phase)}</b><input {slider} style="--fill:{fill:.1f}%">'
        f'<input {field}><span class="muted small right">{count}</span></div>'
    )


def _finding(finding: Finding) -> str:
    picture, colour = _LEVELS.get(finding.level, ("info", "muted"))
    remedy = f" {escape(finding.remedy)}" if finding.remedy else ""
    return f'<p class="finding {colour}">{icon(picture, 12)}<span>{escape(finding.text)}{remedy}</span></p>'


def offers_html(offers: Sequence[Offer] | None, remote: Mapping[str, Sequence[str]], on_list: Collection[str]) -> str:
    """Every picker of the registry: with what to add, or greyed with the reason and ``Get…``."""
    if offers is None:
        return '<p class="none muted">Looking for pickers…</p>'
    return f'<div class="offers">{"".join(_offer(offer, remote.get(offer.name), on_list) for offer in offers)}</div>'


def _offer(offer: Offer, remote: Sequence[str] | None, on_list: Collection[str]) -> str:
    parts = []
    for weights in offer.weights if offer.needs_weights else ("",):
        key = f"{offer.name}/{weights}" if weights else offer.name
        if offer.ok and key not in on_list:
            use = attributes(
                class_="button", data_act="use", data_picker=offer.name, data_weights=weights, data_key=f"use {key}"
            )
            parts.append(f"<button {use}>Add {escape(weights)}</button>")
    if offer.needs_weights and remote is None:
        get = attributes(
            class_="plain",
            data_act="get",
            data_picker=offer.name,
            data_key=f"get {offer.name}",
            title="Ask SeisBench's server which weights it has",
        )
        parts.append(f"<button {get}>Get…</button>")
    for weights in remote or ():
        fetch = attributes(
            class_="button",
            data_act="fetch",
            data_picker=offer.name,
            data_weights=weights,
            data_key=f"fetch {offer.name} {weights}",
        )
        parts.append(f"<button {fetch}>Download {escape(weights)}</button>")
    if remote is not None and not remote:
        parts.append('<span class="muted small">SeisBench has no other weights of it.</span>')
    reason = "" if offer.ok else f'<p class="muted small">{escape(f"{offer.reason} {offer.remedy}".strip())}</p>'
    lock = "" if offer.ok else icon("lock", 13)
    return (
        f'<div class="offer {"" if offer.ok else "locked"}" data-key="{escape(offer.name)}"><div class="line">{lock}<b>{escape(offer.title)}</b></div>'
        f'{reason}<div class="doors">{"".join(parts)}</div></div>'
    )
