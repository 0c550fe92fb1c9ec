"""The peer of a folder run: a process that picks the station days it is named, one after the other."""

from __future__ import annotations

import sys
from pathlib import Path

from workbench.catalog.shards import MARGIN_S, pick_shard
from workbench.sources.waveforms_days import list_station_days


def main(folder: str, output: str, names: list[str]) -> None:
    Path(output).mkdir(parents=True, exist_ok=True)
    days, _ = list_station_days(folder, MARGIN_S)
    for day in days:
        name = f"{day.station}_{day.day}"
        if name in names:
            pick_shard(day, output, f"{name}.parquet", "xiaonet")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
