"""Labels as picks in QuakeML 1.2, under their events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from workbench.exporters.base import Batch, FolderExporter
from workbench.exporters.obspy_catalog import label_catalog

__all__ = ["QuakeMLExporter"]


@dataclass(frozen=True)
class QuakeMLExporter(FolderExporter):
    """``labels.xml``: one pick for each label, with uncertainties, polarity, onset, evaluation mode and status.

    Picks of a recording without a known event stand under an event of their own without an origin, because QuakeML has
    no other place for them; see :func:`workbench.exporters.obspy_catalog.label_catalog`.

    Parameters
    ----------
    rejected
        Write rejected onsets too, with the status "rejected" and without an arrival.
    """

    name: ClassVar[str] = "quakeml"
    title: ClassVar[str] = "QuakeML 1.2, for ObsPy and data centres"
    cannot_hold: ClassVar[tuple[str, ...]] = (
        "times finer than a microsecond (a comment holds them)",
        "network, station and location codes over eight characters (a comment holds them)",
    )

    rejected: bool = True

    def write(self, batch: Batch) -> None:
        """Write ``labels.xml``."""
        labels = batch.labels if self.rejected else batch.account.standing(batch.labels)
        label_catalog(batch, labels).write(str(batch.place / "labels.xml"), format="QUAKEML")
