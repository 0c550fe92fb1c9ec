"""Values as JSON and buffers, so that nothing that travels to or from another process can run code there.

Arrays are not copied to encode them, and not to decode them. Tables travel as Arrow, datasets as their arrays; plain
values, and frozen dataclasses of the workbench, as JSON.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import JobError

__all__ = ["Buffer", "decode", "encode"]

Buffer = bytes | bytearray | memoryview
"""Bytes of an array."""

_MARK = "!"


def encode(value: Any) -> list[Buffer]:
    """A value as buffers, the first of which is the JSON that says what the others are.

    Raises
    ------
    JobError
        If there is something that cannot travel, with its place and type.

    Examples
    --------
    >>> decode(encode({"rate_hz": 100.0, "samples": np.arange(3)}))
    {'rate_hz': 100.0, 'samples': array([0, 1, 2])}
    """
    buffers: list[Buffer] = []
    tree = _Encoder(buffers).tree(value, "")
    return [json.dumps(tree, separators=(",", ":")).encode(), *buffers]


def decode(buffers: Sequence[Buffer]) -> Any:
    """The value that :func:`encode` took apart; its arrays are views of the buffers where these can be written to.

    Raises
    ------
    JobError
        If this workbench does not know how to read it.
    """
    tree = json.loads(bytes(buffers[0]))
    try:
        return _value(tree, buffers[1:])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise JobError(
            f"A value came in a form that this workbench does not read ({type(error).__name__}: {error}). "
            "Use the same version of workbench on both sides."
        ) from error


class _Encoder:
    """Walks a value; arrays go to `buffers`."""

    def __init__(self, buffers: list[Buffer]) -> None:
        self._buffers = buffers

    def tree(self, value: Any, place: str) -> Any:
        """The value as JSON; `place` says where it stands in the whole."""
        if value is None or isinstance(value, (bool, str)) or type(value) is int:
            return value
        if isinstance(value, float) and not isinstance(value, np.generic):
            return value if math.isfinite(value) else {_MARK: "float", "v": str(value)}
        for kinds, write in self._writers():
            if isinstance(value, kinds):
                return write(value, place)
        if dataclasses.is_dataclass(value) and type(value).__module__.startswith("workbench."):
            return self._dataclass(value, place)
        raise JobError(
            f"{place.lstrip('.') or 'The value'} is of the type {type(value).__name__}, which cannot travel to another "
            "process; arrays, tables, datasets and plain values can."
        )

    def _writers(self) -> tuple[tuple[Any, Callable[[Any, str], Any]], ...]:
        return (
            (np.ndarray, self._array),
            # NaT is no Timestamp, but has its methods.
            ((pd.Timestamp, pd.Timedelta, type(pd.NaT)), lambda v, _: _time(v)),
            (np.generic, lambda v, place: {_MARK: "scalar", "v": self._array(np.asarray(v), place)}),
            # A Dataset is a Mapping, too: it comes first.
            (xr.Dataset, self._dataset),
            (Mapping, self._mapping),
            (list, self._items),
            ((tuple, set, frozenset), lambda v, p: {_MARK: type(v).__name__, "v": self._items(v, p)}),
            (pd.DataFrame, self._table),
            (pd.Series, lambda v, p: {_MARK: "series", "v": self._table(v.to_frame("v"), p), "name": v.name}),
            (
                xr.DataArray,
                lambda v, p: {_MARK: "dataarray", "v": self._dataset(v.to_dataset(name="v"), p), "name": v.name},
            ),
            ((bytes, bytearray, memoryview), lambda v, _: {_MARK: "bytes", "i": self._keep(v)}),
            (Path, lambda v, _: {_MARK: "path", "v": str(v)}),
            ((datetime.datetime, datetime.date), lambda v, _: {_MARK: type(v).__name__, "v": v.isoformat()}),
        )

    def _keep(self, buffer: Buffer) -> int:
        self._buffers.append(buffer)
        return len(self._buffers) - 1

    def _array(self, array: np.ndarray, place: str) -> dict[str, Any]:
        if array.dtype.hasobject:
            items = [self.tree(item, f"{place}[{index}]") for index, item in enumerate(array.ravel())]
            return {_MARK: "objects", "shape": list(array.shape), "v": items}
        flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        dtype = np.lib.format.dtype_to_descr(array.dtype)
        return {_MARK: "array", "dtype": dtype, "shape": list(array.shape), "i": self._keep(flat.data)}

    def _mapping(self, value: Mapping[Any, Any], place: str) -> dict[str, Any]:
        if all(isinstance(key, str) for key in value) and _MARK not in value:
            return {key: self.tree(item, f"{place}.{key}") for key, item in value.items()}
        pairs = [[self.tree(key, place), self.tree(item, f"{place}[{key!r}]")] for key, item in value.items()]
        return {_MARK: "dict", "v": pairs}

    def _items(self, value: Any, place: str) -> list[Any]:
        return [self.tree(item, f"{place}[{index}]") for index, item in enumerate(value)]

    def _table(self, table: pd.DataFrame, place: str) -> dict[str, Any]:
        import pyarrow as pa

        bare = table.copy(deep=False)
        bare.attrs = {}
        try:
            content = pa.Table.from_pandas(bare)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise JobError(f"The table {place.lstrip('.')} cannot travel to another process: {error}.") from error
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, content.schema) as writer:
            writer.write_table(content)
        attrs = self.tree(dict(table.attrs), f"{place}.attrs")
        return {_MARK: "table", "i": self._keep(memoryview(sink.getvalue())), "attrs": attrs}

    def _dataset(self, dataset: xr.Dataset, place: str) -> dict[str, Any]:
        def variables(named: Mapping[Any, Any]) -> list[list[Any]]:
            return [
                [name, list(v.dims), self._array(v.values, f"{place}.{name}"), self.tree(dict(v.attrs), place)]
                for name, v in named.items()
            ]

        attrs = self.tree(dict(dataset.attrs), f"{place}.attrs")
        return {
            _MARK: "dataset",
            "data": variables(dataset.data_vars),
            "coords": variables(dataset.coords),
            "attrs": attrs,
        }

    def _dataclass(self, value: Any, place: str) -> dict[str, Any]:
        kind = type(value)
        fields = {f.name: self.tree(getattr(value, f.name), f"{place}.{f.name}") for f in dataclasses.fields(value)}
        return {_MARK: "dataclass", "type": f"{kind.__module__}:{kind.__qualname__}", "v": fields}


def _time(value: Any) -> dict[str, Any]:
    if value is pd.NaT:
        return {_MARK: "nat"}
    if isinstance(value, pd.Timedelta):
        return {_MARK: "timedelta", "v": value.isoformat(), "unit": value.unit}
    return {_MARK: "timestamp", "v": value.isoformat(), "unit": value.unit}


def _value(tree: Any, buffers: Sequence[Buffer]) -> Any:
    if isinstance(tree, list):
        return [_value(item, buffers) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if _MARK not in tree:
        return {key: _value(item, buffers) for key, item in tree.items()}
    return _READERS[tree[_MARK]](tree, buffers)


def _read_array(tree: Any, buffers: Sequence[Buffer]) -> np.ndarray:
    dtype = np.lib.format.descr_to_dtype(_descr(tree["dtype"]))
    if 0 in tree["shape"]:
        return np.empty(tree["shape"], dtype)
    array = np.frombuffer(buffers[tree["i"]], dtype=np.uint8).view(dtype).reshape(tree["shape"])
    # A function may work in place, as it may in this process.
    return array if array.flags.writeable else array.copy()


def _descr(descr: Any) -> Any:
    """A dtype's description as numpy wants it: JSON makes lists of its tuples."""
    return [tuple(map(_descr, field)) for field in descr] if isinstance(descr, list) else descr


