"""What a label journal says when it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from workbench.errors import LabelStoreError

__all__ = ["refused"]


@contextmanager
def refused(*words: str, secret: str = "secret") -> Iterator[None]:
    """Whether a journal refuses in one sentence with these words in it, which nowhere tells the secret."""
    with pytest.raises(LabelStoreError) as caught:
        yield
    sentence = str(caught.value)
    assert "\n" not in sentence
    for word in words:
        assert word in sentence
    error: BaseException | None = caught.value
    while error is not None:
        assert secret not in repr(error) + str(error)
        error = error.__cause__
