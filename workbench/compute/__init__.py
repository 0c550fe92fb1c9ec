"""Where work runs. Knows no seismology: it runs named functions, tells how far they are, and stops them.

::

    Backend ── LocalBackend            threads of this process
            ── LinkedBackend ── Runner ── Link     one process elsewhere, one job at a time
                 ├── ProcessBackend    processes of this computer
                 ├── KernelBackend     Jupyter kernels of this computer
                 └── ServerBackend     a kernel of a Jupyter server
            ── DaskBackend             workers of a Dask cluster

Over a link go messages: a header and buffers (``wire``), in which arguments and results are written down (``payload``).
On the far side a ``Worker`` reads them.
"""

from workbench.compute.base import Backend, BackendStatus, OnChange
from workbench.registry import Registry

__all__ = ["BACKENDS", "Backend", "BackendStatus", "OnChange"]

BACKENDS = Registry(
    "backend",
    {
        "local": "workbench.compute.local:LocalBackend",
        "process": "workbench.compute.process:ProcessBackend",
        "jupyter": "workbench.compute.jupyter_kernel:KernelBackend",
        "server": "workbench.compute.jupyter_server:ServerBackend",
        "dask": "workbench.compute.dask_backend:DaskBackend",
    },
)
"""Every backend by name."""
