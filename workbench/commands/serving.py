"""What ``workbench serve`` opens first, which folders its pages may read, and who may come in."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from workbench.commands.labels_option import labels_option
from workbench.logins import check_name, read_logins
from workbench.private_files import kept_secret
from workbench.settings import Secret, config_path

__all__ = ["OAUTH", "Guests", "guests", "secret_of", "serve_options", "served", "served_folders", "served_place"]

OAUTH = ("auth0", "azure", "azurev2", "bitbucket", "generic", "google", "github", "gitlab", "okta", "auth_code")
"""Panel's names of the providers that one can log in with."""

_OPTIONS = (
    click.option(
        "--source",
        "sources",
        multiple=True,
        help="Folder or file to open, 'examples', 'synthetic', or 'seisbench:NAME'; more than once. Default: examples.",
    ),
    click.option("--waveforms", help="Of a catalogue of OGS: a folder, an SDS archive, or fdsn:URL?network=OX."),
    labels_option,
    click.option("--analyst", help="Written beside every decision, until somebody changes it on a page."),
    click.option("--port", type=click.IntRange(0, 65535), help="Default: the first free one from 5006 on."),
    click.option(
        "--login", type=click.Path(path_type=Path), help="Who may log in: a file that `workbench login` makes."
    ),
    click.option("--oauth-provider", type=click.Choice(OAUTH), help="Log in there; the rest in PANEL_OAUTH_KEY, ... ."),
    click.option("--allow", default="", help="Who may come in by that provider: names, or @example.org, with commas."),
    click.option(
        "--read-only",
        is_flag=False,
        flag_value="*",
        default="",
        help="Names who write nothing; without any, nobody writes.",
    ),
    click.option("--address", default="127.0.0.1", help="To listen on; another than 127.0.0.1 needs a login."),
    click.option("--origin", "origins", multiple=True, help="Where browsers see it: https://picks.example.org."),
    click.option("--prefix", default="", help="Of every path, behind a reverse proxy: /picks."),
)


def serve_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of ``workbench serve`` before a function that takes them."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


_SECRETS = ("PANEL_COOKIE_SECRET", "BOKEH_COOKIE_SECRET")


@dataclass(frozen=True)
class Guests:
    """Who may come in to a server, and where: the options of ``workbench serve``, checked."""

    logins: Path | None
    oauth: str
    allowed: tuple[str, ...]
    read_only: tuple[str, ...]
    all_read_only: bool
    address: str
    origins: tuple[str, ...]
    prefix: str
    remarks: tuple[str, ...]

    @property
    def asks(self) -> bool:
        """Whether one has to log in."""
        return self.logins is not None or bool(self.oauth)


def guests(
    *,
    login: Path | None,
    oauth_provider: str | None,
    allow: str,
    read_only: str,
    address: str,
    origins: Sequence[str],
    prefix: str,
) -> Guests:
    """The options of ``workbench serve`` that are about others than oneself.

    Raises
    ------
    UsageError
        If they would let in somebody whom nobody meant to.
    WorkbenchError
        If the file of logins cannot be used.
    """
    asks = login is not None or oauth_provider is not None
    allowed, reads = _names(allow), _names(read_only)
    everybody = reads == ("*",)
    people = read_logins(login) if login is not None else {}
    _check_who(login, oauth_provider, allowed, () if everybody else reads, people)
    is_here = _is_loopback(address)
    if not is_here and not asks:
        raise click.UsageError(
            f"--address {address} would let in everybody who reaches this computer: name who may, with --login."
        )
    if not is_here and not origins:
        raise click.UsageError(
            "With --address, say where browsers see this server: --origin https://picks.example.org."
        )
    clear = asks and any(_checked_origin(origin).startswith("http://") for origin in origins)
    remarks = ("Passwords and labels travel unencrypted to and from http:// addresses.",) if clear else ()
    path = f"/{prefix.strip('/')}" if prefix.strip("/") else ""
    if any(
        not part or part in (".", "..") or not part.replace("-", "").replace("_", "").isalnum()
        for part in path.split("/")[1:]
    ):
        raise click.UsageError(f"--prefix {prefix!r} is no path such as /picks.")
    return Guests(
        login, oauth_provider or "", allowed, () if everybody else reads, everybody, address,
        tuple(_checked_origin(origin) for origin in origins), path, remarks,
    )  # fmt: skip


def _names(words: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in words.split(",") if part.strip()))


