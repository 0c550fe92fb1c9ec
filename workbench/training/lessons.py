"""Lessons: augmented windows with their onsets, and what the teachers say of them, in one HDF5 file read on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from workbench.errors import SourceError
from workbench.schema import Report, silent
from workbench.training.augmentations import (
    AddNoise,
    FlipPolarity,
    Place,
    RotateHorizontals,
    Stretch,
    SuperposeEvent,
    onsets_in,
)
from workbench.training.checkpoints import replace_atomically
from workbench.training.clips import read_clips
from workbench.training.synthetic import coloured_noise, restless_noise, tilt_spectrum
from workbench.training.teachers import Teachers

__all__ = ["KINDS", "LESSON_SAMPLES", "Recipe", "make_lessons"]

LESSON_SAMPLES = 6000
N_ONSETS = 8
KINDS = ("labelled", "found", "noise", "synthetic")
"""Where a lesson comes from: a clip with true labels, one in which only the teachers see something, one in which they
see nothing, and a made one."""

TeachersConfig = tuple[Sequence[tuple[str, str]], str]
"""Arguments of :class:`~workbench.training.teachers.Teachers`."""

_QUIET = 0.15
_BATCH = 64


@dataclass(frozen=True)
class Recipe:
    """How lessons are made.

    Parameters
    ----------
    shares
        Of each of :data:`KINDS`, which add up to one; a kind without clips leaves its share to the others.
    stretch, snr_db, second_event_db
        Ranges; see :mod:`workbench.training.augmentations`.
    stretched, noisy, superposed
        Probabilities of those steps.
    restless
        Share of the noise that is made by :func:`~workbench.training.synthetic.restless_noise`. Lessons of noise get it
        20 dB below to 20 dB above their own.
    """

    shares: tuple[float, float, float, float] = (0.4, 0.25, 0.2, 0.15)
    stretch: tuple[float, float] = (0.7, 1.5)
    stretched: float = 0.6
    snr_db: tuple[float, float] = (-3.0, 40.0)
    noisy: float = 0.7
    second_event_db: tuple[float, float] = (-15.0, 15.0)
    superposed: float = 0.2
    restless: float = 0.0


def make_lessons(
    clips: Path, path: Path, *, count: int, role: str, recipe: Recipe, teachers: TeachersConfig, seed: int,
    workers: int = 1, report: Report = silent,
) -> Path:  # fmt: skip
    """The path of a file of lessons made from the clips of one role; the same for any number of workers.

    Parameters
    ----------
    clips
        Folder of a SeisBench dataset; see :mod:`workbench.training.clips`.
    teachers
        Names of pickers and their weights, and the layer that gives the hint.
    workers
        Processes that make lessons at the same time; 1 makes them in this one.

    Raises
    ------
    SourceError
        If there are no clips of that role, or the file cannot be written.
    """
    unlabelled = np.flatnonzero(read_clips(clips, role).metadata["labelled_from_sample"].isna())

    def write(temporary: Path) -> None:
        with h5py.File(temporary, "w") as file, _workers(workers, (clips, role, recipe, teachers)) as spread:
            found = np.full(unlabelled.max(initial=-1) + 1, np.nan)
            for done, (rows, samples) in enumerate(spread(_look, _batches(unlabelled))):
                report(done * _BATCH / len(unlabelled), f"teachers look at clip {done * _BATCH} of {len(unlabelled)}")
                found[rows] = samples
            parts = [(seed, part, len(rows), found) for part, rows in enumerate(_batches(np.arange(count)))]
            for done, arrays in enumerate(spread(_make, parts)):
                report(done * _BATCH / count, f"lesson {done * _BATCH} of {count}")
                _append(file, arrays)

    return replace_atomically(path, write)


def _batches(rows: np.ndarray) -> list[np.ndarray]:
    return [rows[first : first + _BATCH] for first in range(0, len(rows), _BATCH)]


@contextmanager
def _workers(count: int, given: tuple[Any, ...]) -> Iterator[Any]:
    """A `map` over that many processes, each of which has opened clips and teachers once."""
    if count == 1:
        _open_bench(*given)
        yield map
        return
    context = get_context("spawn")  # a fork of a process in which torch has run may hang
    with ProcessPoolExecutor(count, mp_context=context, initializer=_open_bench, initargs=given) as pool:
        yield pool.map


_bench: dict[str, Any] = {}
"""What a process makes lessons with: it lives as long as the process, and is opened once for all batches."""


def _open_bench(clips: Path, role: str, recipe: Recipe, teachers: TeachersConfig) -> None:
    _bench.update(dataset=read_clips(clips, role), recipe=recipe, teachers=Teachers(*teachers))


def _look(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the teachers see the likeliest onset in clips without labels; NaN where they see none."""
    dataset, teachers = _bench["dataset"], _bench["teachers"]
    windows = np.zeros((len(rows), 3, LESSON_SAMPLES), np.float32)
    for window, row in zip(windows, rows, strict=True):
        samples = dataset.get_waveforms(int(row))[:, :LESSON_SAMPLES]
        window[:, : samples.shape[-1]] = samples
    onset = np.nan_to_num(teachers.curves(windows)[:, :2]).max(axis=1)
    return rows, np.where(onset.max(axis=-1) >= _QUIET, onset.argmax(axis=-1), np.nan)


