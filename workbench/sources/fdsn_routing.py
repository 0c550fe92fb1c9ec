"""Which data centres of EIDA hold a network: its routing service, asked once for a place."""

from __future__ import annotations

import http.client
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from workbench.errors import SourceError
from workbench.schema import Report, silent

__all__ = ["EIDA", "fetch_routes", "read_routes"]

EIDA = "https://www.orfeus-eu.org/eidaws/routing/1"
"""The routing service of EIDA."""

_TIMEOUT_S = 60.0


def fetch_routes(url: str, query: Mapping[str, str], file: Path, report: Report = silent) -> None:
    """What a routing service answers to a query, into a file.

    Parameters
    ----------
    query
        ``network``, ``station``, ``location``, ``channel``, ``start`` and ``end``.

    Raises
    ------
    SourceError
        If it does not answer, or knows no centre.
    """
    report(0.0, "asking EIDA for its centres")
    asked = {"service": "station", "format": "post", **query}
    # Only these: a place may come from a page, and urllib would also open files.
    if not url.startswith(("https://", "http://")):
        raise SourceError(f"{url} is no address of a routing service; expected http:// or https://.")
    try:
        whole = f"{url.rstrip('/')}/query?{urlencode(asked)}"
        with urllib.request.urlopen(whole, timeout=_TIMEOUT_S) as answer:  # http or https, see above  # nosec B310
            said = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise SourceError(f"The routing service {url} does not answer ({error}). Try again later.") from error
    file.write_bytes(said)
    if not read_routes(file):
        raise SourceError(f"The routing service {url} knows no centre that holds {query.get('network', '')}.")


def read_routes(file: Path) -> list[str]:
    """Addresses of the centres in an answer, each once, sorted: what stands before ``/fdsnws``."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return sorted({line.partition("/fdsnws/")[0] for line in lines if "/fdsnws/" in line and line.startswith("http")})
