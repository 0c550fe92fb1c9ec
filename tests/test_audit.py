"""Known vulnerabilities: told where the advisories can be had; where not, one line says that nothing was looked at."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

KNOWN = {"id": "PYSEC-1", "fix_versions": ["2.0"]}


@pytest.fixture(scope="module")
def audit(repository: Path) -> Any:
    spec = importlib.util.spec_from_file_location("audit", repository / ".ci" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def service(advisories: Mapping[str, list[dict[str, Any]]], unknown: Sequence[str] = ()) -> Any:
    """What pip-audit would say if these were the advisories."""

    def ask(pins: Sequence[str]) -> Mapping[str, Any]:
        rows = []
        for name, version in (pin.split("==") for pin in pins):
            if name in unknown:
                rows.append({"name": name, "skip_reason": "Dependency not found on PyPI"})
            else:
                rows.append({"name": name, "version": version, "vulns": advisories.get(name, [])})
        return {"dependencies": rows, "fixes": []}

    return ask


def test_a_known_vulnerability_ends_with_one(audit: Any) -> None:
    code, words = audit.audit(["a==1", "b==2"], service({"requests": [KNOWN], "b": [KNOWN]}))
    assert code == 1
    assert "b 2: PYSEC-1, mended in 2.0" in words
    assert "a 1" not in words


def test_nothing_known_is_said_with_what_was_not_looked_at(audit: Any) -> None:
    code, words = audit.audit(["a==1", "b==2"], service({"requests": [KNOWN]}, unknown=["a"]))
    assert code == 0
    assert words == "No known vulnerability in 1 of 2 versions; not known there: a."


@pytest.mark.parametrize("ask", [lambda _: None, service({}, unknown=["requests"]), service({})])
def test_without_advisories_nothing_fails_and_one_line_says_so(audit: Any, ask: Any) -> None:
    code, words = audit.audit(["a==1"], ask)
    assert code == 0
    assert words.startswith("Not audited: ")
    assert "\n" not in words


def test_pip_audit_is_run_and_what_is_no_answer_is_none(
    audit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "python"
    monkeypatch.setattr(audit.sys, "executable", str(fake))
    for said, understood in (('{"dependencies": []}', True), ("ConnectionError", False), ("[]", False)):
        fake.write_text(f'#!/bin/sh\n[ "$2" = pip_audit ] && cat "$4" >{tmp_path}/asked\necho \'{said}\'\nexit 1\n')
        fake.chmod(0o755)
        assert (audit.ask(["a==1"]) is not None) is understood
    assert (tmp_path / "asked").read_text() == "a==1\n"
