"""``annotate``: the one function that is submitted to a compute backend to run a picker on a recording."""

from __future__ import annotations

from typing import Any

import xarray as xr

from workbench.pickers import open_picker
from workbench.schema import Report, check_annotations, check_recording, silent

__all__ = ["annotate"]


def annotate(
    recording: xr.Dataset, picker: str, weights: str = "", report: Report = silent, **settings: Any
) -> xr.Dataset:
    """Annotations of a recording by the picker of that name.

    ``attrs["notices"]`` holds, one sentence a line, what had to be done to the recording first (resampled, padded, a
    missing component filled) and what could not be annotated.

    Parameters
    ----------
    weights
        As for :func:`workbench.pickers.open_picker`.
    settings
        Keyword arguments of the picker's constructor.

    Raises
    ------
    UnknownNameError, RequirementError
        If there is no such picker, or its weights are not on this computer.
    PickerError
        If it cannot run on this recording at all.
    """
    report(0.0, f"opening {picker}")
    opened = open_picker(picker, weights, **settings)
    annotations = opened.annotate(check_recording(recording), report)
    report(1.0, "done")
    return check_annotations(annotations)
