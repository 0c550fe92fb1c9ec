"""Cards of SeisBench's pickers, from what the loaded weights say: labels, component order, rate, thresholds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.errors import PickerError
from workbench.pickers.weights import WeightFiles, weights_hash
from workbench.schema import PickerCard

__all__ = ["SEISBENCH_CLASSES", "is_phase", "seisbench_card"]

SEISBENCH_CLASSES: Mapping[str, str] = {
    "phasenet": "PhaseNet",
    "phasenetlight": "PhaseNetLight",
    "variablelengthphasenet": "VariableLengthPhaseNet",
    "eqtransformer": "EQTransformer",
    "obstransformer": "OBSTransformer",
    "eqtp": "EQTP",
    "eqcctp": "EQCCTP",
    "eqccts": "EQCCTS",
    "skynet": "Skynet",
    "gpd": "GPD",
    "cred": "CRED",
    "basicphaseae": "BasicPhaseAE",
    "lfedetect": "LFEDetect",
    "dkpn": "DKPN",
}
"""Name of the picker to SeisBench's class."""

_NOT_PHASES = re.compile(r"^(N|Noise|Polarity.*)$")
_YEAR = re.compile(r"^.*?\b(?:19|20)\d\d\)?")


def is_phase(label: str) -> bool:
    """Whether a network's output is a curve to show: not noise, and not the polarity that EQTP adds."""
    return not _NOT_PHASES.match(label)


def seisbench_card(name: str, files: WeightFiles, model: Any, labels: list[str], lead_s: float) -> PickerCard:
    """Card of a SeisBench model, read from it as its weights set it up.

    Parameters
    ----------
    labels
        Of the model's outputs.
    lead_s
        Seconds that it needs in front of its window.
    """
    phases = tuple(label for label in labels if is_phase(label))
    rate_hz = float(model.sampling_rate or "nan")
    citation = _YEAR.match(str(model.citation or ""))
    order = str("".join(model.component_order))
    return PickerCard(
        name=name,
        title=SEISBENCH_CLASSES[name],
        weights=files.name,
        weights_hash=weights_hash(files.tensors),
        phases=phases,
        component_order="ZNE" if order == "ZNEIM" else order,
        sampling_rate_hz=rate_hz,
        window_s=(model.in_samples - 1) / rate_hz + lead_s,
        thresholds={phase: _threshold(model, phase, files) for phase in phases},
        citation=citation[0] if citation else "",
        assumed=tuple(_assumed(model, labels, order)),
    )


def _threshold(model: Any, phase: str, files: WeightFiles) -> float:
    """Default threshold of a phase, as SeisBench's ``classify`` finds it."""
    key = "detection_threshold" if phase == "Detection" else f"{phase}_threshold"
    documented = model._annotate_args.get(key, model._annotate_args.get("*_threshold", ("", 0.3)))
    threshold = model.default_args.get(key, documented[1])
    try:
        return float(threshold)
    except (TypeError, ValueError) as error:
        raise PickerError(f"{files.settings} gives {key} as {threshold!r}; not a number. Correct it.") from error


def _assumed(model: Any, labels: list[str], order: str) -> Iterator[str]:
    """What the class decided because the weights' settings do not name it."""
    named = (model._weights_metadata or {}).get("model_args", {})
    could_be = model.get_model_args()
    words = {
        "phases": f"label order {', '.join(labels)}",
        "component_order": f"component order {order}",
        "norm": f"normalisation by {getattr(model, 'norm', '')}",
    }
    yield from (word for key, word in words.items() if key in could_be and key not in named)
