"""What came, went, moved and changed between two tables of labels, as a table and in plain words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

__all__ = ["DIFFERENCE_COLUMNS", "Difference", "compare_labels"]

DIFFERENCE_COLUMNS = {
    "what": "str", "label_id": "str", "recording_id": "str", "station": "str", "phase": "str",
    "time_before": "datetime64[ns]", "time_after": "datetime64[ns]", "moved_s": "float64", "before": "str",
    "after": "str", "analyst": "str", "entry": "Int64",
}  # fmt: skip
"""One row for each change; `analyst` and `entry` are of the decision that made it, empty where it is not known.

``settled`` is a label that another one stands for by now: `time_after` is that one's, NaT where it says that there is
no onset, and `after` its label_id.
"""

_CHANGES = {
    "phase": "changed phase",
    "polarity": "changed polarity",
    "onset_quality": "changed onset quality",
    "uncertainty": "changed uncertainty",
    "weight": "changed weight",
}
_NAMES_SAID = 8


@dataclass(frozen=True, eq=False)
class Difference:
    """Changes from one table of labels to another.

    Parameters
    ----------
    table
        With the columns `DIFFERENCE_COLUMNS`, by recording, station and time.
    n_before, n_after
        Onsets that stand in either.
    """

    table: pd.DataFrame
    n_before: int
    n_after: int

    def in_words(self) -> list[str]:
        """One sentence on what changed, and one on whose decisions it was."""
        if self.table.empty:
            return [f"Nothing differs: {_count(self.n_before, 'label')} in both."]
        counts = Counter(self.table["what"])
        said = [f"{_count(counts['came'], 'label')} came" if counts["came"] else ""]
        said.append(f"{counts['went']:,} went" if counts["went"] else "")
        said.append(f"{counts['settled']:,} gave way to labels that settle them" if counts["settled"] else "")
        said.append(self._moved())
        said += [f"{counts[what]:,} {words}" for what, words in _CHANGES.items() if counts[what]]
        first = ", ".join(filter(None, said))
        if not counts["came"]:
            first = f"Of {_count(self.n_before, 'label')} {first}"
        return [f"{first}; {self.n_before:,} before, {self.n_after:,} after.", *self._whose()]

    def _moved(self) -> str:
        moved = self.table[self.table["what"] == "moved"]
        if moved.empty:
            return ""
        by_s = moved["moved_s"].abs()
        most = moved.loc[by_s.idxmax()]
        farthest = f"{most['station'].rstrip('.')} {most['phase']} in {most['recording_id']}"
        return f"{len(moved):,} moved (median {by_s.median():.3g} s, largest {by_s.max():.3g} s: {farthest})"

    def _whose(self) -> list[str]:
        once = self.table.drop_duplicates("label_id")
        known = once.loc[once["analyst"] != "", "analyst"].value_counts()
        if known.empty:
            return []
        said = [f"{name} {n:,}" for name, n in sorted(known.items(), key=lambda pair: (-pair[1], str(pair[0])))]
        more = f" and {len(said) - _NAMES_SAID} more" if len(said) > _NAMES_SAID else ""
        unknown = int((once["analyst"] == "").sum())
        rest = f"; of {unknown:,} it is not known whose" if unknown else ""
        return [f"Changed by the decisions of {', '.join(said[:_NAMES_SAID])}{more}{rest}."]


def compare_labels(before: pd.DataFrame, after: pd.DataFrame, entries: pd.DataFrame | None = None) -> Difference:
    """The changes; a label is the same one by its id, and one that is rejected does not stand.

    Parameters
    ----------
    before, after
        Of the form of :func:`workbench.schema.check_labels`.
    entries
        Rows of the journal between the two (:meth:`workbench.labels.journal.Journal.entries`), which tell who took a
        label away that the later table does not know any more.
    """
    old = {row.label_id: row for row in before.itertuples() if row.decision != "reject"}
    new = {row.label_id: row for row in after.itertuples() if row.decision != "reject"}
    rejected = {row.label_id: row for row in after.itertuples() if row.decision == "reject"}
    known = [] if entries is None else list(entries.sort_values("entry").itertuples())
    last, first = {row.label_id: row for row in known}, {row.label_id: row for row in reversed(known)}
    settled, freed = _settled(after), _settled(before)
    rows: list[Mapping[str, Any]] = []
    for label_id in sorted({*old, *new}):
        was, now, by = old.get(label_id), new.get(label_id), settled.get(label_id)
        if now is None and by is not None:
            # Whoever has changed the settled label since is not who settled it.
            rows.append(_gave_way(was, by, first.get(by.label_id, by)))
            continue
        # An undo has the content, but not the name, of an earlier row: the journal's last row tells whose it was.
        decided = last.get(label_id) or now or rejected.get(label_id)
        if was is None and label_id in freed:
            # It stands again because the label that settled it was taken back.
            decided = last.get(freed[label_id].label_id, decided)
        rows += _changes(was, now, decided)
    table = pd.DataFrame(rows, columns=list(DIFFERENCE_COLUMNS)).astype(DIFFERENCE_COLUMNS)
    order = ["recording_id", "station", "time_after", "time_before", "label_id"]
    return Difference(table.sort_values(order, kind="stable", ignore_index=True), len(old), len(new))


def _settled(labels: pd.DataFrame) -> dict[str, Any]:
    """Label to the one of these that stands for it; also where that one settles one that had settled it before."""
    found: dict[str, Any] = {}
    for row in labels.itertuples():
        waiting = [json.loads(row.provenance or "{}")]
        while waiting:
            marks = (waiting.pop().get("settled") or {}).get("marks", [])
            found |= {mark["label_id"]: row for mark in marks}
            waiting += [mark.get("provenance") or {} for mark in marks]
    return found


def _gave_way(was: Any, by: Any, decided: Any) -> Mapping[str, Any]:
    there = by.decision != "reject"
    about = _about(was, decided) | {"time_before": was.time, "after": by.label_id, "what": "settled"}
    return about | ({"time_after": by.time, "moved_s": (by.time - was.time).total_seconds()} if there else {})


def _about(row: Any, decided: Any) -> dict[str, Any]:
    return {
        "label_id": row.label_id,
        "recording_id": row.recording_id,
        "station": row.station,
        "phase": row.phase,
        "time_before": pd.NaT,
        "time_after": pd.NaT,
        "moved_s": float("nan"),
        "before": "",
        "after": "",
        "analyst": decided.analyst if decided is not None else "",
        "entry": decided.entry if decided is not None else None,
    }


def _changes(was: Any, now: Any, decided: Any) -> Iterator[Mapping[str, Any]]:
    about = _about(now if now is not None else was, decided) | {
        "time_before": was.time if was is not None else pd.NaT,
        "time_after": now.time if now is not None else pd.NaT,
    }
    if was is None or now is None:
        yield {**about, "what": "came" if was is None else "went"}
        return
    if was.time != now.time:
        yield {**about, "what": "moved", "moved_s": (now.time - was.time).total_seconds()}
    for what in _CHANGES:
        before, after = _shown(was, what), _shown(now, what)
        if before != after:
            yield {**about, "what": what, "before": before, "after": after}


def _shown(row: Any, what: str) -> str:
    if what == "uncertainty":
        return f"-{row.uncertainty_minus_s:g} +{row.uncertainty_plus_s:g} s".replace("-nan", "").replace("+nan", "")
    value = getattr(row, what)
    return f"{value:g}".replace("nan", "") if what == "weight" else str(value)


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
