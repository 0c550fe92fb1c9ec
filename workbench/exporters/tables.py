"""The table of labels itself: as CSV, and as parquet with its types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from workbench.exporters.base import LABEL_TABLE, Batch, FolderExporter
from workbench.exporters.label_table import write_label_table
from workbench.schema import LABEL_COLUMNS

__all__ = ["PARQUET_TABLE", "CsvExporter", "ParquetExporter"]

PARQUET_TABLE = "labels.parquet"


@dataclass(frozen=True)
class CsvExporter(FolderExporter):
    """``labels.csv``: one row for each decision that stands, times in ISO 8601, UTC, to the nanosecond.

    Parameters
    ----------
    rejected
        Write rejected onsets too; ``decision`` tells them.
    """

    name: ClassVar[str] = "csv"
    title: ClassVar[str] = "CSV, one row per label"
    own_table: ClassVar[bool] = True

    rejected: bool = True

    def write(self, batch: Batch) -> None:
        """Write ``labels.csv``."""
        write_label_table(_rows(batch, self.rejected), batch.place / LABEL_TABLE)


@dataclass(frozen=True)
class ParquetExporter(FolderExporter):
    """``labels.parquet``: one row for each decision that stands, every column of its type.

    Parameters
    ----------
    rejected
        Write rejected onsets too; ``decision`` tells them.
    """

    name: ClassVar[str] = "parquet"
    title: ClassVar[str] = "Parquet, one typed row per label"
    own_table: ClassVar[bool] = True

    rejected: bool = True

    def write(self, batch: Batch) -> None:
        """Write ``labels.parquet``."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        labels = _rows(batch, self.rejected)
        table = pa.Table.from_pandas(labels, schema=_schema(labels), preserve_index=False)
        pq.write_table(table, batch.place / PARQUET_TABLE)


def _rows(batch: Batch, rejected: bool) -> pd.DataFrame:
    """The labels to write, with ``event_id`` where events are known."""
    batch.report(0.0, f"{len(batch.labels)} labels")
    labels = batch.labels if rejected else batch.account.standing(batch.labels)
    if batch.events is None:
        return labels
    found = {name: batch.events(name) for name in labels["recording_id"].unique()}
    event_ids = {name: event.event_id if event else "" for name, event in found.items()}
    return labels.assign(event_id=labels["recording_id"].map(event_ids))


def _schema(labels: pd.DataFrame) -> object:
    import pyarrow as pa

    # Without the remarks of pandas, which name its version: the same labels are the same file.
    kinds = {"str": pa.string(), "int64": pa.int64(), "float64": pa.float64(), "datetime64[ns]": pa.timestamp("ns")}
    return pa.schema([(name, kinds[LABEL_COLUMNS.get(name, "str")]) for name in labels])
