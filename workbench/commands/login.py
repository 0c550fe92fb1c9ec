"""``workbench login``: the file of those who may log in to a server."""

from __future__ import annotations

import sys
from pathlib import Path

import click

__all__ = ["login"]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("name")
@click.option("--read-only", is_flag=True, help="Sees what is served, and writes nothing.")
@click.option("--remove", is_flag=True, help="Take this name out of the file.")
def login(file: Path, name: str, read_only: bool, remove: bool) -> None:
    """Let NAME log in to `workbench serve --login FILE`, or give them another password or role.

    The password is asked for or, where nobody is at the keyboard, read from the first line of the standard input. The
    file keeps what it cannot be read back from, and is made so that only its owner reads it.
    """
    from workbench.logins import check_name, remove_login, set_login

    if remove:
        remove_login(file, name)
        click.echo(f"{name} is no longer in {file}.", err=True)
        return
    check_name(name)
    if sys.stdin.isatty():
        password = click.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    set_login(file, name, password, read_only=read_only)
    click.echo(f"{name} may log in with {file}{', and write nothing' if read_only else ''}.", err=True)
