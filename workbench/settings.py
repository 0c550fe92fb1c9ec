"""Where things are kept and what a session starts with: from arguments, then the environment, then a TOML file."""

from __future__ import annotations

import getpass
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import platformdirs

from workbench.errors import SchemaError

__all__ = ["Secret", "Settings", "config_path", "load_settings", "login_name"]

_PREFIX = "WORKBENCH_"


def config_path() -> Path:
    """The TOML file of the settings, which need not be there."""
    return Path(os.environ.get(f"{_PREFIX}CONFIG", platformdirs.user_config_path("workbench") / "workbench.toml"))


def login_name() -> str:
    """Name of the user who is logged in; "analyst" where a container's password file has no such user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "analyst"


class Secret:
    """A text that no print, log, error or page may show.

    >>> Secret("abc"), f"{Secret('abc')}", bool(Secret(""))
    (Secret(***), '***', False)
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for whom it is meant."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(("Secret", self._text))

    def __reduce__(self) -> Any:
        raise TypeError("A secret is not written down.")


@dataclass(frozen=True)
class Settings:
    """What the workbench was told; every field can be set by ``WORKBENCH_<FIELD>`` or in ``workbench.toml``.

    Parameters
    ----------
    labels
        The label journal: ``sqlite:///PATH`` or a path, or ``postgresql://USER:PASSWORD@HOST/DATABASE``.
    exports
        Folder that labels are exported to where no other is named; empty stands for one beside the journal's file.
    cache
        Folder for what can be made again: indexes of large sources.
    analyst
        Name written beside every decision.
    keys
        Key profile: ``"default"``, ``"snuffler"`` or ``"obspyck"``.
    theme
        ``"light"`` or ``"dark"``.
    kernel
        Name of the place where a session's pickers run first: see ``workbench list kernels``.
    kernels
        Places of one's own by name: what their backend is made with, and its name as ``kind``. A token may stand here,
        in a file that only its owner reads, or in the environment as ``WORKBENCH_TOKEN_<NAME>``.
    """

    # It may hold a password: no print of settings shows it.
    labels: str = field(default="", repr=False)
    exports: str = ""
    cache: str = ""
    analyst: str = ""
    keys: str = "default"
    theme: str = "light"
    kernel: str = "local"
    kernels: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def labels_url(self) -> str:
        """SQLAlchemy URL of the label journal."""
        place = self.labels or str(platformdirs.user_data_path("workbench") / "labels.sqlite")
        return place if "://" in place else f"sqlite:///{Path(place).expanduser().resolve()}"

    def exports_folder(self, beside: Path | None) -> Path:
        """Folder for exports: the one set, else in the folder of the journal's file, else, for a server's, the user's.

        Parameters
        ----------
        beside
            Folder of the journal's file; None where it has none.
        """
        if self.exports:
            return Path(self.exports).expanduser().absolute()
        return (beside or platformdirs.user_data_path("workbench")) / "exports"

    @property
    def analyst_name(self) -> str:
        """Name written beside every decision: the one set, else that of the login."""
        return self.analyst or login_name()

    @property
    def cache_folder(self) -> Path:
        """Folder for what can be made again."""
        return Path(self.cache).expanduser() if self.cache else platformdirs.user_cache_path("workbench")


def load_settings(**arguments: Any) -> Settings:
    """Settings from arguments that are not None, then the environment, then ``workbench.toml``.

    Raises
    ------
    SchemaError
        If the file is not TOML, or sets a field that does not exist.
    """
    names = {each.name for each in fields(Settings)}
    values = _from_file(config_path(), names)
    plain = names - {"kernels"}
    values |= {name: os.environ[_PREFIX + name.upper()] for name in plain if os.environ.get(_PREFIX + name.upper())}
    values |= {name: value for name, value in arguments.items() if value is not None}
    kernels = _kernels(values.pop("kernels", {}))
    if odd := sorted(name for name, value in values.items() if "\0" in str(value)):
        raise SchemaError(f"The setting {odd[0]} holds a NUL character, which no name and no path has; correct it.")
    return Settings(**{name: str(value) for name, value in values.items()}, kernels=kernels)


def _kernels(table: Any) -> dict[str, dict[str, Any]]:
    """The places of the file, with their tokens as secrets."""
    if not isinstance(table, Mapping) or not all(isinstance(place, Mapping) for place in table.values()):
        raise SchemaError('A place to run is a table in workbench.toml, such as [kernels.gpu] with kind = "server".')
    places = {}
    for name, settings in table.items():
        # An address as Jupyter prints it has the token in it, and addresses are shown.
        url, _, query = str(settings.get("url", "")).partition("?")
        inside = parse_qs(query).get("token", [""])[0]
        named = os.environ.get(f"{_PREFIX}TOKEN_{name.upper().replace('-', '_')}")
        token = named or settings.get("token") or inside
        clean = {**settings, "url": url} if query else dict(settings)
        places[name] = {**clean, "token": Secret(str(token))} if token else clean
    return places


def _from_file(path: Path, names: set[str]) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SchemaError(f"{path} is not TOML: {str(error)[:200]}. Correct it or remove it.") from error
    except OSError as error:
        raise SchemaError(f"{path} cannot be read: {error.strerror}. Make it readable or remove it.") from error
    strange = sorted(set(content) - names)
    if strange:
        raise SchemaError(f"{path} sets {[name[:60] for name in strange[:10]]}; it can set {sorted(names)}.")
    return dict(content)
