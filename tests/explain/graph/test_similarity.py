"""Envelope similarity: the same burst a known time later is alike, at that lag; noise is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.errors import SchemaError
from workbench.explain.graph.edges import check_edges
from workbench.explain.graph.similarity import envelope_similarity
from workbench.schema import make_recording

START = pd.Timestamp("2024-01-01")


def recording_with(delays_s, *, longitude_deg=(10.0, 10.05, 10.1)):
    rng = np.random.default_rng(0)
    seconds = np.arange(2000) / 100
    burst = rng.normal(size=2000)
    waveform = np.full((len(delays_s), 1, 2000), np.nan, np.float32)
    for row, delay in enumerate(delays_s):
        if delay is None:
            continue
        envelope = np.exp(-0.5 * ((seconds - 8 - delay) / 0.4) ** 2)
        waveform[row, 0] = envelope * burst + 0.01 * rng.normal(size=2000)
    names = [f"XX.S{row}." for row in range(len(delays_s))]
    return make_recording(
        waveform, stations=names, components=["Z"], start=START, sampling_rate_hz=100.0, recording_id="made",
        source="test", latitude_deg=[46.0] * len(names), longitude_deg=list(longitude_deg[: len(names)]),
    )  # fmt: skip


def edges_of(recording, component="Z"):
    return envelope_similarity(recording, start=START, end=START + pd.Timedelta("20s"), component=component)


def test_the_lag_is_that_of_the_burst():
    edges = edges_of(recording_with([0.0, 0.8])).set_index(["source", "target"])
    there, back = edges.loc[("XX.S0.", "XX.S1.")], edges.loc[("XX.S1.", "XX.S0.")]
    assert there["weight"] > 0.9
    assert there["lag_s"] == pytest.approx(0.8, abs=0.15)
    assert back["lag_s"] == pytest.approx(-there["lag_s"])
    assert back["weight"] == pytest.approx(there["weight"])


def test_a_lag_longer_than_an_s_wave_needs_is_not_looked_for():
    edges = edges_of(recording_with([0.0, 6.0]))
    assert (edges["lag_s"].abs() <= edges["largest_lag_s"] + 0.01).all()
    assert (edges["weight"] < 0.5).all()


def test_of_a_dead_station_nothing_is_said():
    edges = edges_of(recording_with([0.0, None, 0.5])).set_index(["source", "target"])
    assert np.isnan(edges.loc[("XX.S0.", "XX.S1."), "weight"])
    assert np.isfinite(edges.loc[("XX.S0.", "XX.S2."), "weight"])


def test_a_component_that_is_not_there_gives_no_weight():
    assert edges_of(recording_with([0.0, 0.5]), component="N")["weight"].isna().all()


def test_an_edge_stands_once():
    edges = edges_of(recording_with([0.0, 0.5]))
    with pytest.raises(SchemaError, match="twice"):
        check_edges(pd.concat([edges, edges]))
