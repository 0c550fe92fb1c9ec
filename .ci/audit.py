"""Holds the exact versions of constraints.txt against the published advisories: a known vulnerability ends with code 1.

Where the advisories cannot be had (no internet, or a mirror of the package index that has none) nothing is audited, and
one line says so: a build must pass without the internet.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

KNOWN_BAD = "requests==2.19.0"
"""Has an advisory (CVE-2018-18074) for ever: a service that knows none of it knows nothing."""

_PATIENCE_S = 180


def ask(pins: Sequence[str]) -> Mapping[str, Any] | None:
    """What pip-audit says of versions, as its JSON; None where it could not ask."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "versions.txt"
        file.write_text("\n".join(pins) + "\n", encoding="utf-8")
        options = ["--requirement", str(file), "--no-deps", "--disable-pip", "--format", "json"]
        command = [sys.executable, "-m", "pip_audit", *options, "--progress-spinner", "off"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
        except subprocess.TimeoutExpired:
            return None
    try:
        said = json.loads(done.stdout)
    except ValueError:
        return None
    return said if isinstance(said, dict) and isinstance(said.get("dependencies"), list) else None


def vulnerabilities(said: Mapping[str, Any]) -> list[str]:
    """A line for each known vulnerability: what, which, and in which version it is mended."""
    return [
        f"{one['name']} {one['version']}: {found['id']}"
        + (f", mended in {', '.join(found['fix_versions'])}" if found.get("fix_versions") else "")
        for one in said["dependencies"]
        for found in one.get("vulns", [])
    ]


def audit(pins: Sequence[str], asks: Callable[[Sequence[str]], Mapping[str, Any] | None] = ask) -> tuple[int, str]:
    """Exit code, and what to say.

    Parameters
    ----------
    pins
        ``"name==version"``, each.
    asks
        Asks the advisories.
    """
    canary = asks([KNOWN_BAD])
    if canary is None:
        return 0, "Not audited: pip-audit could not ask for advisories (is there internet?)."
    if not vulnerabilities(canary):
        return 0, f"Not audited: the package index that answers has no advisories (it knows none of {KNOWN_BAD})."
    said = asks(pins)
    if said is None:
        return 0, "Not audited: pip-audit could not ask for advisories to the end. Try again."
    found = vulnerabilities(said)
    if found:
        return 1, "\n".join(["Known vulnerabilities:", *found])
    skipped = [one["name"] for one in said["dependencies"] if "skip_reason" in one]
    left = f"; not known there: {', '.join(skipped)}" if skipped else ""
    return 0, f"No known vulnerability in {len(pins) - len(skipped)} of {len(pins)} versions{left}."


def main() -> int:
    """Audit the versions that this project installs."""
    file = Path(__file__).resolve().parents[1] / "constraints.txt"
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    code, words = audit([line for line in lines if line and not line.startswith("#")])
    print(words, file=sys.stderr if code else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())
