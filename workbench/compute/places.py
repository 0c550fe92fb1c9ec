"""Places where work can run, by name: those of this computer, and those that the settings tell of."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.compute import BACKENDS
from workbench.compute.base import Backend
from workbench.compute.jupyter_kernel import list_kernelspecs
from workbench.errors import JobError, UnknownNameError
from workbench.registry import Availability
from workbench.settings import Secret, Settings

__all__ = ["Place", "full_name", "list_places", "open_place"]


@dataclass(frozen=True)
class Place:
    """A place where work can run.

    Parameters
    ----------
    name
        Stands for it in settings and on the command line.
    title
        For people.
    kind
        Its backend, in :data:`workbench.compute.BACKENDS`.
    settings
        What the backend is made with.
    availability
        Whether it can be used here and, if not, why and what to do.
    """

    name: str
    title: str
    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    availability: Availability = field(default_factory=lambda: Availability(True))

    @property
    def needs_token(self) -> bool:
        """Whether a token could be asked for: a server without one in the settings."""
        return self.kind == "server" and not self.settings.get("token")


def list_places(settings: Settings) -> Mapping[str, Place]:
    """Every place by name, those that cannot be used here too."""
    found = [Place("local", "This computer", "local"), Place("process", "This computer, own process", "process")]
    kernelspecs = list_kernelspecs()
    for name, title in kernelspecs.items():
        found.append(Place(f"jupyter:{name}", f"{title}, Jupyter", "jupyter", {"kernelspec": name}))
    if not kernelspecs:
        found.append(Place("jupyter", "Jupyter kernel of this computer", "jupyter"))
    found.append(Place("dask", "This computer, Dask", "dask", {"n_workers": max(1, (os.cpu_count() or 2) // 2)}))
    found += [_of_settings(name, table) for name, table in settings.kernels.items()]
    return {place.name: _checked(place) for place in found}


def _of_settings(name: str, table: Mapping[str, Any]) -> Place:
    rest = dict(table)
    kind = str(rest.pop("kind", "server"))
    return Place(name, str(rest.pop("title", name)), kind, rest)


def _checked(place: Place) -> Place:
    if place.kind not in BACKENDS:
        known = ", ".join(BACKENDS)
        missing = Availability(False, f"There is no backend {place.kind!r}.", f"Write one of {known} as its kind.")
        return Place(place.name, place.title, place.kind, place.settings, missing)
    return Place(place.name, place.title, place.kind, place.settings, BACKENDS.availability(place.kind))


def full_name(name: str, places: Mapping[str, Place]) -> str:
    """The name as listed: ``"jupyter"`` alone is the kernel that every Jupyter has."""
    return "jupyter:python3" if name == "jupyter" and "jupyter:python3" in places else name


def open_place(
    name: str,
    settings: Settings,
    *,
    n_workers: int | None = None,
    token: Secret | None = None,
    preload: Sequence[str] = (),
) -> Backend:
    """The backend of a place; nothing is started before its first job.

    Parameters
    ----------
    n_workers
        How many jobs run side by side; that of the settings, or the backend's own, if not given.
    token
        Of a server whose token is not in the settings.
    preload
        Modules that a process of its own imports when it starts.

    Raises
    ------
    UnknownNameError
        If there is no such place.
    JobError
        If it cannot be used here, or its settings do not fit.
    """
    places = list_places(settings)
    name = full_name(name, places)
    if name not in places:
        raise UnknownNameError("kernel", name, places)
    place = places[name]
    if not place.availability.ok:
        raise JobError(f"{place.title} cannot be used: {place.availability.reason} {place.availability.remedy}".strip())
    made_with = dict(place.settings)
    if n_workers is not None:
        made_with["n_workers"] = n_workers
    if token:
        made_with["token"] = token
    if preload and place.kind != "local":
        made_with.setdefault("preload", preload)
    known = {setting.name for setting in BACKENDS.settings(place.kind)}
    strange = sorted(set(made_with) - known)
    if strange:
        raise JobError(f"The kernel {name} has no setting {strange[0]!r}; it has {sorted(known)}.")
    backend: Backend = BACKENDS.create(place.kind, **made_with)
    return backend
