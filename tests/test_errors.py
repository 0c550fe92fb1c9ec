"""The error tree: what a user reads, and what a caller can catch."""

from __future__ import annotations

import inspect

import pytest

from workbench import errors
from workbench.errors import JobCancelledError, JobError, UnknownNameError, WorkbenchError

CLASSES = [error for name in errors.__all__ if issubclass(error := getattr(errors, name), WorkbenchError)]


def test_every_error_is_a_workbench_error_with_a_docstring() -> None:
    assert len(CLASSES) == len(errors.__all__)
    assert [error.__name__ for error in CLASSES if not inspect.getdoc(error)] == []


@pytest.mark.parametrize(
    ("name", "built_in"),
    [
        ("UnknownNameError", KeyError),
        ("RequirementError", ImportError),
        ("SchemaError", ValueError),
        ("SourceError", OSError),
        ("PickerError", RuntimeError),
        ("LabelStoreError", RuntimeError),
        ("JobError", RuntimeError),
    ],
)
def test_error_is_also_the_built_in_one_that_python_would_raise(name: str, built_in: type[Exception]) -> None:
    assert issubclass(getattr(errors, name), built_in)


def test_tree_in_the_docstring_names_every_error() -> None:
    assert [name for name in errors.__all__ if name not in errors.__doc__] == []


def test_unknown_name_suggests_the_nearest() -> None:
    error = UnknownNameError("picker", "phasnet", ["phasenet", "gpd"])
    assert str(error) == "There is no picker 'phasnet'. Did you mean 'phasenet'?"


def test_unknown_name_lists_the_known_ones_where_none_is_near() -> None:
    assert str(UnknownNameError("picker", "zzz", ["gpd", "cred"])) == "There is no picker 'zzz'. Known: cred, gpd."


def test_unknown_name_does_not_list_a_million_recordings() -> None:
    assert str(UnknownNameError("recording", "#", (str(n) for n in range(1000)))) == "There is no recording '#'."


def test_a_sentence_stays_a_sentence_in_a_source_error() -> None:
    assert str(errors.SourceError("The file ends too soon.")) == "The file ends too soon."


def test_cancelled_job_can_be_told_from_a_failed_one() -> None:
    with pytest.raises(JobError):
        raise JobCancelledError("stopped")
    assert not isinstance(JobError("failed"), JobCancelledError)
