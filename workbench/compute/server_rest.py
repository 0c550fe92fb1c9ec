"""What the workbench asks of a Jupyter server over HTTP, and what it says when it does not go well."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import requests

from workbench.errors import JobError, UnknownNameError
from workbench.settings import Secret

__all__ = ["ServerRest", "part_url"]

_TIMEOUT_S = 10.0


def part_url(url: str, token: Secret) -> tuple[str, Secret]:
    """The address without a token, and the token: the one that stands in the address if there is no other.

    Raises
    ------
    JobError
        If it is no address of a server.

    Examples
    --------
    >>> part_url("http://gpu:8888/lab?token=abc", Secret(""))
    ('http://gpu:8888', Secret(***))
    """
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise JobError(f"{parts.scheme}://{parts.netloc} is no address of a Jupyter server, such as http://gpu:8888")
    inside = parse_qs(parts.query).get("token", [""])[0]
    path = parts.path.rstrip("/")
    for page in ("/lab", "/tree"):
        path = path.removesuffix(page)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, path, "", "")), token if token else Secret(inside)


class _TokenAuth(requests.auth.AuthBase):
    """In a header, where no log writes it down; and no password file of the user takes its place."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def __call__(self, request: Any) -> Any:
        if self._token:
            request.headers["Authorization"] = f"token {self._token.reveal()}"
        return request


class ServerRest:
    """The kernels of a Jupyter server.

    Parameters
    ----------
    url
        Without a token.
    """

    def __init__(self, url: str, token: Secret) -> None:
        self.url = url
        self._token = token
        self._session = requests.Session()
        self._session.auth = _TokenAuth(token)

    def start_kernel(self, kernelspec: str) -> str:
        """Id of a new kernel."""
        specs = self._ask("GET", "api/kernelspecs").get("kernelspecs", {})
        if kernelspec not in specs:
            raise UnknownNameError(f"kernel on {self.url}", kernelspec, specs)
        return str(self._ask("POST", "api/kernels", {"name": kernelspec})["id"])

    def kernel_state(self, kernel_id: str) -> str:
        """What the server knows of a kernel ("idle", "busy", "starting", "dead"); empty if it has none such."""
        return str(self._ask("GET", f"api/kernels/{kernel_id}", absent={}).get("execution_state", ""))

    def interrupt(self, kernel_id: str) -> None:
        """Raise KeyboardInterrupt in a kernel."""
        self._ask("POST", f"api/kernels/{kernel_id}/interrupt", absent={})

    def restart(self, kernel_id: str) -> None:
        """End a kernel and start it again."""
        self._ask("POST", f"api/kernels/{kernel_id}/restart", absent={}, timeout_s=60.0)

    def end(self, kernel_id: str) -> None:
        """End a kernel; one that is not there is no error."""
        self._ask("DELETE", f"api/kernels/{kernel_id}", absent={})

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()

    def _ask(
        self, method: str, path: str, content: Any = None, *, absent: Any = None, timeout_s: float = _TIMEOUT_S
    ) -> Any:
        try:
            answer = self._session.request(
                method, f"{self.url}/{path}", json=content, timeout=timeout_s, allow_redirects=False
            )
        except requests.exceptions.SSLError:
            raise JobError(f"The certificate of {self.url} cannot be trusted. Ask whoever runs the server.") from None
        except requests.exceptions.Timeout:
            raise JobError(f"{self.url} did not answer within {timeout_s:.0f} s. Is the server overloaded?") from None
        except requests.exceptions.RequestException:
            # The library's own text would bring the whole request along.
            raise JobError(f"No Jupyter server answers at {self.url}. Is it running, and the address right?") from None
        if answer.status_code in (301, 302, 401, 403):
            raise JobError(self._refusal())
        if answer.status_code == 404 and absent is not None:
            return absent
        if answer.status_code == 404:
            raise JobError(f"{self.url} is no Jupyter server: it does not know /{path.partition('?')[0]}.")
        if not answer.ok:
            raise JobError(f"The Jupyter server at {self.url} answered {answer.status_code} {answer.reason}.")
        try:
            return answer.json() if answer.content else {}
        except ValueError:
            raise JobError(f"{self.url} is no Jupyter server: it did not answer in JSON.") from None

    def _refusal(self) -> str:
        where = "`jupyter server list` on that computer shows it"
        if not self._token:
            return f"The Jupyter server at {self.url} asks for a token, and none is set; {where}."
        return f"The Jupyter server at {self.url} does not accept the token that is set; {where}."
