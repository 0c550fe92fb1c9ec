from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from workbench.inference.input_check import LEVELS, Finding, check_input
from workbench.schema import PickerCard, make_recording

CARD = PickerCard(
    "phasenet",
    "PhaseNet",
    component_order="ENZ",
    sampling_rate_hz=100.0,
    window_s=30.0,
    thresholds={"P": 0.3, "S": 0.3},
)
STA_LTA = PickerCard("sta_lta", "STA/LTA", phases=("P",), component_order="Z", thresholds={"P": 4.0})


def recording_of(
    waveform: np.ndarray | None = None,
    *,
    rate_hz: float = 100.0,
    components: Sequence[str] = "ZNE",
    duration_s: float = 60,
) -> xr.Dataset:
    if waveform is None:
        waveform = np.random.default_rng(0).normal(size=(2, len(components), round(duration_s * rate_hz)))
    return make_recording(
        waveform,
        stations=[f"XX.{letter}." for letter in "AB"[: waveform.shape[0]]],
        components=list(components),
        start="2024-01-01",
        sampling_rate_hz=rate_hz,
        recording_id="r",
        source="test",
    )


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


def test_recording_that_fits_has_no_findings() -> None:
    assert check_input(recording_of(), CARD) == []
    assert check_input(recording_of(), STA_LTA) == []


def test_one_sample_a_second_stops_the_run() -> None:
    for card in (CARD, STA_LTA):
        finding = only([found for found in check_input(recording_of(rate_hz=1.0), card) if found.level == "stop"])
        assert "1 Hz" in finding.text
        assert finding.remedy


def test_lower_rate_is_a_warning_and_a_higher_one_a_note() -> None:
    low, high = (only(check_input(recording_of(rate_hz=rate_hz), CARD)) for rate_hz in (50.0, 200.0))
    assert (low.level, low.action) == ("warn", "resample")
    assert "above 25 Hz" in low.text
    assert (high.level, high.action) == ("note", "resample")


def test_recording_shorter_than_the_window_is_padded() -> None:
    finding = only(check_input(recording_of(duration_s=20), CARD))
    assert (finding.level, finding.action) == ("note", "pad")
    assert "20.0 s" in finding.text
    assert "30.0 s" in finding.text
    assert only(check_input(recording_of(duration_s=5), CARD)).level == "warn"


def test_horizontals_1_and_2_are_named() -> None:
    finding = only(check_input(recording_of(components="Z12"), CARD))
    assert (finding.level, finding.action) == ("note", "rename")


def test_radial_and_transverse_do_not_fit() -> None:
    findings = check_input(recording_of(components="RT"), CARD)
    assert findings[0].level == "stop"
    assert "R, T" in findings[0].text


def test_missing_and_constant_components_are_told_apart() -> None:
    waveform = recording_of()["waveform"].values.copy()
    waveform[0, 1] = np.nan
    waveform[1, 2] = 7.0
    texts = [finding.text for finding in check_input(recording_of(waveform), CARD)]
    assert texts == ["XX.A.: component N is missing.", "XX.B.: component E is constant."]


def test_single_component_is_a_warning_for_networks_only() -> None:
    recording = recording_of(components="Z")
    finding = only(check_input(recording, CARD))
    assert (finding.level, finding.action) == ("warn", "zero_fill")
    assert check_input(recording, STA_LTA) == []


def test_dead_station_is_left_out_and_a_dead_recording_stops() -> None:
    waveform = recording_of()["waveform"].values.copy()
    waveform[1] = 0.0
    assert (only(check_input(recording_of(waveform), CARD)).action) == "skip"
    waveform[0] = np.nan
    assert only(check_input(recording_of(waveform), CARD)).level == "stop"


def test_gaps_are_counted() -> None:
    waveform = recording_of()["waveform"].values.copy()
    waveform[0, :, 1000:1100] = np.nan
    waveform[0, :, 3000:3100] = np.nan
    finding = only(check_input(recording_of(waveform), CARD))
    assert finding.level == "note"
    assert "2 gaps, 3.3%" in finding.text


def test_weights_without_labels_stop_the_run() -> None:
    card = PickerCard("gpd", "GPD", weights="mine", phases=("0", "1", "2"), sampling_rate_hz=100, window_s=4)
    finding = check_input(recording_of(), card)[0]
    assert finding.level == "stop"
    assert "'mine'" in finding.text


def test_what_the_weights_leave_open_is_a_note() -> None:
    finding = only(check_input(recording_of(), replace(CARD, weights="mine", assumed=("label order N, P, S",))))
    assert finding.level == "note"
    assert "'mine' of PhaseNet do not name what SeisBench's own stands for: label order N, P, S" in finding.text


def test_findings_come_worst_first() -> None:
    waveform = recording_of(rate_hz=200.0)["waveform"].values.copy()
    waveform[0, 1] = np.nan
    levels = [finding.level for finding in check_input(recording_of(waveform, rate_hz=200.0), CARD)]
    assert levels == sorted(levels, key=LEVELS.index)
    assert levels == ["warn", "note"]
