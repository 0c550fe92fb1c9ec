"""Seconds and picks of one picker over real recordings, by SeisBench and by the workbench; or one run's peak memory.

Run as ``python engine_process.py DATA PICKER/WEIGHTS THREADS CASE[,CASE...]`` or, for memory, with ``WHO`` behind one
case; prints JSON. The contenders take turns, so that a busy moment of the machine meets them all.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import obspy
import pandas as pd
import torch

from workbench.inference.picking import picks_from
from workbench.inference.run import annotate
from workbench.inference.runtimes.choice import choose
from workbench.pickers import open_picker
from workbench.schema import make_recording

ROUNDS = {"1 min": 9, "1 h": 3, "20 x 5 min": 3, "24 h": 1}


def continuous(data: Path, hours: float) -> obspy.Stream:
    """PB01 and then PB02, as if one station had recorded both halves of a day."""
    parts = []
    for station in ("PB01", "PB02") if hours > 12 else ("PB01",):
        stream = obspy.Stream()
        for file in sorted((data / "continuous").rglob(f"*{station}*.121")):
            stream += obspy.read(file)
        stream.merge(fill_value=0).sort(["channel"])
        parts.append(stream)
    joined = obspy.Stream()
    for at in range(3):
        header = dict(parts[0][at].stats)
        samples = np.concatenate([part[at].data[: (12 * 3600 * 100)] for part in parts])
        samples = samples[: round(hours * 3600 * 100)].astype(np.float32)
        joined += obspy.Trace(
            samples,
            {key: header[key] for key in ("network", "station", "location", "channel", "sampling_rate", "starttime")},
        )
    return joined


def hengill(data: Path) -> obspy.Stream:
    stream = obspy.Stream()
    for file in sorted((data / "hengill").glob("*.mseed")):
        stream += obspy.read(file)
    start, end = max(t.stats.starttime for t in stream), min(t.stats.endtime for t in stream)
    stream.trim(start, end)
    for trace in stream:
        # One of the twenty has half the rate of the others, and a recording has one.
        trace.interpolate(200.0, npts=60_000)
        trace.data = trace.data.astype(np.float32)
    return stream


def read(case: str, data: Path) -> obspy.Stream:
    return (
        hengill(data) if case == "20 x 5 min" else continuous(data, {"1 min": 1 / 60, "1 h": 1.0, "24 h": 24.0}[case])
    )


def recording_of(stream: obspy.Stream):
    stations = sorted({trace.id.rsplit(".", 1)[0] for trace in stream})
    components = sorted({trace.stats.channel[-1] for trace in stream})
    waveform = np.full((len(stations), len(components), max(map(len, stream))), np.nan, np.float32)
    for trace in stream:
        row, column = stations.index(trace.id.rsplit(".", 1)[0]), components.index(trace.stats.channel[-1])
        waveform[row, column, : len(trace)] = trace.data
    return make_recording(
        waveform,
        stations=stations,
        components=components,
        start=np.datetime64(stream[0].stats.starttime.ns, "ns"),
        sampling_rate_hz=stream[0].stats.sampling_rate,
        recording_id="bench",
        source="bench",
    )


def measure(case: str, data: Path, name: str, weights: str) -> dict[str, object]:
    picker = open_picker(name, weights)
    stream, choice = read(case, data), choose(picker)
    recording = recording_of(stream)
    contenders = {
        "default": lambda: picker.module.classify(stream).picks,
        "tuned": lambda: picker.module.classify(stream, batch_size=32).picks,
        "exact": lambda: picks_from(annotate(recording, name, weights), picker.card),
        "draft": lambda: picks_from(annotate(recording, name, weights, mode="draft"), picker.card),
    }
    wall, cpu, found = ({who: [] for who in contenders} for _ in range(3))
    for _ in range(ROUNDS[case]):
        for who, run in contenders.items():
            began, used = time.perf_counter(), time.process_time()
            found[who] = run()
            wall[who].append(time.perf_counter() - began)
            cpu[who].append(time.process_time() - used)
    theirs = {(p.trace_id, p.phase, pd.Timestamp(p.peak_time.ns).round("ms")) for p in found["tuned"]}
    ours = {
        who: {(p.station, p.phase, p.time.round("ms")) for p in found[who].itertuples()} for who in ("exact", "draft")
    }
    return {
        "case": case,
        "runtime": choice.words,
        "wall_s": {who: statistics.median(times) for who, times in wall.items()},
        "cpu_s": {who: statistics.median(times) for who, times in cpu.items()},
        "picks": len(theirs),
        "same": ours["exact"] == theirs,
        "drafted": len(ours["draft"] & theirs),
        "strange": len(ours["draft"] - theirs),
    }


def peak_mb(case: str, data: Path, name: str, weights: str, who: str) -> dict[str, float]:
    """Of a process that has loaded everything, before and within one run."""

    def resident_mb(what: str) -> float:
        return float(Path("/proc/self/status").read_text().split(f"{what}:")[1].split()[0]) / 1024

    def begin() -> float:
        gc.collect()
        # From here on the peak counts anew: reading took more than is left of it.
        Path("/proc/self/clear_refs").write_text("5")
        return resident_mb("VmRSS")

    picker = open_picker(name, weights)
    stream = read(case, data)
    if who in ("default", "tuned"):
        before = begin()
        picker.module.classify(stream, **({"batch_size": 32} if who == "tuned" else {}))
    else:
        choose(picker)
        recording = recording_of(stream)
        del stream
        before = begin()
        picks_from(annotate(recording, name, weights), picker.card)
    return {"before_mb": before, "peak_mb": resident_mb("VmHWM")}


def main() -> None:
    warnings.simplefilter("ignore")
    data, (name, weights), threads, cases = Path(sys.argv[1]), sys.argv[2].split("/"), int(sys.argv[3]), sys.argv[4]
    torch.set_num_threads(threads)
    if len(sys.argv) > 5:
        rows = [peak_mb(cases, data, name, weights, sys.argv[5])]
    else:
        rows = [measure(case, data, name, weights) for case in cases.split(",")]
    sys.stdout.write(json.dumps(rows))


if __name__ == "__main__":
    main()
