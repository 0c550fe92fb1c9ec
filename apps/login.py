"""Logging in and out: Panel's own login, with hashed passwords, checked addresses and careful cookies."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

from bokeh.application.handlers import Handler
from bokeh.document import Document
from bokeh.util.token import get_token_payload
from panel.auth import AUTH_PROVIDERS, BasicAuthProvider, BasicLoginHandler, LogoutHandler
from panel.config import config
from tornado.httputil import HTTPServerRequest
from tornado.web import HTTPError, RequestHandler, decode_signed_value
from tornado.websocket import WebSocketHandler

from apps.group import Group
from apps.tries import TooManyTriesError, Tries, network_of
from workbench.errors import WorkbenchError
from workbench.views.login_page import login_page, words_page

__all__ = ["GroupLogin", "TellLogin"]

_COOKIES = ("user", "id_token", "access_token", "refresh_token", "oauth_expiry", "is_guest", "next_url")
_LONGEST_SHOWN = 64
_SAFE_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def name_in(cookies: Any) -> str:
    """Who a request's cookies say is there, by this server's own signature; empty for nobody."""
    signed = cookies["user"].value if "user" in cookies else ""
    name = decode_signed_value(config.cookie_secret, "user", signed, max_age_days=config.oauth_expiry)
    return name.decode("utf-8", "replace") if name else ""


class TellLogin(Handler):
    """Puts the name of who is logged in into the session's token, which is signed, in place of their cookies."""

    def __init__(self, group: Group) -> None:
        super().__init__()
        self._group = group

    def modify_document(self, doc: Document) -> None:
        """Nothing: pages are made by the apps."""

    def process_request(self, request: HTTPServerRequest) -> dict[str, str]:
        """What the session's token says besides."""
        return {"login": name_in(request.cookies) if self._group.asks else ""}


class GroupLogin(BasicAuthProvider):
    """Panel's basic login for a :class:`Group`, or its login with an OAuth provider.

    Parameters
    ----------
    group
        Who may come in.
    prefix
        Of every address: empty, or ``"/picks"``.
    secure
        Whether browsers reach the server by https only: then no cookie travels without.
    origins
        Where pages of this server come from: ``"https://picks.example.org"``.
    theme
        Of the login page.
    """

    def __init__(self, group: Group, *, prefix: str, secure: bool, origins: tuple[str, ...], theme: str) -> None:
        self.group, self.prefix, self.secure, self.origins, self.theme = group, prefix, secure, origins, theme
        # It asks at once for the pages to log in and out.
        super().__init__()
        self.tries = Tries()
        self.checking = asyncio.Semaphore(2)
        self._sockets: WeakSet[WebSocketHandler] = WeakSet()

    @property
    def get_user(self) -> Callable[[RequestHandler], str | None]:
        """Who a request is of, or None for nobody."""
        return self._user_of

    def _user_of(self, handler: RequestHandler) -> str | None:
        _refuse_named_session(handler.request)
        name = name_in(handler.request.cookies)
        if not name:
            return None
        try:
            enters = self.group.may_enter(name)
        except WorkbenchError as error:
            raise HTTPError(503, str(error), reason="The list of logins cannot be read") from error
        if not enters and self.group.oauth:
            # Sent to log in again they would come back at once, with the same name.
            raise HTTPError(
                403, f"{name!r} is not among those who may come in", reason="Not among those who may come in"
            )
        if isinstance(handler, WebSocketHandler) and enters:
            if name != _name_in_token(handler.request):
                return None
            self._sockets.add(handler)
        return name if enters else None

    def end_pages(self, request: HTTPServerRequest) -> None:
        """Let no page of the login that a request carries stay connected, in whatever tab."""
        signed = request.cookies["user"].value if "user" in request.cookies else None
        for socket in list(self._sockets):
            if signed and socket.request.cookies["user"].value == signed:
                socket.close(1000, "logged out")

    @property
    def login_handler(self) -> type[RequestHandler]:
        """The login page, or the way to the provider."""
        if not self.group.oauth:
            return PasswordPage
        way = AUTH_PROVIDERS[self.group.oauth]
        way._login_endpoint, way._error_template = "/login", self._error_template
        return type(f"Checked{way.__name__}", (ProviderPage, way), {})

    @property
    def logout_handler(self) -> type[RequestHandler]:
        """The page that logs out."""
        return LogoutPage

    def _remove_user(self, session_context: Any) -> None:
        """Nothing: nobody is counted."""


def _refuse_named_session(request: HTTPServerRequest) -> None:
    """A page gets a session of its own: whoever names one would sit down at somebody else's."""
    named = {"bokeh-session-id", "bokeh-token"} & set(request.arguments)
    if named or "Bokeh-Session-Id" in request.headers:
        raise HTTPError(403, "A request named a session", reason="Sessions are not shared")


def _name_in_token(request: HTTPServerRequest) -> str:
    """Whose page a socket says that it belongs to; its token is checked by Bokeh, before anything is done with it."""
    _, _, token = request.headers.get("Sec-WebSocket-Protocol", "").partition(",")
    try:
        return str(get_token_payload(token.strip()).get("login", ""))
    except (ValueError, KeyError):
        return ""


