"""Weights of the workbench's own networks: safetensors with the architecture in the header, some shipped with it."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import nn

from workbench.errors import PickerError, RequirementError
from workbench.networks.bundled import BUNDLED, DEFAULT_WEIGHTS, bundled_weights
from workbench.networks.xiaonet import SIZES, XiaoNet

__all__ = ["load_xiaonet"]


def load_xiaonet(weights: str = DEFAULT_WEIGHTS) -> tuple[XiaoNet, Path]:
    """The network with its weights, in eval mode and single precision, and the file that they came from.

    Parameters
    ----------
    weights
        One of :func:`~workbench.networks.bundled.bundled_weights`, or a path to the ``.safetensors`` file of a run.

    Raises
    ------
    RequirementError
        If there are no such weights.
    PickerError
        If the file is damaged, or belongs to another architecture.
    """
    path = BUNDLED / f"xiaonet_{weights}.safetensors" if weights in bundled_weights() else Path(weights).expanduser()
    if not path.is_file():
        raise RequirementError(
            f"XiaoNet has no weights {weights!r}; it comes with {', '.join(bundled_weights())}, "
            "and takes the path of a .safetensors file of a training run."
        )
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError) as error:
        raise PickerError(f"{path} is no readable safetensors file: {error}.") from error
    if header.get("network") != "xiaonet" or header.get("size") not in SIZES:
        found = " ".join(f"{name}={value}" for name, value in sorted(header.items())) or "an unnamed architecture"
        raise PickerError(f"{path} holds weights of {found}, not of a XiaoNet in one of the sizes {list(SIZES)}.")
    network = XiaoNet(header["size"])
    _fill(network, tensors, path)
    return network.eval(), path


def _fill(network: nn.Module, tensors: dict, path: Path) -> None:
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise PickerError(f"{path} does not fit its own architecture: {str(error).splitlines()[-1].strip()}") from error
