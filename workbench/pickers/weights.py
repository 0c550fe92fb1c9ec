"""Weights of pickers: those in SeisBench's cache, those that can be fetched, and a user's own. Imports no SeisBench.

A set of weights is two files, ``<name>.pt`` (tensors) and ``<name>.json`` (how to build the network, its labels,
component order, normalisation and thresholds), each with ``.v<version>`` behind it in SeisBench's cache.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from workbench.errors import PickerError, RequirementError, UnknownNameError
from workbench.schema import Report, silent

__all__ = [
    "PATIENCE_S",
    "WeightFiles",
    "Weights",
    "cache_folder",
    "cached_files",
    "default_weights",
    "download",
    "fetch_weights",
    "find_files",
    "folder_of",
    "has_weights",
    "list_weights",
    "newest_version",
    "weights_hash",
]

PATIENCE_S = 10.0
"""Without an answer for so long, a server counts as not reachable."""

_JSON = re.compile(r"^(?P<name>.+)\.json(?:\.v(?P<version>[^/]+))?$")
_PT_SUFFIX = re.compile(r"\.(?:pt|json)(?:\.v(?P<version>[^/]+))?$")


@dataclass(frozen=True)
class Weights:
    """One set of weights that a picker could use.

    Parameters
    ----------
    picker
        Name of the picker in the registry.
    name
        Of the weights; empty for a picker without weights.
    place
        ``"cached"`` (on this computer), ``"remote"`` (can be fetched) or ``"none"`` (the picker has no weights). Those
        of a user's own are named by their path and stand in no list.
    note
        What is known of them, in words.
    """

    picker: str
    name: str
    place: str
    note: str = ""


@dataclass(frozen=True)
class WeightFiles:
    """The two files of a set of weights."""

    name: str
    version: str | None
    tensors: Path
    settings: Path

    @property
    def stem(self) -> Path:
        """The path without suffixes, as SeisBench's ``load`` wants it."""
        return self.tensors.with_name(_PT_SUFFIX.sub("", self.tensors.name))


def cache_folder() -> Path:
    """Folder in which SeisBench keeps weights: ``$SEISBENCH_CACHE_ROOT/models/v3``, or the same in ``~/.seisbench``."""
    root = os.environ.get("SEISBENCH_CACHE_ROOT")
    return (Path(root) if root else Path.home() / ".seisbench") / "models" / "v3"


def folder_of(picker: str) -> str:
    """Name of a picker's folder in the cache: SeisBench's class in lower case."""
    return "dppdetector" if picker == "dpp" else picker


def cached_files(folder: str) -> dict[str, WeightFiles]:
    """Name to files, of the newest version each, of all complete sets of weights in a folder of the cache."""
    return _files_in(cache_folder() / folder)


def _files_in(place: Path) -> dict[str, WeightFiles]:
    found: dict[str, WeightFiles] = {}
    try:
        names = sorted(path.name for path in place.iterdir())
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return {}
    for file_name in names:
        match = _JSON.match(file_name)
        if match is None:
            continue
        name, version = match["name"], match["version"]
        suffix = f".v{version}" if version else ""
        files = WeightFiles(name, version, place / f"{name}.pt{suffix}", place / file_name)
        if files.tensors.is_file() and (name not in found or newest_version((version, found[name].version)) == version):
            found[name] = files
    return found


def newest_version(versions: Iterable[str | None]) -> str:
    """The highest of some version numbers; one that is missing counts as 0.

    >>> newest_version(["2", "10", None])
    '10'
    """
    return max(
        (version or "0" for version in versions), key=lambda text: [int(part) for part in re.findall(r"\d+", text)]
    )


def list_weights(picker: str, *, remote: bool = False) -> list[Weights]:
    """Sets of weights of a picker, cached ones first; one entry of place ``"none"`` for a picker without weights.

    Parameters
    ----------
    remote
        Ask SeisBench's server too. Nothing is asked of any server otherwise.

    Raises
    ------
    UnknownNameError
        If there is no such picker.
    RequirementError
        If the server cannot be reached.
    """
    if not has_weights(picker):
        return [Weights(picker, "", "none", "needs no weights")]
    if (bundled := _bundled(picker)) is not None:
        return [Weights(picker, name, "cached", "comes with the workbench") for name in bundled]
    cached = [Weights(picker, name, "cached") for name in _default_first(cached_files(folder_of(picker)))]
    if not remote:
        return cached
    from workbench.pickers.seisbench_pickers import SEISBENCH_CLASSES, remote_weights

    here = {weights.name for weights in cached}
    names = remote_weights(SEISBENCH_CLASSES.get(picker, "DPPDetector"))
    return cached + [Weights(picker, name, "remote") for name in names if name not in here]


