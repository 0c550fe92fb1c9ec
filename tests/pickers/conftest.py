from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def save_random() -> Callable[..., Path]:
    """Saves a SeisBench network with random weights, as SeisBench does, and gives the path without suffix."""

    def save(folder: Path, class_name: str, name: str, *, version: str | None = None, **arguments: Any) -> Path:
        import seisbench.models
        import torch

        folder.mkdir(parents=True, exist_ok=True)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = getattr(seisbench.models, class_name)(**arguments)
        model.save(folder / name, version_str=version)
        if class_name.startswith("DPP"):
            # SeisBench saves arguments that the constructors of these do not take.
            suffix = f".v{version}" if version else ""
            own = arguments or {"input_channels": 3, "nclasses": 3}
            (folder / f"{name}.json{suffix}").write_text(json.dumps({"model_args": own}), encoding="utf-8")
        return folder / name

    return save
