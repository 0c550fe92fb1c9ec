"""Named functions and what they raise, on either side of a wire."""

from __future__ import annotations

import importlib
import inspect
import traceback
from collections.abc import Callable
from typing import Any

from workbench import errors
from workbench.errors import JobError, UnknownNameError, WorkbenchError

__all__ = ["error_from_words", "find_function", "job_error", "takes_report", "words_of_error"]


def find_function(name: str) -> Callable[..., Any]:
    """The function ``"module:function"``; its module is imported if it has not been yet.

    Raises
    ------
    UnknownNameError
        If there is no such module or function.
    """
    module_name, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not module_name.startswith(error.name):
            raise
        raise UnknownNameError("module", module_name) from error
    call = getattr(module, attribute, None)
    if not callable(call):
        raise UnknownNameError("function", name, [f"{module_name}:{known}" for known in dir(module)])
    return call  # type: ignore[no-any-return]


def takes_report(call: Callable[..., Any]) -> bool:
    """Whether a function has a parameter ``report``."""
    try:
        return "report" in inspect.signature(call).parameters
    except ValueError:  # some functions written in C have no signature
        return False


def job_error(title: str, error: BaseException) -> WorkbenchError:
    """The error as its owner is told it: one of the workbench as it is, any other as one line."""
    if isinstance(error, WorkbenchError):
        return error
    if isinstance(error, MemoryError):
        cause = "there is not enough memory; open a shorter recording or fewer stations"
    else:
        cause = " ".join(str(error).split()) or "no reason given"
    place = traceback.extract_tb(error.__traceback__)[-1]
    message = JobError(f"{title} failed: {type(error).__name__}: {cause} (in {place.name}, line {place.lineno}).")
    message.__cause__ = error
    return message


def words_of_error(title: str, error: BaseException) -> dict[str, str]:
    """An error as plain words for a wire: the class of the workbench's tree, and the text."""
    told = job_error(title, error)
    known = next(kind for kind in type(told).__mro__ if kind.__name__ in errors.__all__)
    return {"type": known.__name__, "text": str(told)}


def error_from_words(words: dict[str, str]) -> WorkbenchError:
    """The error that :func:`words_of_error` wrote down; of an unknown class (a newer workbench), a ``JobError``.

    >>> error_from_words({"type": "PickerError", "text": "No trace to work on."})
    PickerError('No trace to work on.')
    """
    kind = getattr(errors, words["type"], JobError) if words["type"] in errors.__all__ else JobError
    made: WorkbenchError = kind.__new__(kind, words["text"])
    made.args = (words["text"],)
    return made
