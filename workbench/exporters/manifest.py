"""``export.json``: of which labels an export is, how it was made, and what it could not hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import workbench
from workbench.errors import SourceError
from workbench.exporters.account import Account
from workbench.schema import JournalPosition

__all__ = ["MANIFEST", "Manifest", "read_manifest", "write_manifest"]

MANIFEST = "export.json"


@dataclass(frozen=True)
class Manifest:
    """What stands in ``export.json``; it holds no time and no path, so that the same export is the same file.

    Parameters
    ----------
    journal, entry
        As in :class:`workbench.schema.JournalPosition`; empty and None where the labels came from elsewhere.
    source
        Kind and title of the source, without its path.
    settings
        Of the exporter, by the names of its constructor.
    left_out, changed
        Reasons, and what the format could not hold of labels that were written, each with ``n_labels``.
    """

    exporter: str
    settings: Mapping[str, Any]
    workbench: str
    source: str
    journal: str
    entry: int | None
    n_labels: int
    n_written: int
    left_out: list[dict[str, Any]]
    changed: list[dict[str, Any]]

    def in_words(self) -> list[str]:
        """What was left out and what was changed, one sentence each."""
        said = [f"Left out: {_labels(each['n_labels'])}, because {each['why']}." for each in self.left_out]
        return said + [f"{_labels(each['n_labels'])}: {each['what']}." for each in self.changed]


def write_manifest(
    folder: Path,
    exporter: str,
    settings: Mapping[str, Any],
    account: Account,
    n_labels: int,
    position: JournalPosition | None,
    source: str,
) -> Path:
    """The file that was written."""
    manifest = Manifest(
        exporter=exporter,
        settings=settings,
        workbench=workbench.__version__,
        source=source,
        journal=position.journal if position is not None else "",
        entry=position.entry if position is not None else None,
        n_labels=n_labels,
        n_written=account.n_written,
        left_out=account.left_out(),
        changed=account.changed(),
    )
    path = folder / MANIFEST
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=2, sort_keys=True)
    path.write_text(f"{text}\n", encoding="utf-8", errors="replace")
    return path


def read_manifest(folder: Path) -> Manifest:
    """What an export says of itself.

    Raises
    ------
    SourceError
        If the folder holds no export of this workbench.
    """
    path = Path(folder) / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(**content)
    except (OSError, ValueError, TypeError) as error:
        raise SourceError(
            f"{folder} is no export of the workbench: its {MANIFEST} cannot be read ({error})."
        ) from error


def _labels(n_labels: int) -> str:
    return f"{n_labels:,} label{'' if n_labels == 1 else 's'}"
