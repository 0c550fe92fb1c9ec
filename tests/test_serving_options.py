"""Options of ``workbench serve`` that would let in somebody whom nobody meant to are refused, in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import obspy
import pytest
from click.testing import CliRunner

import apps.serve
from workbench.cli import cli
from workbench.commands.serving import secret_of
from workbench.logins import set_login
from workbench.settings import config_path


@pytest.fixture
def logins(tmp_path: Path) -> str:
    path = tmp_path / "logins.json"
    set_login(path, "anna", "anna's own words")
    return str(path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--address 0.0.0.0", "--login"),
        ("--address 0.0.0.0 --login FILE", "--origin"),
        ("--address example.org --login FILE", "no address"),
        ("--login FILE --oauth-provider github", "choose one"),
        ("--login FILE --allow anna", "--oauth-provider"),
        ("--oauth-provider github", "--allow"),
        ("--oauth-provider github --allow anna", "PANEL_OAUTH_KEY"),
        ("--read-only anna", "--read-only alone"),
        ("--login FILE --read-only carl", "not in"),
        ("--login FILE --origin https://*.example.org", "no address"),
        ("--login FILE --origin https://picks.example.org/picks", "--prefix"),
        ("--login FILE --origin https://a:b@picks.example.org", "no address"),
        ("--login FILE --prefix /../x", "no path"),
        ("--login FILE.not", "cannot be read"),
    ],
)
def test_what_would_open_a_door_by_mistake_is_refused(logins: str, options: str, words: str) -> None:
    result = CliRunner().invoke(cli, ["serve", *options.replace("FILE", logins).split()])
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_what_is_served_is_fixed_by_who_starts_the_server(
    logins: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    monkeypatch.setattr(apps.serve, "serve", lambda *given, **more: calls.append((given, more)))
    folder = tmp_path / "data"
    folder.mkdir()
    obspy.read().write(str(folder / "a.mseed"), format="MSEED")
    run = CliRunner().invoke
    assert run(cli, ["serve", "--login", logins]).exit_code == 0
    given, more = calls.pop()
    assert (given[0], more["roots"], more["group"].places) == ("examples", (), ("examples",))
    options = ["--login", logins, "--origin", "https://Picks.example.org", "--prefix", "picks/", "--read-only"]
    assert run(cli, ["serve", "--source", "synthetic", "--source", str(folder), *options]).exit_code == 0
    given, more = calls.pop()
    assert given[0] == "synthetic"
    assert more["roots"] == (folder,)
    assert more["group"].places == ("synthetic", str(folder))
    assert more["group"].visitor("anna").read_only
    assert (more["door"].origins, more["door"].prefix) == (("https://picks.example.org",), "/picks")
    assert more["door"].secure
    assert more["door"].secret.reveal() not in repr(more["door"])


def test_the_secret_of_cookies_is_kept_for_oneself_or_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PANEL_COOKIE_SECRET", raising=False)
    monkeypatch.delenv("BOKEH_COOKIE_SECRET", raising=False)
    made = secret_of()
    assert made == secret_of()
    assert (config_path().parent / "cookie_secret").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("PANEL_COOKIE_SECRET", "e" * 32)
    assert secret_of().reveal() == "e" * 32
