"""Settings of an explainer, as a user gives them: refused in words where the method cannot take them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

from workbench.errors import PickerError
from workbench.explain import EXPLAINERS
from workbench.explain.base import Explainer
from workbench.registry import Setting

__all__ = ["make_explainer"]

_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "int": ((Integral,), "a whole number"),
    "float": ((Real,), "a number"),
    "bool": ((bool,), "true or false"),
    "str": ((str,), "a name"),
}


def make_explainer(method: str, settings: Mapping[str, Any], seed: int) -> Explainer:
    """The explainer of that name.

    Parameters
    ----------
    settings
        Its keyword arguments.
    seed
        Of its random numbers, if it draws any.

    Raises
    ------
    UnknownNameError
        If there is no such method.
    PickerError
        If it has no such setting, or the setting no such value.
    """
    known = {setting.name: setting for setting in EXPLAINERS.settings(method)}
    settings = {"seed": seed} | dict(settings) if "seed" in known else dict(settings)
    for name, value in settings.items():
        if name not in known:
            raise PickerError(f"{method} has no setting {name!r}; it has {', '.join(known) or 'none'}.")
        _check(method, known[name], value)
    made: Explainer = EXPLAINERS.create(method, **settings)
    return made


def _check(method: str, setting: Setting, value: Any) -> None:
    types, words = _KINDS.get(setting.annotation, ((object,), "something else"))
    fits = isinstance(value, types) and (bool in types or not isinstance(value, bool))
    if setting.annotation in ("int", "float"):
        fits = fits and math.isfinite(value)
        if isinstance(setting.default, int | float) and setting.default >= 0:
            # What is counted, by default more than none, cannot be none.
            least = 1 if setting.annotation == "int" and setting.default > 0 else 0
            fits = fits and value >= least
            words += f" from {least} on"
    if not fits:
        raise PickerError(f"{setting.name} of {method} is {words}, by default {setting.default!r}; it got {value!r}.")
