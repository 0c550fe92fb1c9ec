"""A small catalogue as its files are written, and an SDS archive of its stations: its waves pass midnight."""

from pathlib import Path

import numpy as np
from obspy import Stream, Trace, UTCDateTime

PLACE = "^M.RITE (FRIULI)"
HEAD = "     31050101 2359  9.04 46-21.00  13- 5.74   7.00   2.43 24  3  59 1 0.24  0.5  1.2 B B/A 3.17 10 28 0.00 0.16  0  0.0  0.0 11  2.4  0.1 2  0.4  0.4          2"  # noqa: E501
STATION = "     3 COLI  32.7 137 102 iPD0 2359 21.05  5.73  5.71  0.00  0.02  1.12   0  0  0.00 0      FLD1042 2.2* eS 0 65.95 10.63  0.47   1.1      COLI    gg"  # noqa: E501
OTHER = "     3 BAD   20.1  97 102 eP 2 2359 15.05  5.73  5.71  0.00  0.02  1.12   0  0  0.00 0      FLD          eS 2 55.95 10.63  0.47   1.1      BAD     gg"  # noqa: E501
DAT = "BOO iPC010501011422 1018        1095iS 2                      FLD       480   3 gg"
START = UTCDateTime("2005-01-01T23:50:00")


def write_catalogue(folder: Path) -> Path:
    """Two files: a listing of one event at two stations, and cards of another that was never located."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "year.hpl").write_text("\n".join((PLACE, "", HEAD, STATION, OTHER)) + "\n")
    (folder / "year.dat").write_text(DAT.replace("0501011422", "0501021422").replace("   3 gg", "   4 gg") + "\n")
    return folder


def write_archive(folder: Path, *stations: str, start: UTCDateTime = START, seconds: float = 1500.0) -> Path:
    """Three components a station, cut into SDS day files; a sample's value tells its time."""
    n = round(seconds * 100)
    for station in stations:
        network, code, location = station.split(".")
        for letter in "ZNE":
            trace = Trace((np.sin(0.05 * np.arange(n)) * 1000).astype(np.int32))
            trace.stats.update(
                {
                    "network": network, "station": code, "location": location, "channel": f"HH{letter}",
                    "starttime": start, "sampling_rate": 100.0,
                }
            )  # fmt: skip
            for day in (start, start + 86400):
                begin = UTCDateTime(day.year, day.month, day.day)
                part = trace.slice(begin, begin + 86400 - 0.005)
                if part.stats.npts > 1 and part.stats.starttime < begin + 86400:
                    name = f"{network}.{code}.{location}.HH{letter}.D.{day.year}.{day.julday:03d}"
                    file = folder / str(day.year) / network / code / f"HH{letter}.D" / name
                    file.parent.mkdir(parents=True, exist_ok=True)
                    Stream([part]).write(str(file), format="MSEED")
    return folder
