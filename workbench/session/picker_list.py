"""``PickerList``: the pickers that a user has on the list, and their runs over the open recording."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from glob import escape
from pathlib import Path
from typing import Any

import pandas as pd
import param
import xarray as xr

from workbench.compute.queue import JobQueue
from workbench.errors import PickerError, UnknownNameError
from workbench.inference.runs import Curves, PickerRun
from workbench.pickers import Picker, open_picker
from workbench.pickers.offers import picker_title
from workbench.schema import Job, empty_picks
from workbench.sources.paths import resolve_place

__all__ = ["PICKER_RUN", "PickerList"]

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.+-]*")
_FILE = re.compile(r"\.(pt|json|safetensors)(\.v[0-9]+)?$")

PICKER_RUN = "workbench.inference.kept_curves:annotate_or_recall"
"""What is submitted to a backend to run a picker."""


class PickerList(param.Parameterized):
    """The part of a session that knows pickers; the session says what is open, and sends errands."""

    recording_id = param.String("", doc="Of the recording that is open or being read.")
    recording = param.Parameter(doc="The open Recording as read, or None.")
    reference = param.DataFrame(empty_picks(), doc="Picks that came with the source.")
    runs = param.Dict({}, doc="Key to PickerRun, in the order in which they stand on the screen.")
    job = param.Parameter(doc="The picker's Job in hand, or the last one, or None.")

    roots: tuple[Path, ...] | None
    _runs: JobQueue
    send: Callable[..., None]

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._curves = Curves()
        self._weights: dict[str, str] = {}
        self._hidden: dict[str, PickerRun] | None = None
        """The list, while no pick may be seen; None while it may."""

    @property
    def picks(self) -> pd.DataFrame:
        """Picks of all pickers that are on, at their thresholds, and those that came with the source."""
        tables = [run.picks for run in self.runs.values() if run.on and len(run.picks)]
        if len(self.reference):
            tables.append(self.reference)
        return pd.concat(tables, ignore_index=True) if tables else empty_picks()

    def add_picker(self, name: str, weights: str = "") -> str:
        """Put a picker on the list, switched on; returns its key.

        Raises
        ------
        RequirementError
            If its weights, or a package, are not on this computer.
        """
        card = open_picker(name, weights).card
        key = f"{name}/{card.weights}" if card.weights else name
        self._weights[key] = weights or card.weights
        run = PickerRun(key, card, thresholds=dict(card.thresholds))
        if self._hidden is not None:
            self._hidden[key] = run
            return key
        self.runs = {**self.runs, key: self._curves.fill(run, self.recording_id)}
        return key

    def request_picker(self, name: str, weights: str = "") -> None:
        """Put a picker on the list once it has been loaded in the background, and run it.

        Raises
        ------
        SourceError
            If the weights are a path that is outside the folders that are served.
        """
        if weights and not self._is_name(weights):
            resolve_place(weights, self.roots)

        def take(_: Picker) -> None:
            key = self.add_picker(name, weights)
            self.run([key] if key in self.runs else [])

        title = f"Loading {picker_title(name)} {weights}".strip()
        self.send("workbench.pickers:open_picker", title=title, done=take, name=name, weights=weights)

    def _is_name(self, weights: str) -> bool:
        """Whether weights are a name, as of those that SeisBench keeps, and no path to a file of this computer."""
        return self.roots is None or (
            _NAME.fullmatch(weights) is not None and not Path(weights).exists() and not _FILE.search(weights)
        )

    def request_own_weights(self, name: str, place: str) -> None:
        """The same with weights of one's own: a file or a folder that the session may read.

        Raises
        ------
        SourceError
            If there is no such place, or it is outside the folders that are served.
        """
        path = resolve_place(place, self.roots)
        # A set of weights is several files side by side, each of which could be a link.
        stem = "" if path.is_dir() else path.name.partition(".")[0]
        for beside in (path if path.is_dir() else path.parent).glob(f"{escape(stem)}*"):
            resolve_place(beside, self.roots)
        self.request_picker(name, str(path))

    def remove_picker(self, key: str) -> None:
        """Take a picker off the list; its picks go, decisions on them stay."""
        self.runs = {k: run for k, run in self.runs.items() if k != key}

    def switch_picker(self, key: str, on: bool) -> None:
        """Show or hide a picker's curves and picks."""
        self._change_run(key, on=on)

    def set_threshold(self, key: str, phase: str, threshold: float) -> None:
        """Another threshold for a phase: picks follow from the curves at once, without a new run."""
        run = self._run(key)
        self._change_run(key, thresholds={**run.thresholds, phase: threshold})

    def run(self, keys: list[str] | None = None, *, again: bool = False) -> None:
        """Run pickers that are on over the open recording, one after the other; those with curves only if `again`.

        Raises
        ------
        PickerError
            If `again` is asked of a recording without any waveform; else nothing is run there.
        """
        if self.recording is None:
            return
        if missing := self.recording.attrs.get("without_waveforms", ""):
            if again:
                raise PickerError(f"There is nothing that a picker could read. {missing}")
            return
        wanted = [key for key, run in self.runs.items() if run.on] if keys is None else keys
        self._runs.drop_waiting()
        for key in wanted:
            if again or self._run(key).annotations is None:
                self._add_run(key, self.recording_id)

    def cancel(self) -> None:
        """Stop the picker in hand and those after it."""
        self._runs.cancel()

    def not_run_on(self, recording_id: str) -> list[str]:
        """Pickers that are on, and whose curves of a recording are not kept."""
        return [key for key, run in self.runs.items() if run.on and not self._curves.holds(run, recording_id)]

    def _runs_of(self, recording_id: str) -> dict[str, PickerRun]:
        """The list as it stands for a recording: with its curves, where there are any, and picks at the thresholds."""
        return {key: self._curves.fill(run, recording_id) for key, run in self.runs.items()}

    def named(self, key: str) -> tuple[str, str]:
        """Name and weights (a name or a path) that open a picker of the list."""
        return self._run(key).card.name, self._weights[key]

    def run_arguments(self, key: str, recording: xr.Dataset) -> dict[str, Any]:
        """Title and arguments of :data:`PICKER_RUN` over a recording."""
        card = self._run(key).card
        return {
            "title": f"{card.title} on {recording.attrs['recording_id']}",
            "recording": recording,
            "picker": card.name,
            "weights": self._weights[key],
        }

    def _add_run(self, key: str, recording_id: str) -> None:
        run = self._run(key)

        def keep(annotations: xr.Dataset, job: Job) -> None:
            self.keep_curves(run, recording_id, annotations, job.elapsed_s)

        self._runs.add(PICKER_RUN, **self.run_arguments(key, self.recording), done=keep)

    def keep_curves(self, run: PickerRun, recording_id: str, annotations: xr.Dataset, seconds: float) -> None:
        """Remember the curves of a picker as it was when it began, and show them if the recording is the open one."""
        self._curves.keep(run, recording_id, annotations, seconds)
        if recording_id == self.recording_id and run.key in self.runs:
            self.runs = {**self.runs, run.key: self._curves.fill(self.runs[run.key], recording_id)}

    def _change_run(self, key: str, **changes: Any) -> None:
        self.runs = {**self.runs, key: self._curves.fill(replace(self._run(key), **changes), self.recording_id)}

    def _run(self, key: str) -> PickerRun:
        if key not in self.runs:
            raise UnknownNameError("picker on the list", key, self.runs)
        return self.runs[key]
