"""The server of a group over HTTP: who gets in, what cookies and headers say, and whose page a socket may join."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import websocket
from bokeh.util.token import generate_jwt_token, get_token_payload
from tornado.web import create_signed_value

from apps.group import Group
from apps.serve import Door, serve
from workbench.logins import set_login
from workbench.settings import Secret

KEY = "k" * 40
WORDS = {"anna": "anna's own words", "ben": "ben's own words"}
ORIGIN = "https://picks.example.org"
BROWSERS: list[requests.Session] = []
"""Closed with the server of a test."""


def new_browser() -> requests.Session:
    BROWSERS.append(requests.Session())
    return BROWSERS[-1]


@pytest.fixture
def logins(tmp_path: Path) -> Path:
    path = tmp_path / "logins.json"
    for name, words in WORDS.items():
        set_login(path, name, words, read_only=name == "ben")
    return path


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Starts a server in a thread of its own, and gives its address."""
    running: list[tuple[Any, threading.Thread]] = []
    BROWSERS.clear()
    monkeypatch.setattr("apps.inspect.add_first_picker", lambda session: None)

    def start(group: Group, **door: Any) -> str:
        ready, made = threading.Event(), []

        def run() -> None:
            asyncio.set_event_loop(asyncio.new_event_loop())
            server = serve(door=Door(port=0, secret=Secret(KEY), **door), group=group, roots=(), start=False)
            server.start()
            made.append(server)
            server.io_loop.add_callback(ready.set)
            server.io_loop.start()
            server.stop()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        assert ready.wait(60)
        running.append((made[0], thread))
        return f"http://127.0.0.1:{made[0].port}{door.get('prefix', '')}"

    yield start
    for browser in BROWSERS:
        browser.close()
    for server, thread in running:
        server.io_loop.add_callback(server.io_loop.stop)
        thread.join(30)


def log_in(url: str, name: str, after: str = "", **headers: str) -> requests.Session:
    browser = new_browser()
    form = {"username": name, "password": WORDS[name], "next": after}
    browser.last = browser.post(f"{url}/login", data=form, headers=headers, allow_redirects=False)  # type: ignore[attr-defined]
    return browser


def token_in(page: str) -> str:
    found = re.search(r'"token":"([^"]+)"', page)
    assert found, page[:2000]
    return found[1]


def join(url: str, token: str, browser: requests.Session, origin: str = "") -> str:
    """How a socket that asks to join a page is answered: "ACK" or the status."""
    cookie = "; ".join(f"{one.name}={one.value}" for one in browser.cookies)
    try:
        socket = websocket.create_connection(
            url.replace("http", "ws") + "/inspect/ws",
            subprotocols=["bokeh", token],
            cookie=cookie,
            origin=origin or url,
            timeout=30,
        )
    except websocket.WebSocketBadStatusException as refused:
        return str(refused.status_code)
    try:
        return "ACK" if "ACK" in str(socket.recv()) else "closed"
    except websocket.WebSocketException:
        return "closed"
    finally:
        socket.shutdown()


def test_a_login_opens_pages_and_stands_in_the_sessions_token(start: Callable[..., str], logins: Path) -> None:
    url = start(Group(logins=logins, places=()))
    away = requests.get(f"{url}/inspect", allow_redirects=False)
    assert (away.status_code, away.headers["Location"]) == (302, "./login?next=%2Finspect")
    assert requests.post(f"{url}/login", data={"username": "anna", "password": "other words"}).status_code == 401
    assert requests.post(f"{url}/login", data={"username": "nobody", "password": WORDS["anna"]}).status_code == 401

    anna = log_in(url, "anna", "/review?source=examples")
    assert anna.last.headers["Location"] == "/review?source=examples"  # type: ignore[attr-defined]
    cookie = next(one for one in anna.last.raw.headers.getlist("Set-Cookie") if one.startswith("user="))  # type: ignore[attr-defined]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie

    # A cookie that any browser can set makes nobody another one.
    anna.cookies.set("is_guest", "1")
    page = anna.get(f"{url}/inspect")
    payload = get_token_payload(token_in(page.text))
    assert payload["login"] == "anna"
    assert payload["cookies"] == {}
    assert not {"Cookie", "Authorization"} & set(payload["headers"])
    assert join(url, token_in(page.text), anna) == "ACK"
    assert anna.cookies.get("user").strip('"') not in page.text

    out = anna.get(f"{url}/logout")
    assert "logged out" in out.text
    assert "user" not in anna.cookies
    assert anna.get(f"{url}/inspect", allow_redirects=False).status_code == 302


