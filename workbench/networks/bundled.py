"""Which weights come with the workbench; imports no torch, so that they can be listed at no cost."""

from __future__ import annotations

import hashlib
from pathlib import Path

__all__ = ["BUNDLED", "bundled_weights", "weights_hash"]

BUNDLED = Path(__file__).with_name("weights")
"""Folder of the weights that come with the workbench, with their model card, configuration and split."""


def bundled_weights() -> tuple[str, ...]:
    """Names of the weights of XiaoNet in that folder, the default one first."""
    names = sorted(path.stem.removeprefix("xiaonet_") for path in BUNDLED.glob("xiaonet_*.safetensors"))
    return tuple(sorted(names, key=lambda name: name != "25k"))


def weights_hash(path: Path) -> str:
    """First sixteen hexadecimal digits of the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
