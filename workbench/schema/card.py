"""``PickerCard``: what a picker with its weights is, wants and gives; read from the weights, never from the class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["PickerCard"]


@dataclass(frozen=True)
class PickerCard:
    """A picker with one set of weights.

    Parameters
    ----------
    name
        In the registry: ``"phasenet"``.
    title
        As people write it: ``"PhaseNet"``.
    weights, weights_hash
        Name of the weights and the first sixteen hexadecimal digits of their SHA-256; empty if there are none.
    phases
        The curves it gives, without noise: ``("P", "S")``, maybe ``"Detection"``.
    component_order
        As the network wants its channels: ``"ZNE"``, ``"ENZ"``, ``"Z"``.
    sampling_rate_hz
        Rate that it wants; NaN if it takes any rate.
    window_s
        Length of its window; 0 if it takes any length.
    thresholds
        Phase to default threshold, in the unit of `threshold_unit`.
    threshold_unit
        ``"probability"`` (0 to 1) or ``"ratio"`` (0 and up, e.g. STA/LTA; its curve is r / (1 + r)).
    citation
        Author and year of the source.
    assumed
        What the weights do not say of themselves and the class decided, in words: ``"label order NPS"``.
    """

    name: str
    title: str
    weights: str = ""
    weights_hash: str = ""
    phases: tuple[str, ...] = ("P", "S")
    component_order: str = "ZNE"
    sampling_rate_hz: float = float("nan")
    window_s: float = 0.0
    thresholds: Mapping[str, float] = field(default_factory=dict)
    threshold_unit: str = "probability"
    citation: str = ""
    assumed: tuple[str, ...] = ()

    def to_probability(self, threshold: float) -> float:
        """A threshold in the picker's own unit, on the 0-to-1 scale of its curve.

        >>> PickerCard("sta_lta", "STA/LTA", threshold_unit="ratio").to_probability(3.0)
        0.75
        """
        return threshold / (1.0 + threshold) if self.threshold_unit == "ratio" else threshold
