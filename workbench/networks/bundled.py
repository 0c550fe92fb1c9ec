"""Which weights come with the workbench; imports no torch, so that they can be listed at no cost."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from workbench.errors import PickerError

__all__ = [
    "BUNDLED",
    "DEFAULT_GRAPH_WEIGHTS",
    "DEFAULT_THRESHOLDS",
    "DEFAULT_WEIGHTS",
    "bundled_weights",
    "thresholds_of",
    "weights_hash",
]

DEFAULT_THRESHOLDS = {"P": 0.25, "S": 0.25}
"""Of weights whose header names none: a run of one's own, before anybody has chosen some on validation recordings."""

BUNDLED = Path(__file__).with_name("weights")
"""Folder of the weights that come with the workbench, with their model card, configuration and split."""

DEFAULT_WEIGHTS = "100k"
"""The size that finds most; the smaller ones are for stations at the edge."""

DEFAULT_GRAPH_WEIGHTS = "240k"
"""Of the network that sees all stations at once; named after its parameters, those of the XiaoNet within included."""


def bundled_weights(network: str = "xiaonet") -> tuple[str, ...]:
    """Names of the weights of a network (``"xiaonet"``, ``"station_graph"``) in that folder, the default one first."""
    names = sorted(path.stem.removeprefix(f"{network}_") for path in BUNDLED.glob(f"{network}_*.safetensors"))
    return tuple(sorted(names, key=lambda name: name not in (DEFAULT_WEIGHTS, DEFAULT_GRAPH_WEIGHTS)))


def weights_hash(path: Path) -> str:
    """First sixteen hexadecimal digits of the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def thresholds_of(path: Path) -> dict[str, float]:
    """Phase to threshold, as the header of a weights file says.

    Raises
    ------
    PickerError
        If the file cannot be read, or its thresholds are none.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            said = (file.metadata() or {}).get("thresholds")
        thresholds = json.loads(said) if said else DEFAULT_THRESHOLDS
        return {phase: float(thresholds[phase]) for phase in DEFAULT_THRESHOLDS}
    except (SafetensorError, OSError, ValueError, TypeError, KeyError) as error:
        raise PickerError(f"{path} holds no thresholds for P and S in its header: {error}.") from error
