"""One table of names for each kind of component: pickers, sources, exporters, backends.

A table maps a name to ``"module:attribute"``; the module is imported when the component is first used, so that listing
pickers loads neither torch nor SeisBench. Other distributions add components by an entry point in the group
``workbench.<kind>s``.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any

from workbench.errors import RequirementError, UnknownNameError

__all__ = ["Availability", "Registry", "Setting", "needs"]


@dataclass(frozen=True)
class Availability:
    """Whether a component can be used here and, if not, why and what to do about it."""

    ok: bool
    reason: str = ""
    remedy: str = ""


def needs(install: str, *packages: str) -> Availability:
    """Usable, if these packages can be imported here, which is found without importing them; else what to install.

    Parameters
    ----------
    install
        What brings them: ``"seismic-workbench[kernels]"``, say.

    Examples
    --------
    >>> needs("seismic-workbench[kernels]", "json", "no_such_package").reason
    "The package 'no_such_package' is not installed."
    """
    for package in packages:
        if not _is_installed(package):
            remedy = f"Install it with: pip install '{install}'"
            return Availability(False, f"The package {package!r} is not installed.", remedy)
    return Availability(True)


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ValueError:  # it was tried before, and failed
        return False


@dataclass(frozen=True)
class Setting:
    """One keyword argument of a component's constructor, from which a form is made."""

    name: str
    default: Any
    annotation: str


class Registry(Mapping[str, Any]):
    """Components of one kind by name, imported on first use.

    Parameters
    ----------
    kind
        What the components are, in the singular ("picker").
    table
        Name to ``"module:attribute"``. The attribute is a class or a function that makes a component from keyword
        arguments; it may carry a static method ``availability() -> Availability``.

    Examples
    --------
    >>> counters = Registry("counter", {"counter": "collections:Counter"})
    >>> counters["counter"].__name__
    'Counter'
    >>> counters["countre"]
    Traceback (most recent call last):
    workbench.errors.UnknownNameError: There is no counter 'countre'. Did you mean 'counter'?
    """

    def __init__(self, kind: str, table: Mapping[str, str]) -> None:
        self.kind = kind
        self._table = dict(table)
        self._plugins_read = False

    def _targets(self) -> dict[str, str]:
        if not self._plugins_read:
            for point in entry_points(group=f"workbench.{self.kind}s"):
                self._table.setdefault(point.name, point.value)
            self._plugins_read = True
        return self._table

    def __iter__(self) -> Iterator[str]:
        return iter(self._targets())

    def __len__(self) -> int:
        return len(self._targets())

    def __contains__(self, name: object) -> bool:
        return name in self._targets()

    def target(self, name: str) -> str:
        """The ``"module:attribute"`` that a name stands for."""
        try:
            return self._targets()[name]
        except KeyError:
            raise UnknownNameError(self.kind, name, self._targets()) from None

    def __getitem__(self, name: str) -> Any:
        """The class or function behind a name.

        Raises
        ------
        UnknownNameError
            If no component has that name.
        RequirementError
            If its module needs a package that is not installed.
        """
        module_name, _, attribute = self.target(name).partition(":")
        try:
            module = import_module(module_name)
        except ModuleNotFoundError as error:
            raise RequirementError(
                f"The {self.kind} {name!r} needs the package {error.name!r}, which is not installed. "
                f"Install it with: pip install {error.name}"
            ) from error
        return getattr(module, attribute)

    def create(self, name: str, **settings: Any) -> Any:
        """A component made with the given settings."""
        return self[name](**settings)

    def availability(self, name: str) -> Availability:
        """Whether a component can be used on this computer; never raises for a known name."""
        try:
            component = self[name]
        except RequirementError as error:
            reason, _, remedy = str(error).partition(" Install")
            return Availability(False, reason, f"Install{remedy}")
        check = getattr(component, "availability", None)
        return check() if check is not None else Availability(True)

    def settings(self, name: str) -> tuple[Setting, ...]:
        """The keyword arguments of a component's constructor, from its signature."""
        parameters = inspect.signature(self[name]).parameters.values()
        return tuple(
            Setting(
                parameter.name,
                None if parameter.default is parameter.empty else parameter.default,
                str(parameter.annotation),
            )
            for parameter in parameters
            if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        )
