"""How pickers of SeisBench's classes are made from the names of their weights; imports neither SeisBench nor torch."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.pickers.seisbench_pickers import SeisBenchPicker
from workbench.pickers.weights import cached_files, find_files, folder_of
from workbench.registry import Availability, needs

__all__ = ["SeisBenchFamily", "seisbench_availability"]


def seisbench_availability(picker: str) -> Availability:
    """Whether SeisBench is installed and any weights of a picker are in its cache; imports neither it nor torch."""
    installed = needs("seisbench", "seisbench")
    if not installed.ok:
        return installed
    if not cached_files(folder_of(picker)):
        return Availability(
            False,
            "No weights of it are on this computer.",
            "Fetch some from SeisBench (needs internet), or give a path to weights of your own.",
        )
    return Availability(True)


@dataclass(frozen=True)
class SeisBenchFamily:
    """Makes pickers of one SeisBench class; stands in the registry."""

    name: str

    def __call__(self, weights: str = "", batch_size: int = 32, overlap: float | None = None) -> SeisBenchPicker:
        """A picker.

        Parameters
        ----------
        weights
            Name or path of the weights; empty for the default ones.
        batch_size
            Windows that go through the network at once.
        overlap
            Of windows, in samples, or below 1 as a share of the window; None for that of the weights.
        """
        return SeisBenchPicker(self.name, find_files(self.name, weights), batch_size=batch_size, overlap=overlap)

    def availability(self) -> Availability:
        """Whether any weights are on this computer."""
        return seisbench_availability(self.name)

    def cache_key(self, weights: str) -> tuple[str, int, int]:
        """Changes when a file behind the weights does."""
        files = find_files(self.name, weights)
        return str(files.tensors), files.tensors.stat().st_mtime_ns, files.settings.stat().st_mtime_ns


phasenet = SeisBenchFamily("phasenet")
phasenetlight = SeisBenchFamily("phasenetlight")
variablelengthphasenet = SeisBenchFamily("variablelengthphasenet")
eqtransformer = SeisBenchFamily("eqtransformer")
obstransformer = SeisBenchFamily("obstransformer")
eqtp = SeisBenchFamily("eqtp")
eqcctp = SeisBenchFamily("eqcctp")
eqccts = SeisBenchFamily("eqccts")
skynet = SeisBenchFamily("skynet")
gpd = SeisBenchFamily("gpd")
cred = SeisBenchFamily("cred")
basicphaseae = SeisBenchFamily("basicphaseae")
lfedetect = SeisBenchFamily("lfedetect")
dkpn = SeisBenchFamily("dkpn")