def _check_who(
    login: Path | None, oauth: str | None, allowed: Sequence[str], reads: Sequence[str], people: Collection[str]
) -> None:
    if login is not None and oauth:
        raise click.UsageError("--login and --oauth-provider are two ways to log in; choose one.")
    if allowed and not oauth:
        raise click.UsageError("--allow says who may come in by --oauth-provider; with --login, the file says it.")
    if oauth and not allowed:
        raise click.UsageError(
            f"Everybody who has a login at {oauth} could come in: name who may, --allow anna@example.org,@example.net."
        )
    for variable in ("PANEL_OAUTH_KEY", "PANEL_OAUTH_SECRET") if oauth else ():
        if not os.environ.get(variable) and not (oauth == "auth_code" and variable.endswith("SECRET")):
            raise click.UsageError(f"{oauth} is asked with what {variable} holds; set it in the environment.")
    if reads and not (login or oauth):
        raise click.UsageError("--read-only NAMES is about who logs in; without a login, say --read-only alone.")
    for name in reads:
        check_name(name)
        if login is not None and name not in people:
            raise click.UsageError(f"--read-only names {name!r}, who is not in {login}.")


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        raise click.UsageError(f"--address {address!r} is no address of a network card, such as 192.0.2.7.") from None


def _checked_origin(text: str) -> str:
    parts = urlsplit(text)
    try:
        is_port = parts.port is None or parts.port > 0
    except ValueError:
        is_port = False
    plain = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_port or parts.username or "*" in text:
        raise click.UsageError(f"--origin {text!r} is no address such as https://picks.example.org.")
    if text.rstrip("/") != plain:
        raise click.UsageError(f"--origin is {plain}; what comes after it is given with --prefix.")
    return plain.lower()


def secret_of() -> Secret:
    """What cookies are signed with: from the environment, or kept in a private file beside the settings.

    Raises
    ------
    WorkbenchError
        If it is too short, or its file may be read by others.
    """
    for variable in _SECRETS:
        if found := os.environ.get(variable):
            if len(found) < 32:
                raise click.UsageError(f"{variable} has {len(found)} characters; a secret has 32 or more.")
            return Secret(found)
    return Secret(kept_secret(config_path().parent / "cookie_secret"))


def served(
    sources: Sequence[str], waveforms: str | None, *, limited: bool
) -> tuple[tuple[str, ...], tuple[Path, ...] | None]:
    """Every place that is served, the first one opened first, and the folders that pages may read; None is no limit.

    Parameters
    ----------
    limited
        Whether pages read those folders only, also where no source is a path.
    """
    named: list[str | None] = list(sources) or [None]
    if waveforms and len(named) > 1:
        raise click.UsageError("--waveforms belongs to one catalogue: name several as ogs:CATALOGUE:WAVEFORMS.")
    places = tuple(served_place(source, waveforms) for source in named)
    found = [served_folders(source, waveforms) for source in named]
    if not limited and all(folders is None for folders in found):
        return places, None
    return places, tuple(dict.fromkeys(folder for folders in found for folder in folders or ()))


def served_folders(source: str | None, waveforms: str | None = None) -> tuple[Path, ...] | None:
    """The folders of a source that is a path, and of its waveforms; None, no limit, where the user named no path."""
    if not source:
        return None
    # A catalogue may name its waveforms in the same text.
    named = source.removeprefix("ogs:").split(os.pathsep, 1) if source.startswith("ogs:") else [source]
    if not Path(named[0]).expanduser().exists():
        return None
    places = [place for place in (*named, waveforms) if place]
    folders = [Path(place).expanduser().resolve() for place in places if not place.startswith("fdsn:")]
    # A service stands among them by its name: a page may then ask it, and no other one.
    services = [Path(place) for place in places if place.startswith("fdsn:")]
    return tuple(dict.fromkeys([path if path.is_dir() else path.parent for path in folders] + services))


def served_place(source: str | None, waveforms: str | None) -> str:
    """The place that is opened first: that of the source, with its waveforms where they are named beside.

    Raises
    ------
    UsageError
        If waveforms are named and no source.
    """
    from workbench.sources.ogs_catalog import ogs_place

    if not waveforms:
        is_path = source and not source.startswith("ogs:") and Path(source).expanduser().exists()
        return str(Path(source).expanduser().resolve()) if source and is_path else source or "examples"
    if not source:
        raise click.UsageError("--waveforms belongs to a catalogue: name it with --source.")
    beside = waveforms if waveforms.startswith("fdsn:") else Path(waveforms).expanduser().resolve()
    return ogs_place(Path(source).expanduser().resolve(), beside)
