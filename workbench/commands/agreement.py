"""``workbench agreement``: how far the analysts of a journal agree, and where they do not."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.commands.exporting import existing_journal
from workbench.commands.labels_option import labels_option
from workbench.commands.progress import progress_bar
from workbench.commands.table import print_table, write_table
from workbench.errors import LabelStoreError, UnknownNameError
from workbench.schema import OVERALL

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["agreement"]

_SHOWN = 15


@click.command()
@labels_option
@click.option("--source", "place", help="The recordings: stations on which nobody picked anything are counted, too.")
@click.option(
    "--tolerance", "tolerance_s", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True,
    help="Seconds; farther apart, marks of a phase on a station are of two onsets.",
)  # fmt: skip
@click.option("--analyst", "names", multiple=True, help="Only these; give two or more. Default: all.")
@click.option("--output", type=click.Path(path_type=Path), help="Folder for agreement.csv and disagreements.csv.")
def agreement(
    labels: str | None, place: str | None, tolerance_s: float, names: tuple[str, ...], output: Path | None
) -> None:
    """How far analysts agree who looked at the same stations, for each phase and pair of them.

    Both looked at a station of a recording if each decided something on it or marked it, or the recording, as done.
    Times are the first analyst's minus the second's, of onsets that both marked, with 95 % intervals. Kappa for
    has-pick counts a phase on a station of a recording as one unit; kappa for polarity counts onsets whose polarity
    both judged. Onsets that are not settled are listed, the worst first; those settled count here all the same.
    """
    from workbench.labels.agreement import agreement as agree
    from workbench.labels.disagreements import disagreements

    with existing_journal(labels) as journal:
        ids = journal.several_recordings()
        marks, looks, standing = journal.marks(ids), journal.looks(ids), journal.labels(ids)
        known = sorted(set(marks["analyst"]) | set(looks["analyst"])) or sorted(set(journal.marks()["analyst"]))
    for name in names:
        if name not in known:
            raise UnknownNameError("analyst of this journal", name, known)
    if names:
        marks, looks = (table[table["analyst"].isin(names)].reset_index(drop=True) for table in (marks, looks))
    stations = _stations(place, ids) if place else None
    table = agree(marks, looks, stations, tolerance_s=tolerance_s)
    if table.empty:
        who = f"{', '.join(names or known)} decided something" if known else "nobody decided anything"
        raise LabelStoreError(f"No two analysts looked at the same station of a recording ({who}).")
    left = disagreements(marks, looks, standing, stations, tolerance_s=tolerance_s)
    _print(table)
    differing = left[left["severity"] >= 1]
    click.echo(f"{len(differing)} onsets to settle, {len(left) - len(differing)} more that agree.", err=True)
    if len(differing):
        rows = [(f"{row.severity:.1f}", row.phase, row.station, row.recording_id, row.words)
                for row in differing.head(_SHOWN).itertuples()]  # fmt: skip
        print_table(("severity", "phase", "station", "recording", "what"), rows)
    if output is not None:
        for name, found in (("agreement", table), ("disagreements", left)):
            path = output / f"{name}.csv"
            write_table(found, path)
            click.echo(str(path), err=True)


def _stations(place: str, wanted: list[str]) -> dict[str, list[str]]:
    """Stations of the recordings of a source that several analysts looked at."""
    from workbench.sources import open_source

    source = open_source(place)
    with progress_bar(f"List {source.title}") as report:
        held = set(source.scan(report)["recording_id"])
    ids = [name for name in wanted if name in held]
    found = {}
    with progress_bar("Read stations") as report:
        for n, name in enumerate(ids):
            found[name] = [str(station) for station in source.read(name)["station"].values]
            report((n + 1) / len(ids), name)
    return found


def _print(table: pd.DataFrame) -> None:
    headings = ("phase", "who", "onsets", "alone", "median ms", "MAD ms", "5-95 % ms", "|median| ms", "units",
                "kappa has-pick", "polarity n", "kappa polarity")  # fmt: skip
    rows = []
    for row in table.itertuples():
        who = "all pairs" if row.first == OVERALL else f"{row.first} − {row.second}"
        tails = "" if math.isnan(row.p05_s) else f"{_signed_ms(row.p05_s)} to {_signed_ms(row.p95_s)}"
        rows.append(
            (
                row.phase,
                who,
                f"{row.n_pairs} ({row.n_blind} blind)",
                f"{row.n_first_alone} / {row.n_second_alone}",
                _with_bounds(_signed_ms, row.median_s, row.median_low_s, row.median_high_s),
                _with_bounds(_ms, row.mad_s, row.mad_low_s, row.mad_high_s),
                tails,
                _with_bounds(_ms, row.median_abs_s, row.median_abs_low_s, row.median_abs_high_s),
                f"{row.n_units}",
                _with_bounds(_share, row.kappa_pick, row.kappa_pick_low, row.kappa_pick_high),
                f"{row.n_polarity}",
                _with_bounds(_share, row.kappa_polarity, row.kappa_polarity_low, row.kappa_polarity_high),
            )
        )
    print_table(headings, rows)


def _with_bounds(words: Callable[[float], str], value: float, low: float, high: float) -> str:
    return "–" if math.isnan(value) else f"{words(value)} [{words(low)}, {words(high)}]"


def _signed_ms(seconds: float) -> str:
    return "–" if math.isnan(seconds) else f"{1e3 * seconds:+.0f}".replace("-", "−")


def _ms(seconds: float) -> str:
    return "–" if math.isnan(seconds) else f"{1e3 * seconds:.0f}"


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}".replace("-", "−")
