"""The tab "Times", the map and the list on a catalogue that has no waveforms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests import waiting
from tests.sources.ogs.made_catalogue import write_catalogue
from workbench.errors import PickerError
from workbench.session import Session
from workbench.session.onsets_checked import onsets_to_check
from workbench.settings import load_settings
from workbench.views.recordings_html import recording_title
from workbench.views.station_map import StationMap, other_events
from workbench.views.times import TimesPanel, summary_html
from workbench.views.traces import TraceView

wait_for = partial(waiting.wait_for, seconds=120.0)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    session = Session(settings=load_settings(labels=str(tmp_path / "labels.sqlite")))
    session.open_source(write_catalogue(tmp_path / "catalogue"))
    wait_for(lambda: session.recording is not None)
    yield session
    session.close()


def test_no_picker_runs_where_there_is_no_waveform(session: Session) -> None:
    key = session.add_picker("sta_lta")
    session.run()
    assert session.job is None
    assert session.runs[key].annotations is None
    with pytest.raises(PickerError, match="--waveforms"):
        session.run([key], again=True)


def test_the_screen_says_why_there_are_no_traces(session: Session) -> None:
    screen = TraceView(session)._drawing.picture["screen"]
    assert "No traces" in screen["absent"]
    assert "--waveforms" in screen["absent"]
    assert screen["catalogue"]


def test_times_are_checked_once_the_tab_is_open(session: Session) -> None:
    panel = TimesPanel(session)
    assert panel.checks is None
    panel.active = True
    wait_for(lambda: panel.checks is not None)
    assert set(panel.checks.onsets["station"]) == {".COLI.", ".BAD."}
    assert panel.checks.problem == ""
    assert panel.count == panel.checks.n_far_off
    assert "Residuals" in summary_html(panel.checks)
    source = panel._figures.residuals
    source.selected.indices = [1]
    assert session.in_hand == source.data["identity"][1]
    assert session.station == source.data["station"][1]


def test_epicentres_of_the_catalogue_are_on_the_map(session: Session) -> None:
    shown = StationMap(session)
    assert shown._others.data["recording"] == [session.recording_id]
    assert "M.RITE" in shown._others.data["words"][0]
    assert other_events(session.recordings.drop(columns="place"))["recording"] == []


def test_the_list_names_an_event_by_time_and_place(session: Session) -> None:
    assert recording_title(session.recordings.iloc[0]) == "23:59:09"


def test_labels_and_rejects_take_the_place_of_the_catalogue(session: Session) -> None:
    before = onsets_to_check(session)
    rejected = str(before["pick_id"].iloc[0])
    session.decide(lambda desk: desk.reject(rejected))
    assert rejected not in set(onsets_to_check(session)["pick_id"])
    assert len(onsets_to_check(session)) == len(before) - 1


def test_another_phase_or_another_origin_is_checked_anew(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = TimesPanel(session)
    panel.active = True
    wait_for(lambda: panel.checks is not None)
    first = panel.checks
    onsets = onsets_to_check(session)
    monkeypatch.setattr("workbench.views.times.onsets_to_check", lambda _: onsets)
    panel._ask()
    assert panel.checks is first
    onsets = onsets.assign(phase="S")
    panel._ask()
    assert set(panel.checks.onsets["phase"]) == {"S"}
    second = panel.checks
    session.event = replace(session.event, depth_km=session.event.depth_km + 20)
    wait_for(lambda: panel.checks is not second)
    assert not panel.checks.onsets["residual_s"].equals(second.onsets["residual_s"])
