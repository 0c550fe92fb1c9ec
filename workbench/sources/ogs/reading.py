"""Which format a file is, and all files of a catalogue read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

from workbench.errors import SourceError
from workbench.schema import Report, silent
from workbench.sources.files import files_in, require_file
from workbench.sources.ogs.dat import is_dat_line, read_dat
from workbench.sources.ogs.hpl import is_hpl_line, read_hpl
from workbench.sources.ogs.lines import first_lines
from workbench.sources.ogs.parquet import parquet_damage, parquet_format, read_parquet
from workbench.sources.ogs.pun import is_pun_line, read_pun
from workbench.sources.ogs.records import CatalogText
from workbench.sources.ogs.txt import is_txt_line, read_txt
from workbench.sources.paths import is_inside, open_refusal

__all__ = ["catalog_files", "format_of", "is_named_so", "read_catalog"]

_MOST_FILES, _MOST_FOLDERS = 2000, 200
_SUFFIXES = (".dat", ".hpl", ".pun", ".txt", ".parquet")
_LINES_SUFFIXES, _PACKED = _SUFFIXES[:-1], ".gz"
_LINES: Mapping[str, Callable[[str], bool]] = {
    "dat": is_dat_line,
    "hpl": is_hpl_line,
    "pun": is_pun_line,
    "txt": is_txt_line,
}
_READERS: Mapping[str, Callable[[CatalogText], None]] = {
    "dat": read_dat,
    "hpl": read_hpl,
    "pun": read_pun,
    "txt": read_txt,
}


def is_named_so(path: Path) -> bool:
    """Whether a file is named as a catalogue is: ``.dat``, ``.hpl``, ``.pun``, ``.txt``, also packed by gzip; parquet.

    >>> [is_named_so(Path(name)) for name in ("year.DAT", "year.hpl.gz", "year.mseed.gz", "year.gz")]
    [True, True, False, False]
    """
    suffix, inner = path.suffix.lower(), Path(path.stem).suffix.lower()
    return suffix in _SUFFIXES or (suffix == _PACKED and inner in _LINES_SUFFIXES)


def format_of(path: Path) -> str:
    """The format of a file by what is in it, whatever its name; empty if it is none of OGS.

    Raises
    ------
    SourceError
        If it cannot be read.
    """
    if path.suffix.lower() == ".parquet":
        return parquet_format(path)
    for line in first_lines(path):
        for name, is_line in _LINES.items():
            if is_line(line):
                return name
    return ""


def catalog_files(path: Path, roots: Sequence[Path] | None = None) -> list[Path]:
    """The catalogue files of a folder, or where it holds none itself those of the folders in it; or the one file named.

    Raises
    ------
    SourceError
        If there is none.
    """
    known, others = _sorted_out(path, roots)
    if not known:
        raise _nothing_there(path, others)
    return known


def read_catalog(
    paths: Iterable[Path], report: Report = silent, roots: Sequence[Path] | None = None
) -> list[CatalogText]:
    """What each file of the paths gives, in their order.

    A file beside them that is named like a catalogue, and is none that can be recognised, stands there too: empty, with
    a remark, or with one unread line (0) if it is damaged.

    Parameters
    ----------
    roots
        Folders that may be read; None is no limit.

    Raises
    ------
    SourceError
        If a path holds no catalogue, or a file cannot be read.
    """
    files: dict[Path, bool] = {}
    for path in paths:
        known, others = _sorted_out(path, roots)
        if not known:
            raise _nothing_there(path, others)
        files |= dict.fromkeys(known, True)
        files |= {file: False for file in others if file not in files}
    texts = []
    for number, (file, is_known) in enumerate(files.items()):
        report(number / len(files), file.name)
        texts.append(_read(file) if is_known else _left_out(file))
    return texts


def _nothing_there(path: Path, others: Sequence[Path]) -> SourceError:
    damage = [f"{file.name} is no parquet file: {why}." for file in others if (why := _damage(file))]
    return SourceError(
        f"{path} holds no catalogue of OGS: looked for lines of {', '.join(_LINES)}, and parquet files with their "
        f"columns. {damage[0] if damage else ''}".strip()
    )


def _read(file: Path) -> CatalogText:
    found = CatalogText(file, format_of(file))
    _READERS.get(found.format, read_parquet)(found)
    return found


def _left_out(file: Path) -> CatalogText:
    found = CatalogText(file, "unknown")
    if damage := _damage(file):
        found.leave_unread(0, "", f"the file is no parquet that can be read ({damage})")
    else:
        found.note_odd("no line, or column, is of a format of OGS, so the file was left out", 0)
    return found


def _damage(file: Path) -> str:
    return parquet_damage(file) if file.suffix.lower() == ".parquet" else ""


def _sorted_out(path: Path, roots: Sequence[Path] | None) -> tuple[list[Path], list[Path]]:
    """Files of a path that are a catalogue, and those beside them that are named like one and are none."""
    if not path.is_dir():
        files = [require_file(path, roots)]
        return ([], files) if not format_of(path) else (files, [])
    files = _candidates(path, roots)
    known = [file for file in files if format_of(file)]
    if not known:
        folders = [below for below in _folders_in(path) if is_inside(below, roots) and not open_refusal(below)]
        inside = [(file, format_of(file)) for folder in folders for file in _candidates(folder, roots)]
        known = [file for file, kind in inside if kind]
        homes = {file.parent for file in known}
        files = [file for file, _ in inside if file.parent in homes]
    return known, [file for file in files if file not in set(known)]


def _candidates(folder: Path, roots: Sequence[Path] | None) -> list[Path]:
    """Files of a folder that may be a catalogue, by their names."""
    files = (file for file in files_in(folder, (*_SUFFIXES, _PACKED)) if is_named_so(file) and file.is_file())
    return [require_file(file, roots) for file in islice(files, _MOST_FILES)]


def _folders_in(folder: Path) -> list[Path]:
    below = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    return below[:_MOST_FOLDERS]
