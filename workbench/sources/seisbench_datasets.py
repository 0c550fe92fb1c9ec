"""Datasets in SeisBench's format: a folder of them, or one that SeisBench knows by name and downloads when asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import h5py
import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import SourceError, UnknownNameError
from workbench.schema import CATALOG, Event, Report, make_picks, make_recording, silent
from workbench.settings import load_settings
from workbench.sources.files import files_in
from workbench.sources.hdf5 import Hdf5Files
from workbench.sources.metadata_index import MetadataIndex
from workbench.sources.samples import component_ranks, usable_samples
from workbench.sources.seisbench_index import SeisBenchChunk, find_chunks, read_data_format, seisbench_rows
from workbench.sources.seisbench_traces import (
    channel_codes,
    component_names,
    number,
    onsets,
    read_trace,
    trace_rate,
    unit_of,
    word,
)

__all__ = ["SeisBenchSource"]

_PREFIX = "seisbench:"

_PARTS = {
    "instance": ("InstanceCounts", "InstanceNoise"),
    "instancecountscombined": ("InstanceCounts", "InstanceNoise"),
    "eqsdenoisercombined": ("EQSDenoiserEvents", "EQSDenoiserNoise"),
}
"""Names that stand for more than one dataset."""

_TOLD_BYTES = 2**20
"""Between two reports of progress."""


class SeisBenchSource:
    """Traces of a dataset in SeisBench's format, plain or chunked, with every phase that it has onsets of.

    Parameters
    ----------
    path
        A folder with ``metadata*.csv`` and ``waveforms*.hdf5``, or one of these files; or ``"seisbench:NAME"``.
    name
        Of a dataset that SeisBench knows ("ETHZ"), instead of `path`. Nothing is fetched before :meth:`download`.
    roots
        Folders that files may lie in; None is no limit.
    cache
        Folder for the index; the user's cache folder if empty.
    """

    kind = "seisbench"

    def __init__(
        self,
        path: str | Path = "",
        *,
        name: str = "",
        roots: Sequence[Path] | None = None,
        cache: str | Path = "",
    ) -> None:
        if str(path).startswith(_PREFIX):
            path, name = "", str(path).removeprefix(_PREFIX)
        if bool(str(path)) == bool(name):
            raise SourceError("A SeisBench source has a path, or the name of a dataset; give one of them.")
        self._name = name
        self._path = Path(path).expanduser() if not name else Path()
        if not name and not self._path.is_dir():
            self._path = self._path.parent
        self._roots = None if name else roots
        self._cache = Path(cache) if cache else load_settings().cache_folder
        self._files = Hdf5Files(roots=self._roots)
        self._formats: dict[Path, dict[str, Any]] = {}
        self._chunks: list[SeisBenchChunk] = []
        self._index: MetadataIndex | None = None
        self.title = name or self._path.name
        self.location = f"{_PREFIX}{name}" if name else str(Path(path).expanduser())

    @staticmethod
    def recognises(path: Path) -> bool:
        """Whether a folder, or a file in it, belongs to a dataset in SeisBench's format, by names only."""
        folder = path if path.is_dir() else path.parent
        if not path.is_dir() and not path.name.startswith(("metadata", "waveforms")):
            return False
        try:
            names = {file.name for file in files_in(folder, (".csv", ".hdf5"))}
        except SourceError:
            return False
        pairs = [f"waveforms{name[8:-4]}.hdf5" in names for name in names if name.startswith("metadata")]
        return any(pairs)

    def scan(self, report: Report = silent) -> pd.DataFrame:
        """One row per trace with every column of the metadata; the first call makes an index, no waveform is read."""
        return self._ready(report).recordings(n_stations=1)

    def read(self, recording_id: str) -> xr.Dataset:
        """One trace, components in the order Z, N, E, 1, 2, then others, in the dataset's unit."""
        row, chunk = self._row(recording_id)
        with self._files.open(chunk.hdf5) as file:
            form = self._format(file, chunk)
            samples = read_trace(file, row["trace_name"], str(form.get("dimension_order", "")))
        stored, notices = component_names(row, form, len(samples))
        ranks = component_ranks(stored)
        components = [stored[rank] for rank in ranks]
        waveform, odd = usable_samples(samples[ranks], components)
        start = row.get("trace_start_time")
        if start is None:
            notices.append("The start time is not known; the time axis begins in 1970.")
        return make_recording(
            waveform[np.newaxis],
            stations=[row["stations"]],
            components=components,
            start=np.datetime64(pd.Timestamp(start or 0), "ns"),
            sampling_rate_hz=trace_rate(row),
            recording_id=recording_id,
            source=self.location,
            units=unit_of(form),
            event_id=word(row.get("source_id")),
            latitude_deg=[number(row.get("station_latitude_deg"))],
            longitude_deg=[number(row.get("station_longitude_deg"))],
            elevation_m=[number(row.get("station_elevation_m"))],
            channels=np.array([channel_codes(word(row.get("trace_channel")), components)]),
            history=[
                f"read {row['trace_name']} from {chunk.hdf5.name}, components {stored} put in order "
                + "".join(components)
            ],
            notices=[*notices, *odd],
        )

    def reference_picks(self, recording_id: str) -> pd.DataFrame:
        """The onsets in all columns ``trace_<phase>_arrival_sample``, with uncertainty and polarity where given."""
        row, _ = self._row(recording_id)
        return make_picks(onsets(row), recording_id=recording_id, picker=CATALOG)

    def event(self, recording_id: str) -> Event | None:
        """The event of the metadata; None where its origin time is not known."""
        row, _ = self._row(recording_id)
        if row.get("source_origin_time") is None:
            return None
        time = pd.Timestamp(row["source_origin_time"])
        return Event(
            event_id=word(row.get("source_id")) or time.isoformat(),
            time=time,
            latitude_deg=number(row.get("source_latitude_deg")),
            longitude_deg=number(row.get("source_longitude_deg")),
            depth_km=number(row.get("source_depth_km")),
            magnitude=number(row.get("magnitude")),
            magnitude_type=word(row.get("source_magnitude_type")),
        )

    @property
    def is_here(self) -> bool:
        """Whether it is on this computer; if not, only :meth:`download` brings it."""
        return not self._name or all(self.recognises(part._path_internal()) for part in _dataset_classes(self._name))

    def download(self, report: Report = silent) -> None:
        """Fetch the named dataset by SeisBench into its own cache folder.

        Raises
        ------
        SourceError
            If there is no connection, or SeisBench's repository does not hold the dataset.
        JobCancelledError
            If `report` raises it; what was fetched of the file in hand is dropped by the next download.
        """
        for part in _dataset_classes(self._name):
            _download(part, report)
        self._index = None

    def _ready(self, report: Report = silent) -> MetadataIndex:
        if self._index is None:
            folders = self._folders()
            self._chunks = [chunk for folder in folders for chunk in find_chunks(folder, self._roots)]
            inputs = [file for chunk in self._chunks for file in (chunk.csv, chunk.hdf5)]
            self._index = MetadataIndex(inputs, self._rows, kind=self.kind, folder=self._cache)
        self._index.refresh(report)
        return self._index

    def _folders(self) -> list[Path]:
        if not self._name:
            return [self._path]
        folders = [part._path_internal() for part in _dataset_classes(self._name)]
        for folder in folders:
            if not SeisBenchSource.recognises(folder):
                raise SourceError(
                    f"The dataset {self._name} is not on this computer; looked in {folder}. Download it first "
                    "(`workbench pick` does so with --fetch, the app when asked), or copy it into that folder."
                )
        return folders

    def _rows(self, report: Report, notices: list[str]) -> Any:
        return seisbench_rows(self._chunks, self.title, report, notices)

    def _row(self, recording_id: str) -> tuple[dict[str, Any], SeisBenchChunk]:
        index = self._index or self._ready()
        row = index.row(recording_id)
        return row, self._chunks[row["pair"]]

    def _format(self, file: h5py.File, chunk: SeisBenchChunk) -> dict[str, Any]:
        if chunk.hdf5 not in self._formats:
            self._formats[chunk.hdf5] = read_data_format(file)
        return self._formats[chunk.hdf5]