def _bundled(picker: str) -> tuple[str, ...] | None:
    """Names of the weights that come with the workbench; None for a picker whose weights come from SeisBench."""
    from workbench.pickers import PICKERS

    names = getattr(PICKERS[picker], "bundled", None)
    return None if names is None else tuple(names())


def has_weights(picker: str) -> bool:
    """Whether a picker is a network, which needs weights."""
    from workbench.pickers import PICKERS

    return any(setting.name == "weights" for setting in PICKERS.settings(picker))


def _default_first(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (name != "original", name))


def default_weights(picker: str) -> str:
    """Name of the cached weights used when none are named: ``original``, or the first; empty if there are none."""
    names = _default_first(cached_files(folder_of(picker)))
    return names[0] if names else ""


def find_files(picker: str, weights: str = "") -> WeightFiles:
    """The two files behind a name among the cached weights, or behind a path of the user's own.

    Parameters
    ----------
    weights
        A name; or a path to the ``.pt`` file, to the same without suffix, or to a folder with one set of weights.

    Raises
    ------
    RequirementError
        If they are not on this computer; says what to do.
    PickerError
        If a path leads to no weights.
    """
    if _is_path(weights):
        return _own_files(Path(weights).expanduser())
    cached = cached_files(folder_of(picker))
    if not cached:
        raise RequirementError(
            f"No weights of {picker} are on this computer (looked in {cache_folder() / folder_of(picker)}). "
            "Fetch some from SeisBench, or give a path to weights of your own."
        )
    name = weights or default_weights(picker)
    if name not in cached:
        known = UnknownNameError(f"cached set of weights of {picker}", name, cached)
        raise RequirementError(f"{known} Fetch {name!r} first, or give a path to weights of your own.")
    return cached[name]


def _is_path(weights: str) -> bool:
    return "/" in weights or os.sep in weights or _PT_SUFFIX.search(weights) is not None


def _own_files(path: Path) -> WeightFiles:
    if path.is_dir():
        sets = _files_in(path)
        if len(sets) != 1:
            raise PickerError(f"{path} holds {len(sets)} sets of weights; name one: {path}/<name> ({sorted(sets)}).")
        return next(iter(sets.values()))
    match = _PT_SUFFIX.search(path.name)
    stem = _PT_SUFFIX.sub("", path.name)
    if match is not None:
        suffix = f".v{match['version']}" if match["version"] else ""
        files = WeightFiles(
            stem, match["version"], path.with_name(f"{stem}.pt{suffix}"), path.with_name(f"{stem}.json{suffix}")
        )
    else:
        found = _files_in(path.parent).get(stem)
        if found is not None:
            return found
        files = WeightFiles(stem, None, path.with_name(f"{stem}.pt"), path.with_name(f"{stem}.json"))
    for needed in (files.tensors, files.settings):
        if not needed.is_file():
            raise PickerError(
                f"There is no file {needed}. A set of weights is {stem}.pt and {stem}.json side by side, "
                "as SeisBench's model.save() writes them."
            )
    return files


def weights_hash(path: Path) -> str:
    """First sixteen hexadecimal digits of the SHA-256 of a file of tensors."""
    status = path.stat()
    return _hash(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _hash(path: Path, _modified_ns: int, _size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def fetch_weights(picker: str, weights_name: str, report: Report = silent) -> Weights:
    """The weights, now in the cache, fetched from SeisBench's server.

    A download that stops half-way leaves nothing behind.

    Raises
    ------
    UnknownNameError
        If there is no such picker, or the server has no such weights for it.
    RequirementError
        If the server cannot be reached.
    """
    if not has_weights(picker):
        raise PickerError(f"{picker} needs no weights.")
    from workbench.pickers.seisbench_pickers import SEISBENCH_CLASSES, fetch_files, remote_weights

    if picker == "dpp":
        fetch_files("DPPDetector", weights_name, report)
        for name in remote_weights("DPPPicker"):
            if name.startswith(weights_name):
                fetch_files("DPPPicker", name, report)
    else:
        fetch_files(SEISBENCH_CLASSES[picker], weights_name, report)
    return Weights(picker, weights_name, "cached")


def download(url: str, path: Path, on_share: Callable[[float], None]) -> None:
    """Fetch a file; `on_share` is told the share that is there (NaN where its length is not known), and may raise."""
    import requests

    with requests.get(url, stream=True, timeout=PATIENCE_S, headers={"User-Agent": "SeisBench"}) as answer:
        answer.raise_for_status()
        total = int(answer.headers.get("Content-Length") or 0)
        done = 0
        with path.open("wb") as file:
            for chunk in answer.iter_content(chunk_size=1 << 16):
                file.write(chunk)
                done += len(chunk)
                on_share(min(1.0, done / total) if total else float("nan"))
