"""``Filtered``: the last few recordings as they came out of a filter."""

from __future__ import annotations

from collections import OrderedDict

import xarray as xr

from workbench.processing.filtering import apply_filter

__all__ = ["Filtered"]

_AT_ONCE_SAMPLES = 1_000_000
_KEPT = 4


class Filtered:
    """Filtered recordings by id and name of the filter; those asked for last stay."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], xr.Dataset] = OrderedDict()

    def at_once(self, recording_id: str, name: str, recording: xr.Dataset) -> xr.Dataset | None:
        """A recording through a filter, or None where that takes longer than a moment and has not been done."""
        key = (recording_id, name)
        if key not in self._kept:
            if recording["waveform"].size > _AT_ONCE_SAMPLES and name != "none":
                return None
            self.keep(recording_id, name, apply_filter(recording, name))
        self._kept.move_to_end(key)
        return self._kept[key]

    def keep(self, recording_id: str, name: str, filtered: xr.Dataset) -> None:
        """Remember what came out of a filter."""
        self._kept[(recording_id, name)] = filtered
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget all, for another source may give other recordings the same ids."""
        self._kept.clear()
