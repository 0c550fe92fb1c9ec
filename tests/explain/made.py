"""A made explanation: an attribution, six checks and two layers of attention whose figures are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from workbench.schema import Check, make_attention, make_attribution, make_recording

RATE_HZ, N_SAMPLES = 100.0, 6000
START = pd.Timestamp("2018-12-30T03:00:12.340000017")
TARGET = START + pd.Timedelta(seconds=30)
STATION, OTHER = "2C.THU04.", "2C.THU05."


def made_recording(station: str = STATION) -> xr.Dataset:
    """Noise, a P two seconds before the target and an S at it, on two stations; half a second of gap at the end."""
    rng = np.random.default_rng(0)
    seconds = np.arange(N_SAMPLES) / RATE_HZ - 30.0
    waves = rng.normal(size=(2, 3, N_SAMPLES))
    waves += 20 * np.exp(-np.maximum(seconds + 2, 0)) * (seconds > -2) * np.sin(40 * seconds)
    waves += 40 * np.exp(-np.maximum(seconds, 0) / 2) * (seconds > 0) * np.sin(20 * seconds)
    waves[..., -50:] = np.nan
    return make_recording(
        waves.astype(np.float32), stations=[station, OTHER], components=list("ZNE"), start=START,
        sampling_rate_hz=RATE_HZ, recording_id="hengill <1>", source="made",
    )  # fmt: skip


def made_attribution(recording: xr.Dataset, station: str = STATION, **attrs: Any) -> xr.Dataset:
    """Most of it on E: half a second for S at the target, half a second against it just before."""
    values = np.full((3, N_SAMPLES), 1e-6, np.float32)
    values[2, 3000:3050], values[2, 2950:3000] = 0.008, -0.004
    values[0, 2000:2050] = 0.004
    given: dict[str, Any] = {
        "station": station, "picker": "eqtransformer", "weights": "original", "weights_hash": "3f9a1c0011223344",
        "phase": "S", "target": "probability", "target_time": TARGET, "target_half_width_s": 0.1,
        "method": "integrated_gradients", "baseline": "zero", "value": 0.46, "baseline_value": 0.04,
        "convergence_delta": 0.004, "window_start": START, "window_s": 60.0, "settings": {"steps": 50},
        "versions": {"captum": "0.9.0", "torch": "2.13"}, "seconds": 0.9,
    }  # fmt: skip
    return make_attribution(values, recording, **(given | attrs))


def made_checks() -> list[Check]:
    """All six, one of each verdict among them."""
    parts = np.linspace(0, 1, 11)
    removal = {"share removed": parts, "strongest first": np.exp(-9 * parts), "at random": 1 - parts}
    layers = {
        "layers randomised": np.arange(8.0),
        "rank correlation": np.linspace(1, 0.57, 8),
        "expected": np.full(8, 0.3),
    }
    return [
        Check("adds_up", "Adds up", "pass", "Parts sum to 0.417; the probability changed by 0.413.", {"gap": 0.01}),
        Check("removal", "Removing what matters hurts", "pass", "Area 0.01, 0.13 at random.", {"area": 0.01}, removal),
        Check("weights", "Depends on the trained weights", "fail", "Rank correlation is still 0.57.", {}, layers),
        Check("shifts", "Stable when the window shifts", "pass", "Rank correlation 0.89 to 0.95.", {"lowest": 0.89}),
        Check("agreement", "Agrees with other views", "warn", "Attention 0.17.", {"attention": 0.17}),
        Check("onset", "Close to the onset", "none", "Not for <this> picker.", {"share": float("nan")}),
    ]


def made_attention(n_steps: int = 47, **attrs: Any) -> list[xr.Dataset]:
    """A global layer with two heads in which all steps read step 23, and a local one of one head and width three."""
    everywhere = np.full((2, n_steps, n_steps), 0.3 / (n_steps - 1))
    everywhere[:, :, 23] = 0.7
    near = np.abs(np.subtract.outer(np.arange(n_steps), np.arange(n_steps))) <= 1
    local = (near / near.sum(axis=1, keepdims=True))[None]
    given: dict[str, Any] = {
        "window_start": START, "window_s": 60.0, "recording_id": "hengill <1>", "station": STATION,
        "picker": "eqtransformer", "weights": "original",
    }  # fmt: skip
    return [
        make_attention(everywhere, layer="transformer_d0.attention", title="global, layer 1", **(given | attrs)),
        make_attention(local, layer="pick_attentions.0", title="local, P branch", **(given | attrs)),
    ]
