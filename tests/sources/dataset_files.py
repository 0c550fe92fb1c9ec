"""Datasets made for tests in the layouts of STEAD, SeisBench and PhaseNet, whose samples are known."""

import csv

import h5py
import numpy as np

STEAD_ROW = {
    "network_code": "TA",
    "receiver_code": "109C",
    "receiver_type": "BH",
    "receiver_latitude": "32.8889",
    "receiver_longitude": "-117.1051",
    "receiver_elevation_m": "150.0",
    "p_arrival_sample": "700.0",
    "p_status": "manual",
    "p_weight": "0.5",
    "p_travel_sec": "17.0799999237",
    "s_arrival_sample": "1894.0",
    "s_status": "manual",
    "s_weight": "0.5",
    "source_id": "8556349",
    "source_origin_time": "2006-07-23 15:58:50.88",
    "source_origin_uncertainty_sec": "0.47",
    "source_latitude": "33.7496",
    "source_longitude": "-117.4938",
    "source_error_sec": "1.1119",
    "source_gap_deg": "107.466",
    "source_horizontal_uncertainty_km": "4.6403",
    "source_depth_km": "0.45",
    "source_depth_uncertainty_km": "None",
    "source_magnitude": "3.6",
    "source_magnitude_type": "ml",
    "source_magnitude_author": "None",
    "source_mechanism_strike_dip_rake": "None",
    "source_distance_deg": "0.92",
    "source_distance_km": "102.09",
    "back_azimuth_deg": "159.3",
    "snr_db": "[ 56.5  55.5  47. ]",
    "coda_end_sample": "[[ 2896.]]",
    "trace_start_time": "2006-07-23 15:59:00.960000",
    "trace_category": "earthquake_local",
}
"""The first row of STEAD as its authors publish it, its ratios rounded."""

NOISE_ROW = dict.fromkeys(STEAD_ROW, "None") | {
    "network_code": "TA",
    "receiver_code": "109C",
    "receiver_type": "BH",
    "receiver_latitude": "32.8889",
    "receiver_longitude": "-117.1051",
    "receiver_elevation_m": "150.0",
    "trace_start_time": "2006-11-03 15:56:53",
    "trace_category": "noise",
}


def stead_samples(seed, n=6000):
    """Columns E, N, Z of one trace: whole numbers, so that nothing is lost in float32."""
    return np.random.default_rng(seed).integers(-1000, 1000, (n, 3)).astype(np.float32)


def write_stead(folder, title="chunk1", names=("A_EV", "B_NO"), *, traces=None, rows=None, columns=None):
    """A pair of files of STEAD; returns samples by trace name. Names that end in _NO are noise."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = {name: stead_samples(number) for number, name in enumerate(names)} if traces is None else traces
    if rows is None:
        rows = [{**(NOISE_ROW if name.endswith("_NO") else STEAD_ROW), "trace_name": name} for name in names]
    with h5py.File(folder / f"{title}.hdf5", "w") as file:
        group = file.create_group("data")
        for name, values in samples.items():
            group.create_dataset(name, data=values)
    write_rows(folder / f"{title}.csv", rows, columns)
    return samples


def write_rows(path, rows, columns=None):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns or list(rows[0]), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


SEISBENCH_ROW = {
    "trace_start_time": "2013-01-01T00:00:10.500000Z",
    "trace_sampling_rate_hz": 100.0,
    "trace_npts": 3000,
    "trace_channel": "HH",
    "trace_p_arrival_sample": 1000.0,
    "trace_Sg_arrival_sample": 1750.5,
    "trace_pP_arrival_sample": "",
    "trace_p_arrival_uncertainty_s": 0.05,
    "trace_p_polarity": "positive",
    "trace_snr_db": "[10.0 20.0 30.0]",
    "trace_category": "earthquake",
    "station_network_code": "CH",
    "station_code": "0042",
    "station_location_code": "--",
    "station_latitude_deg": 46.5,
    "station_longitude_deg": 8.25,
    "station_elevation_m": 1200.0,
    "source_id": "smi:ch/1",
    "source_origin_time": "2013-01-01 00:00:00.250000+00:00",
    "source_latitude_deg": 46.0,
    "source_longitude_deg": 8.0,
    "source_depth_km": 7.5,
    "source_magnitude": 2.5,
    "source_magnitude_type": "MLhc",
    "path_ep_distance_km": 58.7,
    "split": "train",
}


def write_seisbench(folder, chunk="", *, names=("t0", "t1"), order="ZNE", dimensions="CW", rows=None, samples=None):
    """One chunk of a dataset in SeisBench's format, a dataset for each trace; returns samples (component, time)."""
    folder.mkdir(parents=True, exist_ok=True)
    if samples is None:
        samples = {
            name: np.random.default_rng(number).integers(-99, 99, (len(order), 3000)).astype(np.float32)
            for number, name in enumerate(names)
        }
    rows = [{**SEISBENCH_ROW, "trace_name": name} for name in names] if rows is None else rows
    with h5py.File(folder / f"waveforms{chunk}.hdf5", "w") as file:
        form = file.create_group("data_format")
        form["dimension_order"] = dimensions
        form["component_order"] = order
        form["unit"] = "mps"
        group = file.create_group("data")
        for name, values in samples.items():
            group.create_dataset(name, data=values if dimensions == "CW" else values.T)
    write_rows(folder / f"metadata{chunk}.csv", rows)
    return samples


def write_npz(path, *, samples=None, channels="HHE_HHN_HHZ", **more):
    """One file of PhaseNet; returns its samples, columns E, N, Z."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = stead_samples(7, 9001) if samples is None else samples
    np.savez(path, **{"data": samples, "itp": 3000, "its": 3299, "channels": channels, **more})
    return samples
