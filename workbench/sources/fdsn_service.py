"""``FdsnService``: one FDSN data centre, asked politely: few retries, growing waits, and its own Retry-After."""

from __future__ import annotations

import errno
import http.client
import struct
import time
import urllib.request
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from workbench.errors import SourceError
from workbench.schema import Report, silent

__all__ = ["FdsnService", "NothingThereError", "TooMuchError", "UnreachableError"]

_LONGEST_WAIT_S = 120.0
_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT)
_SMALLEST_RECORD = 128
_LENGTH_FIRST = (b"\x00\x30\x03\xe8", b"\x30\x00\xe8\x03")
"""Of a record, in either byte order: its first blockette is at 48, and is the 1000 that tells its length."""


class NothingThereError(SourceError):
    """The service answered that it holds nothing of what was asked for (204)."""


class TooMuchError(SourceError):
    """The service refuses a request of that size (413): ask for less at a time."""


class UnreachableError(SourceError):
    """Nobody answered, at none of the tries: what else there is to be asked will fare no better."""


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
        UnreachableError
            If nobody is there.
        SourceError
            If the service does not answer as it should, or refuses, or the file cannot be written.
        """
        self._ask(lambda client: client.get_stations(level="channel", filename=str(file), **query), file, report)

    def events(self, file: Path, report: Report = silent, **query: Any) -> None:
        """QuakeML of all events that a query names, into a file; errors as :meth:`stations` has them."""
        self._ask(lambda client: client.get_events(filename=str(file), **query), file, report)

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

        self._ask(fetch, file, report)

    def _ask(self, request: Callable[[Any], None], file: Path, report: Report) -> None:
        from obspy.clients.fdsn import header

        passing = (
            header.FDSNInternalServerException, header.FDSNBadGatewayException, header.FDSNServiceUnavailableException,
            header.FDSNTooManyRequestsException, http.client.HTTPException, OSError,
        )  # fmt: skip
        said = ""
        failure: type[SourceError] = SourceError
        for number in range(self._tries):
            if number:
                wait_s = min(self._wait_s(number), _LONGEST_WAIT_S)
                report(float("nan"), f"{self.url} {said}: trying again in {wait_s:.0f} s")
                self._sleep(wait_s)
            client = self._client()
            try:
                request(client)
                return
            except header.FDSNNoDataException as error:
                raise NothingThereError(f"{self.url} holds nothing of what was asked for.") from error
            except header.FDSNRequestTooLargeException as error:
                raise TooMuchError(f"{self.url} gives less than that at once.") from error
            except header.FDSNTimeoutException as error:
                said, failure = f"cannot be reached in {self._timeout_s:g} s ({_words(error)})", UnreachableError
            except passing as error:
                if getattr(error, "errno", None) in _OF_THE_DISK:
                    raise SourceError(f"The cache file {file} cannot be written: {_words(error)}.") from error
                said, failure = f"does not answer as it should ({_words(error)})", SourceError
            except header.FDSNException as error:
                if "Unknown Error (URLError)" not in str(error) and "Unknown Error (Conn" not in str(error):
                    raise SourceError(f"{self.url} refuses the request: {_words(error)}.") from error
                said, failure = f"cannot be reached ({_words(error)})", UnreachableError
        raise failure(f"{self.url} {said}, {self._tries} times. Try again later: what has come is kept.")

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
    """Why a file of miniSEED is not whole; empty if it is: its records, of whatever lengths, end where it ends."""
    from obspy.io.mseed import ObsPyMSEEDError

    data = file.read_bytes()
    at = 0
    while at < len(data) and len(data) % _SMALLEST_RECORD == 0:
        try:
            at += _record_length(file, data, at)
        except (ObsPyMSEEDError, ValueError, KeyError, TypeError, struct.error) as error:
            return f"the answer is no miniSEED ({_words(error)})"
    return "" if data and at == len(data) else "the answer was cut off inside a record"


def _record_length(file: Path, data: bytes, at: int) -> int:
    """Bytes of the record that begins at a byte; a day has tens of thousands, and ObsPy takes long over each."""
    from obspy.io.mseed.util import get_record_information

    if data[at + 6 : at + 7] in (b"D", b"R", b"Q", b"M") and data[at + 46 : at + 50] in _LENGTH_FIRST:
        length = 1 << data[at + 54]
    else:
        length = int(get_record_information(str(file), at)["record_length"])
    if length < _SMALLEST_RECORD:
        raise ValueError(f"a record of {length} bytes at byte {at}")
    return length


def _words(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:160].rstrip(".")
