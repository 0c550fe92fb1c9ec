"""An explanation as NetCDF: the attribution at the root, checks and attention in groups of their own."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr

from workbench.errors import SchemaError, SourceError, WorkbenchError
from workbench.schema import Check, check_attention, check_attribution
from workbench.sources.hdf5 import find_object, names_in, open_hdf5

__all__ = ["read_explanation", "write_netcdf"]

_CHECKS, _ATTENTION = "checks", "attention"
_MOST_VALUES = 2**27
# ImportError: xarray asks for another calendar where times are out of reach.
_DAMAGED = (OSError, RuntimeError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, ImportError)
_PACKED: Mapping[str, Any] = {"zlib": True, "complevel": 4}


def write_netcdf(
    path: Path, attribution: xr.Dataset, checks: Sequence[Check] = (), attention: Sequence[xr.Dataset] = ()
) -> None:
    """Write an explanation; ``xarray.open_dataset`` opens the attribution, :func:`read_explanation` all of it."""
    start = str(np.datetime_as_string(attribution["time"].values[0], unit="ns"))
    attribution.to_netcdf(
        path, mode="w", engine="h5netcdf", encoding={"attribution": _PACKED, "time": _nanoseconds(start)}
    )
    for number, check in enumerate(checks):
        _packed(number, check).to_netcdf(path, mode="a", group=f"{_CHECKS}/{check.name}", engine="h5netcdf")
    for number, layer in enumerate(attention):
        times = {name: _nanoseconds(str(layer.attrs["window_start"])) for name in ("query", "key")}
        group = f"{_ATTENTION}/{number:02d}"
        layer.to_netcdf(path, mode="a", group=group, engine="h5netcdf", encoding={"attention": _PACKED, **times})


def read_explanation(path: Path) -> tuple[xr.Dataset, list[Check], list[xr.Dataset]]:
    """Attribution, checks and attention from a NetCDF file of the workbench.

    Raises
    ------
    SourceError
        If there is no such file, or it is no NetCDF.
    SchemaError
        If what it holds is not of the agreed form.
    """
    try:
        inside = _looked_over(path)
        attribution = _load(path)
        packed = [_load(path, f"{_CHECKS}/{name}") for name in inside[_CHECKS]]
        attention = [_load(path, f"{_ATTENTION}/{name}") for name in inside[_ATTENTION]]
        checks = [_unpacked(check) for check in sorted(packed, key=lambda check: int(check.attrs["number"]))]
        return check_attribution(attribution), checks, [check_attention(layer) for layer in attention]
    except WorkbenchError as error:
        kind = SchemaError if isinstance(error, SchemaError) else SourceError
        raise kind(f"{str(path)!r} could not be read as an explanation: {error}") from error
    except _DAMAGED as error:
        words = " ".join(str(error).split())[:200]
        raise SourceError(
            f"{str(path)!r} could not be read as an explanation; it may be damaged ({words}). Save it anew."
        ) from error


def _looked_over(path: Path) -> dict[str, list[str]]:
    """Names of checks and of layers; everything that will be read is in the file itself, and of a possible size."""
    found: dict[str, list[str]] = {}
    with open_hdf5(path) as file:
        for place in ("", _CHECKS, _ATTENTION):
            group = find_object(file, place)
            names = names_in(group) if isinstance(group, h5py.Group) else []
            found[place] = sorted(names)
            for name in names:
                item = find_object(file, f"{place}/{name}")
                inner = names_in(item) if place and isinstance(item, h5py.Group) else []
                for one in (item, *(find_object(file, f"{place}/{name}/{each}") for each in inner)):
                    if isinstance(one, h5py.Dataset) and math.prod(one.shape or ()) > _MOST_VALUES:
                        raise SourceError(f"{one.name!r} has shape {one.shape}, too large for an explanation.")
    return found


def _load(path: Path, group: str | None = None) -> xr.Dataset:
    with xr.open_dataset(path, engine="h5netcdf", group=group) as opened:
        return opened.load()


def _packed(number: int, check: Check) -> xr.Dataset:
    """A check as a dataset: its curves by number, for their names are words of the screen and may hold anything."""
    curves = {f"curve_{n}": ("point", np.asarray(values, np.float64)) for n, values in enumerate(check.curves.values())}
    attrs = {
        "number": number,
        "name": check.name,
        "title": check.title,
        "verdict": check.verdict,
        "words": check.words,
        "figures": json.dumps(dict(check.figures)),
        "curves": json.dumps(list(check.curves)),
    }
    return xr.Dataset(curves, attrs=attrs)


def _unpacked(packed: xr.Dataset) -> Check:
    names = json.loads(packed.attrs["curves"])
    return Check(
        packed.attrs["name"],
        packed.attrs["title"],
        packed.attrs["verdict"],
        packed.attrs["words"],
        figures=json.loads(packed.attrs["figures"]),
        curves={name: packed[f"curve_{n}"].values for n, name in enumerate(names)},
    )


def _nanoseconds(start: str) -> Mapping[str, Any]:
    return {"units": f"nanoseconds since {start.replace('T', ' ')}", "dtype": "int64"}
