"""Settings of an exporter: what kind each is, by the signature of its constructor, and its value from a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from workbench.errors import SchemaError, UnknownNameError
from workbench.exporters import EXPORTERS

__all__ = ["ExportSetting", "export_settings", "read_settings"]

_WORDS = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True)
class ExportSetting:
    """One keyword argument of an exporter.

    Parameters
    ----------
    choices
        All values that it takes, as text; empty of a number or a text.
    """

    name: str
    default: Any
    kind: type
    choices: tuple[str, ...] = ()

    def read(self, text: str) -> Any:
        """The value that a text stands for.

        Raises
        ------
        SchemaError
            If it stands for none that the setting takes.
        """
        if self.kind is bool and text.lower() in _WORDS:
            return _WORDS[text.lower()]
        if self.choices:
            if text not in self.choices:
                raise SchemaError(f"{self.name} is one of {', '.join(self.choices)}; this is {text!r}.")
            return text
        try:
            return self.kind(text)
        except ValueError:
            raise SchemaError(f"{self.name} is a number; this is {text!r}.") from None

    def show(self, value: Any) -> str:
        """The text that stands for a value."""
        if self.kind is bool:
            return "yes" if value else "no"
        return f"{value:g}" if self.kind is float else str(value)


def export_settings(name: str) -> dict[str, ExportSetting]:
    """The settings of an exporter by name; what is no yes or no, choice or number is a text.

    >>> export_settings("csv")["rejected"]
    ExportSetting(name='rejected', default=True, kind=<class 'bool'>, choices=('yes', 'no'))
    """
    hints = get_type_hints(EXPORTERS[name])
    return {
        setting.name: _of(setting.name, setting.default, hints[setting.name]) for setting in EXPORTERS.settings(name)
    }


def read_settings(name: str, given: Mapping[str, str]) -> dict[str, Any]:
    """Keyword arguments of an exporter from texts.

    Raises
    ------
    SchemaError
        If a text is no value of its setting.
    UnknownNameError
        If the exporter has no such setting.
    """
    known = export_settings(name)
    for key in given:
        if key not in known:
            raise UnknownNameError(f"setting of {name}", key, known)
    return {key: known[key].read(text) for key, text in given.items()}


def _of(name: str, default: Any, hint: Any) -> ExportSetting:
    if get_origin(hint) is Literal:
        return ExportSetting(name, default, str, tuple(map(str, get_args(hint))))
    if hint is bool:
        return ExportSetting(name, default, bool, ("yes", "no"))
    return ExportSetting(name, default, hint if hint in (int, float) else str)
