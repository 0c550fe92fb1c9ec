"""Scores as a table for people or for programs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from workbench.errors import SourceError

__all__ = ["as_markdown", "over_runs", "write_table"]

_SPREAD = ("within_0.1_s", "within_0.5_s", "mae_s", "outliers", "false_per_hour")


def _share(row: pd.Series, name: str) -> str:
    if pd.isna(row[name]):
        return "–"
    return f"{row[name]:.2f} ({row[f'{name}_low']:.2f}–{row[f'{name}_high']:.2f})"


def over_runs(table: pd.DataFrame) -> pd.DataFrame:
    """One row for all runs of a picker, by group and phase, with their number; other rows as they are.

    It holds their means, and lowest and highest of them in place of the interval.
    """
    rows = []
    for _, runs in table.groupby(["picker", "group", "phase"], sort=False):
        row = runs.iloc[0].copy()
        row["runs"] = len(runs)
        if len(runs) > 1:
            row["threshold"] = runs["threshold"].mean()
            for name in _SPREAD:
                # The interval of a rate goes by a name of its own.
                stem = "false" if name == "false_per_hour" else name
                row[name], row[f"{stem}_low"], row[f"{stem}_high"] = (
                    runs[name].mean(), runs[name].min(), runs[name].max(),
                )  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows).reset_index(drop=True)


def as_markdown(table: pd.DataFrame) -> str:
    """A Markdown table: a row for each picker, group and phase.

    In brackets stand intervals of 95 %; or, for pickers with several runs, lowest and highest of the runs.
    """
    table = over_runs(table)
    lines = [
        "| picker | set | phase | threshold | n | within 0.1 s | within 0.5 s | MAE s | beyond 1.5 s "
        "| false/h (hours) |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for _, row in table.iterrows():
        mae = "–" if pd.isna(row["mae_s"]) else f"{row['mae_s']:.3f} ({row['mae_s_low']:.3f}–{row['mae_s_high']:.3f})"
        false = "–"
        if row["quiet_hours"] > 0:
            interval = f"{row['false_low']:.1f}–{row['false_high']:.1f}"
            false = f"{row['false_per_hour']:.1f} ({interval}; {row['quiet_hours']:.2f})"
        cells = [
            f"{row['picker']}, {row['runs']} runs" if row["runs"] > 1 else row["picker"],
            row["group"], row["phase"], f"{row['threshold']:.2f}", f"{row['n']:.0f}",
            _share(row, "within_0.1_s"), _share(row, "within_0.5_s"), mae, _share(row, "outliers"), false,
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def write_table(table: pd.DataFrame, path: Path) -> Path:
    """The path of the table: CSV with every figure, or Markdown.

    Raises
    ------
    SourceError
        If the suffix is neither, or the file cannot be written.
    """
    if path.suffix not in (".csv", ".md"):
        raise SourceError(f"A table is written as .csv or .md, not {path.suffix or 'without a suffix'!r}.")
    try:
        if path.suffix == ".csv":
            table.to_csv(path, index=False)
        else:
            path.write_text(as_markdown(table), encoding="utf-8")
    except OSError as error:
        raise SourceError(f"{path} cannot be written: {error.strerror}.") from error
    return path
