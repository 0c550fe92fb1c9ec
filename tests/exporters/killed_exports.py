"""Exports that are killed just before they are whole, one for each name and folder on the command line.

Run as ``python killed_exports.py FOLDER NAME...``. Each is made in a process of its own, which kills itself.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
from pathlib import Path
from typing import Any

import workbench.exporters.base
from workbench.exporters import EXPORTERS


def made_here() -> Any:
    """The recordings and labels of this folder's tests."""
    spec = importlib.util.spec_from_file_location("made_here", Path(__file__).with_name("conftest.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(folder: Path, names: list[str]) -> None:
    """Start each export in a child, and wait until it is dead."""
    made = made_here()
    recording, labels = made.recording_of(), made.labels_of({}, {"phase": "S", "at_s": 14.0})
    # All files of the format are written when the last one is.
    workbench.exporters.base.write_manifest = die
    for name in names:
        exporter = EXPORTERS.create(name)
        child = os.fork()
        if child == 0:
            exporter.export(labels, lambda _: recording, folder / name)
            os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), name
        assert os.WTERMSIG(status) == signal.SIGKILL, name


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
