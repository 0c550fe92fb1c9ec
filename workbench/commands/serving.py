"""What ``workbench serve`` opens first, and which folders its pages may read."""

from __future__ import annotations

import os
from pathlib import Path

import click

__all__ = ["served_folders", "served_place"]


def served_folders(source: str | None, waveforms: str | None = None) -> tuple[Path, ...] | None:
    """The folders of a source that is a path, and of its waveforms; None, no limit, where the user named no path."""
    if not source:
        return None
    # A catalogue may name its waveforms in the same text.
    named = source.removeprefix("ogs:").split(os.pathsep, 1) if source.startswith("ogs:") else [source]
    if not Path(named[0]).expanduser().exists():
        return None
    places = [place for place in (*named, waveforms) if place]
    folders = [Path(place).expanduser().resolve() for place in places if not place.startswith("fdsn:")]
    # A service stands among them by its name: a page may then ask it, and no other one.
    services = [Path(place) for place in places if place.startswith("fdsn:")]
    return tuple(dict.fromkeys([path if path.is_dir() else path.parent for path in folders] + services))


def served_place(source: str | None, waveforms: str | None) -> str:
    """The place that is opened first: that of the source, with its waveforms where they are named beside.

    Raises
    ------
    UsageError
        If waveforms are named and no source.
    """
    from workbench.sources.ogs_catalog import ogs_place

    if not waveforms:
        is_path = source and not source.startswith("ogs:") and Path(source).expanduser().exists()
        return str(Path(source).expanduser().resolve()) if source and is_path else source or "examples"
    if not source:
        raise click.UsageError("--waveforms belongs to a catalogue: name it with --source.")
    beside = waveforms if waveforms.startswith("fdsn:") else Path(waveforms).expanduser().resolve()
    return ogs_place(Path(source).expanduser().resolve(), beside)