def _read_objects(tree: Any, buffers: Sequence[Buffer]) -> np.ndarray:
    array = np.empty(len(tree["v"]), dtype=object)
    array[:] = [_value(item, buffers) for item in tree["v"]]
    return array.reshape(tree["shape"])


def _read_table(tree: Any, buffers: Sequence[Buffer]) -> pd.DataFrame:
    import pyarrow as pa

    table: pd.DataFrame = pa.ipc.open_stream(pa.py_buffer(buffers[tree["i"]])).read_all().to_pandas()
    table.attrs = _value(tree["attrs"], buffers)
    return table


def _read_dataset(tree: Any, buffers: Sequence[Buffer]) -> xr.Dataset:
    def variables(rows: list[list[Any]]) -> dict[Any, Any]:
        return {name: (dims, _value(array, buffers), _value(attrs, buffers)) for name, dims, array, attrs in rows}

    return xr.Dataset(variables(tree["data"]), variables(tree["coords"]), _value(tree["attrs"], buffers))


def _read_dataclass(tree: Any, buffers: Sequence[Buffer]) -> Any:
    from importlib import import_module

    module, _, name = tree["type"].partition(":")
    # Whatever the other side names: it gets a record of ours, never a call of its choice.
    if not module.startswith("workbench."):
        raise ValueError(f"{tree['type']} is not of the workbench")
    kind = getattr(import_module(module), name)
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        raise ValueError(f"{tree['type']} is not a dataclass")
    return kind(**{key: _value(item, buffers) for key, item in tree["v"].items()})


_READERS: Mapping[str, Callable[[Any, Sequence[Buffer]], Any]] = {
    "array": _read_array,
    "objects": _read_objects,
    "scalar": lambda tree, buffers: _value(tree["v"], buffers)[()],
    "float": lambda tree, _: float(tree["v"]),
    "nat": lambda *_: pd.NaT,
    "timestamp": lambda tree, _: pd.Timestamp(tree["v"]).as_unit(tree["unit"]),
    "timedelta": lambda tree, _: pd.Timedelta(tree["v"]).as_unit(tree["unit"]),
    "dict": lambda tree, buffers: {_value(key, buffers): _value(item, buffers) for key, item in tree["v"]},
    "tuple": lambda tree, buffers: tuple(_value(tree["v"], buffers)),
    "set": lambda tree, buffers: set(_value(tree["v"], buffers)),
    "frozenset": lambda tree, buffers: frozenset(_value(tree["v"], buffers)),
    "table": _read_table,
    "series": lambda tree, buffers: _value(tree["v"], buffers)["v"].rename(tree["name"]),
    "dataset": _read_dataset,
    "dataarray": lambda tree, buffers: _value(tree["v"], buffers)["v"].rename(tree["name"]),
    "bytes": lambda tree, buffers: bytes(buffers[tree["i"]]),
    "path": lambda tree, _: Path(tree["v"]),
    "datetime": lambda tree, _: datetime.datetime.fromisoformat(tree["v"]),
    "date": lambda tree, _: datetime.date.fromisoformat(tree["v"]),
    "dataclass": _read_dataclass,
}
