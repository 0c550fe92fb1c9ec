"""A bar on stderr for work that takes a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.schema import Report

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(title: str) -> Iterator[Report]:
    """A report that moves a bar on stderr; it leaves nothing behind, and shows nothing where stderr is a file."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(escape(title), total=None)

        def report(fraction: float, step: str) -> None:
            total = 1.0 if fraction == fraction else None
            progress.update(task, total=total, completed=fraction, description=escape(f"{title}: {step}"))

        yield report
