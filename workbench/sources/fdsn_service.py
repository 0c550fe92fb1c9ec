"""``FdsnService``: one FDSN data centre, asked politely: few retries, growing waits, and its own Retry-After."""

from __future__ import annotations

import http.client
import time
import urllib.request
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from workbench.errors import SourceError
from workbench.schema import Report, silent

__all__ = ["FdsnService", "NothingThereError", "TooMuchError"]

_T = TypeVar("_T")
_LONGEST_WAIT_S = 120.0


class NothingThereError(SourceError):
    """The service answered that it holds nothing of what was asked for (204)."""


class TooMuchError(SourceError):
    """The service refuses a request of that size (413): ask for less at a time."""


class FdsnService:
    """ObsPy's client of one service; errors that may pass are tried again, others are said at once.

    Parameters
    ----------
    url
        Of the data centre, such as ``"https://webservices.ingv.it"``, or ObsPy's name for it (``"INGV"``).
    timeout_s
        Of one request.
    tries
        How often one request is made at most.
    first_wait_s
        Before the second try; doubled each time. What the service asks for by Retry-After counts instead, up to two
        minutes.
    sleep
        Waits for a number of seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_s: float = 60.0,
        tries: int = 4,
        first_wait_s: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url
        self._timeout_s, self._tries = timeout_s, tries
        self._first_wait_s, self._sleep = first_wait_s, sleep
        self._made: Any = None

    def stations(self, file: Path, report: Report = silent, **query: Any) -> None:
        """StationXML of all channels that a query names, into a file.

        Raises
        ------
        NothingThereError
            If there is none.
        SourceError
            If the service does not answer, or refuses.
        """
        self._ask(lambda client: client.get_stations(level="channel", filename=str(file), **query), report)

    def events(self, file: Path, report: Report = silent, **query: Any) -> None:
        """QuakeML of all events that a query names, into a file; errors as :meth:`stations` has them."""
        self._ask(lambda client: client.get_events(filename=str(file), **query), report)

    def waveforms(self, file: Path, lines: list[tuple[Any, ...]], report: Report = silent) -> None:
        """Waveforms (miniSEED) of some channels and times, into a file; a body that was cut off is asked for again.

        Parameters
        ----------
        lines
            Network, station, location, channel, start and end (ObsPy's UTCDateTime) each.

        Raises
        ------
        TooMuchError
            If that is more than the service gives at once.
        SourceError
            As :meth:`stations` has them.
        """

        def fetch(client: Any) -> None:
            client.get_waveforms_bulk(lines, filename=str(file))
            if reason := _cut_off(file):
                raise http.client.HTTPException(reason)

        self._ask(fetch, report)

    def _ask(self, request: Callable[[Any], _T], report: Report) -> _T:
        from obspy.clients.fdsn import header

        passing = (
            header.FDSNInternalServerException, header.FDSNBadGatewayException, header.FDSNTimeoutException,
            header.FDSNServiceUnavailableException, header.FDSNTooManyRequestsException, http.client.HTTPException,
            OSError,
        )  # fmt: skip
        said = ""
        for number in range(self._tries):
            if number:
                wait_s = min(self._wait_s(number), _LONGEST_WAIT_S)
                report(float("nan"), f"{self.url} {said}: trying again in {wait_s:.0f} s")
                self._sleep(wait_s)
            try:
                return request(self._client())
            except header.FDSNNoDataException as error:
                raise NothingThereError(f"{self.url} holds nothing of what was asked for.") from error
            except header.FDSNRequestTooLargeException as error:
                raise TooMuchError(f"{self.url} gives less than that at once.") from error
            except passing as error:
                said = f"does not answer as it should ({_words(error)})"
            except header.FDSNException as error:
                if "Unknown Error (URLError)" not in str(error) and "Unknown Error (Conn" not in str(error):
                    raise SourceError(f"{self.url} refuses the request: {_words(error)}.") from error
                said = f"cannot be reached ({_words(error)})"
        raise SourceError(f"{self.url} {said}, {self._tries} times. Try again later: what has come is kept.")

    def _wait_s(self, number: int) -> float:
        asked = self._made.retry_after_s if self._made is not None else 0.0
        return float(asked) or self._first_wait_s * 2 ** (number - 1)

    def _client(self) -> Any:
        if self._made is None:
            # Its services are those of the standard: to ask each centre for its list would double the requests.
            try:
                self._made = _client_class()(self.url, timeout=self._timeout_s, _discover_services=False)
            except ValueError as error:
                raise SourceError(f"{self.url} is no FDSN service: {_words(error)}.") from error
        self._made.retry_after_s = 0.0
        return self._made


@cache
def _client_class() -> Any:
    from obspy.clients.fdsn import Client

    class PoliteClient(Client):  # type: ignore[misc]
        """Remembers the Retry-After of the last answer, which ObsPy's errors do not carry."""

        retry_after_s = 0.0

        def _set_opener(self, user: Any, password: Any) -> None:
            super()._set_opener(user, password)
            self._url_opener.add_handler(_Listener(self))

    return PoliteClient


class _Listener(urllib.request.BaseHandler):
    # Before the handler that turns an answer into an error.
    handler_order = 400

    def __init__(self, client: Any) -> None:
        self._client = client

    def http_response(self, request: Any, response: Any) -> Any:  # noqa: ARG002 - urllib's names
        asked = str(response.headers.get("Retry-After", "")).strip()
        self._client.retry_after_s = float(asked) if asked.isdecimal() else 0.0
        return response

    https_response = http_response


def _cut_off(file: Path) -> str:
    """Why a file of miniSEED is not whole; empty if it is."""
    from obspy.io.mseed.util import get_record_information

    try:
        length = int(get_record_information(str(file))["record_length"])
    except (ValueError, KeyError, OSError, TypeError) as error:
        return f"the answer is no miniSEED ({_words(error)})"
    return "" if file.stat().st_size % length == 0 else "the answer was cut off inside a record"


def _words(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:160].rstrip(".")