def _known_datasets() -> dict[str, Any]:
    """Classes of SeisBench's waveform datasets by name in lower case."""
    import seisbench.data

    classes = (getattr(seisbench.data, name, None) for name in seisbench.data.__all__)
    kind = seisbench.data.WaveformBenchmarkDataset
    abstract = (kind, seisbench.data.BenchmarkDataset)
    return {
        item.__name__.lower(): item
        for item in classes
        if isinstance(item, type) and issubclass(item, kind) and item not in abstract
    }


def _dataset_classes(name: str) -> list[Any]:
    known = _known_datasets()
    parts = _PARTS.get(name.lower(), (name,))
    if any(part.lower() not in known for part in parts):
        raise UnknownNameError("SeisBench dataset", name, [item.__name__ for item in known.values()])
    return [known[part.lower()] for part in parts]


def _download(dataset: Any, report: Report) -> None:
    """Have SeisBench fetch one dataset; its own progress bar is replaced by `report`."""
    import requests
    import seisbench

    name, remote = dataset.__name__, seisbench.remote_data_root
    report(0.0, f"asking {remote} for {name}")
    try:
        # SeisBench's own requests have no time limit: without a connection they would wait for minutes.
        requests.head(remote, timeout=5)
        with _progress_to(report):
            dataset(force=True, component_order="ZNE")
    except FileNotFoundError as error:
        raise SourceError(f"{name} is not ready-made at {remote} ({error}). Build it with SeisBench itself.") from error
    except requests.RequestException as error:
        raise SourceError(
            f"{name} could not be downloaded: no connection to {remote} ({type(error).__name__}). Check the internet "
            "connection or the firewall and try again, or copy a downloaded dataset into SeisBench's cache folder."
        ) from error
    except (OSError, ValueError) as error:
        raise SourceError(f"{name} could not be downloaded by SeisBench: {error}") from error


_PROGRESS_LOCK = Lock()


@contextmanager
def _progress_to(report: Report) -> Iterator[None]:
    """SeisBench's download bar reports to `report` inside a ``with`` block."""
    import seisbench.util.file as downloads

    class Bar:
        def __init__(self, *, total: int | None = None, desc: str = "", **_: Any) -> None:
            self.total, self.step, self.n_bytes, self.told = total, desc, 0, 0

        def update(self, n_bytes: int) -> None:
            self.n_bytes += n_bytes
            if self.n_bytes - self.told < _TOLD_BYTES and self.n_bytes != self.total:
                return
            self.told = self.n_bytes
            fraction = self.n_bytes / self.total if self.total else float("nan")
            report(fraction, f"{self.step}: {self.n_bytes / 1e6:,.1f} MB")

        def close(self) -> None:
            """Nothing is left on the screen."""

    with _PROGRESS_LOCK:
        original, downloads.tqdm = downloads.tqdm, Bar
        try:
            yield
        finally:
            downloads.tqdm = original
