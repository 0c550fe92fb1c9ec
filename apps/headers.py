"""What a browser is told about every page: load and embed nothing from elsewhere, and run no script of a text."""

from __future__ import annotations

import re
import secrets
import sys
from collections.abc import Callable

from panel.io.server import ComponentResourceHandler
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import HTTPError, OutputTransform

__all__ = ["ShippedComponents", "safe_headers"]

_SCRIPT = re.compile(rb"<script(?=[\s>])")
_SHIPPED = re.compile(r"(panel|panel_material_ui|workbench\.views)(\.\w+)*")


class _SafeHeaders(OutputTransform):
    """Headers of one answer; scripts of a page that this server made carry a number that changes each time."""

    def __init__(self, request: HTTPServerRequest, secure: bool) -> None:
        super().__init__(request)
        self._secure = secure

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """The first part of an answer with all its headers."""
        number = secrets.token_urlsafe(16)
        if headers.get("Content-Type", "").startswith("text/html") and finishing:
            chunk = _SCRIPT.sub(b'<script nonce="' + number.encode() + b'"', chunk)
            headers.pop("Etag", None)
            if "Content-Length" in headers:
                headers["Content-Length"] = str(len(chunk))
        headers["Content-Security-Policy"] = _policy(number)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
        if self._secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        headers.pop("Access-Control-Allow-Origin", None)
        headers.pop("Server", None)
        return status_code, headers, chunk


def safe_headers(*, secure: bool) -> Callable[[HTTPServerRequest], OutputTransform]:
    """What Tornado applies to each answer; with `secure`, browsers are told to come by https only, for a year."""
    return lambda request: _SafeHeaders(request, secure)


def _policy(number: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{number}' 'unsafe-eval' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' blob:",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


class ShippedComponents(ComponentResourceHandler):
    """Files of the components of a page, and of nothing else: Panel's own would import any module that a URL names."""

    def parse_url_path(self, path: str) -> str:
        """The file that an address stands for."""
        module = path.partition("/")[0]
        if not (_SHIPPED.fullmatch(module) and module in sys.modules):
            raise HTTPError(404, "No component of a page")
        found: str = super().parse_url_path(path)
        return found
