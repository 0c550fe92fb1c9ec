"""Recording -> Annotations: every picker by name, and how to open one.

To add a picker, write one file with a class that has ``card`` and ``annotate``, as
:class:`~workbench.pickers.base.Picker` says, and one line in the table below; ``tests/contracts/test_every_picker.py``
finds it there.
"""

from __future__ import annotations

import inspect
import threading
from typing import Any

from workbench.errors import PickerError
from workbench.pickers.base import Picker, TorchPicker
from workbench.registry import Registry

__all__ = ["PICKERS", "Picker", "TorchPicker", "forget_pickers", "open_picker"]

_SEISBENCH = "workbench.pickers.seisbench_families"

PICKERS = Registry(
    "picker",
    {
        "phasenet": f"{_SEISBENCH}:phasenet",
        "phasenetlight": f"{_SEISBENCH}:phasenetlight",
        "variablelengthphasenet": f"{_SEISBENCH}:variablelengthphasenet",
        "eqtransformer": f"{_SEISBENCH}:eqtransformer",
        "obstransformer": f"{_SEISBENCH}:obstransformer",
        "eqtp": f"{_SEISBENCH}:eqtp",
        "eqcctp": f"{_SEISBENCH}:eqcctp",
        "eqccts": f"{_SEISBENCH}:eqccts",
        "skynet": f"{_SEISBENCH}:skynet",
        "gpd": f"{_SEISBENCH}:gpd",
        "cred": f"{_SEISBENCH}:cred",
        "basicphaseae": f"{_SEISBENCH}:basicphaseae",
        "lfedetect": f"{_SEISBENCH}:lfedetect",
        "dkpn": f"{_SEISBENCH}:dkpn",
        "xiaonet": "workbench.pickers.xiaonet:XiaoNetPicker",
        "station_graph": "workbench.pickers.station_graph:StationGraphPicker",
        "dpp": "workbench.pickers.dpp:DppPicker",
        "sta_lta": "workbench.pickers.sta_lta:StaLta",
        "ar_aic": "workbench.pickers.ar_aic:ArAic",
        "baer_kradolfer": "workbench.pickers.baer_kradolfer:BaerKradolfer",
        "kurtosis": "workbench.pickers.kurtosis:Kurtosis",
    },
)
"""Every picker by name."""

_open: dict[tuple[object, ...], Picker] = {}
_open_lock = threading.Lock()


def open_picker(name: str, weights: str = "", **settings: Any) -> Picker:
    """The picker with these weights and settings; the same object when asked again.

    Parameters
    ----------
    name
        In :data:`PICKERS`.
    weights
        A name among :func:`workbench.pickers.weights.list_weights`, or a path to weights of one's own; empty for the
        default ones, or for a picker that has none.
    settings
        Keyword arguments of the picker's constructor.

    Raises
    ------
    UnknownNameError
        If there is no such picker.
    RequirementError
        If its weights, or a package that it needs, are not on this computer.
    PickerError
        If the weights cannot be used, or the picker takes no such setting.
    """
    make = PICKERS[name]
    taken = inspect.signature(make).parameters
    if weights:
        if "weights" not in taken:
            raise PickerError(f"{name} has no weights; open it without {weights!r}.")
        settings["weights"] = weights
    strange = sorted(set(settings) - set(taken))
    if strange:
        raise PickerError(f"{name} has no setting {strange[0]!r}; it has {sorted(taken)}.")
    files = make.cache_key(weights) if hasattr(make, "cache_key") else None
    key = (name, files, *sorted((setting, repr(value)) for setting, value in settings.items()))
    with _open_lock:
        if key not in _open:
            _open[key] = make(**settings)
        return _open[key]


def forget_pickers() -> None:
    """Close every open picker, so that weights changed on disk are read again."""
    with _open_lock:
        _open.clear()
