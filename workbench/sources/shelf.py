"""Recordings kept in memory, with the neighbours of the open one fetched ahead."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import RLock
from typing import Generic, Protocol, TypeVar

__all__ = ["Shelf"]


class _Sized(Protocol):
    @property
    def nbytes(self) -> int: ...


_T = TypeVar("_T", bound=_Sized)


class Shelf(Generic[_T]):
    """Recordings of one source, read in the background and kept up to a number of bytes.

    Parameters
    ----------
    read
        Gives a recording, or what else is to be ready with it, for its id; called in a thread of the shelf.
    bytes_kept
        By their ``nbytes``; the recordings used last stay. One recording larger than this stays alone.
    """

    def __init__(self, read: Callable[[str], _T], *, bytes_kept: int = 512 * 2**20) -> None:
        self._read = read
        self._bytes_kept = bytes_kept
        # Two threads: a neighbour that is being fetched ahead does not hold up the recording that was asked for.
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="read")
        self._futures: OrderedDict[str, Future[_T]] = OrderedDict()
        self._lock = RLock()

    def fetch(self, recording_id: str) -> Future[_T]:
        """A recording, read already or being read; its error is raised by ``result()``."""
        with self._lock:
            future = self._futures.get(recording_id)
            if future is None or (future.done() and (future.cancelled() or future.exception() is not None)):
                future = self._readers.submit(self._read, recording_id)
                self._futures[recording_id] = future
                future.add_done_callback(lambda _: self._trim())
            self._futures.move_to_end(recording_id)
            return future

    def held(self, recording_id: str) -> _T | None:
        """A recording that is in memory; None if it has still to be read, or could not be."""
        with self._lock:
            future = self._futures.get(recording_id)
        if future is None or not future.done() or future.cancelled() or future.exception() is not None:
            return None
        return future.result()

    def drop(self, recording_id: str) -> None:
        """Forget a recording: more of it is there now."""
        with self._lock:
            self._futures.pop(recording_id, None)

    def fetch_ahead(self, recording_ids: Iterable[str]) -> None:
        """Read recordings that will probably be asked for next; those no longer wanted are not begun."""
        wanted = list(recording_ids)
        with self._lock:
            for recording_id, future in list(self._futures.items()):
                if recording_id not in wanted and not future.done() and future.cancel():
                    del self._futures[recording_id]
        for recording_id in wanted:
            self.fetch(recording_id)

    def close(self) -> None:
        """Stop reading and let go of all recordings."""
        self._readers.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            self._futures.clear()

    def _trim(self) -> None:
        with self._lock:
            sizes = {
                recording_id: future.result().nbytes
                for recording_id, future in self._futures.items()
                if future.done() and not future.cancelled() and future.exception() is None
            }
            total = sum(sizes.values())
            for recording_id in list(sizes)[:-1]:
                if total <= self._bytes_kept:
                    break
                total -= sizes[recording_id]
                del self._futures[recording_id]
