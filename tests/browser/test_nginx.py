"""A group's server behind nginx, set up as the README says: https, a prefix, logins, and other sites kept out."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

pytest.importorskip("playwright")

import websocket
from playwright.sync_api import Browser, BrowserContext, Page, expect

from workbench.logins import set_login

from .served import PATIENCE_MS, Server

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
OPENSSL = shutil.which("openssl")
README = Path(__file__).parents[2] / "README.md"

pytestmark = pytest.mark.skipif(
    not (NGINX and OPENSSL), reason="nginx or openssl is not installed (Debian: apt install nginx-light openssl)"
)

CONFIGURATION = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/site.crt; ssl_certificate_key {folder}/site.key;
{location}
    }}
}}
"""
FIRST_SIGHT = {
    "Inspect": ".wb-rows.picks .row",
    "Review": ".review_why .doubts",
    "Explain": ".wb-markup.question > b",
    "Network": ".network_names .names button",
    "Live": "button:has-text('Start')",
}
"""App to what stands on its page once it has heard from the server by its socket."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def location_of_readme(port: int) -> str:
    (found,) = re.findall(r"```nginx\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert "127.0.0.1:5006" in found
    return found.replace("127.0.0.1:5006", f"127.0.0.1:{port}")


@pytest.fixture
def site() -> tuple[str, int]:
    """Origin of the site, and the port that nginx listens on."""
    port = free_port()
    return f"https://localhost:{port}", port


@pytest.fixture
def server(tmp_path: Path, site: tuple[str, int]) -> Iterator[Server]:
    logins = tmp_path / "logins.json"
    set_login(logins, "anna", "anna's own words")
    served = Server(tmp_path, "--login", str(logins), "--origin", site[0], "--prefix", "/picks")
    served.start()
    yield served
    served.kill()
    # The one error is the refusal that the test asks for.
    assert not re.search(r"\bERROR\b(?!.*evil\.example)|File \".*/(workbench|apps)/", served.log), served.log


@pytest.fixture
def behind(tmp_path: Path, server: Server, site: tuple[str, int]) -> Iterator[str]:
    """The address of the workbench at the site."""
    origin, port = site
    command = [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-keyout", tmp_path / "site.key", "-out", tmp_path / "site.crt"], check=True,
                   capture_output=True)  # fmt: skip
    said = CONFIGURATION.format(folder=tmp_path, port=port, location=location_of_readme(server.port))
    (tmp_path / "nginx.conf").write_text(said)
    process = subprocess.Popen([NGINX, "-c", tmp_path / "nginx.conf", "-p", tmp_path, "-e", tmp_path / "error.log"])
    end = time.monotonic() + 60
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        assert process.poll() is None, (tmp_path / "error.log").read_text()
        assert time.monotonic() < end, (tmp_path / "error.log").read_text()
        time.sleep(0.05)
    yield f"{origin}/picks"
    process.terminate()
    process.wait(30)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900})
    yield made
    made.close()


def refused(behind: str, token: str, cookies: str, origin: str) -> bool:
    """Whether a socket from pages of that origin is turned away."""
    try:
        websocket.create_connection(
            f"{behind.replace('https', 'wss')}/inspect/ws", subprotocols=["bokeh", token], cookie=cookies,
            origin=origin, timeout=60, sslopt={"cert_reqs": 0},
        ).shutdown()  # fmt: skip
    except websocket.WebSocketBadStatusException as error:
        return bool(error.status_code == 403)
    return False


def test_all_pages_work_behind_nginx_and_other_sites_do_not_get_in(
    page: Page, context: BrowserContext, behind: str, errors: list[str]
) -> None:
    page.goto(f"{behind}/review")
    page.wait_for_url(re.compile("/picks/login"))
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill("anna's own words")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(re.compile(re.escape(f"{behind}/review")))
    for name in ("Review", "Inspect", "Explain", "Network", "Live"):
        if name != "Review":
            page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator(FIRST_SIGHT[name]).first).to_be_visible(timeout=PATIENCE_MS)
        assert page.url.startswith(f"{behind}/{name.lower()}")
        page.wait_for_load_state("networkidle")

    cookies = {one["name"]: one for one in context.cookies()}
    assert {"httpOnly": True, "secure": True, "sameSite": "Lax", "path": "/picks"}.items() <= cookies["user"].items()
    answer = context.request.get(f"{behind}/inspect")
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"
    # What a browser claims about the way it came changes nothing.
    lying = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "X-Forwarded-Prefix": "/other"}
    told = context.request.get(f"{behind}/inspect", headers=lying).text()
    assert "evil.example" not in told
    token = re.search(r'"token":"([^"]+)"', answer.text())
    assert token
    sent = "; ".join(f"{one['name']}={one['value']}" for one in cookies.values())
    assert refused(behind, token[1], sent, "https://evil.example")
    assert not refused(behind, token[1], sent, behind.removesuffix("/picks"))

    page.goto(f"{behind}/logout")
    expect(page.get_by_text("You are logged out")).to_be_visible()
    page.goto(f"{behind}/inspect")
    expect(page.get_by_label("Password")).to_be_visible()


def answer_to_a_guess(behind: str, network: str) -> int:
    """Status of the answer to a wrong password that claims to come from somewhere."""
    form = urlencode({"username": "anna", "password": "not her words"}).encode()
    guess = Request(f"{behind}/login", form, {"X-Forwarded-For": network})
    unchecked = ssl._create_unverified_context()
    try:
        with urlopen(guess, timeout=PATIENCE_MS / 1000, context=unchecked) as answer:
            return int(answer.status)
    except HTTPError as refusal:
        return refusal.code


def test_guesses_that_name_another_network_each_take_turns_in_one_line(behind: str) -> None:
    # Few enough for nobody to wait who came from as many networks.
    claimed = [f"192.0.2.{number}" for number in range(1, 13)]
    with ThreadPoolExecutor(len(claimed)) as at_once:
        answers = set(at_once.map(lambda network: answer_to_a_guess(behind, network), claimed))
    assert answers == {401, 429}
