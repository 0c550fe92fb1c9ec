"""What is asked of a picker, answered by a real one: the latest question wins, errors become words."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from tests.waiting import wait_for
from workbench.errors import PickerError, WorkbenchError
from workbench.explain.changes import Changes
from workbench.schema import silent
from workbench.session import Explaining, Session
from workbench.session import after_answer as after
from workbench.session import explaining as module
from workbench.session.question import Question
from workbench.settings import load_settings

STATION = "BW.RJOB."


@pytest.fixture
def session(tmp_path):
    settings = load_settings(labels=str(tmp_path / "labels.sqlite"), cache=str(tmp_path / "cache"), analyst="Ada")
    session = Session(settings=settings)
    session.add_picker("xiaonet")
    session.open_source("examples")
    wait_for(
        lambda: session.recording is not None and all(run.annotations is not None for run in session.runs.values())
    )
    yield session
    session.close()


@pytest.fixture
def explaining(session, monkeypatch):
    # Checks and the strip take seconds, and are tested where they live.
    monkeypatch.setattr(after, "CHECKS", ())
    monkeypatch.setattr(after, "_STRIP", f"{__name__}:no_strip")
    explaining = Explaining(session)
    yield explaining
    explaining.close()


def no_strip(**_):
    return None


def first(session):
    return session.picks.sort_values("time").iloc[0]


def test_a_pick_is_explained_on_the_axes_of_the_recording(explaining, session):
    pick = first(session)
    explaining.explain_pick(pick["pick_id"])
    assert explaining.busy
    wait_for(lambda: explaining.attribution is not None)
    attrs = explaining.attribution.attrs
    assert (attrs["station"], attrs["phase"], pd.Timestamp(attrs["target_time"])) == (STATION, "P", pick["time"])
    assert explaining.attribution.sizes["time"] == session.recording.sizes["time"]
    assert not explaining.busy
    wait_for(lambda: explaining.attention_known)
    assert explaining.attention == [], "XiaoNet has no attention"


def test_the_first_pick_is_explained_for_who_asks_nothing(session, monkeypatch):
    monkeypatch.setattr(after, "CHECKS", ())
    explaining = Explaining(session, auto=True)
    wait_for(lambda: explaining.attribution is not None)
    assert explaining.time == first(session)["time"]
    explaining.close()


def test_an_answer_that_comes_after_another_question_is_dropped(explaining, session, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()
    module_name = f"{__name__}:slow_explain"
    monkeypatch.setattr(module, "_EXPLAIN", module_name)
    slow_explain.begun, slow_explain.go_on = begun, go_on
    explaining.explain_at(first(session)["time"], station=STATION, phase="P", picker=next(iter(session.runs)))
    assert begun.wait(30)
    explaining.explain_at(session.picks["time"].max(), phase="S")
    go_on.set()
    wait_for(lambda: explaining.attribution is not None)
    assert explaining.attribution.attrs["phase"] == "S"


def slow_explain(*, report=silent, **arguments):
    from workbench.explain.run import explain

    if arguments["phase"] == "P":
        slow_explain.begun.set()
        slow_explain.go_on.wait(30)
    return explain(report=report, **arguments)


def test_the_answer_before_stays_a_moment_and_no_longer(explaining, session, monkeypatch):
    explaining.explain_pick(first(session)["pick_id"])
    wait_for(lambda: explaining.attention_known)
    stood, seen = explaining.attribution, []
    explaining.param.watch(lambda event: seen.append(event.new), "attribution")
    explaining.step(1)
    assert explaining.attribution is stood, "nothing blinks while the next is being made"
    wait_for(lambda: not explaining.busy and seen and seen[-1] is not None)
    assert seen[-1] is explaining.attribution is not stood
    assert not explaining.attention_known or explaining.attention == []
    monkeypatch.setattr(module, "_EXPLAIN", f"{__name__}:slow_explain")
    slow_explain.begun, slow_explain.go_on = threading.Event(), threading.Event()
    explaining.explain_at(first(session)["time"] + pd.Timedelta("70ms"), phase="P")
    wait_for(lambda: explaining.attribution is None)
    assert explaining.busy, "it is no longer shown, and its successor is still being made"
    slow_explain.go_on.set()
    wait_for(lambda: explaining.attribution is not None and not explaining.busy)


def test_why_it_cannot_be_explained_is_a_notice_and_stands_in_the_plot(explaining, session):
    explaining.baseline = "nothing of the kind"
    explaining.explain_pick(first(session)["pick_id"])
    wait_for(lambda: session.notice is not None)
    assert "nothing of the kind" in session.notice.text
    assert explaining.problem == session.notice.text
    assert explaining.attribution is None
    assert not explaining.busy
    explaining.baseline = "zero"
    wait_for(lambda: explaining.attribution is not None)
    assert explaining.problem == ""


@pytest.mark.parametrize(
    ("after_start_s", "gap_s", "words"),
    [
        (8.0, (7.0, 9.0), "lies in a gap of BW.RJOB."),
        (-5.0, None, "lies outside the recording"),
    ],
)
def test_a_time_of_which_nothing_is_said_is_answered_in_words_and_with_a_way_on(
    explaining, session, after_start_s, gap_s, words
):
    from workbench.views.explain_question import QuestionLine

    times = session.recording["time"].values
    if gap_s:
        waveform = session.recording["waveform"].copy()
        waveform.values[..., round(100 * gap_s[0]) : round(100 * gap_s[1])] = np.nan
        session.recording = session.recording.assign(waveform=waveform)
    line = QuestionLine(explaining)
    explaining.explain_at(pd.Timestamp(times[0]) + pd.Timedelta(after_start_s, "s"), station=STATION, phase="P")
    wait_for(lambda: words in line._markup.html)
    html = line._markup.html
    assert "Explain the next pick" in html
    assert session.notice is None
    line._act({"act": "step"})
    wait_for(lambda: explaining.attribution is not None or (explaining.problem and explaining.problem not in html))


def test_a_refusal_leaves_the_traces_and_what_is_seen_of_them(explaining, session):
    from workbench.views.explain_traces import ExplainTraces

    pick = first(session)
    traces = ExplainTraces(explaining)
    explaining.explain_pick(pick["pick_id"])
    columns = traces._figures.sources
    wait_for(lambda: len(columns["bars"].data["left"]) > 0)
    drawn = _points(columns["lines"].data)
    waveform = session.recording["waveform"].copy()
    after_s = round(100 * (pick["time"] - pd.Timestamp(session.recording["time"].values[0])).total_seconds())
    waveform.values[..., after_s + 150 : after_s + 250] = np.nan
    session.recording = session.recording.assign(waveform=waveform)
    wait_for(lambda: explaining.attribution is None)
    explaining.explain_pick(pick["pick_id"])
    wait_for(lambda: explaining.attribution is not None and len(columns["bars"].data["left"]) > 0)
    seen, window_s = (
        (traces._figures.x_range.start, traces._figures.x_range.end),
        explaining.attribution.attrs["window_s"],
    )
    explaining.explain_at(pick["time"] + pd.Timedelta("2s"))
    wait_for(lambda: explaining.problem and len(columns["bars"].data["left"]) == 0)
    assert explaining.attribution is None
    assert (traces._figures.x_range.start, traces._figures.x_range.end) == seen
    still = _points(columns["lines"].data)
    assert still.keys() == {6}, "all of the neutral colour"
    assert 0.5 * sum(drawn.values()) < still[6]
    assert traces._stage._told["words"]["empty"] == ""
    assert explaining.bare.attrs["window_s"] == window_s
    explaining.step(1)
    wait_for(lambda: explaining.attribution is not None)
    assert explaining.bare is None


def _points(lines):
    """Samples of each colour that has some."""
    counts = {n: int(np.isfinite(np.asarray(ys, float)).sum()) for n, ys in enumerate(lines["ys"])}
    return {n: count for n, count in counts.items() if count}


def test_a_phase_that_the_picker_does_not_know_is_said_at_once_over_the_traces(explaining, session):
    from workbench.views.explain_traces import ExplainTraces

    traces = ExplainTraces(explaining)
    explaining.explain_at(first(session)["time"], station=STATION, phase="Detection")
    assert "gives P, S" in explaining.problem
    assert not explaining.busy
    assert _points(traces._figures.sources["lines"].data).keys() == {6}
    assert traces._figures.sources["flags"].data["words"][-1].startswith("Detection 00:20:")
    assert "Attribution" not in traces._stage._told["words"]["over"]


def test_steps_go_through_the_picks_and_stop_at_the_ends(explaining, session):
    explaining.explain_pick(first(session)["pick_id"])
    explaining.step(1)
    assert explaining.phase == "S"
    explaining.step(1)
    assert explaining.phase == "S"
    explaining.step(-1)
    assert explaining.time == first(session)["time"]


def test_a_method_comes_back_without_being_made_anew(explaining, session):
    explaining.explain_pick(first(session)["pick_id"])
    wait_for(lambda: explaining.attribution is not None)
    made = explaining.attribution
    explaining.method = "saliency"
    wait_for(lambda: explaining.attribution.attrs["method"] == "saliency")
    explaining.method = "integrated_gradients"
    assert explaining.attribution is made


def test_what_if_tells_of_the_pick_and_explains_it_anew(explaining, session):
    explaining.explain_pick(first(session)["pick_id"])
    wait_for(lambda: explaining.attribution is not None)
    explaining.changes = Changes(flip="Z")
    wait_for(lambda: explaining.tried is not None and explaining.tried.attribution is not None)
    assert explaining.tried.recording.sizes == session.recording.sel(station=[STATION]).sizes
    explaining.changes = None
    assert explaining.tried is None


@pytest.mark.parametrize(
    "changes",
    [
        Changes(snr_db=0.0),
        Changes(clip=0.1),
        Changes(drop="Z"),
        Changes(swap="ZE"),
        Changes(flip="Z"),
        Changes(filter="2–8 Hz"),
        Changes(shift_s=1.0),
    ],
    ids=lambda changes: "-".join(name for name, value in vars(changes).items() if value != vars(Changes())[name]),
)
def test_every_change_moves_curve_and_explanation(explaining, session, changes):
    explaining.explain_pick(first(session)["pick_id"])
    wait_for(lambda: explaining.attribution is not None)
    explaining.changes = changes
    wait_for(
        lambda: explaining.tried is not None and (explaining.tried.attribution is not None or explaining.tried.problem)
    )
    tried, whole = explaining.tried, explaining.run.annotations["probability"].sel(station=STATION, phase="P")
    assert tried.problem == ""
    curve = tried.annotations["probability"].sel(station=STATION, phase="P")
    times = curve["time"].values[np.isin(curve["time"].values, whole["time"].values)]
    assert times.size > 1000
    assert not np.allclose(curve.sel(time=times), whole.sel(time=times), atol=1e-3, equal_nan=True)
    before, after_ = (each["attribution"].values for each in (explaining.attribution, tried.attribution))
    assert not np.allclose(np.nan_to_num(before), np.nan_to_num(after_), atol=1e-4)


def test_a_pick_that_is_gone_is_explained_all_the_same(explaining, session):
    pick = first(session)
    explaining.explain_pick(pick["pick_id"])
    wait_for(lambda: explaining.attribution is not None)
    explaining.changes = Changes(snr_db=-20.0)
    wait_for(
        lambda: explaining.tried is not None and (explaining.tried.attribution is not None or explaining.tried.problem)
    )
    assert explaining.tried.time is None
    assert pd.Timestamp(explaining.tried.attribution.attrs["target_time"]) == pick["time"]


def test_a_window_that_is_shifted_is_the_one_that_is_explained(explaining, session):
    explaining.explain_pick(first(session)["pick_id"])
    wait_for(lambda: explaining.attribution is not None)
    explaining.changes = Changes(shift_s=0.5)
    wait_for(lambda: explaining.tried is not None and explaining.tried.attribution is not None)
    starts = [
        pd.Timestamp(each.attrs["window_start"]) for each in (explaining.attribution, explaining.tried.attribution)
    ]
    assert starts[1] - starts[0] == pd.Timedelta("0.5s")


def test_what_cannot_be_tried_is_said_where_the_hand_is(explaining, session):
    pick = first(session)
    explaining.explain_pick(pick["pick_id"])
    wait_for(lambda: explaining.attribution is not None)
    gap = (pick["time"] - pd.Timedelta("3s"), pick["time"] + pd.Timedelta("3s"))
    explaining.changes = Changes(gaps=(gap,))
    wait_for(lambda: explaining.tried is not None and explaining.tried.problem)
    assert explaining.tried.time is None
    assert "lies in a gap" in explaining.tried.problem
    assert session.notice is None
    explaining.changes = Changes(gaps=(gap,), shift_s=0.5)
    wait_for(lambda: explaining.try_problem)
    assert "lies in a gap" in explaining.try_problem
    assert explaining.tried is None
    explaining.changes = None
    assert explaining.try_problem == ""


def test_why_there_is_no_second_explanation_is_said_beside_the_first(explaining, session, monkeypatch):
    monkeypatch.setattr(after, "_EXPLAIN", f"{__name__}:no_explanation")
    explaining.explain_pick(first(session)["pick_id"])
    wait_for(lambda: explaining.attribution is not None)
    explaining.second = explaining.picker
    wait_for(lambda: explaining.beside_problem)
    assert explaining.beside_problem == "It leaves out the first 5 s."
    assert session.notice is None
    explaining.second = ""
    assert explaining.beside_problem == ""


def no_explanation(**_):
    raise PickerError("It leaves out the first 5 s.")


def test_what_is_muted_by_hand_adds_up(explaining, session):
    explaining.explain_pick(first(session)["pick_id"])
    start = first(session)["time"]
    for second in (1, 2):
        explaining.mute(start + pd.Timedelta(second, "s"), start + pd.Timedelta(second + 0.5, "s"), "Z")
    assert len(explaining.changes.mute) == 2


def test_another_recording_ends_the_question(explaining, session):
    explaining.explain_pick(first(session)["pick_id"])
    wait_for(lambda: explaining.attribution is not None)
    session.step(1)
    wait_for(lambda: session.recording is not None and session.recording_id != STATION)
    assert explaining.attribution is None
    assert explaining.time is None


def test_an_analysts_label_can_be_asked_about(explaining, session):
    time_ = pd.Timestamp(session.recording["time"].values[1500])
    session.decide(lambda desk: desk.set(STATION, "P", time_))
    label = session.labels.iloc[0]["label_id"]
    explaining.explain_pick(label)
    wait_for(lambda: explaining.attribution is not None or explaining.problem)
    assert explaining.time == time_
    assert "human" in set(explaining.onsets()["who"])


def test_a_picker_without_a_network_is_not_asked(explaining, session):
    session.add_picker("sta_lta")
    session.run()
    wait_for(lambda: len(session.runs["sta_lta"].picks) > 0)
    assert list(explaining.pickers()) == [key for key in session.runs if key.startswith("xiaonet")]
    with pytest.raises(WorkbenchError, match="no network"):
        explaining.explain_pick(session.runs["sta_lta"].picks["pick_id"].iloc[0])


def test_a_failed_check_leaves_the_others(session, monkeypatch):
    monkeypatch.setattr(after, "CHECKS", ("one", "two"))
    monkeypatch.setattr(after, "_CHECK", f"{__name__}:check")
    monkeypatch.setattr(after, "_STRIP", f"{__name__}:no_strip")
    explaining = Explaining(session)
    explaining.explain_pick(first(session)["pick_id"])
    wait_for(lambda: explaining.attribution is not None and explaining.checks_left == 0)
    assert [check.name for check in explaining.checks] == ["two"]
    assert "could not be made" in session.notice.text
    explaining.close()


def test_attention_that_cannot_be_looked_at_is_said_and_waited_for_no_longer(session, monkeypatch):
    from workbench.views.explain_attention import AttentionCard

    monkeypatch.setattr(after, "CHECKS", ())
    monkeypatch.setattr(after, "_ATTENTION", f"{__name__}:no_attention")
    monkeypatch.setattr(after, "_STRIP", f"{__name__}:strip")
    explaining = Explaining(session)
    card = AttentionCard(explaining)
    explaining.explain_pick(first(session)["pick_id"])
    wait_for(lambda: explaining.attention_problem and explaining.strip is not None)
    assert "could not be looked at. Its hooks came off." in card._nothing.html
    assert session.notice.text == "Its hooks came off."
    monkeypatch.setattr(after, "_ATTENTION", f"{__name__}:no_layers")
    explaining.method = "saliency"
    wait_for(lambda: explaining.attention_known)
    assert explaining.attention_problem == ""
    assert "has no attention layers" in card._nothing.html
    explaining.close()


def test_attention_that_could_not_be_looked_at_is_not_none_after_a_change_is_taken_back(
    explaining, session, monkeypatch
):
    monkeypatch.setattr(after, "_ATTENTION", f"{__name__}:no_attention")
    explaining.explain_pick(first(session)["pick_id"])
    wait_for(lambda: explaining.attention_problem)
    monkeypatch.setattr(after, "_ATTENTION", f"{__name__}:no_layers")
    explaining.changes = Changes(drop="Z")
    wait_for(lambda: explaining.judges_changed and explaining.attention_known)
    explaining.changes = None
    wait_for(lambda: explaining.attention_problem == "Its hooks came off.")
    assert not explaining.attention_known


def test_attention_still_looked_for_is_looked_for_again_after_a_change_is_taken_back(explaining, session, monkeypatch):
    monkeypatch.setattr(after, "_ATTENTION", f"{__name__}:attention_that_waits")
    may_come.clear()
    explaining.explain_pick(first(session)["pick_id"])
    try:
        wait_for(lambda: explaining.attribution is not None and after_pause(explaining))
        explaining.changes = Changes(drop="Z")
        wait_for(lambda: explaining.judges_changed)
        monkeypatch.setattr(after, "_ATTENTION", f"{__name__}:one_layer")
        monkeypatch.setattr(after, "last_global", lambda _: 0)
        explaining.changes = None
        wait_for(lambda: not explaining.judges_changed)
    finally:
        may_come.set()
    wait_for(lambda: explaining.attention == ["of the answer"])


may_come = threading.Event()


def attention_that_waits(**_):
    assert may_come.wait(60)
    return []


def after_pause(explaining):
    """Whether what follows the answer has begun."""
    return explaining._after._looks.busy


def one_layer(**_):
    return ["of the answer"]


def no_attention(**_):
    raise PickerError("Its hooks came off.")


def no_layers(**_):
    return []


def strip(*, time, **_):
    return xr.Dataset(
        {
            "pick_time": ("offset_s", np.asarray([time], "datetime64[ns]")),
            "probability": ("offset_s", [0.5]),
            "outside_s": ("offset_s", [0.0]),
        },
        coords={"offset_s": [0.0]},
    )


def check(*, name, **_):
    from workbench.schema import Check

    if name == "one":
        raise PickerError("The check 'one' could not be made.")
    return Check(name, "Two", "pass", "Yes.")


def test_the_picks_beside_are_explained_before_they_are_asked_for(explaining, session, monkeypatch):
    explaining.method = "saliency"
    explaining.explain_pick(first(session)["pick_id"])
    wait_for(lambda: explaining.attribution is not None and not explaining.busy)
    onsets = explaining.onsets()
    row = onsets.iloc[1]
    beside = replace(explaining.question, station=row["station"], phase=row["phase"], time=pd.Timestamp(row["time"]))
    wait_for(lambda: beside in explaining.kept)
    monkeypatch.setattr(module, "_EXPLAIN", f"{__name__}:no_such_function")
    explaining.step(1)
    assert explaining.attribution is not None
    assert (explaining.attribution.attrs["phase"], explaining.busy) == (row["phase"], False)


def test_quick_methods_are_at_hand_once_a_slow_one_has_answered(explaining, session, monkeypatch):
    explaining.explain_pick(first(session)["pick_id"])
    wait_for(lambda: explaining.attribution is not None and not explaining.busy)
    assert explaining.method == "integrated_gradients"
    others = [replace(explaining.question, method=name) for name in ("saliency", "input_x_gradient")]
    wait_for(lambda: all(question in explaining.kept for question in others))
    monkeypatch.setattr(module, "_EXPLAIN", f"{__name__}:no_such_function")
    explaining.method = "saliency"
    assert (explaining.attribution.attrs["method"], explaining.busy) == ("saliency", False)


def test_explanations_of_long_recordings_do_not_fill_the_memory(monkeypatch):
    from workbench.session import kept_answers

    monkeypatch.setattr(kept_answers, "_KEPT_BYTES", 2000)
    kept = kept_answers.KeptAnswers()
    asked = [
        Question("r", "p", "s", phase, pd.Timestamp("2024-01-01"), "saliency", "probability", "zero") for phase in "PSX"
    ]
    for question in asked:
        kept.keep(question, xr.Dataset({"attribution": ("time", np.zeros(250, np.float32))}))
    assert [question in kept for question in asked] == [False, True, True]
    kept.keep(asked[0], xr.Dataset({"attribution": ("time", np.zeros(5000, np.float32))}))
    assert [question in kept for question in asked] == [True, False, False], "the latest stays, however long"


def judged(*, recording, attribution, name, **_):
    """A check that says of which waveform it is, and of which explanation."""
    from workbench.schema import Check

    size = float(np.nansum(np.abs(recording["waveform"].values)))
    return Check(name, name, "pass", f"{size:.6g} {attribution.attrs['value']:.6g}")


def looked_at(*, recording, window_start=None, **_):
    return [float(np.nansum(np.abs(recording["waveform"].values))), window_start]


def test_checks_and_attention_are_of_the_changed_recording_while_a_what_if_stands(explaining, session, monkeypatch):
    from workbench.views.explain_belief import BeliefCard

    monkeypatch.setattr(after, "CHECKS", ("one", "two"))
    monkeypatch.setattr(after, "_CHECK", f"{__name__}:judged")
    monkeypatch.setattr(after, "_ATTENTION", f"{__name__}:looked_at")
    monkeypatch.setattr(after, "last_global", lambda _: 0)
    card = BeliefCard(explaining)
    explaining.explain_pick(first(session)["pick_id"])
    wait_for(lambda: len(explaining.checks) == 2 and explaining.attention_known)
    plain, seen = list(explaining.checks), list(explaining.attention)
    assert plain[0].words.endswith(f"{explaining.attribution.attrs['value']:.6g}")
    assert "with these changes" not in card._markup.html

    explaining.changes = Changes(drop="Z")
    wait_for(lambda: explaining.judges_changed and len(explaining.checks) == 2 and explaining.attention != seen)
    tried = explaining.tried
    size = float(np.nansum(np.abs(tried.recording["waveform"].values)))
    assert [check.words for check in explaining.checks] == [f"{size:.6g} {tried.attribution.attrs['value']:.6g}"] * 2
    assert explaining.checks[0].words != plain[0].words
    assert explaining.attention == [size, pd.Timestamp(tried.attribution.attrs["window_start"])]
    wait_for(lambda: "with these changes" in card._markup.html)
    assert "Z missing" in tried.recording.attrs["history"]

    explaining.changes = None
    wait_for(lambda: not explaining.judges_changed)
    assert (explaining.checks, explaining.attention, explaining.checks_left) == (plain, seen, 0), "known, not made anew"


def test_changes_that_stand_when_another_pick_is_asked_about_are_not_judged_as_if_there_were_none(
    explaining, session, monkeypatch
):
    monkeypatch.setattr(after, "CHECKS", ("one",))
    monkeypatch.setattr(after, "_CHECK", f"{__name__}:judged")
    explaining.explain_pick(first(session)["pick_id"])
    wait_for(lambda: len(explaining.checks) == 1)
    explaining.changes = Changes(flip="Z", drop="N")
    wait_for(lambda: explaining.judges_changed and len(explaining.checks) == 1)
    explaining.method = "saliency"
    wait_for(lambda: explaining.attribution.attrs["method"] == "saliency" and explaining.judges_changed)
    wait_for(lambda: len(explaining.checks) == 1)
    value = explaining.tried.attribution.attrs["value"]
    assert explaining.checks[0].words.endswith(f" {value:.6g}")


class Pause:
    """A timer that is over when the test says so."""

    made: list[Pause]

    def __init__(self, _, function):
        self.function, self.wanted = function, False

    def start(self):
        self.wanted = True
        self.made.append(self)

    def cancel(self):
        self.wanted = False


def test_a_change_that_is_tried_before_the_pause_is_over_keeps_nothing_back(explaining, session, monkeypatch):
    Pause.made = []
    monkeypatch.setattr(after, "Timer", Pause)
    monkeypatch.setattr(after, "_STRIP", f"{__name__}:strip")
    explaining.explain_pick(first(session)["pick_id"])
    wait_for(lambda: explaining.attribution is not None and Pause.made)
    explaining.changes = Changes(drop="Z")
    wait_for(lambda: explaining.tried is not None and explaining.tried.attribution is not None and len(Pause.made) > 1)
    assert [pause.wanted for pause in Pause.made] == [False, True]
    Pause.made[-1].function()
    wait_for(lambda: explaining.strip is not None)
    wait_for(lambda: explaining.judges_changed and explaining.attention_known)
    # It was worked out once, and its explanation never left the screen.
    assert len(Pause.made) == 2


def test_a_change_that_is_taken_back_before_it_was_explained_keeps_nothing_back(explaining, session, monkeypatch):
    Pause.made = []
    monkeypatch.setattr(after, "Timer", Pause)
    monkeypatch.setattr(after, "CHECKS", ("one",))
    monkeypatch.setattr(after, "_CHECK", f"{__name__}:judged")
    monkeypatch.setattr(after, "_WHAT_IF", f"{__name__}:held")
    explaining.explain_pick(first(session)["pick_id"])
    wait_for(lambda: explaining.attribution is not None and Pause.made)
    explaining.changes = Changes(drop="Z")
    Pause.made[-1].function()
    explaining.changes = None
    wait_for(lambda: len(explaining.checks) == 1 and explaining.attention_known)


def held(report, **_):
    """A change that is never tried to the end."""
    while True:
        report(0.5, "held")


def test_cards_beside_the_traces_are_drawn_where_no_page_pauses(explaining, session):
    from workbench.views.explain_shares import SharesCard
    from workbench.views.explain_traces import ExplainTraces

    traces, card = ExplainTraces(explaining), SharesCard(explaining)
    explaining.explain_pick(first(session)["pick_id"])
    wait_for(lambda: "for P" in card._markup.html)
    assert len(traces._figures.sources["bars"].data["left"]) > 0


def test_a_page_draws_once_what_was_asked_for_twice_and_rests_before(session, explaining):
    pauses, drawn = [], []
    session.pause = lambda seconds, function: pauses.append((seconds, function))
    draw = explaining.afterwards.watcher(lambda: drawn.append("card"))
    draw()
    draw("an event")
    assert (drawn, len(pauses)) == ([], 1)
    explaining.afterwards.put_off()
    pauses.pop()[1]()
    assert drawn == [], "the traces have just been sent"
    assert 0 < pauses[0][0] <= 0.08
    explaining.afterwards._rested_s = 0.0
    pauses.pop()[1]()
    assert drawn == ["card"]
