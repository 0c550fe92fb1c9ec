"""What a test does without something that this computer has not."""

import os
from typing import NoReturn

import pytest

__all__ = ["skip_but_in_ci"]


def skip_but_in_ci(reason: str) -> NoReturn:
    """Skip with a reason; fail with it where CI runs, which always has what is missing."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI always has it")
    pytest.skip(reason)
