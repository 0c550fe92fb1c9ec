"""Where a stream's packets come from: recordings played again at a chosen speed, or a SeedLink server."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from workbench.errors import SourceError
from workbench.inference.streaming import Packet

__all__ = ["SeedLinkAddress", "parse_seedlink", "replay", "seedlink"]

_SELECTORS = "an address is seedlink://HOST:PORT/NET.STA.LOC.CHA,... (CHA like HH?)"


def replay(
    recordings: Iterable[xr.Dataset],
    *,
    speed: float = 0.0,
    packet_s: float = 1.0,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Packet]:
    """Packets of recordings, one after the other, those of all stations and components mixed as they would arrive.

    Parameters
    ----------
    speed
        Seconds of recording for one second of the clock; 0 is as fast as they are taken.
    packet_s
        Length of a packet.
    """
    for recording in recordings:
        rate_hz = float(recording.attrs["sampling_rate_hz"])
        waveform, times = recording["waveform"].values, recording["time"].values
        length = max(1, round(packet_s * rate_hz))
        began = clock()
        for first in range(0, waveform.shape[-1], length):
            if speed > 0:
                # A packet leaves when its last sample has been recorded.
                due = began + min(first + length, waveform.shape[-1]) / rate_hz / speed
                sleep(max(0.0, due - clock()))
            for row, station in enumerate(map(str, recording["station"].values)):
                for column, component in enumerate(map(str, recording["component"].values)):
                    samples = waveform[row, column, first : first + length]
                    if np.isfinite(samples).any():
                        yield Packet(station, component, times[first], samples, rate_hz)


@dataclass(frozen=True)
class SeedLinkAddress:
    """A server, and the channels wanted of it (network, station, location and channel, with ``?``)."""

    host: str
    port: int
    channels: tuple[tuple[str, str, str, str], ...]


def parse_seedlink(address: str) -> SeedLinkAddress:
    """The server and channels of ``seedlink://HOST:PORT/NET.STA.LOC.CHA,...``.

    >>> parse_seedlink("seedlink://geofon.gfz.de/GE.WLF..HH?").channels
    (('GE', 'WLF', '', 'HH?'),)

    Raises
    ------
    SourceError
        If it is not of that form.
    """
    scheme, _, rest = address.partition("://")
    server, _, wanted = rest.partition("/")
    host, _, port = server.partition(":")
    if scheme != "seedlink" or not host or not wanted or not (port.isdigit() or not port):
        raise SourceError(f"{address} names no server or no channel; {_SELECTORS}.")
    channels = []
    for text in filter(None, wanted.split(",")):
        codes = text.split(".")
        if len(codes) != 4 or not codes[0] or not codes[1] or not codes[3]:
            raise SourceError(f"{text!r} is no channel; {_SELECTORS}.")
        channels.append((codes[0], codes[1], codes[2], codes[3]))
    return SeedLinkAddress(host, int(port or 18000), tuple(channels))


def seedlink(address: SeedLinkAddress, *, silence_s: float = 120.0, held_packets: int = 10_000) -> Iterator[Packet]:
    """Packets of a SeedLink server, from now on, until it ends the connection.

    Parameters
    ----------
    silence_s
        Without any packet, after which the feed is given up.
    held_packets
        That wait at most for a slow picker; the server then waits too, so that memory stays bounded.

    Raises
    ------
    SourceError
        If the server cannot be reached, refuses a channel, or falls silent.
    """
    connection = _connection(address, silence_s)
    packets: queue.Queue[Packet | SourceError | None] = queue.Queue(held_packets)
    thread = threading.Thread(target=_receive, args=(connection, packets), daemon=True, name="seedlink")
    thread.start()
    try:
        while True:
            try:
                packet = packets.get(timeout=silence_s)
            except queue.Empty:
                raise SourceError(f"{address.host}:{address.port} has sent nothing for {silence_s:g} s.") from None
            if isinstance(packet, SourceError):
                raise packet
            if packet is None:
                return
            yield packet
    finally:
        connection.terminate()
        # A thread that waits for the server's next byte does not hear that it shall end.
        if connection.socket is not None:
            with suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=5.0)


def _connection(address: SeedLinkAddress, silence_s: float) -> Any:
    from obspy.clients.seedlink.client.seedlinkconnection import SeedLinkConnection

    try:
        # ObsPy's client tries for ever; a server that is not there shall be said at once.
        socket.create_connection((address.host, address.port), timeout=10).close()
    except OSError as error:
        raise SourceError(f"{address.host}:{address.port} cannot be reached: {error}.") from error
    connection = SeedLinkConnection(timeout=2 * silence_s)
    connection.set_sl_address(f"{address.host}:{address.port}")
    selectors: dict[tuple[str, str], list[str]] = {}
    for network, station, location, channel in address.channels:
        selectors.setdefault((network, station), []).append(f"{location}{channel}")
    for (network, station), wanted in selectors.items():
        connection.add_stream(network, station, " ".join(wanted), -1, None)
    return connection


def _receive(connection: Any, packets: queue.Queue[Packet | SourceError | None]) -> None:
    """Put what comes from the server into the queue, until the connection ends."""
    from obspy.clients.seedlink.seedlinkexception import SeedLinkException
    from obspy.clients.seedlink.slpacket import SLPacket

    try:
        while True:
            received = connection.collect()
            if received is None or received == SLPacket.SLTERMINATE:
                packets.put(None)
                return
            if received != SLPacket.SLERROR and received.get_type() not in (SLPacket.TYPE_SLINF, SLPacket.TYPE_SLINFT):
                packets.put(_packet(received.get_trace()))
    except (SeedLinkException, OSError) as error:
        packets.put(SourceError(f"The SeedLink server ended the connection: {error}."))
    finally:
        connection.disconnect()


def _packet(trace: Any) -> Packet:
    stats = trace.stats
    station = f"{stats.network}.{stats.station}.{stats.location}"
    start = np.datetime64(stats.starttime.ns, "ns")
    return Packet(station, stats.channel[-1], start, trace.data.astype(np.float32), float(stats.sampling_rate))
