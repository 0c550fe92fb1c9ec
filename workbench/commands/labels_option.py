"""The option ``--labels``: which journal a command reads or writes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import click

__all__ = ["labels_option"]

_WITH_PASSWORD = re.compile(r"postgres\w*(\+\w+)?://[^@]*:[^@]+@")


def labels_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option."""
    words = (
        "Label journal: sqlite:///PATH, a path, or postgresql://USER@HOST/DATABASE. Default: the one of the settings."
    )
    return click.option("--labels", help=words, callback=_remark)(command)


def _remark(_: click.Context, __: click.Parameter, url: str | None) -> str | None:
    # It stands in the list of processes, which is not ours to hide.
    if url and _WITH_PASSWORD.match(url):
        click.echo(
            "Note: others on this computer can read a password on the command line. Put it into ~/.pgpass, PGPASSWORD "
            "or workbench.toml, and leave it out of --labels.",
            err=True,
        )
    return url