def _make(part: tuple[int, int, int, np.ndarray]) -> dict[str, np.ndarray]:
    seed, number, count, found = part
    rng = np.random.default_rng((seed, number))
    return _Maker(_bench["dataset"], _bench["recipe"], _bench["teachers"], rng, found).batch(count)


class _Maker:
    """Draws clips by kind and augments them by a SeisBench generator each."""

    def __init__(
        self, dataset: Any, recipe: Recipe, teachers: Teachers, rng: np.random.Generator, found: np.ndarray
    ) -> None:
        from seisbench.generate import GenericGenerator

        self.recipe, self.teachers, self.rng = recipe, teachers, rng
        self.dataset = dataset
        self.found = np.full(len(dataset), np.nan)
        self.found[: len(found)] = found
        self.pools = self._pools()
        self._quiet_rows = set(self.pools["noise"].tolist())
        self._rows = {name: row for row, name in enumerate(dataset.metadata["trace_name"])}
        shares = np.array(
            [share if len(self.pools[kind]) else 0.0 for kind, share in zip(KINDS, recipe.shares, strict=True)]
        )
        if not shares.sum():
            wanted = [kind for kind, share in zip(KINDS, recipe.shares, strict=True) if share]
            raise SourceError(f"There are no clips of the kinds that recipe.shares asks for: {', '.join(wanted)}.")
        self.shares = shares / shares.sum()
        self.event_steps: list[Any] = [
            self._mark,
            Stretch(rng, recipe.stretched, recipe.stretch),
            Place(rng, LESSON_SAMPLES),
        ]
        self.generator = GenericGenerator(dataset)
        self.generator.add_augmentations(
            [
                *self.event_steps,
                SuperposeEvent(rng, recipe.superposed, self._second_event, recipe.second_event_db),
                self._add_noise,
                RotateHorizontals(rng, 0.5),
                FlipPolarity(rng, 0.5),
                _collect,
            ]
        )

    def _pools(self) -> Mapping[str, np.ndarray]:
        metadata = self.dataset.metadata
        made = (metadata["set"] == "synthetic").to_numpy()
        labelled = metadata["labelled_from_sample"].notna().to_numpy()
        seen = np.isfinite(self.found)
        # Without a teacher nobody has looked whether a clip without labels is quiet.
        quiet = ~labelled & ~seen & bool(self.teachers.pickers)
        pools = {"labelled": labelled & ~made, "found": seen, "noise": quiet, "synthetic": made}
        return {kind: np.flatnonzero(chosen) for kind, chosen in pools.items()}

    def batch(self, count: int) -> dict[str, np.ndarray]:
        """Arrays of that many lessons, by name."""
        kinds = self.rng.choice(len(KINDS), size=count, p=self.shares)
        lessons = [self._lesson(KINDS[kind]) for kind in kinds]
        arrays = {name: np.stack([lesson[name] for lesson in lessons]) for name in ("X", "onsets", "labelled")}
        hints = self.teachers.hints(arrays["X"])
        extra = {} if hints is None else {"hint": hints.astype(np.float16)}
        curves = self.teachers.curves(arrays["X"])
        # Nothing is there, whatever a teacher hears in the noise that was added: here the truth is known.
        noise = kinds == KINDS.index("noise")
        curves[noise] = np.array([[0.0], [0.0], [1.0]], np.float32)
        scale = arrays["X"].std(axis=(1, 2), keepdims=True)
        return extra | {
            "samples": (arrays["X"] / np.where(scale > 0, scale, 1.0)).astype(np.float16),
            "onsets": arrays["onsets"].astype(np.float32),
            "labelled": arrays["labelled"].astype(np.float32),
            "kind": kinds.astype(np.uint8),
            "teacher": curves.astype(np.float16),
        }

    def _lesson(self, kind: str) -> dict[str, np.ndarray]:
        return self.generator[self._draw(kind)]

    def _draw(self, kind: str) -> int:
        """Row of a clip; every set has the same chance, however many clips it has."""
        pool = self.pools[kind]
        sets = self.dataset.metadata["set"].to_numpy()[pool]
        return int(self.rng.choice(pool[sets == self.rng.choice(np.unique(sets))]))

    def _mark(self, state: Any) -> None:
        samples, metadata = state["X"]
        # Rows are found by name, for SeisBench's sample index is not told to a step.
        row = self._rows[metadata["trace_name"]]
        marked = dict(metadata) | {"found_sample": float(self.found[row])}
        if row in self._quiet_rows:
            marked |= {"labelled_from_sample": 0.0, "labelled_to_sample": float(samples.shape[-1])}
        state["X"] = (samples, marked)

    def _second_event(self) -> tuple[np.ndarray, dict[str, Any]]:
        kind = "labelled" if self.rng.random() < 0.6 and len(self.pools["labelled"]) else "synthetic"
        kind = kind if len(self.pools[kind]) else next(name for name in KINDS if len(self.pools[name]))
        state: Any = {"X": self.dataset.get_sample(self._draw(kind))}
        for step in self.event_steps:
            step(state)
        return state["X"]

    def _add_noise(self, state: Any) -> None:
        _, metadata = state["X"]
        if self.recipe.restless and not onsets_in(metadata):
            AddNoise(self.rng, 1.0, self._noise, (-20.0, 20.0))(state)
            return
        partly = metadata["valid_to_sample"] - metadata["valid_from_sample"] < LESSON_SAMPLES
        # Bare zeros beside a clip would give away where it begins.
        AddNoise(self.rng, 1.0 if partly else self.recipe.noisy, self._noise, self.recipe.snr_db)(state)

    def _noise(self, shape: tuple[int, ...]) -> np.ndarray:
        pool = self.pools["noise"]
        if self.recipe.restless and self.rng.random() < self.recipe.restless:
            return restless_noise(self.rng, (shape[0], shape[1]))
        if not len(pool) or self.rng.random() < 0.25:
            return coloured_noise(self.rng, shape)
        samples = self.dataset.get_waveforms(int(self.rng.choice(pool)))[:, : shape[-1]]
        repeats = -(-shape[-1] // samples.shape[-1])
        noise = np.concatenate([samples[:, ::-1] if turn % 2 else samples for turn in range(repeats)], axis=-1)
        noise = noise[:, : shape[-1]] - noise.mean(axis=-1, keepdims=True)
        return tilt_spectrum(noise, self.rng.uniform(-0.8, 0.8))


def _collect(state: Any) -> None:
    """The onsets and the labelled interval out of the metadata, which SeisBench drops, into arrays."""
    samples, metadata = state["X"]
    onsets = np.full((2, N_ONSETS), np.nan)
    for row, phase in enumerate("ps"):
        found = [
            value for key, value in metadata.items()
            if key.startswith(f"trace_{phase}") and key.endswith("_arrival_sample") and np.isfinite(value)
        ]  # fmt: skip
        inside = sorted(value for value in found if -50 <= value < LESSON_SAMPLES + 50)[:N_ONSETS]
        onsets[row, : len(inside)] = inside
    bounds = np.array([metadata["labelled_from_sample"], metadata["labelled_to_sample"]], float)
    # Where a clip's own samples end, noise without events begins: labels hold there too.
    if np.isfinite(bounds).all():
        bounds[0] = 0.0 if bounds[0] <= metadata["valid_from_sample"] else bounds[0]
        bounds[1] = LESSON_SAMPLES if bounds[1] >= metadata["valid_to_sample"] else bounds[1]
    state.update({"X": (samples, None), "onsets": (onsets, None), "labelled": (bounds, None)})


def _append(file: h5py.File, arrays: Mapping[str, np.ndarray]) -> None:
    for name, values in arrays.items():
        if name not in file:
            # Long rows are read one by one, short ones are looked up.
            rows = 1 if values.nbytes > 1000 * len(values) else 1024
            shape = values.shape[1:]
            file.create_dataset(name, (0, *shape), values.dtype, maxshape=(None, *shape), chunks=(rows, *shape))
        dataset = file[name]
        dataset.resize(dataset.shape[0] + len(values), axis=0)
        dataset[-len(values) :] = values
