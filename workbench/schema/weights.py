"""``WeightScheme``: what a class of weight, 0 to 4, says of an onset's uncertainty in seconds, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from workbench.errors import UnknownNameError

__all__ = [
    "DEFAULT_WEIGHT_SCHEME",
    "UNUSED_CLASS",
    "WEIGHT_SCHEMES",
    "WeightScheme",
    "WeightSchemeName",
    "weight_scheme",
]

UNUSED_CLASS = 4
"""An onset of this class was seen, and is not used to locate."""

WeightSchemeName = Literal["hypoinverse", "hypoellipse", "nonlinloc", "hypo71"]
"""What a form offers."""

DEFAULT_WEIGHT_SCHEME: WeightSchemeName = "hypoinverse"

# A figure that was rounded on its way still belongs to its class.
_SLACK = 1.0 + 1e-6


@dataclass(frozen=True)
class WeightScheme:
    """Seconds for each class of weight.

    Parameters
    ----------
    title
        Whose scheme it is, in a few words.
    origin
        Where the figures come from.
    seconds
        Of the classes 0 to 4, rising: an onset of a class is uncertain by so much, or by less down to the class before.

    Examples
    --------
    >>> scheme = weight_scheme("hypoinverse")
    >>> scheme.uncertainty_s(2), scheme.weight_class(0.2), scheme.weight_class(5.0)
    (0.3, 2, 4)
    """

    title: str
    origin: str
    seconds: tuple[float, float, float, float, float]

    def uncertainty_s(self, weight_class: float | None) -> float:
        """Seconds of a class, also of one between two; 5, which stands with some S, is as 4; NaN of none."""
        if weight_class is None or math.isnan(weight_class):
            return float("nan")
        return self.seconds[min(max(round(weight_class), 0), UNUSED_CLASS)]

    def weight_class(self, uncertainty_s: float) -> int | None:
        """The best class that an uncertainty still belongs to; None where it is not known."""
        if math.isnan(uncertainty_s):
            return None
        fitting = (number for number, limit in enumerate(self.seconds) if uncertainty_s <= limit * _SLACK)
        return next(fitting, UNUSED_CLASS)

    def in_words(self) -> str:
        """The title with the seconds of the classes that are used.

        >>> weight_scheme("nonlinloc").in_words()
        'NonLinLoc: 0.1, 0.5, 1, 2 s'
        """
        return f"{self.title}: {', '.join(f'{value:.2g}' for value in self.seconds[:UNUSED_CLASS])} s"


_FULL_S = 0.05

WEIGHT_SCHEMES: Mapping[str, WeightScheme] = {
    "hypoinverse": WeightScheme(
        "HYPOINVERSE as in AQMS",
        "aqms-pdl of the Pacific Northwest Seismic Network: 0 up to 0.06 s, 1 to 0.12, 2 to 0.3, 3 to 0.6, 4 beyond",
        (0.06, 0.12, 0.30, 0.60, 0.65),
    ),
    "hypoellipse": WeightScheme(
        "HYPOELLIPSE",
        "Lahr's default of HYPOELLIPSE, as sample control files of NonLinLoc quote it for LOCQUAL2ERR",
        (0.05, 0.1, 0.2, 0.6, 99999.9),
    ),
    "nonlinloc": WeightScheme(
        "NonLinLoc",
        "LOCQUAL2ERR of NonLinLoc's sample control file (Lomax)",
        (0.1, 0.5, 1.0, 2.0, 99999.9),
    ),
    "hypo71": WeightScheme(
        "HYPO71's weights of 0.05 s",
        "HYPO71 (Lee and Lahr, 1975) and OGS give the classes 100, 75, 50 and 25 % of the weight: 0.05 s by the square "
        "root of that; the 0.05 s are this workbench's choice, and so is 1 s for a pick that is not used",
        (_FULL_S, _FULL_S / 0.75**0.5, _FULL_S / 0.5**0.5, _FULL_S / 0.25**0.5, 1.0),
    ),
}
"""By name; in every one class 4 is wider than class 3."""


def weight_scheme(name: str) -> WeightScheme:
    """The scheme of a name.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    if name not in WEIGHT_SCHEMES:
        raise UnknownNameError("scheme of weights", name, get_args(WeightSchemeName))
    return WEIGHT_SCHEMES[name]
