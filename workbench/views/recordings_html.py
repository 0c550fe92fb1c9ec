"""What the list of recordings shows: HTML of its head, its filters, one row, and its foot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from workbench.views.icons import icon, status_icon
from workbench.views.markup import attributes
from workbench.views.recordings_query import RANGES, SORTS, Query

__all__ = ["filter_html", "foot_html", "head_html", "recording_row"]

_UNITS = {"magnitude": ("M", ""), "distance_km": ("", " km"), "snr_db": ("", " dB")}


def recording_row(row: pd.Series, status: str, counts: tuple[int, int], note: str, sort: str) -> Mapping[str, Any]:
    """One recording: status, name with time or stations, and its picks or the figure it is sorted by."""
    title, sub = _names(row)
    n_p, n_s = counts
    if sort in _UNITS:
        before, after = _UNITS[sort]
        figure = f"{before}{row[sort]:.1f}{after}" if pd.notna(row[sort]) else "–"
        right = f'<span class="muted">{figure}</span>'
    else:
        parts = [f'<span class="p">{n_p}P</span>' if n_p else "", f'<span class="s">{n_s}S</span>' if n_s else ""]
        right = f'<span class="counts">{" ".join(filter(None, parts))}</span>'
    return {
        "cells": [status_icon(status), f'{escape(title)}<span class="sub">{escape(sub)}</span>', right],
        "title": escape(_tooltip(row, note)),
    }


def _names(row: pd.Series) -> tuple[str, str]:
    start = row["start"]
    n = int(row["n_stations"])
    if n > 1:
        title = f"{start:%H:%M:%S}" if pd.notna(start) else str(row["recording_id"])
        return title, f"{n} st" if not pd.notna(start) else f"{n} st · {start:%Y-%m-%d}"
    station = ".".join(part for part in str(row["stations"]).split(".")[:2] if part)
    if station and pd.notna(start):
        return station, f"{start:%Y-%m-%d %H:%M}"
    return str(row["recording_id"]), ""


def _tooltip(row: pd.Series, note: str) -> str:
    facts = [str(row["recording_id"])]
    facts += [str(row["category"])] if row["category"] else []
    for column, label in RANGES.items():
        if pd.notna(row[column]):
            facts.append(f"{label} {row[column]:.1f}")
    return " · ".join(facts + ([f"Note: {note}"] if note else []))


def head_html(source: str, n_all: int, n_shown: int, query: Query, totals: Mapping[str, int], filters: str) -> str:
    """Title, search field, statuses as segments, and sorting."""
    count = f"{n_all:,}" if n_shown == n_all else f"{n_shown:,} of {n_all:,}"
    segments = [
        ("", "All", n_all),
        *((name, status_icon(name, 12), totals[name]) for name in ("untouched", "in work", "done")),
    ]
    if totals["rejected"]:
        segments.append(("rejected", status_icon("rejected", 12), totals["rejected"]))
    buttons = "".join(
        f"<button {attributes(data_act='status', data_status=name, data_key=name or 'all', aria_pressed=str(query.status == name).lower(), title=(name or 'all').capitalize())}>"
        f"{words}<span>{_short(n)}</span></button>"
        for name, words, n in segments
    )
    return f"""
<div class="line"><b class="title">Recordings</b><span class="muted">{count}</span></div>
<div class="line source"><span class="muted ellipsis" title="{escape(source)}">{escape(source) or "no source open"}</span>
  <button class="plain" data-act="open-source" title="Open another source">{icon("open", 14)}&nbsp;Open…</button></div>
<label class="search">{icon("search", 14)}<span class="visually-hidden">Search recordings</span>
  <input type="search" {attributes(data_act="search", data_live="250", data_key="search", value=query.text, placeholder="station, date, note …")}></label>
<div class="statuses" role="group" aria-label="Status">{buttons}</div>
<div class="line tools"><button class="plain" data-act="filters" aria-expanded="{str(bool(filters)).lower()}">{icon("more", 12)}&nbsp;Filter{_dot(query)}</button>
  {_sort_select(query)}</div>{filters}"""


def _dot(query: Query) -> str:
    n = bool(query.category) + len(query.ranges)
    return f' <span class="count">{n}</span>' if n else ""


def _short(n: int) -> str:
    return f"{n:,}" if n < 10_000 else f"{n / 1000:,.0f}k" if n < 1_000_000 else f"{n / 1e6:.2f}M"


def _sort_select(query: Query) -> str:
    options = []
    for column, label in SORTS.items():
        ways = [("", "")] if column == "" else [(" up", " ↑"), (" down", " ↓")]
        for way, arrow in ways:
            chosen = column == query.sort and (way == " down") == query.descending
            options.append(f"<option {attributes(value=column + way, selected=chosen)}>{label}{arrow}</option>")
    return f'<select data-act="sort" aria-label="Sort by" data-key="sort">{"".join(options)}</select>'


def filter_html(query: Query, categories: Sequence[str], limits: Mapping[str, tuple[float, float]]) -> str:
    """Category and ranges; only those that the source knows."""
    parts = []
    if categories:
        options = "".join(
            f"<option {attributes(value=c, selected=c == query.category)}>{escape(c)}</option>" for c in categories
        )
        parts.append(
            f'<label class="field"><span>Category</span><select data-act="category"><option value="">Any</option>{options}</select></label>'
        )
    for column, (low, high) in limits.items():
        ends = query.ranges.get(column, (float("nan"), float("nan")))
        fields = "".join(
            f'<input type="number" step="any" {attributes(data_act=side, data_column=column, data_key=column + side, value="" if end != end else f"{end:g}", placeholder=f"{limit:.1f}", aria_label=f"{RANGES[column]}, {side}est")}>'
            for side, end, limit in (("low", ends[0], low), ("high", ends[1], high))
        )
        parts.append(f'<div class="field"><span>{RANGES[column]}</span><span class="pair">{fields}</span></div>')
    if not parts:
        parts.append('<p class="muted">This source gives no category, magnitude, distance or SNR.</p>')
    if query.filters:
        parts.append('<button class="button" data-act="clear">Clear filter</button>')
    return f'<div class="filters">{"".join(parts)}</div>'


def foot_html(totals: Mapping[str, int], position: int, n_listed: int, name: str) -> str:
    """Progress in words and as a bar; on the rail, the name and place of the open recording."""
    n = max(sum(totals.values()), 1)
    done, picked = totals["done"] + totals["rejected"], totals["in work"]
    place = f"{position + 1:,} of {n_listed:,}" if position >= 0 else f"{n_listed:,}"
    return f"""
<div class="line"><span><b>{done:,}</b> done · <b>{picked:,}</b> picked · <b>{totals["untouched"]:,}</b> left</span>
<span class="keys"><button class="key" data-act="step" data-by="-1" aria-label="Previous recording" title="Previous recording"><kbd>[</kbd></button>
<button class="key" data-act="step" data-by="1" aria-label="Next recording" title="Next recording"><kbd>]</kbd></button></span></div>
<div class="bar" role="img" aria-label="{done} of {n} done"><i class="done" style="width:{100 * done / n:.2f}%"></i><i class="picked" style="width:{100 * picked / n:.2f}%"></i></div>
<div class="rail"><button class="icon" data-act="list" aria-label="Show the list of recordings">{icon("list")}</button>
<span class="name">{escape(name)} · {place}</span><span class="spread"></span><span class="small muted">{100 * done // n} %</span>
<span class="upright"><i style="height:{100 * done / n:.2f}%"></i></span></div>"""
