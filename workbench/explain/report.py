"""An explanation as a page to read and print: question, answer, pictures, checks and where it all comes from."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from workbench.explain.attention_picture import attention_figure
from workbench.explain.checks import CHECKS
from workbench.explain.palette import PALETTE, VERDICT_WORDS
from workbench.explain.picture import explanation_figure, figure_png
from workbench.explain.shares import Share, component_shares, second_shares
from workbench.explain.sparkline import sparkline
from workbench.explain.summary import sign_words, tells_components, tells_times
from workbench.schema import BELIEF, Check, belief

__all__ = ["report_html"]

_STYLE = Path(__file__).with_name("report.css")
_SIGNS = {"pass": ("✓", "ok"), "warn": ("▲", "warn"), "fail": ("✕", "error"), "none": ("–", "muted")}


def report_html(
    recording: xr.Dataset,
    attribution: xr.Dataset,
    checks: Sequence[Check] = (),
    attention: Sequence[xr.Dataset] = (),
) -> str:
    """One page of HTML that needs nothing else: no script, no font, no file, no network.

    Parameters
    ----------
    recording, attribution, checks, attention
        As :func:`workbench.explain.saving.save_explanation` takes them.
    """
    question = f"Why {attribution.attrs['phase']} at {_clock(attribution)}?"
    style = _STYLE.read_text(encoding="utf-8")
    tokens = " ".join(f"--{name.replace('_', '-')}: {colour};" for name, colour in PALETTE.items())
    traces = _picture(
        figure_png(explanation_figure(recording, attribution, attention, titled=False)),
        f"Traces of {attribution.attrs['station']} around the answer, with the attribution as colour and as bars",
    )
    parts = [
        f"<header><h1>{escape(question)}</h1>{_badge(checks)}</header>",
        f'<p class="asked">{escape(_asked(attribution))}</p>',
        f"<figure>{traces}</figure>",
        '<div class="columns">',
        _checks_html(checks),
        _shares_html(attribution),
        "</div>",
        _attention_html(attention),
        _provenance_html(recording, attribution),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(question)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>:root {{{tokens}}}\n{style}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


def _clock(attribution: xr.Dataset) -> str:
    when = pd.Timestamp(attribution.attrs["target_time"]).round("ms")
    return f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 1000:03d} UTC"


def _asked(attribution: xr.Dataset) -> str:
    attrs = attribution.attrs
    who = " ".join(part for part in (attrs["picker"], attrs["weights"]) if part)
    method = str(attrs["method"]).replace("_", " ")
    baseline = f", compared with the baseline “{attrs['baseline']}”" if attrs["baseline"] else ""
    station, gives = str(attrs["station"]).strip("."), f"gives {attrs['phase']} a {attrs['target']} of"
    return (
        f"{station} of {attrs['recording_id']}. {who} {gives} {attrs['value']:.3g}, its mean within "
        f"±{attrs['target_half_width_s']:g} s; explained by {method}{baseline}."
    )


def _picture(png: bytes, words: str) -> str:
    return f'<img alt="{escape(words)}" src="data:image/png;base64,{b64encode(png).decode("ascii")}">'


def _badge(checks: Sequence[Check]) -> str:
    verdict = belief(checks)
    sign, colour = _SIGNS[verdict]
    words = BELIEF[verdict] if _all_made(checks) or verdict not in ("pass", "warn") else f"{BELIEF[verdict]} so far"
    return f'<span class="badge {colour}"><span aria-hidden="true">{sign}</span> {escape(words)}</span>'


def _checks_html(checks: Sequence[Check]) -> str:
    if not checks:
        return "<section><h2>Can it be believed?</h2><p>No check was made of this explanation.</p></section>"
    rows = "".join(_check_html(check) for check in checks)
    left = "" if _all_made(checks) else f"Saved when {len(checks)} of {len(CHECKS)} checks were made."
    note = f'<p class="asked">{left}</p>' if left else ""
    return f'<section><h2>Can it be believed?</h2><ul class="checks">{rows}</ul>{note}</section>'


def _all_made(checks: Sequence[Check]) -> bool:
    return {check.name for check in checks} >= set(CHECKS)


def _check_html(check: Check) -> str:
    sign, colour = _SIGNS[check.verdict]
    mark = f'<span class="mark {colour}" role="img" aria-label="{VERDICT_WORDS[check.verdict]}">{sign}</span>'
    return (
        f"<li>{mark}<div><b>{escape(check.title)}</b><br>{escape(check.words)}</div>"
        f"<div>{sparkline(check.curves, 90, 36)}</div></li>"
    )


def _shares_html(attribution: xr.Dataset) -> str:
    blocks = [
        f"<h2>{title}</h2>{''.join(_share_html(share) for share in shares)}"
        for title, shares in (
            ("Share of each component", component_shares(attribution) if tells_components(attribution) else ()),
            ("Seconds from the answer", second_shares(attribution) if tells_times(attribution) else ()),
        )
        if shares
    ]
    key = f'<p class="asked">{escape(sign_words(attribution))} In parts of the sum of all sizes.</p>'
    return f"<section>{''.join(blocks)}{key}</section>"


def _share_html(share: Share) -> str:
    """A bar in two colours, and the percentage; the signs are told apart in words where the pointer rests."""
    said = f"{100 * share.positive:.0f} % for, {100 * share.negative:.0f} % against"
    bar = "".join(
        f'<i class="{side}" style="width:{100 * part:.1f}%"></i>'
        for side, part in (("for", share.positive), ("against", share.negative))
    )
    return (
        f'<div class="share"><span>{escape(share.name)}</span><span class="bar" role="img" aria-label="{said}" '
        f'title="{said}">{bar}</span><span>{100 * share.whole:.0f} %</span></div>'
    )


def _attention_html(attention: Sequence[xr.Dataset]) -> str:
    if not attention:
        return ""
    titles = ", ".join(str(layer.attrs["title"]) for layer in attention)
    picture = _picture(figure_png(attention_figure(attention)), f"Attention matrices: {titles}")
    words = (
        "Row: the step that reads; column: the step that is read; mean over heads. Colour is stretched by the square "
        f"root, up to the number at the bar. One step is {attention[0].attrs['step_s']:.3g} s: attention cannot place "
        "a pick more closely than that."
    )
    return f"<section><h2>Attention</h2><figure>{picture}<figcaption>{words}</figcaption></figure></section>"


def _provenance_html(recording: xr.Dataset, attribution: xr.Dataset) -> str:
    rows = "".join(
        f"<tr><th scope=row>{escape(name)}</th><td>{escape(value)}</td></tr>"
        for name, value in _provenance(recording, attribution).items()
    )
    return f"<section><h2>Where it comes from</h2><table>{rows}</table></section>"


def _provenance(recording: xr.Dataset, attribution: xr.Dataset) -> Mapping[str, str]:
    attrs = attribution.attrs
    start = pd.Timestamp(attrs["window_start"])
    delta = float(attrs["convergence_delta"])
    history = str(recording.attrs.get("history", "")).strip().replace("\n", "; ")
    versions = json.loads(attrs["versions"])
    return {
        "Recording": f"{attrs['recording_id']}, {recording.attrs.get('source', '')}".rstrip(", "),
        "Steps before": history or "none",
        "Picker": f"{attrs['picker']} {attrs['weights']}".strip(),
        "Weights hash": str(attrs["weights_hash"]) or "none",
        "Target": f"{attrs['target']} of {attrs['phase']}, mean within ±{attrs['target_half_width_s']:g} s",
        "Method": f"{str(attrs['method']).replace('_', ' ')} {_settings(attrs['settings'])}".strip(),
        "Baseline": _baseline(attrs),
        "Adds up to within": "not promised by this method" if delta != delta else f"{delta:.2g}",
        "Window": f"{attrs['window_s']:g} s from {start:%Y-%m-%d %H:%M:%S}.{start.microsecond // 1000:03d} UTC",
        "Versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "Computed in": f"{attrs['seconds']:.2f} s",
    }


def _baseline(attrs: Mapping[str, Any]) -> str:
    if not attrs["baseline"]:
        return "none"
    value = float(attrs["baseline_value"])
    return attrs["baseline"] if value != value else f"{attrs['baseline']}, where the target is {value:.3g}"


def _settings(settings: str) -> str:
    found = ", ".join(f"{name} = {value}" for name, value in json.loads(settings).items())
    return f"({found})" if found else ""
