"""The far side of a Dask cluster: runs one named function in a thread of a worker."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

import numpy as np

from workbench.compute.functions import find_function, takes_report, words_of_error
from workbench.compute.payload import decode, encode
from workbench.compute.pressing import Presses, throttled
from workbench.compute.worker import look_around, own_versions
from workbench.errors import JobCancelledError

__all__ = ["as_arrays", "interrupt", "introduce", "run"]

_presses = Presses()
_stopped: set[str] = set()


def run(function: str, title: str, job: str, topic: str, *parts: np.ndarray) -> dict[str, Any]:
    """Call a function with what `parts` say; the answer says what came out, in ``kind`` and ``parts``.

    Parameters
    ----------
    topic
        Of Dask's event log, where steps are told.
    parts
        Buffers of :func:`workbench.compute.payload.encode`, uint8.
    """
    from distributed import get_worker

    worker = get_worker()

    def report(fraction: float, step: str) -> None:
        if job in _stopped:
            raise JobCancelledError(title)
        known = float(fraction) if fraction == fraction else None
        worker.log_event(topic, {"kind": "progress", "job": job, "fraction": known, "step": step})

    worker.log_event(topic, {"kind": "started", "job": job, "worker": worker.address})
    try:
        if job in _stopped:
            return {"kind": "cancelled"}
        with _presses.inside(job):
            call = find_function(function)
            arguments = decode([part.data for part in parts])
            if takes_report(call):
                arguments["report"] = throttled(report)
            value = call(**arguments)
        return {"kind": "result", "parts": as_arrays(encode(value))}
    except (KeyboardInterrupt, JobCancelledError):
        return {"kind": "cancelled"}
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the border: whatever a function raises is told to its owner
        return {"kind": "error", **words_of_error(title, error)}
    finally:
        _stopped.discard(job)


def interrupt(job: str) -> bool:
    """Stop a job of this worker at its next report or line of Python, or before it begins; whether it runs here."""
    _stopped.add(job)
    return _presses.press(job, KeyboardInterrupt)


def introduce(preload: Sequence[str] = ()) -> dict[str, Any]:
    """Versions, device and memory of this worker, after it has loaded these modules."""
    for module in preload:
        with suppress(ImportError):
            import_module(module)
    return {**own_versions(), **look_around()}


def as_arrays(buffers: Sequence[Any]) -> list[np.ndarray]:
    """Dask sends arrays without a copy, and does not know memory views."""
    return [np.frombuffer(buffer, dtype=np.uint8) for buffer in buffers]
