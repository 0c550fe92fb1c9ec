"""What the list of recordings shows: HTML of its head, its filters, one row, and its foot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from workbench.views.icons import icon, status_icon
from workbench.views.recordings_query import RANGES, SORTS, Query
from workbench.views.tags import icon_button, options, tag, text

__all__ = ["filter_html", "foot_html", "head_html", "recording_row", "recording_title"]

_UNITS = {"magnitude": ("M", ""), "distance_km": ("", " km"), "snr_db": ("", " dB")}


def recording_row(row: pd.Series, status: str, counts: tuple[int, int], note: str, sort: str) -> Mapping[str, Any]:
    """One recording: status, name with time or stations, and its picks or the figure it is sorted by."""
    title, sub = _names(row)
    n_p, n_s = counts
    if sort in _UNITS:
        before, after = _UNITS[sort]
        figure = f"{before}{row[sort]:.1f}{after}" if pd.notna(row[sort]) else "–"
        right = tag("span", figure, class_="muted")
    else:
        parts = [tag("span", f"{n_p}P", class_="p")] * bool(n_p) + [tag("span", f"{n_s}S", class_="s")] * bool(n_s)
        right = tag("span", " ".join(parts), class_="counts")
    return {
        "cells": [status_icon(status), f"{text(title)}{tag('span', text(sub), class_='sub')}", right],
        "title": text(_tooltip(row, note)),
    }


def recording_title(row: pd.Series) -> str:
    """What the list calls a recording."""
    return _names(row)[0]


def _names(row: pd.Series) -> tuple[str, str]:
    start = row["start"]
    n = int(row["n_stations"])
    if row.get("place") and pd.notna(start):
        return _event_names(row, n)
    if n > 1:
        title = f"{start:%H:%M:%S}" if pd.notna(start) else str(row["recording_id"])
        return title, f"{n} st" if not pd.notna(start) else f"{n} st · {start:%Y-%m-%d}"
    station = ".".join(part for part in str(row["stations"]).split(".")[:2] if part)
    if station and pd.notna(start):
        return station, f"{start:%Y-%m-%d %H:%M}"
    return str(row["recording_id"]), ""


def _event_names(row: pd.Series, n: int) -> tuple[str, str]:
    """Of a recording that a catalogue calls by a place: origin time, magnitude, place, stations."""
    time = row["origin_time"] if pd.notna(row.get("origin_time")) else row["start"]
    size = [f"M{row['magnitude']:.1f}"] if pd.notna(row["magnitude"]) else []
    return f"{time:%H:%M:%S}", " · ".join((*size, str(row["place"]), f"{n} st"))


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
    names = ["untouched", "in work", "done", *(["rejected"] if totals["rejected"] else [])]
    statuses = [_status_button(name, status_icon(name, 12), totals[name], query) for name in names]
    search = {"data_act": "search", "data_live": 250, "data_key": "search", "value": query.text}
    opening = {"data_act": "open-source", "title": "Open a source"}
    filtering = {"data_act": "filters", "aria_expanded": bool(filters)}
    return "".join(
        (
            tag("div", tag("b", "Recordings", class_="title"), tag("span", count, class_="muted"), class_="line"),
            tag(
                "div",
                tag("span", text(source or "no source open"), class_="muted ellipsis", title=source),
                tag("button", icon("open", 14), "&nbsp;Open…", class_="plain", **opening),
                class_="line source",
            ),
            tag(
                "label",
                icon("search", 14),
                tag("span", "Search recordings", class_="visually-hidden"),
                tag("input", type="search", placeholder="station, date, note …", **search),
                class_="search",
            ),
            tag(
                "div",
                _status_button("", "All", n_all, query),
                *statuses,
                class_="statuses",
                role="group",
                aria_label="Status",
            ),
            tag(
                "div",
                tag("button", f"{icon('more', 12)}&nbsp;Filter{_dot(query)}", class_="plain", **filtering),
                _sort_select(query),
                class_="line tools",
            ),
            filters,
        )
    )


def _status_button(name: str, words: str, n: int, query: Query) -> str:
    return tag(
        "button",
        words,
        tag("span", _short(n)),
        data_act="status",
        data_status=name,
        data_key=name or "all",
        title=(name or "all").capitalize(),
        aria_pressed=query.status == name,
    )


def _dot(query: Query) -> str:
    n = bool(query.category) + len(query.ranges)
    return f" {tag('span', str(n), class_='count')}" if n else ""


def _short(n: int) -> str:
    return f"{n:,}" if n < 10_000 else f"{n / 1000:,.0f}k" if n < 1_000_000 else f"{n / 1e6:.2f}M"


def _sort_select(query: Query) -> str:
    choices = {" up": SORTS[""]}
    for column, label in SORTS.items():
        if column:
            choices |= {f"{column} up": f"{label} ↑", f"{column} down": f"{label} ↓"}
    value = f"{query.sort} {'down' if query.descending else 'up'}"
    return tag("select", options(choices, value), data_act="sort", data_key="sort", aria_label="Sort by")


def filter_html(query: Query, categories: Sequence[str], limits: Mapping[str, tuple[float, float]]) -> str:
    """Category and ranges; only those that the source knows."""
    parts = []
    if categories:
        choices = {"": "Any"} | {name: name for name in categories}
        parts.append(_field("Category", tag("select", options(choices, query.category), data_act="category")))
    parts += [_range(column, limits[column], query) for column in limits]
    if not parts:
        parts.append(tag("p", "This source gives no category, magnitude, distance or SNR.", class_="muted"))
    if query.filters:
        parts.append(tag("button", "Clear filter", class_="button", data_act="clear"))
    return tag("div", *parts, class_="filters")


def _field(label: str, control: str) -> str:
    return tag("label", tag("span", label), control, class_="field")


def _range(column: str, limits: tuple[float, float], query: Query) -> str:
    ends = query.ranges.get(column, (float("nan"), float("nan")))
    fields = [
        tag(
            "input",
            type="number",
            step="any",
            data_act=side,
            data_column=column,
            data_key=column + side,
            value="" if end != end else f"{end:g}",
            placeholder=f"{limit:.1f}",
            aria_label=f"{RANGES[column]}, {words}",
        )
        for side, words, end, limit in zip(("low", "high"), ("lowest", "highest"), ends, limits, strict=True)
    ]
    return tag("div", tag("span", RANGES[column]), tag("span", *fields, class_="pair"), class_="field")


def foot_html(totals: Mapping[str, int], position: int, n_listed: int, name: str) -> str:
    """Progress in words and as a bar; on the rail, the name and place of the open recording."""
    n = max(sum(totals.values()), 1)
    done, picked = totals["done"] + totals["rejected"], totals["in work"]
    words = f"<b>{done:,}</b> done · <b>{picked:,}</b> picked · <b>{totals['untouched']:,}</b> left"
    steps = [
        # The trace view sees a click on what carries data-turn, and may hold that recording already.
        tag(
            "button",
            tag("kbd", key),
            class_="key",
            data_act="step",
            data_by=by,
            data_turn=by,
            title=title,
            aria_label=title,
        )
        for key, by, title in (("[", -1, "Previous recording"), ("]", 1, "Next recording"))
    ]
    place = f"{position + 1:,} of {n_listed:,}" if position >= 0 else f"{n_listed:,}"
    parts = [
        tag("i", class_=kind, style=f"width:{100 * share / n:.2f}%")
        for kind, share in (("done", done), ("picked", picked))
    ]
    rail = (
        icon_button("list", "list", "Show the list of recordings"),
        tag("span", text(f"{name} · {place}" if name else place), class_="name"),
        tag("span", class_="spread"),
        tag("span", f"{100 * done // n} %", class_="small muted"),
        tag("span", tag("i", style=f"height:{100 * done / n:.2f}%"), class_="upright"),
    )
    return "".join(
        (
            tag("div", tag("span", words), tag("span", *steps, class_="keys"), class_="line"),
            tag("div", *parts, class_="bar", role="img", aria_label=f"{done} of {n} done"),
            tag("div", *rail, class_="rail"),
        )
    )
