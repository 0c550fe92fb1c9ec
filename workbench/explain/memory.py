"""``memory_in_words``: where memory ends outside the batches, which shrink by themselves, it is said in words."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from workbench.errors import PickerError

__all__ = ["memory_in_words"]

P = ParamSpec("P")
T = TypeVar("T")


def memory_in_words(doing: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A decorator for functions that are submitted: an error of Python, torch or CUDA about memory as one for people.

    Parameters
    ----------
    doing
        As in "Memory does not suffice to explain this."
    """

    def decorate(call: Callable[P, T]) -> Callable[P, T]:
        @wraps(call)
        def told(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return call(*args, **kwargs)
            except (MemoryError, RuntimeError) as error:
                # Imported where it is needed, for it imports torch.
                from workbench.pickers.execution import is_out_of_memory

                if not is_out_of_memory(error):
                    raise
                raise PickerError(
                    f"Memory does not suffice to {doing}. Close other programs, open a shorter recording or fewer "
                    "stations, ask a smaller network, or choose another compute kernel."
                ) from error

        return told

    return decorate
