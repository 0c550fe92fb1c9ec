"""Which runtime a picker runs in here: the fastest that is installed and says the same as torch."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from workbench.errors import PickerError, RequirementError
from workbench.inference.runtimes import RUNTIMES
from workbench.inference.runtimes.agreement import EXACT_TOLERANCE, FAST_TOLERANCE, agreement, made_windows
from workbench.inference.runtimes.exports import exports_folder, network_key
from workbench.inference.whole_files import write_whole
from workbench.pickers.base import TorchPicker
from workbench.pickers.execution import Execution
from workbench.pickers.segments import library_versions
from workbench.schema import Report, silent

__all__ = ["Choice", "choose", "forget_choices", "known_choice"]

_ROUNDS = 5
_RACE_WINDOWS = 32


@dataclass(frozen=True)
class Choice:
    """A picker's network where it runs fastest.

    Parameters
    ----------
    execution
        For the picker's ``annotate``.
    remarks
        A sentence for each runtime that could be used here, and that this network cannot be run in.
    ms_per_window
        By runtime, as measured when it was chosen.
    """

    execution: Execution
    remarks: tuple[str, ...]
    ms_per_window: Mapping[str, float]

    @property
    def words(self) -> str:
        """Where the network runs, and how much faster than in torch that was measured to be."""
        plain, here = self.ms_per_window.get("torch"), self.ms_per_window.get(self.execution.name)
        if self.execution.name == "torch" or not plain or not here:
            return self.execution.words
        return f"{self.execution.words}: {plain / here:.1f} times as fast as torch here"


_chosen: dict[tuple[str, str, int], Choice] = {}
_choosing = threading.Lock()


def known_choice(picker: TorchPicker, mode: str = "exact") -> Choice | None:
    """What was chosen for the picker earlier in this process; None if nothing was."""
    return _chosen.get(_key(picker, mode))


def forget_choices() -> None:
    """Let go of all opened networks, so that each is chosen anew."""
    with _choosing:
        _chosen.clear()


def choose(picker: TorchPicker, mode: str = "exact", report: Report = silent) -> Choice:
    """The fastest runtime for a picker on this computer.

    Each that is installed is compared with torch on made windows, in every process. The times are kept in the cache
    folder until a library changes, so that a second process opens the fastest one only.

    Parameters
    ----------
    mode
        ``"exact"`` for single precision, ``"fast"`` for less, if that is faster here.
    """
    key = _key(picker, mode)
    with _choosing:
        if key not in _chosen:
            _chosen[key] = _choose(picker, mode, report)
        return _chosen[key]


def _key(picker: TorchPicker, mode: str) -> tuple[str, str, int]:
    return network_key(picker), mode, torch.get_num_threads()


def _choose(picker: TorchPicker, mode: str, report: Report) -> Choice:
    windows = made_windows(picker.window_shape)
    file = exports_folder() / f"{network_key(picker)}-{mode}-{torch.get_num_threads()}.json"
    # Of this mode only: to ask some whether they can be used is to load them.
    names = [name for name in RUNTIMES if _fits(name, mode) and RUNTIMES.availability(name).ok]
    stored = _stored(file, names)
    if stored is not None:
        fastest = min(stored["ms"], key=stored["ms"].__getitem__)
        found, remarks = _opened(picker, fastest, windows)
        if found is not None:
            return Choice(found, tuple(stored["remarks"]), stored["ms"])
    report(float("nan"), f"choosing where {picker.card.title} runs fastest")
    candidates: dict[str, Execution] = {}
    remarks = []
    for name in names:
        found, why = _opened(picker, name, windows)
        remarks += why
        if found is not None:
            candidates[name] = found
    ms, lost = _race(picker, candidates)
    remarks += lost
    fastest = min(ms, key=ms.__getitem__)
    content = {"ms": ms, "remarks": remarks, "names": names, "versions": _versions()}
    # Where the cache folder cannot be written, the next process measures again.
    with contextlib.suppress(OSError):
        write_whole(file, lambda to: to.write_text(json.dumps(content), encoding="utf-8"))
    return Choice(candidates[fastest], tuple(remarks), ms)


def _fits(name: str, mode: str) -> bool:
    return mode == "fast" or bool(RUNTIMES[name].exact)


def _opened(picker: TorchPicker, name: str, windows: torch.Tensor) -> tuple[Execution | None, list[str]]:
    """An execution in that runtime, or None and why not."""
    runtime = RUNTIMES.create(name)
    if name == "torch":
        return runtime.open(picker, windows), []
    tolerance = EXACT_TOLERANCE if runtime.exact else FAST_TOLERANCE
    try:
        execution = runtime.open(picker, windows)
        found = agreement(picker, execution, windows, tolerance)
    except (PickerError, RequirementError, RuntimeError) as error:
        # RuntimeError is what every runtime raises for an operation that it lacks or a shape that it cannot take.
        words = " ".join(str(error).split())[:200]
        return None, [f"{runtime.title} cannot run {picker.card.title} {picker.card.weights}: {words}"]
    if not found.holds:
        return None, [
            f"{runtime.title} is not used for {picker.card.title} {picker.card.weights}: its probabilities are up to "
            f"{found.largest:.2g} from torch's, more than {tolerance:g}."
        ]
    return execution, []


def _race(picker: TorchPicker, candidates: Mapping[str, Execution]) -> tuple[dict[str, float], list[str]]:
    """Milliseconds a window, by name, and who fell out and why.

    They take turns, and the best of each counts, for the computer may be busy; on one thread, the processor's own time,
    which a card's is not.
    """
    is_one = torch.get_num_threads() == 1 and not any(name.startswith("cuda") for name in candidates)
    clock = time.process_time if is_one else time.perf_counter
    windows = made_windows(picker.window_shape, _RACE_WINDOWS, seed=1)
    times: dict[str, list[float]] = {name: [] for name in candidates}
    remarks = []
    for _ in range(_ROUNDS):
        for name in list(times):
            try:
                times[name].append(_ms_a_window(candidates[name], picker, windows, clock))
            except RuntimeError as error:
                # A batch of full size may be more than a runtime can take; torch itself has nobody to make way for.
                if name == "torch":
                    raise
                del times[name]
                remarks.append(f"{RUNTIMES[name].title} failed on a full batch: {' '.join(str(error).split())[:200]}")
    return {name: min(found) for name, found in times.items()}, remarks


def _ms_a_window(execution: Execution, picker: TorchPicker, windows: torch.Tensor, clock: Callable[[], float]) -> float:
    # Full batches: a card is slow on a few windows.
    batch = windows.repeat(-(-execution.batch_size // len(windows)), 1, 1)[: execution.batch_size]
    n_batches = max(1, _RACE_WINDOWS // len(batch))
    batches = [batch.clone() for _ in range(n_batches)]
    began = clock()
    for _ in execution.run(batches, picker.step):
        pass
    return 1e3 * (clock() - began) / (n_batches * len(batch))


def _stored(file: Path, names: list[str]) -> dict[str, Any] | None:
    """What was measured earlier, if it is whole and of the same libraries and runtimes."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        right = content["versions"] == _versions() and content["names"] == names
        right = right and bool(content["ms"]) and set(content["ms"]) <= set(names) and "remarks" in content
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return dict(content) if right else None


def _versions() -> dict[str, str]:
    installed = [name for name in ("onnxruntime", "openvino") if importlib.util.find_spec(name) is not None]
    return library_versions("torch", *installed)
