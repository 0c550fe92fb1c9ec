"""Export in one step by names and plain values: what runs in the background when a user asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from workbench.exporters import EXPORTERS
from workbench.schema import Event, JournalPosition, Report, silent

__all__ = ["export_labels"]


def export_labels(
    exporter: str,
    labels: pd.DataFrame,
    recordings: Callable[[str], xr.Dataset],
    folder: Path,
    events: Callable[[str], Event | None] | None = None,
    settings: Mapping[str, Any] | None = None,
    position: JournalPosition | None = None,
    source: str = "",
    held_back: Mapping[str, str] | None = None,
    report: Report = silent,
) -> list[Path]:
    """Files that an exporter of :data:`workbench.exporters.EXPORTERS`, made with its settings, wrote."""
    made = EXPORTERS.create(exporter, **(settings or {}))
    return list(made.export(labels, recordings, folder, report, events, position, source, held_back))