def test_guesses_sent_together_are_refused_and_keep_nobody_else_out(
    start: Callable[..., str], logins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.tries._LONGEST_S", 0.5)
    url = start(Group(logins=logins, places=()))

    def guess(_: int) -> requests.Response:
        form = {"username": "anna", "password": "other words"}
        return requests.post(f"{url}/login", data=form, headers={"X-Forwarded-For": "192.0.2.1"})

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(guess, range(12)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {401, 429}
    assert refused
    assert all(int(answer.headers["Retry-After"]) >= 1 and "Too many tries" in answer.text for answer in refused)
    anna = log_in(url, "anna", **{"X-Forwarded-For": "198.51.100.7"})
    assert anna.last.status_code == 302  # type: ignore[attr-defined]


def test_a_page_is_joined_by_its_own_visitor_only(start: Callable[..., str], logins: Path) -> None:
    url = start(Group(logins=logins, places=()))
    anna, ben = log_in(url, "anna"), log_in(url, "ben")
    token = token_in(anna.get(f"{url}/inspect").text)
    assert join(url, token, ben) == "403"
    assert join(url, token, new_browser()) == "403"
    assert join(url, token, anna, origin="https://evil.example") == "403"
    assert join(url, token, anna) == "ACK"
    session_id = next(iter(re.findall(r'"session_id":\s*"([^"]+)"', _decoded(token))))
    for named in (f"?bokeh-session-id={session_id}", f"?bokeh-token={token}"):
        assert ben.get(f"{url}/inspect{named}").status_code == 403
    assert ben.get(f"{url}/inspect", headers={"Bokeh-Session-Id": session_id}).status_code == 403
    # Ben's own hand: a token that nobody but the server could have signed.
    made = generate_jwt_token(session_id, extra_payload={"login": "ben", "cookies": {}, "headers": {}, "arguments": {}})
    assert join(url, made, ben) == "closed"


def _decoded(token: str) -> str:
    from base64 import urlsafe_b64decode

    body = token.split(".")[0]
    return urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()


def test_whoever_is_taken_out_of_the_file_is_out(start: Callable[..., str], logins: Path) -> None:
    url = start(Group(logins=logins, places=()))
    ben = log_in(url, "ben")
    assert ben.get(f"{url}/inspect/metadata", allow_redirects=False).status_code == 200
    from workbench.logins import remove_login

    remove_login(logins, "ben")
    assert ben.get(f"{url}/inspect/metadata", allow_redirects=False).status_code == 302
    forged = new_browser()
    forged.cookies.set("user", create_signed_value("x" * 40, "user", "anna").decode())
    assert forged.get(f"{url}/inspect/metadata", allow_redirects=False).status_code == 302


def test_headers_keep_scripts_frames_and_other_sites_out(start: Callable[..., str], logins: Path) -> None:
    url = start(Group(logins=logins, places=()), origins=(ORIGIN,), prefix="/picks")
    anna = log_in(url, "anna", Origin=ORIGIN)
    cookie = anna.last.raw.headers.getlist("Set-Cookie")[0]  # type: ignore[attr-defined]
    assert "Secure" in cookie
    assert "Path=/picks" in cookie
    # It is Secure, so that this browser would keep it from http.
    for one in anna.cookies:
        one.secure = False
    for path in ("/inspect", "/login", "/static/js/bokeh.min.js", "/inspect/autoload.js?bokeh-autoload-element=1"):
        found = anna.get(f"{url}{path}").headers
        assert "frame-ancestors 'none'" in found["Content-Security-Policy"], path
        assert found["X-Content-Type-Options"] == "nosniff"
        assert found["X-Frame-Options"] == "DENY"
        assert found["Referrer-Policy"] == "same-origin"
        assert found["Strict-Transport-Security"].startswith("max-age=")
        assert "Access-Control-Allow-Origin" not in found
    page = anna.get(f"{url}/inspect")
    number = re.search(r"'nonce-([^']+)'", page.headers["Content-Security-Policy"])
    assert number
    assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"].split("style-src")[0]
    scripts = re.findall(r"<script\b[^>]*>", page.text)
    assert scripts
    assert all(f'nonce="{number[1]}"' in script for script in scripts)
    assert anna.get(f"{url}/inspect").headers["Content-Security-Policy"] != page.headers["Content-Security-Policy"]
    # Panel's own handler would import this module for anybody who asks.
    assert requests.get(f"{url}/components/this/s/_css/x").status_code == 404


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "///evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:x",
    ],
)
def test_a_login_leads_to_no_other_site(start: Callable[..., str], logins: Path, wanted: str) -> None:
    url = start(Group(logins=logins, places=()))
    anna = log_in(url, "anna", wanted)
    assert anna.last.headers["Location"] == "/inspect"  # type: ignore[attr-defined]


def test_a_page_of_another_site_logs_nobody_in_or_out(start: Callable[..., str], logins: Path) -> None:
    url = start(Group(logins=logins, places=()))
    assert log_in(url, "anna", Origin="https://evil.example").last.status_code == 403  # type: ignore[attr-defined]
    anna = log_in(url, "anna")
    assert anna.get(f"{url}/logout", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert "user" in anna.cookies


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """An OpenID provider on loopback; whoever asks is who stands in the list."""
    people = ["anna@lab.example"]

    class Provider(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            self.send_response(302)
            self.send_header("Location", f"{asked['redirect_uri'][0]}?code=c&state={asked['state'][0]}")
            self.end_headers()

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            assert form["client_secret"] == ["the secret"]
            body = base64.urlsafe_b64encode(json.dumps({"email": people[0]}).encode()).decode().rstrip("=")
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"access_token": "t", "id_token": f"e30.{body}.x"}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_port}"
        for name, value in {"KEY": "key", "SECRET": "the secret", "TOKEN_URL": here, "AUTHORIZE_URL": here}.items():
            monkeypatch.setenv(f"PANEL_OAUTH_{name}", value)
        yield people
        server.shutdown()


def test_a_provider_says_who_it_is_and_the_server_who_may_come_in(
    start: Callable[..., str], provider: list[str]
) -> None:
    url = start(Group(oauth="generic", allowed=("@lab.example",), places=()))
    anna = new_browser()
    page = anna.get(f"{url}/inspect")
    assert page.status_code == 200
    assert get_token_payload(token_in(page.text))["login"] == "anna@lab.example"
    assert all(one.has_nonstandard_attr("HttpOnly") for one in anna.cookies)

    provider[0] = "eve@other.example"
    eve = new_browser()
    assert eve.get(f"{url}/inspect").status_code == 403
    # An answer that nobody asked for would log somebody in as another.
    mallory = new_browser().get(f"{url}/login?code=c&state=", allow_redirects=False)
    assert mallory.status_code == 401
    assert "Not logged in" in mallory.text