class CarefulCookies(RequestHandler):
    """Cookies that no script reads, that no other site's page sends along, and that keep to this server's pages."""

    @property
    def login(self) -> GroupLogin:
        """The provider that serves this page."""
        provider: GroupLogin = self.application.auth_provider  # type: ignore[attr-defined]
        return provider

    def set_cookie(self, name: str, value: str | bytes, *args: Any, **settings: Any) -> None:
        """As Tornado does, with the flags that Panel leaves out."""
        careful = {"httponly": True, "samesite": "Lax", "secure": self.login.secure, "path": self.login.prefix or "/"}
        super().set_cookie(name, value, *args, **(settings | careful))

    def refuse_other_sites(self) -> None:
        """Refuse what a page of another site sends: it would log somebody in as somebody else, or out."""
        origin, site = self.request.headers.get("Origin"), self.request.headers.get("Sec-Fetch-Site", "none")
        if (origin is not None and origin not in self.login.origins) or site in ("cross-site", "same-site"):
            raise HTTPError(403, f"A page of {origin} was refused", reason="Sent by a page of another site")

    def path_after(self, wanted: str) -> str:
        """A path of this server to go on to: the one wanted, if it is one, else the Inspect page."""
        inside = _SAFE_PATH.fullmatch(wanted) and not urlsplit(wanted).netloc
        back = urlsplit(wanted).path.rsplit("/", 1)[-1] in ("login", "logout", "")
        return (
            wanted if inside and not back and wanted.startswith(self.login.prefix) else f"{self.login.prefix}/inspect"
        )


class PasswordPage(CarefulCookies, BasicLoginHandler):
    """Name and password; slower with each failure (:class:`Tries`), and as slow for a name that there is not."""

    def get(self) -> None:
        """The page with the two fields."""
        self._show(self.get_argument("next", ""))

    async def post(self) -> None:
        """Log in and go on, or say why not."""
        self.refuse_other_sites()
        name, password = self.get_body_argument("username", ""), self.get_body_argument("password", "", strip=False)
        after = self.get_body_argument("next", "")
        try:
            known = await self._is_known(name, password)
        except TooManyTriesError as refused:
            self.set_status(429)
            self.set_header("Retry-After", str(refused.wait_s))
            self._show(after, name, str(refused))
            return
        except WorkbenchError as error:
            self.set_status(503)
            self._show(after, name, f"The list of logins cannot be read: tell whoever runs this server. {error}")
            return
        if known:
            self.set_current_user(name)
            self.redirect(self.path_after(after))
            return
        self.set_status(401)
        self._show(after, name, "This name and password do not belong together.")

    async def _is_known(self, name: str, password: str) -> bool:
        login = self.login
        network = network_of(self.request.remote_ip, self.request.headers.get("X-Forwarded-For", ""))
        with login.tries.one(name, network) as wait_s:
            await asyncio.sleep(wait_s)
            async with login.checking:
                try:
                    known = await asyncio.to_thread(login.group.knows, name, password)
                except WorkbenchError:
                    login.tries.not_looked_at(name, network)
                    raise
            if known:
                login.tries.got_in(name, network)
        return known

    def _show(self, after: str, name: str = "", problem: str = "") -> None:
        self.set_header("Cache-Control", "no-store")
        shown = name[:_LONGEST_SHOWN]
        self.write(login_page(f"{self.login.prefix}/login", self.path_after(after), shown, problem, self.login.theme))


class ProviderPage(CarefulCookies):
    """What Panel's way to an OAuth provider lacks."""

    async def get(self) -> None:
        """Go to the provider, or come back from it."""
        # It is where one is sent after all, and Panel's own check lets "///other.site" pass.
        self.request.arguments["next"] = [self.path_after(self.get_argument("next", "")).encode()]
        if self.get_argument("code", None) is not None and not self.get_argument("state", ""):
            # Panel compares what came with what was sent, and nothing with nothing is equal.
            raise HTTPError(401, "An answer without a question was refused", reason="Start again at the first page")
        await super().get()  # type: ignore[misc]

    def write_error(self, status_code: int, **_: Any) -> None:
        """Say that it did not work; what the provider said is in the server's log."""
        self.clear_all_cookies()
        words = f"The provider did not say who you are ({status_code}: {self._reason})."
        self.write(words_page("Not logged in", words, f"{self.login.prefix}/inspect", "Try again", self.login.theme))


class LogoutPage(CarefulCookies, LogoutHandler):
    """Forgets who was there, in this browser."""

    def get(self) -> None:
        """Log out, and say so."""
        self.refuse_other_sites()
        self.login.end_pages(self.request)
        for name in _COOKIES:
            self.clear_cookie(name)
        self.set_header("Cache-Control", "no-store")
        words = "You are logged out, in all tabs of this browser. Every decision was on disk before."
        self.write(words_page("Logged out", words, f"{self.login.prefix}/inspect", "Log in again", self.login.theme))
