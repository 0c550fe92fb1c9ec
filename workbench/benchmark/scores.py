"""Scores of one picker: labels found, residuals, outliers, and false picks in quiet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from workbench.benchmark.cases import Case
from workbench.benchmark.intervals import bootstrap_mean, poisson_rate, wilson
from workbench.inference.picking import picks_from
from workbench.schema import PickerCard

__all__ = ["OUTLIER_S", "TOLERANCES_S", "Tally", "tally"]

TOLERANCES_S = (0.1, 0.5)
OUTLIER_S = 1.5
_NEIGHBOURHOOD_S = 5.0


@dataclass
class Tally:
    """What a picker did with all labels of one phase of one group of cases.

    Parameters
    ----------
    residuals_s
        Pick less label, of the nearest pick of that phase at the station within five seconds; NaN where there is none.
    false_picks, quiet_hours
        Picks of that phase in the quiet stretches, and how long those are together.
    """

    residuals_s: list[float] = field(default_factory=list)
    false_picks: int = 0
    quiet_hours: float = 0.0

    def row(self, rng: np.random.Generator) -> dict[str, float]:
        """Figures with n and 95 % intervals, ready for a table."""
        residuals = np.abs(np.asarray(self.residuals_s, float))
        total = len(residuals)
        row: dict[str, float] = {"n": total}
        for tolerance in TOLERANCES_S:
            hits = int((residuals <= tolerance).sum())
            low, high = wilson(hits, total)
            share = hits / total if total else float("nan")
            row |= {
                f"within_{tolerance}_s": share,
                f"within_{tolerance}_s_low": low,
                f"within_{tolerance}_s_high": high,
            }
        near = residuals[residuals <= OUTLIER_S]
        low, high = bootstrap_mean(near, rng)
        row |= {"mae_s": float(near.mean()) if near.size else float("nan"), "mae_s_low": low, "mae_s_high": high}
        picked = int(np.isfinite(residuals).sum())
        outliers = picked - len(near)
        low, high = wilson(outliers, picked)
        row |= {"picked": picked, "outliers": outliers / picked if picked else float("nan")}
        row |= {"outliers_low": low, "outliers_high": high}
        low, high = poisson_rate(self.false_picks, self.quiet_hours)
        rate = self.false_picks / self.quiet_hours if self.quiet_hours else float("nan")
        return row | {"false_per_hour": rate, "false_low": low, "false_high": high, "quiet_hours": self.quiet_hours}


def tally(
    cases: Sequence[Case],
    annotations: Iterable[xr.Dataset],
    card: PickerCard,
    thresholds: Mapping[str, float] | None = None,
) -> dict[tuple[str, str], Tally]:
    """Group and phase to tally; curves are those of the cases, in the same order."""
    tallies: dict[tuple[str, str], Tally] = {}
    for case, curves in zip(cases, annotations, strict=True):
        picks = picks_from(curves, card, thresholds)
        for phase in (phase for phase in ("P", "S") if phase in card.phases):
            found = tallies.setdefault((case.group, phase), Tally())
            own = picks[picks["phase"] == phase]
            for label in case.labels[case.labels["phase"] == phase].itertuples():
                found.residuals_s.append(_nearest_s(own.loc[own["station"] == label.station, "time"], label.time))
            for station, start, end in case.quiet:
                found.quiet_hours += (end - start).total_seconds() / 3600
                times = own.loc[own["station"] == station, "time"]
                found.false_picks += int(times.between(start, end).sum())
    return tallies


def _nearest_s(times: pd.Series, label: pd.Timestamp) -> float:
    residuals = (times - label).dt.total_seconds().to_numpy()
    if residuals.size == 0:
        return float("nan")
    nearest = float(residuals[np.abs(residuals).argmin()])
    return nearest if abs(nearest) <= _NEIGHBOURHOOD_S else float("nan")
