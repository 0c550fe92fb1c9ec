"""Where work runs. Knows no seismology: it runs named functions, tells how far they are, and stops them."""

from workbench.compute.base import Backend, OnChange
from workbench.registry import Registry

__all__ = ["BACKENDS", "Backend", "OnChange"]

BACKENDS = Registry("backend", {"local": "workbench.compute.local:LocalBackend"})
"""Every backend by name."""
