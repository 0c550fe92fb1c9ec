"""Every error that the workbench raises on purpose.

::

    WorkbenchError
    ├── UnknownNameError (KeyError)        a name that no registry, source or recording holds
    ├── RequirementError (ImportError)     a package, or weights, that are not on this computer
    ├── SchemaError      (ValueError)      a table or dataset that is not of the agreed form
    ├── SourceError      (OSError)         a file, folder or service that cannot be read
    ├── PickerError      (RuntimeError)    a picker that cannot run on this recording
    ├── LabelStoreError  (RuntimeError)    a label journal that cannot be opened or written
    │   └── DecidedMeanwhileError          somebody else decided the same in the meantime
    └── JobError         (RuntimeError)    work that failed on a compute backend
        ├── JobCancelledError              work that the user stopped
        └── WorkerLostError                a process or computer that ended in the middle of work

A message says what came, what was expected, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "DecidedMeanwhileError",
    "JobCancelledError",
    "JobError",
    "LabelStoreError",
    "PickerError",
    "RequirementError",
    "SchemaError",
    "SourceError",
    "UnknownNameError",
    "WorkbenchError",
    "WorkerLostError",
]


class WorkbenchError(Exception):
    """Base of all errors that the workbench raises on purpose."""


class UnknownNameError(WorkbenchError, KeyError):
    """A name that is not among the known ones; suggests the nearest.

    Parameters
    ----------
    kind
        What the name stands for, in one word or two ("picker", "recording").
    name
        The name that came.
    known
        The names that would have been right.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str] = ()) -> None:
        names = sorted(known)
        near = get_close_matches(name, names, n=1)
        if near:
            hint = f" Did you mean {near[0]!r}?"
        elif 0 < len(names) <= 40:
            hint = f" Known: {', '.join(names)}."
        else:
            hint = ""
        super().__init__(f"There is no {kind} {name!r}.{hint}")

    def __str__(self) -> str:
        # KeyError shows the repr of its argument, which puts the sentence in quotes.
        return str(self.args[0])


class RequirementError(WorkbenchError, ImportError):
    """A package, or weights, that are not on this computer; says how to get them."""


class SchemaError(WorkbenchError, ValueError):
    """A table or dataset that is not of the agreed form."""


class SourceError(WorkbenchError, OSError):
    """A file, folder or service that cannot be read."""


class PickerError(WorkbenchError, RuntimeError):
    """A picker that cannot run on this recording."""


class LabelStoreError(WorkbenchError, RuntimeError):
    """A label journal that cannot be opened or written."""


class DecidedMeanwhileError(LabelStoreError):
    """Somebody else decided on the same onset since the analyst looked; nothing was written."""


class JobError(WorkbenchError, RuntimeError):
    """Work that failed on a compute backend."""


class JobCancelledError(JobError):
    """Work that the user stopped."""


class WorkerLostError(JobError):
    """A process or computer that ended in the middle of work; the same work may be given to another."""
