"""Made networks as graphs of stations: every onset and magnitude is known, and no two items are alike."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from workbench.errors import SchemaError
from workbench.sources.synthetic import NetworkExample
from workbench.training.network_data import NetworkWindow, Onset
from workbench.training.network_datasets import RATE_HZ, NetworkDataset

__all__ = ["NetworkMaker", "SyntheticEvents"]


class NetworkMaker(Protocol):
    """What makes examples; :class:`workbench.sources.synthetic.SyntheticNetwork` does."""

    def example(self, rng: np.random.Generator) -> NetworkExample:
        """A network in one window."""
        ...


class SyntheticEvents(NetworkDataset):
    """Items made one by one as they are asked for, by seed, epoch and index.

    Of several events in a window the largest is the item's; the onsets of the others are in ``onset_sample`` too. A
    window in which no onset of any event lies holds no event.

    Parameters
    ----------
    maker
        Of examples at 100 Hz, at least as long as a window; of longer ones a part is taken.
    length
        Number of items.
    """

    def __init__(self, maker: NetworkMaker, length: int, **settings: int | float | bool) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]
        self.maker, self.length = maker, length

    def len(self) -> int:
        """Number of items of an epoch."""
        return self.length

    def window(self, idx: int, rng: np.random.Generator) -> NetworkWindow:
        """A made network, its window somewhere in the example."""
        example = self.maker.example(rng)
        n_made = example.waveform.shape[-1]
        if example.sampling_rate_hz != RATE_HZ or n_made < self.n_samples:
            raise SchemaError(
                f"A window is {self.n_samples} samples at {RATE_HZ:g} Hz; the examples have {n_made} at "
                f"{example.sampling_rate_hz:g} Hz. Make longer ones at that rate."
            )
        begin = int(rng.integers(0, n_made - self.n_samples + 1))
        onsets = {"P": example.p_sample - begin, "S": example.s_sample - begin}
        inside = np.stack([(found >= 0) & (found < self.n_samples) for found in onsets.values()])
        seen = np.flatnonzero(inside.any(axis=(0, 2)))
        largest = int(seen[np.argmax(example.magnitude[seen])]) if len(seen) else -1
        n_stations = len(example.stations)
        return NetworkWindow(
            example.waveform[..., begin : begin + self.n_samples] / np.float32(example.gain_counts_per_m_s),
            example.stations,
            example.latitude_deg,
            example.longitude_deg,
            example.elevation_m,
            onsets=[
                Onset(int(station), phase, float(found[event, station]), of_event=bool(event == largest))
                for phase, found in onsets.items()
                for event, station in np.argwhere(np.isfinite(found))
            ],
            labelled=np.tile([0.0, float(self.n_samples)], (n_stations, 1)),
            event=float(largest >= 0),
            magnitude=float(example.magnitude[largest]) if largest >= 0 else float("nan"),
            event_id=f"synthetic {self.seed}/{self.epoch if self.training else 0}/{idx}" if largest >= 0 else "",
            snr_db=example.snr_db[largest] if largest >= 0 else np.full(n_stations, np.nan),
            units="m/s",
        )
