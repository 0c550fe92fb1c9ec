"""Columns of text, as a CSV file gives them, turned into numbers and times, a whole column at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from workbench.errors import SourceError
from workbench.sources.files import require_file

__all__ = [
    "MOST_COLUMNS",
    "NOT_KNOWN",
    "csv_header",
    "csv_tables",
    "is_known",
    "to_number_lists",
    "to_numbers",
    "to_text",
    "to_times",
    "typed_columns",
]

NOT_KNOWN = ("", "None", "nan", "NaN")
"""What stands for nothing in any column; not "NA", which is a network's code."""
_NOT_A_NUMBER = "NAN"
"""Stands for nothing too, but where a station may have it for its code."""
_CODES = ("_code", "_name")

MOST_COLUMNS = 10_000
"""Of a table: one with more is none that anybody meant."""
_LONGEST_HEADER_BYTES = 2**20

# Arrow reads up to 32 blocks ahead: this bounds the memory.
_BLOCK_BYTES = 2 * 2**20


def csv_header(path: Path) -> list[str]:
    """Names of the columns of a CSV file, from its first line.

    Raises
    ------
    SourceError
        If it cannot be read, is empty, or is not text in UTF-8.
    """
    require_file(path)
    try:
        with path.open("rb") as file:
            line = file.readline(_LONGEST_HEADER_BYTES)
        names = [name.strip().strip('"') for name in line.decode("utf-8-sig").strip().split(",")]
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} is not a CSV file in UTF-8 ({error}).") from error
    if len(line) == _LONGEST_HEADER_BYTES or len(names) > MOST_COLUMNS:
        raise SourceError(
            f"{path} has more than {MOST_COLUMNS:,} columns, or a first line of more than "
            f"{_LONGEST_HEADER_BYTES >> 20} MiB; expected a line of column names. Correct it, or leave the file out."
        )
    if names == [""]:
        raise SourceError(f"{path} is empty; expected a CSV file with a line of column names.")
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)[:10]
    if repeated:
        raise SourceError(f"{path} has the columns {repeated} more than once; correct its first line.")
    return names


def csv_tables(path: Path, columns: list[str] | None = None) -> Iterator[pa.Table]:
    """Pieces of a CSV file of some megabytes each, every column as text, null where not known.

    Raises
    ------
    SourceError
        If the file is not a CSV file in UTF-8, or its rows are of different lengths.
    """
    names = csv_header(path)
    try:
        with pacsv.open_csv(
            path,
            read_options=pacsv.ReadOptions(block_size=_BLOCK_BYTES),
            parse_options=pacsv.ParseOptions(newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                include_columns=columns,
                strings_can_be_null=True,
                null_values=list(NOT_KNOWN),
            ),
        ) as reader:
            for batch in reader:
                yield pa.Table.from_batches([batch])
    except (pa.ArrowException, OSError, KeyError) as error:
        raise SourceError(f"{path} cannot be read as CSV: {' '.join(str(error).split())[:300]}") from error


def is_known(name: str, text: str) -> bool:
    """Whether a cell of a column says anything.

    >>> is_known("station_code", "NAN"), is_known("trace_p_status", "NAN"), is_known("station_code", "None")
    (True, False, False)
    """
    return text not in NOT_KNOWN and (text != _NOT_A_NUMBER or name.endswith(_CODES))


def _known(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    if name.endswith(_CODES) or pc.index(column, _NOT_A_NUMBER).as_py() < 0:
        return column
    return pc.if_else(pc.equal(column, _NOT_A_NUMBER), pa.scalar(None, pa.string()), column)


def to_text(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Text, an empty string where not known."""
    return pc.fill_null(column, "")


def to_numbers(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Numbers, null where the text is not one."""
    try:
        return pc.cast(column, pa.float64())
    except pa.ArrowInvalid:
        values = pd.to_numeric(pd.Series(column.to_pylist(), dtype=object), errors="coerce")
        return pa.array(values.to_numpy(float), from_pandas=True)


def to_number_lists(column: pa.ChunkedArray | pa.Array, n_values: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """The mean of each bracketed list of numbers and, where it holds exactly that many, each number by position.

    >>> mean, each = to_number_lists(pa.array(["[ 56.5  55.5 47.]", "[[ 2896.]]", "19.4", None]), 3)
    >>> mean
    array([  53. , 2896. ,   19.4,    nan])
    >>> each[0]
    array([56.5,  nan,  nan,  nan])
    """
    plain = pc.utf8_trim(pc.replace_substring_regex(to_text(column), r"[\[\]|,;\s]+", " "), " ")
    lists = pc.split_pattern(plain, " ")
    lists = lists.combine_chunks() if isinstance(lists, pa.ChunkedArray) else lists
    words = pc.list_flatten(lists)
    flat = to_numbers(pc.if_else(pc.is_in(words, pa.array(NOT_KNOWN)), None, words)).to_numpy(zero_copy_only=False)
    lengths = pc.list_value_length(lists).to_numpy(zero_copy_only=False).astype(np.int64)
    row = np.repeat(np.arange(len(lengths)), lengths)
    good = np.isfinite(flat)
    total = np.bincount(row[good], flat[good], minlength=len(lengths))
    count = np.bincount(row[good], minlength=len(lengths))
    mean = np.divide(total, count, out=np.full(len(lengths), np.nan), where=count > 0)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64) if len(lengths) else np.zeros(0, np.int64)
    whole = lengths == n_values
    each = [np.full(len(lengths), np.nan) for _ in range(n_values)]
    for position, values in enumerate(each):
        values[whole] = flat[starts[whole] + position]
    return mean, each


def to_times(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Times as UTC with a step of 1 ns, null where the text is none.

    Understood are ISO 8601 with space or T, with or without Z; years first with slashes; and ``27/10/2016 19:12``, the
    day first.
    """
    kind = pa.timestamp("ns")
    try:
        return pc.cast(column, kind)
    except pa.ArrowInvalid:
        text = pc.replace_substring_regex(column, r"(Z|\+00:?00)$", "")
        text = pc.replace_substring_regex(text, r"^(\d{4})[/](\d\d)[/](\d\d)", r"\1-\2-\3")
        text = pc.replace_substring_regex(text, r"^(\d{1,2})/(\d{1,2})/(\d{4})", r"\3-0\2-0\1")
        text = pc.replace_substring_regex(text, r"^(\d{4})-0?(\d\d)-0?(\d\d)\b", r"\1-\2-\3")
        text = pc.replace_substring_regex(text, r"[ T](\d):", r" 0\1:")
        try:
            return pc.cast(text, kind)
        except pa.ArrowInvalid:
            return _to_times_one_by_one(text)


def _to_times_one_by_one(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    times = pd.to_datetime(pd.Series(column.to_pylist(), dtype=object), errors="coerce", format="ISO8601", utc=True)
    times = times.dt.tz_localize(None)
    within = times.between(pd.Timestamp.min.ceil("us"), pd.Timestamp.max.floor("us"))
    return pa.array(times.where(within).astype("datetime64[ns]"), type=pa.timestamp("ns"), from_pandas=True)


def typed_columns(table: pa.Table, numbers: frozenset[str], times: frozenset[str]) -> Mapping[str, pa.ChunkedArray]:
    """Columns by name: numbers and times where named so, text elsewhere."""
    typed = {}
    for name in table.column_names:
        column = _known(name, table[name])
        if name in numbers:
            typed[name] = to_numbers(column)
        elif name in times:
            typed[name] = to_times(column)
        else:
            typed[name] = to_text(column)
    return typed
