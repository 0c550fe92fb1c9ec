"""Every reader of the workbench: a small good file for it, and a call that reads all of one."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import obspy
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from obspy.core.event import Catalog, Event, Origin, Pick, WaveformStreamID
from obspy.core.inventory import Channel, Inventory, Network, Site, Station

from tests.explain.made import made_attention, made_attribution, made_checks, made_recording
from tests.sources.dataset_files import write_npz, write_seisbench, write_stead
from tests.sources.ogs.made_catalogue import write_catalogue
from tests.sources.waveform_files import START, trace, write
from workbench.catalog.shards import _write, read_shard
from workbench.errors import WorkbenchError
from workbench.explain.netcdf import read_explanation, write_netcdf
from workbench.labels.journal import Journal
from workbench.networks.bundled import BUNDLED
from workbench.networks.weights_file import load_xiaonet
from workbench.schema import Decision, check_recording, empty_picks
from workbench.settings import load_settings
from workbench.sources import open_source
from workbench.sources.fdsn import FdsnSource
from workbench.sources.fdsn_service import FdsnService

__all__ = ["READERS", "Reader", "good_files", "read_source"]


@dataclass(frozen=True)
class Reader:
    """What makes good files in a folder, which of them is spoilt, and what reads all of the folder.

    Parameters
    ----------
    read
        Gives the names of the recordings that could be read, where it reads recordings.
    others
        Stations of the other files of the folder: they must still be read, whatever the spoilt one holds.
    own
        Stations of the spoilt file, while it is good.
    """

    make: Callable[[Path], Any]
    spoilt: str
    read: Callable[[Path], Any]
    others: tuple[str, ...] = ()
    own: tuple[str, ...] = ()


def read_source(folder: Path, kind: str | None = None) -> set[str]:
    """All recordings of a folder, their picks and events; those that can be read, by station."""
    source = open_source(folder, kind)
    found = set()
    for name in source.scan()["recording_id"][:20]:
        try:
            found |= set(check_recording(source.read(name))["station"].values.tolist())
            source.reference_picks(name)
            source.event(name)
        except WorkbenchError as error:
            _say(error)
    return found


def _say(error: WorkbenchError) -> None:
    if len(str(error).split()) < 4:
        raise AssertionError(f"an error that says nothing: {error}")


def _station() -> Inventory:
    place = {"latitude": 46.0, "longitude": 13.0, "elevation": 200.0}
    channel = Channel("HHZ", "", depth=0.0, sample_rate=100.0, **place)
    return Inventory([Network("XX", [Station("B", site=Site("b"), channels=[channel], **place)])], "made")


def _catalog() -> Catalog:
    origin = Origin(time=START + 1, latitude=46.1, longitude=13.1, depth=5000.0)
    pick = Pick(time=START + 5, phase_hint="P", waveform_id=WaveformStreamID("XX", "B", "", "HHZ"))
    return Catalog([Event(origins=[origin], picks=[pick])])


def _beside(make: Callable[[Path], Any]) -> Callable[[Path], None]:
    """The file that is spoilt, and a good one of another station."""

    def both(folder: Path) -> None:
        write(folder / "good.mseed", trace("XX.B..HHZ", n=1000))
        make(folder)

    return both


def _waveform(name: str, form: str, dtype: Any = np.int32) -> Reader:
    def make(folder: Path) -> None:
        write(folder / name, trace("XX.A..HHZ", n=1000, dtype=dtype), format=form)

    # Some formats keep no network, or no code at all.
    own = {"SU": ".a.", "WAV": ".a."}.get(form, "XX.A.")
    return Reader(_beside(make), name, read_source, ("XX.B.",), (own,))


def _gzipped(folder: Path) -> None:
    held = io.BytesIO()
    obspy.Stream([trace("XX.A..HHZ", n=1000)]).write(held, format="MSEED")
    (folder / "a.mseed.gz").write_bytes(gzip.compress(held.getvalue(), mtime=0))


def _table(folder: Path) -> None:
    (folder / "stations.csv").write_text("network,station,latitude,longitude,elevation\nXX,B,46.0,13.0,200\n")


def _stead(folder: Path) -> None:
    names = ("A_EV", "B_NO")
    samples = {name: np.arange(3 * 600, dtype=np.float32).reshape(600, 3) for name in names}
    write_stead(folder, "chunk1", ("A_EV",), traces={"A_EV": samples["A_EV"]})
    write_stead(folder, "chunk2", ("B_NO",), traces={"B_NO": samples["B_NO"]})


def _seisbench(folder: Path) -> None:
    samples = {"t0": np.arange(3 * 600, dtype=np.float32).reshape(3, 600)}
    write_seisbench(folder, names=("t0",), samples=samples)


def _npz(folder: Path) -> None:
    for name in ("XX_A_2020010100000000", "XX_B_2020010100000000"):
        samples = np.arange(3 * 600, dtype=np.float32).reshape(600, 3)
        write_npz(folder / f"{name}.npz", samples=samples, itp=100, its=200)


def _ogs_parquet(folder: Path) -> None:
    columns = {
        "index": [2024000001] * 2, "time": pd.to_datetime(["2024-01-01T13:21:37.690"] * 2), "station": [".ABTA."] * 2,
        "phase": ["P", "S"], "WEIGHT": [0, 2],
    }  # fmt: skip
    pq.write_table(pa.table({name: pa.array(list(values)) for name, values in columns.items()}), folder / "a.parquet")


def _read_ogs(folder: Path) -> set[str]:
    source = open_source(folder, "ogs")
    names = list(source.scan()["recording_id"])[:20]
    for name in names:
        source.reference_picks(name)
        source.event(name)
        source.stations(name)
    return set(names)


def _journal(folder: Path) -> None:
    with Journal(str(folder / "labels.sqlite"), "Ada") as journal:
        for phase in "PS":
            journal.record(Decision("add", "r", "XX.A.", phase, pd.Timestamp("2024-01-01")))
        journal.set_note("r", "a note")


def _read_journal(folder: Path) -> None:
    with Journal(str(folder / "labels.sqlite"), "Ada", busy_timeout_s=0.2) as journal:
        journal.labels()
        journal.entries("r", 100)
        journal.recordings()


def _settings(folder: Path) -> None:
    text = 'labels = "labels.sqlite"\nanalyst = "Ada"\n[kernels.gpu]\nkind = "server"\nurl = "http://gpu:8888"\n'
    (folder / "workbench.toml").write_text(text)


def _read_settings(folder: Path) -> None:
    import pytest

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_CONFIG", str(folder / "workbench.toml"))
        load_settings()


def _weights(folder: Path) -> None:
    (folder / "own.safetensors").write_bytes((BUNDLED / "xiaonet_5k.safetensors").read_bytes())


def _shard(folder: Path) -> None:
    picks = empty_picks().assign(recording=pd.Series(dtype=str), weights=pd.Series(dtype=str))
    _write(picks, folder / "XX.A._2024-01-01_00.parquet", {"n_picks": {"P": 1}})


def _explanation(folder: Path) -> None:
    write_netcdf(folder / "why.nc", made_attribution(made_recording()), made_checks(), made_attention())


class _Answers:
    """A data centre that gives what files hold."""

    retry_after_s = 0.0

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_stations(self, filename: str, **_: Any) -> None:
        Path(filename).write_bytes((self._folder / "stations.xml").read_bytes())

    def get_events(self, filename: str, **_: Any) -> None:
        Path(filename).write_bytes((self._folder / "events.xml").read_bytes())

    def get_waveforms_bulk(self, _: Any, filename: str) -> None:
        Path(filename).write_bytes((self._folder / "a.mseed").read_bytes())


class _Service(FdsnService):
    def __init__(self, folder: Path) -> None:
        super().__init__("made", tries=2, sleep=lambda _: None)
        self._answers = _Answers(folder)

    def _client(self) -> Any:
        return self._answers


def _answers(folder: Path) -> None:
    _station().write(str(folder / "stations.xml"), format="STATIONXML")
    _catalog().write(str(folder / "events.xml"), format="QUAKEML")
    write(folder / "a.mseed", trace("XX.B..HHZ", n=1000))


def _ask_answers(folder: Path) -> set[str]:
    import tempfile

    place = f"fdsn:made?network=XX&start={START - 1}&end={START + 60}&events=yes".replace("Z", "")
    with tempfile.TemporaryDirectory() as cache:
        source = FdsnSource(place, cache=cache, service=lambda _: _Service(folder))
        found = set()
        for name in source.scan()["recording_id"]:
            found |= set(source.read(name)["station"].values.tolist())
            source.reference_picks(name)
        return found


def _quakeml(folder: Path) -> None:
    _catalog().write(str(folder / "catalog.xml"), format="QUAKEML")


def _stationxml(folder: Path) -> None:
    _station().write(str(folder / "stations.xml"), format="STATIONXML")


def _cards(folder: Path) -> None:
    write_catalogue(folder)
    listing = (folder / "year.hpl").read_text()
    (folder / "other.hpl").write_text(listing.replace("050101", "060101"))


READERS: Mapping[str, Reader] = {
    "miniseed": _waveform("a.mseed", "MSEED"),
    "sac": _waveform("a.sac", "SAC", np.float32),
    "gse2": _waveform("a.gse", "GSE2"),
    "sac_xy": _waveform("a.sacxy", "SACXY", np.float32),
    "segy": _waveform("a.su", "SU", np.float32),
    "wav": _waveform("a.wav", "WAV", np.int16),
    "slist": _waveform("a.slist", "SLIST"),
    "tspair": _waveform("a.tspair", "TSPAIR"),
    "gzip": Reader(_beside(_gzipped), "a.mseed.gz", read_source, ("XX.B.",), ("XX.A.",)),
    "quakeml": Reader(_beside(_quakeml), "catalog.xml", read_source, ("XX.B.",)),
    "stationxml": Reader(_beside(_stationxml), "stations.xml", read_source, ("XX.B.",)),
    "station_table": Reader(_beside(_table), "stations.csv", read_source, ("XX.B.",)),
    "stead_hdf5": Reader(_stead, "chunk1.hdf5", lambda folder: read_source(folder, "stead"), ("TA.109C.",)),
    "stead_csv": Reader(_stead, "chunk1.csv", lambda folder: read_source(folder, "stead"), ("TA.109C.",)),
    "seisbench_hdf5": Reader(_seisbench, "waveforms.hdf5", lambda folder: read_source(folder, "seisbench")),
    "seisbench_csv": Reader(_seisbench, "metadata.csv", lambda folder: read_source(folder, "seisbench")),
    "phasenet_npz": Reader(_npz, "XX_A_2020010100000000.npz", lambda folder: read_source(folder, "phasenet_npz"),
                           ("XX.B.",)),
    "ogs_hpl": Reader(_cards, "other.hpl", _read_ogs),
    "ogs_dat": Reader(_cards, "year.dat", _read_ogs),
    "ogs_parquet": Reader(_ogs_parquet, "a.parquet", _read_ogs),
    "fdsn_stations": Reader(_answers, "stations.xml", _ask_answers),
    "fdsn_events": Reader(_answers, "events.xml", _ask_answers, ("XX.B.",)),
    "fdsn_waveforms": Reader(_answers, "a.mseed", _ask_answers),
    "journal": Reader(_journal, "labels.sqlite", _read_journal),
    "settings": Reader(_settings, "workbench.toml", _read_settings),
    "weights": Reader(_weights, "own.safetensors", lambda folder: load_xiaonet(str(folder / "own.safetensors"))),
    "shard": Reader(_shard, "XX.A._2024-01-01_00.parquet",
                    lambda folder: read_shard(folder / "XX.A._2024-01-01_00.parquet")),
    "explanation": Reader(_explanation, "why.nc", lambda folder: read_explanation(folder / "why.nc")),
}  # fmt: skip
"""By name."""


@cache
def good_files(name: str) -> Mapping[str, bytes]:
    """What the files of a reader hold before one is spoilt."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        READERS[name].make(Path(folder))
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
