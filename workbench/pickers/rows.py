"""``Rows``: components of a station side by side, without a copy of a whole day to put them there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

__all__ = ["Rows"]


class Rows:
    """Arrays of one length that are cut as if they were one of shape (component, time).

    Parameters
    ----------
    start_ns
        Of the first samples, after the beginning of the recording.

    Examples
    --------
    >>> rows = Rows([np.arange(5.0), np.arange(5.0) + 10], start_ns=0)
    >>> rows.shape
    (2, 5)
    >>> rows[:, 1:3]
    array([[ 1.,  2.],
           [11., 12.]])
    """

    def __init__(self, arrays: Sequence[np.ndarray], start_ns: int) -> None:
        self._arrays = arrays
        self.start_ns = start_ns

    @property
    def shape(self) -> tuple[int, int]:
        """Number of components, and of samples."""
        return len(self._arrays), len(self._arrays[0])

    def __iter__(self) -> Iterator[np.ndarray]:
        """The components, one after the other."""
        return iter(self._arrays)

    def __getitem__(self, cut: tuple[slice, slice]) -> np.ndarray:
        """A copy of some of the time."""
        components, time = cut
        return np.stack([array[time] for array in self._arrays[components]])
