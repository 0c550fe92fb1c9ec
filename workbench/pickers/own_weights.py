"""What the workbench's own networks share as pickers: a card read from a weights file, and when that file changed."""

from __future__ import annotations

from pathlib import Path

from workbench.schema import PickerCard

__all__ = ["RATE_HZ", "own_cache_key", "own_card"]

RATE_HZ = 100.0


def own_card(path: Path, name: str, title: str, citation: str) -> PickerCard:
    """What a network of ours with the weights of that file wants and gives.

    Raises
    ------
    PickerError
        As :func:`~workbench.networks.bundled.thresholds_of`.
    """
    from workbench.networks.bundled import thresholds_of, weights_hash

    return PickerCard(
        name=name,
        title=title,
        weights=path.stem.removeprefix(f"{name}_"),
        weights_hash=weights_hash(path),
        phases=("P", "S"),
        component_order="ZNE",
        sampling_rate_hz=RATE_HZ,
        thresholds=thresholds_of(path),
        citation=citation,
    )


def own_cache_key(weights: str) -> tuple[str, int]:
    """Changes when a weights file of one's own does."""
    path = Path(weights).expanduser()
    return (str(path), path.stat().st_mtime_ns) if weights and path.is_file() else (weights, 0)
