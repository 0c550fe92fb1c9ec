"""Export in one step by names and plain values: what runs in the background when a user asks for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import xarray as xr

from workbench.exporters import EXPORTERS
from workbench.schema import Event, Report, silent

__all__ = ["export_labels"]


def export_labels(
    exporter: str,
    labels: pd.DataFrame,
    recordings: Callable[[str], xr.Dataset],
    folder: Path,
    events: Callable[[str], Event | None] | None = None,
    report: Report = silent,
) -> list[Path]:
    """Files that an exporter of :data:`workbench.exporters.EXPORTERS` wrote."""
    return list(EXPORTERS.create(exporter).export(labels, recordings, folder, report=report, events=events))
