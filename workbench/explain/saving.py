"""An explanation as a file: NetCDF to compute with, PNG to show, HTML to read, by the ending of its name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import xarray as xr

from workbench.errors import SchemaError, SourceError
from workbench.explain.netcdf import write_netcdf
from workbench.explain.picture import explanation_png
from workbench.explain.report import report_html
from workbench.schema import Check, check_attribution

__all__ = ["EXPLANATION_ENDINGS", "check_explanation_path", "explanation_file", "save_explanation"]

EXPLANATION_ENDINGS = (".nc", ".png", ".html")
"""Of the files that an explanation can be saved as."""


def check_explanation_path(path: Path) -> Path:
    """The same path, if an explanation can be written there: ask before a minute of computing.

    Raises
    ------
    SchemaError
        If its ending stands for no format.
    SourceError
        If its folder is not there or cannot be written, or a folder stands in its place.
    """
    path = Path(path)
    if path.suffix.lower() not in EXPLANATION_ENDINGS:
        known = ", ".join(EXPLANATION_ENDINGS)
        raise SchemaError(f"An explanation is written as {known}; {str(path)!r} ends with none of them.")
    if not path.parent.is_dir():
        raise SourceError(f"There is no folder {str(path.parent)!r} to write {path.name!r} in; make it first.")
    if path.is_dir():
        raise SourceError(f"{str(path)!r} is a folder; name a file.")
    if not os.access(path.parent, os.W_OK):
        raise SourceError(f"The folder {str(path.parent)!r} may not be written; choose another.")
    return path


def save_explanation(
    path: Path,
    recording: xr.Dataset,
    attribution: xr.Dataset,
    checks: Sequence[Check] = (),
    attention: Sequence[xr.Dataset] = (),
) -> Path:
    """The path, where the explanation now stands; what stood there is replaced in one step or, if anything fails, kept.

    Parameters
    ----------
    path
        Ends with ``.nc`` (the attribution as it is, checks and attention in groups of their own), ``.png`` (traces
        with the attribution on them) or ``.html`` (a report on a page or two, which needs no other file).
    recording
        That was explained; the pictures show its traces.
    attribution
        Of the form of :func:`workbench.schema.attribution.make_attribution`.
    checks, attention
        Made of it, as far as they are.

    Raises
    ------
    SchemaError
        If the ending stands for no format, or the attribution is not one of this recording.
    SourceError
        If the file cannot be written.
    """
    path = check_explanation_path(path)
    _check_same(recording, check_attribution(attribution))
    ending = path.suffix.lower()
    half_written = path.with_name(f".{uuid4().hex}{ending}")
    try:
        if ending == ".nc":
            write_netcdf(half_written, attribution, checks, attention)
        elif ending == ".png":
            half_written.write_bytes(explanation_png(recording, attribution, attention))
        else:
            half_written.write_text(report_html(recording, attribution, checks, attention), encoding="utf-8")
        half_written.replace(path)
    except OSError as error:
        raise SourceError(f"{str(path)!r} could not be written: {error}. Nothing was changed.") from error
    finally:
        half_written.unlink(missing_ok=True)
    return path


def explanation_file(
    ending: str,
    recording: xr.Dataset,
    attribution: xr.Dataset,
    checks: Sequence[Check] = (),
    attention: Sequence[xr.Dataset] = (),
) -> bytes:
    """What :func:`save_explanation` would write, for a browser to keep where its user wants it.

    Parameters
    ----------
    ending
        One of :data:`EXPLANATION_ENDINGS`.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"explanation{ending}"
        return save_explanation(path, recording, attribution, checks, attention).read_bytes()


def _check_same(recording: xr.Dataset, attribution: xr.Dataset) -> None:
    own, explained = dict(recording["waveform"].sizes), dict(attribution["attribution"].sizes)
    station = attribution.attrs["station"]
    same_times = own == explained and recording["time"].values[0] == attribution["time"].values[0]
    if not same_times or station not in recording["station"].values:
        raise SchemaError(
            f"The attribution is of station {station!r}, of sizes {explained}, and begins at "
            f"{attribution['time'].values[0]}; the recording {recording.attrs.get('recording_id', '')!r} is of sizes "
            f"{own} and begins at {recording['time'].values[0]}: give the recording that was explained."
        )
