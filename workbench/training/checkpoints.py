"""Checkpoints that survive a kill and a full disk, and weights as safetensors."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from workbench.errors import PickerError, SourceError

__all__ = ["load_checkpoint", "replace_atomically", "save_checkpoint", "save_weights"]


def replace_atomically(path: Path, write: Any) -> Path:
    """The path, with what `write(temporary_path)` wrote; on any failure the file that was there stays as it was.

    Raises
    ------
    SourceError
        If it cannot be written: no space, no permission.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except (
        OSError,
        RuntimeError,
        SafetensorError,
    ) as error:  # torch and safetensors report a full disk in their own way
        raise SourceError(
            f"{path} could not be written: {error}. What was saved there before is kept; free some space and run again."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    return path


def save_checkpoint(path: Path, *, architecture: Mapping[str, Any], **state: Any) -> Path:
    """The path of a checkpoint: the architecture that it belongs to, and all that a run needs to go on."""
    content = {"architecture": dict(architecture), **state}
    return replace_atomically(path, lambda temporary: torch.save(content, temporary))


def load_checkpoint(path: Path, *, architecture: Mapping[str, Any]) -> dict[str, Any]:
    """What a checkpoint holds; nothing that it contains is executed.

    Raises
    ------
    SourceError
        If there is no such file, or it is no checkpoint.
    PickerError
        If it belongs to another architecture; names both.
    """
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error}.") from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, ValueError) as error:
        raise SourceError(f"{path} is no checkpoint that is safe to open: {str(error).splitlines()[0]}") from error
    found = content.get("architecture") if isinstance(content, dict) else None
    if found != dict(architecture):
        raise PickerError(
            f"{path} is a checkpoint of {_words(found)}, not of {_words(architecture)}. "
            "Give the configuration that made it, or another folder for results."
        )
    return content


def _words(architecture: Mapping[str, Any] | None) -> str:
    if not architecture:
        return "something unknown"
    return " ".join(f"{name}={value}" for name, value in sorted(architecture.items()))


def save_weights(path: Path, weights: Mapping[str, torch.Tensor], *, architecture: Mapping[str, Any]) -> Path:
    """The path of a safetensors file with the weights; the architecture stands in its header."""
    header = {name: str(value) for name, value in architecture.items()}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    return replace_atomically(path, lambda temporary: save_file(tensors, temporary, metadata=header))
