"""An FDSN data centre on loopback: dataselect, station and event over real HTTP, with faults on demand."""

from __future__ import annotations

import io
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from obspy import Stream, UTCDateTime
from obspy.core.inventory import Channel, Inventory, Network, Site, Station


class FdsnServer:
    """Serves a stream, places of its stations, and a catalogue.

    Parameters
    ----------
    places
        ``"NET.STA"`` to latitude, longitude and elevation.
    """

    def __init__(self, stream, places, catalog=None):
        self.stream, self.places, self.catalog = stream, places, catalog
        self.asked: list[str] = []
        self.faults: list[object] = []
        """Of the next requests for waveforms: a status, ``("cut", n)`` bytes, ``("slow", s)``, an Event that it waits
        for, or None."""
        self.headers: dict[str, str] = {}
        self.most_s = float("inf")
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.answer(self, b"")

            def do_POST(self):
                server.answer(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *arguments):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self):
        self._http.shutdown()
        self._http.server_close()

    def n_waveform_requests(self):
        return sum("dataselect" in path for path in self.asked)

    def answer(self, handler, body):
        path = handler.path.partition("?")[0]
        self.asked.append(path)
        if path == "/query":
            reply(handler, 200, f"{self.url}/fdsnws/station/1/query\nXX * * * 2024-01-01T00:00:00\n".encode())
        elif "station" in path:
            reply(handler, 200, self._stationxml())
        elif "event" in path:
            reply(handler, *((200, self._quakeml()) if self.catalog else (204, b"")))
        elif "dataselect" in path:
            self._dataselect(handler, body.decode())
        else:
            reply(handler, 404, b"no such service")

    def _dataselect(self, handler, body):
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, int):
            reply(handler, fault, b"a fault", self.headers)
            return
        if isinstance(fault, threading.Event):
            fault.wait(60)
            fault = None
        found = Stream()
        for line in body.splitlines():
            if "=" in line or not line.strip():
                continue
            network, station, location, channels, start, end = line.split()
            begin, finish = UTCDateTime(start), UTCDateTime(end)
            if finish - begin > self.most_s:
                reply(handler, 413, b"too much")
                return
            for channel in channels.split(","):
                location = "" if location == "--" else location
                found += self.stream.select(network, station, location, channel).slice(begin, finish)
        if not found:
            reply(handler, 204, b"")
            return
        written = io.BytesIO()
        found.write(written, format="MSEED", reclen=512)
        data = written.getvalue()
        if fault and fault[0] == "slow":
            time.sleep(fault[1])
        reply(handler, 200, data, cut=fault[1] if fault and fault[0] == "cut" else None)

    def _stationxml(self):
        networks = {}
        for code, (latitude, longitude, elevation) in self.places.items():
            network, station = code.split(".")
            own = self.stream.select(network, station)
            place = {"latitude": latitude, "longitude": longitude, "elevation": elevation}
            channels = [
                Channel(
                    trace.stats.channel, trace.stats.location, depth=0.0, sample_rate=trace.stats.sampling_rate, **place
                )
                for trace in own
            ]
            made = Station(station, site=Site(station), channels=channels, **place)
            networks.setdefault(network, []).append(made)
        inventory = Inventory([Network(code, stations) for code, stations in networks.items()], "made")
        written = io.BytesIO()
        inventory.write(written, format="STATIONXML")
        return written.getvalue()

    def _quakeml(self):
        written = io.BytesIO()
        self.catalog.write(written, format="QUAKEML")
        return written.getvalue()


def reply(handler, status, data, headers=None, cut=None):
    try:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        if status != 204:
            handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        if status != 204:
            handler.wfile.write(data if cut is None else data[:cut])
    except OSError:
        # The client has given up waiting.
        return
    handler.close_connection = True
