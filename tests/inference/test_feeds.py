"""Feeds: recordings played again, and a SeedLink server that speaks the protocol on a socket of this computer."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest
from obspy import Trace, UTCDateTime

from workbench.errors import SourceError
from workbench.inference.feeds import parse_seedlink, replay, seedlink
from workbench.schema import make_recording


def recording(n_samples: int = 1000):
    samples = np.arange(2 * 3 * n_samples, dtype=np.float32).reshape(2, 3, n_samples)
    samples[0, 1, 200:400] = np.nan
    return make_recording(
        samples, stations=["XX.A.", "XX.B."], components=list("ZNE"), start="2024-01-01", sampling_rate_hz=100.0,
        recording_id="r", source="test",
    )  # fmt: skip


def test_replay_gives_every_sample_once_in_the_order_of_time():
    given = recording()
    packets = list(replay([given], packet_s=0.7))
    assert [packet.start for packet in packets] == sorted(packet.start for packet in packets)
    for row, station in enumerate(["XX.A.", "XX.B."]):
        for column, letter in enumerate("ZNE"):
            own = [packet.samples for packet in packets if (packet.station, packet.component) == (station, letter)]
            joined = np.concatenate(own)
            wanted = given["waveform"].values[row, column]
            np.testing.assert_array_equal(joined[np.isfinite(joined)], wanted[np.isfinite(wanted)])


def test_replay_keeps_to_the_chosen_speed():
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    for packet in replay([recording()], speed=4.0, packet_s=1.0, sleep=sleep, clock=lambda: now[0]):
        newest_s = (packet.start - np.datetime64("2024-01-01")) / np.timedelta64(1, "s") + len(packet.samples) / 100
        assert now[0] == pytest.approx(newest_s / 4.0)


@pytest.mark.parametrize(
    "address", ["seedlink://", "seedlink://host", "seedlink://host/GE.WLF", "seedlink://h:x/A.B..Z"]
)
def test_address_of_another_form_is_refused_in_words(address):
    with pytest.raises(SourceError, match="an address is seedlink://HOST:PORT"):
        parse_seedlink(address)


def test_server_that_is_not_there_is_said_at_once():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SourceError, match="cannot be reached"):
        next(seedlink(parse_seedlink(f"seedlink://127.0.0.1:{port}/XX.A..HH?")))


def miniseed(letter: str, first: int) -> bytes:
    trace = Trace(np.arange(first, first + 100, dtype=np.int32))
    trace.stats.update({"network": "XX", "station": "A", "channel": f"HH{letter}", "sampling_rate": 100.0})
    trace.stats.starttime = UTCDateTime(2024, 1, 1) + first / 100
    file = io.BytesIO()
    trace.write(file, format="MSEED", reclen=512, encoding="STEIM2")
    return file.getvalue()


def commands(connection: socket.socket) -> Iterator[str]:
    """What a client says, which ends each command with a carriage return, with or without a line feed."""
    said = b""
    while received := connection.recv(1024):
        said += received
        while b"\r" in said:
            command, _, said = said.partition(b"\r")
            if command.strip():
                yield " ".join(command.decode().split())


def serve(listener: socket.socket, records: list[bytes], heard: list[str]) -> None:
    """One session of SeedLink 3: answers each command, then sends the records, and waits for the client to go."""
    listener.settimeout(30)
    for _ in range(2):  # the first one only looks whether there is a server
        connection, _ = listener.accept()
        with connection, suppress(ConnectionError):
            for command in commands(connection):
                heard.append(command)
                if command == "HELLO":
                    connection.sendall(b"SeedLink v3.1 (test)\r\nhere\r\n")
                elif command == "END":
                    for number, record in enumerate(records):
                        connection.sendall(b"SL%06X" % number + record)
                elif command != "BYE":
                    connection.sendall(b"OK\r\n")


def test_packets_of_a_seedlink_server_come_as_they_were_sent():
    records = [miniseed(letter, first) for first in (0, 100) for letter in "ZNE"]
    heard: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve, args=(listener, records, heard), daemon=True)
        server.start()
        packets = seedlink(parse_seedlink(f"seedlink://127.0.0.1:{listener.getsockname()[1]}/XX.A..HH?"), silence_s=30)
        received = [next(packets) for _ in records]
        packets.close()
        server.join(timeout=10)
    assert [(packet.station, packet.component) for packet in received] == [("XX.A.", letter) for letter in "ZNEZNE"]
    np.testing.assert_array_equal(received[3].samples, np.arange(100, 200))
    assert received[3].start == np.datetime64("2024-01-01T00:00:01", "ns")
    assert any(command.startswith("STATION A XX") for command in heard)
    assert any(command.startswith("SELECT HH?") for command in heard)


def test_silent_server_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve, args=(listener, [], []), daemon=True)
        server.start()
        address = parse_seedlink(f"seedlink://127.0.0.1:{listener.getsockname()[1]}/XX.A..HH?")
        with pytest.raises(SourceError, match="sent nothing for 1 s"):
            list(seedlink(address, silence_s=1.0))
        server.join(timeout=10)
