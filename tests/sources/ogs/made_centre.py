"""A data centre on loopback for the made catalogue."""

import numpy as np
from obspy import Stream

from ..fdsn_server import FdsnServer
from ..waveform_files import trace
from .made_catalogue import START

__all__ = ["centre_of_coli"]


def centre_of_coli() -> FdsnServer:
    """It holds the day of the catalogue of one event, on one station."""
    n = 200_000
    traces = [trace(f"OX.COLI..HH{letter}", START, n, samples=np.sin(0.1 * np.arange(n)) * 1000) for letter in "ZNE"]
    return FdsnServer(Stream(traces), {"OX.COLI": (46.1, 13.4, 100.0)})
