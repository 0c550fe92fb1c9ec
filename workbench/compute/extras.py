"""Whether packages that only some backends need are installed, without importing them."""

from __future__ import annotations

from importlib.util import find_spec

from workbench.registry import Availability

__all__ = ["needs"]


def needs(extra: str, *packages: str) -> Availability:
    """Usable, if these packages can be imported here; else what to install.

    >>> needs("kernels", "json", "no_such_package").reason
    "The package 'no_such_package' is not installed."
    """
    for package in packages:
        if not _is_installed(package):
            remedy = f"Install it with: pip install 'seismic-workbench[{extra}]'"
            return Availability(False, f"The package {package!r} is not installed.", remedy)
    return Availability(True)


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ValueError:  # it was tried before, and failed
        return False
