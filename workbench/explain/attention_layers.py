"""Which layer's attention stands for a network where one is shown."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

__all__ = ["last_global"]


def last_global(layers: Sequence[xr.Dataset]) -> int:
    """The last layer over the whole window, as that is what the picks were made from; else the first of all."""
    found = [n for n, layer in enumerate(layers) if str(layer.attrs["title"]).startswith("global")]
    return found[-1] if found else 0
