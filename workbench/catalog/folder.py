"""A whole folder, shard by shard, on any backend; a run that was stopped goes on where it was."""

from __future__ import annotations

import os
import queue
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.catalog.shards import pick_shard, read_shard, shard_name
from workbench.compute import Backend
from workbench.compute.processes import is_running
from workbench.errors import JobCancelledError, SourceError, WorkbenchError, WorkerLostError
from workbench.inference.run import check_mode
from workbench.pickers import open_picker
from workbench.schema import Job, Report, silent
from workbench.sources.waveforms_days import StationDay

__all__ = ["FolderPicks", "pick_days"]

_FUNCTION = f"{pick_shard.__module__}:{pick_shard.__name__}"
_TELL_S = 0.25


@dataclass
class FolderPicks:
    """What a run over a folder gave.

    Parameters
    ----------
    done, found
        Shards picked now, and those that an earlier run had left.
    failures
        Shard to why it could not be picked.
    again
        Shards that were run a second time, for their worker was lost.
    counts
        Picks by phase, of all shards.
    waveform_s, work_s, wall_s
        Seconds of waveform in all shards; seconds of work of those picked now, in all workers; seconds of the run.
    """

    done: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    again: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    notices: dict[str, list[str]] = field(default_factory=dict)
    waveform_s: float = 0.0
    work_s: float = 0.0
    wall_s: float = 0.0


def pick_days(
    days: Sequence[StationDay],
    output: Path,
    backend: Backend,
    *,
    n_workers: int,
    picker: str,
    weights: str = "",
    thresholds: Mapping[str, float] | None = None,
    mode: str = "exact",
    report: Report = silent,
) -> tuple[FolderPicks, pd.DataFrame]:
    """What the run gave, and the picks of all shards; each shard is in `output` as soon as it is picked.

    A shard that is there already, from the same files with the same settings, is not picked again. One whose worker
    was lost runs again, once.

    Parameters
    ----------
    output
        Folder of the shards; made if it is not there.
    n_workers
        How many shards the backend works on side by side.
    picker, weights, thresholds, mode
        As for :func:`workbench.inference.bulk_picking.pick_source`.

    Raises
    ------
    SourceError
        If another run is writing there, or the folder cannot be made.
    PickerError
        If the picker has no such mode.
    """
    began_s = time.monotonic()
    opened = open_picker(picker, weights)
    check_mode(opened, mode)
    settings: dict[str, Any] = {"picker": picker, "weights": weights, "hash": opened.card.weights_hash, "mode": mode}
    settings |= {"thresholds": dict(thresholds or {})}
    run = FolderPicks()
    with _alone_in(output):
        names = {shard_name(day, settings): day for day in days}
        there = {path.name for path in output.glob("*.parquet")}
        for half in output.glob(".*.half"):
            half.unlink(missing_ok=True)
        run.found = [name for name in names if name in there and _is_whole(output / name)]
        missing = [(name, day) for name, day in names.items() if name not in set(run.found)]
        arguments = {"output": str(output), "picker": picker, "weights": weights, "thresholds": thresholds}
        arguments |= {"mode": mode}
        _Crew(backend, run, arguments, len(names), report).work(missing, n_workers + 1)
        tables = [_gather(output / name, name in set(run.done), run) for name in sorted((*run.found, *run.done))]
    run.wall_s = time.monotonic() - began_s
    filled = [table for table in tables if len(table)] or tables[:1]
    return run, pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


class _Crew:
    """Keeps a backend busy with shards, and no more than it can work on soon."""

    def __init__(
        self, backend: Backend, run: FolderPicks, arguments: Mapping[str, Any], n_shards: int, report: Report
    ) -> None:
        self._backend, self._run, self._arguments = backend, run, arguments
        self._n_shards, self._report = n_shards, report
        self._ended: queue.Queue[Job] = queue.Queue()
        self._given: dict[str, tuple[str, StationDay]] = {}

    def work(self, shards: Sequence[tuple[str, StationDay]], n_at_once: int) -> None:
        """Pick them all; returns when the last one has ended."""
        waiting = list(reversed(shards))
        while waiting or self._given:
            while waiting and len(self._given) < n_at_once:
                self._give(*waiting.pop())
            n_ended = len(self._run.found) + len(self._run.done) + len(self._run.failures)
            self._report(n_ended / max(1, self._n_shards), f"{n_ended} of {self._n_shards} station days")
            try:
                self._take(self._ended.get(timeout=_TELL_S))
            except queue.Empty:
                continue

    def _give(self, name: str, day: StationDay) -> None:
        def on_change(job: Job) -> None:
            if job.ended:
                self._ended.put(job)

        title = f"{day.station} {day.day}"
        job = self._backend.submit(_FUNCTION, title=title, on_change=on_change, shard=day, name=name, **self._arguments)
        self._given[job.job_id] = (name, day)

    def _take(self, job: Job) -> None:
        name, day = self._given.pop(job.job_id)
        run = self._run
        try:
            self._backend.result(job.job_id)
        except WorkerLostError as error:
            if name in run.again:
                run.failures[name] = str(error)
            else:
                run.again.append(name)
                self._give(name, day)
        except JobCancelledError:
            raise
        except WorkbenchError as error:
            run.failures[name] = str(error)
        else:
            run.done.append(name)


def _gather(path: Path, is_new: bool, run: FolderPicks) -> pd.DataFrame:
    picks, told = read_shard(path)
    run.counts.update(told["n_picks"])
    run.waveform_s += told["waveform_s"]
    run.work_s += told["seconds"] if is_new else 0.0
    if told["notices"]:
        run.notices[path.name.rpartition("_")[0]] = told["notices"]
    return picks


def _is_whole(path: Path) -> bool:
    try:
        read_shard(path)
    except SourceError:
        return False
    return True


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """The folder, which no other run writes to meanwhile; the mark of a run that was killed counts for nothing."""
    mark = folder / ".run"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writer = mark.read_text().strip() if mark.is_file() else ""
        other = writer.isdigit() and int(writer) != os.getpid() and is_running(int(writer))
        if not other:
            mark.write_text(str(os.getpid()))
    except OSError as error:
        raise SourceError(f"{folder} cannot be written: {error.strerror}. Choose another with --output.") from error
    if other:
        raise SourceError(f"Another run (process {writer}) is writing to {folder}. Wait for it, or stop it first.")
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)
