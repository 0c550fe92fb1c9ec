"""Who may log in: what is kept of a password, who may read it, and what is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from workbench.cli import cli
from workbench.errors import WorkbenchError
from workbench.logins import hash_password, password_fits, read_logins, remove_login, set_login
from workbench.private_files import kept_secret

SECRET = "correct horse battery"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "logins.json"
    set_login(path, "anna", SECRET)
    return path


def test_only_the_password_itself_fits_what_is_kept_of_it(file: Path) -> None:
    kept = read_logins(file)["anna"].password
    assert SECRET not in file.read_text()
    assert password_fits(SECRET, kept)
    assert not password_fits(SECRET + " ", kept)
    assert not password_fits("\ud800", kept)
    assert hash_password(SECRET) != kept, "two people with one password are not seen to have it"
    assert SECRET not in repr(read_logins(file))
    assert kept not in repr(read_logins(file))


def test_the_command_adds_changes_and_removes(tmp_path: Path) -> None:
    path, run = tmp_path / "logins.json", CliRunner().invoke
    assert run(cli, ["login", str(path), "ben", "--read-only"], input=f"{SECRET}\n").exit_code == 0
    assert read_logins(path)["ben"].read_only
    assert path.stat().st_mode & 0o777 == 0o600
    assert run(cli, ["login", str(path), "anna"], input=f"{SECRET}!\n").exit_code == 0
    assert password_fits(SECRET + "!", read_logins(path)["anna"].password)
    assert run(cli, ["login", str(path), "ben", "--remove"]).exit_code == 0
    assert set(read_logins(path)) == {"anna"}
    short = run(cli, ["login", str(path), "carl"], input="short\n")
    assert short.exit_code == 2
    assert "8 to" in short.stderr
    with pytest.raises(WorkbenchError, match="only one"):
        remove_login(path, "anna")


@pytest.mark.skipif(os.name != "posix", reason="rights of files are other ones there")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_file_that_others_may_read_or_change_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(WorkbenchError, match="chmod 600"):
        read_logins(file)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"anna": "secret word"}, "not hashed"),
        ({"anna": {"password": ""}}, "not hashed"),
        ({"anna": {"password": "scrypt$40$8$1$AAAAAAAAAAA=$AAAA"}}, "not hashed"),
        ({"anna": {"password": None, "admin": True}}, "nothing else"),
        ({"anna": {"password": hash_password(SECRET), "read_only": "no"}}, "true or false"),
        ({" anna": hash_password(SECRET)}, "no name"),
        ({"an\u202ena": hash_password(SECRET)}, "no name"),
        ({}, "nobody"),
        ([], "nobody"),
    ],
)
def test_what_is_no_list_of_logins_is_said(file: Path, content: object, words: str) -> None:
    file.write_text(json.dumps(content))
    with pytest.raises(WorkbenchError, match=words):
        read_logins(file)


def test_a_secret_is_made_once_and_kept_for_oneself(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret"
    secret = kept_secret(path)
    assert kept_secret(path) == secret
    assert len(secret) >= 32
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("short")
    with pytest.raises(WorkbenchError, match="Remove it"):
        kept_secret(path)
