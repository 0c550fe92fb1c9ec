"""Files and services that hold recordings, by name; :func:`open_source` finds out which kind a path is."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.errors import SourceError
from workbench.registry import Registry
from workbench.sources.base import Source
from workbench.sources.paths import is_inside, resolve_place

__all__ = ["SOURCES", "Source", "open_source"]

SOURCES = Registry(
    "source",
    {
        "stead": "workbench.sources.stead:SteadSource",
        "seisbench": "workbench.sources.seisbench_datasets:SeisBenchSource",
        "phasenet_npz": "workbench.sources.phasenet_npz:PhaseNetNpzSource",
        "ogs": "workbench.sources.ogs_catalog:OgsCatalogSource",
        "waveforms": "workbench.sources.waveforms:WaveformSource",
        "fdsn": "workbench.sources.fdsn:FdsnSource",
        "examples": "workbench.sources.examples:ExamplesSource",
        "synthetic": "workbench.sources.synthetic.source:SyntheticSource",
    },
)

_LAST = "waveforms"
_NAMED, _LOOKED_INTO = 8, 200
_LOOKED_FOR = (
    "STEAD (*.hdf5 with *.csv), a SeisBench dataset (metadata*.csv with waveforms*.hdf5), PhaseNet *.npz files, "
    "a catalogue of OGS (*.dat, *.hpl, *.pun, *.txt, *.parquet), or waveform files that "
    "ObsPy reads (miniSEED, SAC, SDS archive, ...)"
)


def open_source(
    place: str | Path, kind: str | None = None, *, roots: Sequence[Path] | None = None, **settings: Any
) -> Source:
    """The source at a place; nothing is scanned yet.

    Parameters
    ----------
    place
        A file or a folder; ``"examples"`` for ObsPy's bundled recordings; ``"synthetic"`` or ``"synthetic:SEED"`` for a
        made network; ``"seisbench:NAME"`` for a dataset that SeisBench knows by name; ``"ogs:CATALOGUE:WAVEFORMS"`` for
        a catalogue of OGS joined with a folder of waveforms; ``"fdsn:URL?network=NET&start=TIME&end=TIME"`` for a data
        centre, and ``"fdsn:eida?..."`` for all of EIDA.
    kind
        A name in `SOURCES`; None means that it is recognised from names and first bytes.
    roots
        Folders that may be read. A place that leaves them, also by a symbolic link, is refused. None means no limit.
    settings
        Keyword arguments of the source's constructor.

    Raises
    ------
    UnknownNameError
        If there is no such kind.
    SourceError
        If there is no such place, it may not be read, or it is of no known kind.
    """
    text = str(place)
    prefix, _, name = text.partition(":")
    if kind == "examples" or (kind is None and prefix == "examples"):
        return SOURCES["examples"](**settings)
    if kind == "synthetic" or (kind is None and prefix == "synthetic"):
        return SOURCES["synthetic"](**({"seed": _seed(text)} | settings))
    if prefix == "seisbench" and name and kind in (None, "seisbench"):
        return SOURCES["seisbench"](text, **settings)
    if prefix == "ogs" and name and kind in (None, "ogs"):
        return SOURCES["ogs"](text, **({"roots": roots} | settings))
    if kind == "fdsn" or (kind is None and prefix == "fdsn" and name):
        if roots is not None:
            raise SourceError("This server opens folders only; an FDSN service is named when it is started.")
        return SOURCES["fdsn"](text, **settings)
    if kind is not None:
        SOURCES.target(kind)
    path = resolve_place(place, roots)
    component = SOURCES[kind or _recognise(path, roots)]
    if roots is not None and "roots" in inspect.signature(component).parameters:
        settings["roots"] = roots
    return component(path, **settings)


def _seed(text: str) -> int:
    """Of ``"synthetic:SEED"``; 0 where none is named."""
    prefix, _, seed = text.partition(":")
    if prefix != "synthetic" or not (seed or "0").isdecimal():
        raise SourceError(f"A made network opens as 'synthetic' or 'synthetic:SEED', a whole number; not as {text!r}.")
    return int(seed or 0)


def _recognise(path: Path, roots: Sequence[Path] | None) -> str:
    found = _kind_of(path)
    if found:
        return found
    within = _sources_within(path, roots) if path.is_dir() else []
    if within:
        more = " and others" if len(within) > _NAMED else ""
        raise SourceError(
            f"{path} is no source itself, but there are folders in it that are: {', '.join(within[:_NAMED])}{more}. "
            "Open one of them."
        )
    raise SourceError(f"{path} is no source that is known here. Looked for {_LOOKED_FOR}.")


def _kind_of(path: Path) -> str:
    """Name of the first kind that recognises a path; the one that takes any folder of waveforms is asked last."""
    for name in sorted(SOURCES, key=lambda name: name == _LAST):
        recognises = getattr(SOURCES[name], "recognises", None)
        if recognises is not None and recognises(path):
            return name
    return ""


def _sources_within(folder: Path, roots: Sequence[Path] | None) -> list[str]:
    """Folders right below one that are sources, each with its kind; not more than are worth naming."""
    found = []
    for below in sorted(folder.iterdir())[:_LOOKED_INTO]:
        if below.is_dir() and is_inside(below, roots) and (kind := _kind_of(below)):
            found.append(f"{below.name} ({kind})")
            if len(found) > _NAMED:
                break
    return found
