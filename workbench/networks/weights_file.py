"""Weights of the workbench's own networks: safetensors with the architecture in the header, some shipped with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open
from scipy.special import logit
from torch import Tensor, nn

from workbench.errors import PickerError, RequirementError
from workbench.networks.bundled import BUNDLED, DEFAULT_GRAPH_WEIGHTS, DEFAULT_WEIGHTS, bundled_weights, thresholds_of
from workbench.networks.xiaonet import SIZES, XiaoNet

if TYPE_CHECKING:
    from workbench.networks.epgnn import Epgnn
    from workbench.networks.station_graph_net import StationGraphNet

_LARGEST = 4096
"""Of any size that a header names: what claims more would fill the memory before its tensors are looked at."""

__all__ = ["load_epgnn", "load_station_graph_net", "load_xiaonet"]


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
    path, header, tensors = _read("xiaonet", "XiaoNet", weights)
    if header.get("network") != "xiaonet" or header.get("size") not in SIZES:
        raise PickerError(
            f"{path} holds weights of {_named(header)}, not of a XiaoNet in one of the sizes {list(SIZES)}."
        )
    network = XiaoNet(header["size"])
    _fill(network, tensors, path)
    return network.eval(), path


def load_station_graph_net(weights: str = DEFAULT_GRAPH_WEIGHTS) -> tuple[StationGraphNet, Path]:
    """The network of all stations with its weights, in eval mode and single precision, and the file they came from.

    Parameters
    ----------
    weights
        As for :func:`load_xiaonet`.

    Raises
    ------
    RequirementError
        If there are no such weights.
    PickerError
        If the file is damaged, or belongs to another architecture.
    """
    from workbench.networks.station_graph_net import StationGraphNet

    path, header, tensors = _read("station_graph", "The station graph", weights)
    try:
        sizes = {name: int(header[name]) for name in ("channels", "rounds")}
    except (KeyError, ValueError):
        sizes = {}
    if not all(0 < size <= _LARGEST for size in sizes.values()):
        sizes = {}
    if header.get("network") != "station_graph" or header.get("size") not in SIZES or not sizes:
        raise PickerError(f"{path} holds weights of {_named(header)}, not of a station graph network.")
    network = StationGraphNet(header["size"], **sizes)
    _fill(network, tensors, path)
    if "thresholds" in header:
        # Lifted by what lies between the two thresholds, in log-odds: a XiaoNet is not as sure of itself.
        own, alone = thresholds_of(path), thresholds_of(BUNDLED / f"xiaonet_{header['size']}.safetensors")
        lift_p, lift_s = (float(logit(own[phase]) - logit(alone[phase])) for phase in "PS")
        network.fall_back = lift_p, lift_s
    return network.eval(), path


def load_epgnn(weights: str) -> tuple[Epgnn, Path]:
    """An EPGNN with the weights of a training run, in eval mode and single precision, and the file they came from.

    Parameters
    ----------
    weights
        Path to the ``.safetensors`` file of a run; no weights come with the workbench.

    Raises
    ------
    RequirementError
        If there is no such file.
    PickerError
        If the file is damaged, or belongs to another architecture.
    """
    from workbench.networks.epgnn import Epgnn

    path, header, tensors = _read("epgnn", "EPGNN", weights)
    try:
        channels = int(header.get("channels", ""))
    except ValueError:
        channels = 0
    if header.get("network") != "epgnn" or not 0 < channels <= _LARGEST:
        raise PickerError(f"{path} holds weights of {_named(header)}, not of an EPGNN.")
    network = Epgnn(channels)
    _fill(network, tensors, path)
    return network.eval(), path


def _read(network: str, title: str, weights: str) -> tuple[Path, dict[str, str], dict[str, Tensor]]:
    """File, header and tensors."""
    bundled = bundled_weights(network)
    path = BUNDLED / f"{network}_{weights}.safetensors" if weights in bundled else Path(weights).expanduser()
    if not path.is_file():
        raise RequirementError(
            f"{title} has no weights {weights!r}; it comes with {', '.join(bundled) or 'none'}, "
            "and takes the path of a .safetensors file of a training run."
        )
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError) as error:
        onnx = " It is an ONNX file: name the weights that it was made from." if path.suffix.lower() == ".onnx" else ""
        raise PickerError(f"{path} is no readable safetensors file: {error}.{onnx}") from error
    return path, header, tensors


def _named(header: dict[str, str]) -> str:
    words = " ".join(f"{name}={value}" for name, value in sorted(header.items())) or "an unnamed architecture"
    return words if len(words) <= 300 else f"{words[:300]}…"


def _fill(network: nn.Module, tensors: dict, path: Path) -> None:
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise PickerError(f"{path} does not fit its own architecture: {str(error).splitlines()[-1].strip()}") from error
