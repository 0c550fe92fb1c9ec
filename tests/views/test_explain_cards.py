"""Cards of the Explain page: what they show of a made explanation, and what a hand on them asks for."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from bokeh.document import Document

from tests.explain.made import STATION, TARGET, made_attention, made_attribution, made_checks, made_recording
from workbench.explain.changes import Changes, Mute
from workbench.explain.palette import PALETTE
from workbench.explain.saving import explanation_file
from workbench.explain.shares import SECONDS, component_shares, second_shares
from workbench.inference.picking import picks_from
from workbench.inference.runs import PickerRun
from workbench.schema import Job, PickerCard, make_annotations
from workbench.session import Explaining, Session
from workbench.session.after_answer import AfterAnswer
from workbench.session.question import Tried
from workbench.settings import load_settings
from workbench.views.explain_attention import AttentionCard
from workbench.views.explain_belief import BeliefCard
from workbench.views.explain_belief_html import belief_html
from workbench.views.explain_question import QuestionLine
from workbench.views.explain_reading import cell_words, matrix_of, reading_html
from workbench.views.explain_save import SaveCard, explanation_name
from workbench.views.explain_shares import SharesCard, shares_html
from workbench.views.explain_strip import strip_words
from workbench.views.explain_what_if import WhatIfCard, changes_after
from workbench.views.explain_what_if_html import SNR_OFF_DB, Form, outcome_words, what_if_html
from workbench.views.theme import TOKENS

EVIL = '<img src=x onerror="alert(1)">'


@pytest.fixture
def explaining(monkeypatch: pytest.MonkeyPatch) -> Iterator[Explaining]:
    # No picker is asked here: what the cards ask for is looked at where they ask.
    monkeypatch.setattr(AfterAnswer, "try_changes", lambda _: None)
    monkeypatch.setattr(Explaining, "question_arguments", lambda *_: {})
    monkeypatch.setattr(Explaining, "send", lambda *_, **__: None)
    session = Session(settings=load_settings())
    made = Explaining(session)
    yield made
    made.close()
    session.close()


def answer(explaining: Explaining, attention: list[xr.Dataset] | None = None) -> xr.Dataset:
    """Put a made explanation where a computed one would come; nothing is asked of any picker."""
    recording = made_recording()
    explaining.session.recording = recording
    explaining.param.update(station=STATION, phase="S", time=TARGET)
    explaining.param.update(
        attribution=made_attribution(recording), attention=attention or [], attention_known=True, problem=""
    )
    return recording


def html_of(card: object) -> str:
    return str(card._markup.html)


# ---- can it be believed


def test_the_worst_check_decides_the_badge(explaining: Explaining) -> None:
    card = BeliefCard(explaining)
    answer(explaining)
    explaining.checks = made_checks()
    assert ">do not rely on it yet</span>" in html_of(card)
    explaining.checks = [check for check in made_checks() if check.verdict != "fail"]
    assert ">with care</span>" in html_of(card)
    explaining.checks = [check for check in made_checks() if check.verdict == "pass"]
    assert ">holds up</span>" in html_of(card)


def test_checks_stand_in_one_order_however_they_came(explaining: Explaining) -> None:
    card = BeliefCard(explaining)
    answer(explaining)
    explaining.param.update(checks=made_checks()[::-1][:3], checks_left=3)
    html = html_of(card)
    places = [html.index(check.title) for check in made_checks()]
    assert places == sorted(places)
    assert html.count("being made") == 3
    assert "checking, 3 of 6" in html
    assert "holds up" not in html


def test_a_check_unfolds_to_its_figures_and_says_its_verdict() -> None:
    html = belief_html(made_checks(), 0, asked=True)
    assert html.count("<details") == 6
    assert "failed: </span>Depends on the trained weights" in html
    assert "Strongest first; dashed: at random, over share removed from 0 to 1; height 0 to 1." in html
    assert re.search(r"<th scope=\"row\">attention</th><td>0.17</td>", html)
    assert "Not for &lt;this&gt; picker." in html


def test_belief_is_empty_in_words(explaining: Explaining) -> None:
    card = BeliefCard(explaining)
    assert "Nothing is explained yet." in html_of(card)
    explaining.problem = EVIL
    assert "&lt;img" in html_of(card)
    assert "<img" not in html_of(card)


# ---- shares


def test_shares_are_those_of_the_made_explanation() -> None:
    attribution = made_attribution(made_recording())
    z, n, e = component_shares(attribution)
    assert (z.name, n.name, e.name) == ("Z", "N", "E")
    np.testing.assert_allclose([e.positive, e.negative], [0.4 / 0.8 * 0.985, 0.2 / 0.8 * 0.985], rtol=0.02)
    np.testing.assert_allclose(sum(share.whole for share in (z, n, e)), 1.0, rtol=1e-6)
    seconds = second_shares(attribution)
    assert [share.name for share in seconds] == list(SECONDS)
    np.testing.assert_allclose([seconds[2].negative, seconds[3].positive], [0.2463, 0.4926], rtol=0.02)
    np.testing.assert_allclose(sum(share.whole for share in seconds), 1.0, rtol=1e-6)


def test_bars_are_as_long_as_their_shares(explaining: Explaining) -> None:
    card = SharesCard(explaining)
    assert "Explain a pick" in html_of(card)
    answer(explaining)
    html = html_of(card)
    percents = [int(found) for found in re.findall(r'class="percent"[^>]*>(\d+) %', html)]
    widths = [float(found) for found in re.findall(r"width:([\d.]+)%", html)]
    wholes = [widths[n] + widths[n + 1] for n in range(0, len(widths), 2)]
    assert len(percents) == 3 + 5
    np.testing.assert_allclose(wholes, percents, atol=0.51)


def test_sizes_alone_are_not_called_for_or_against() -> None:
    attribution = made_attribution(made_recording())
    html = shares_html(abs(attribution).assign_attrs(attribution.attrs))
    assert "sizes only" in html
    assert "against</span>" not in html
    nothing = shares_html((0 * attribution).assign_attrs(attribution.attrs))
    assert "zero everywhere" in nothing


# ---- attention


def test_a_layer_and_a_head_are_chosen(explaining: Explaining) -> None:
    card = AttentionCard(explaining)
    answer(explaining, made_attention())
    assert ">mean</option>" in card._head.html
    assert "2 heads" in card._head.html
    assert "47 × 47 of 1.28 s" in card._head.html
    (image,) = card._plot.image.data["image"]
    np.testing.assert_allclose(image[5, 23], math.sqrt(0.7), rtol=1e-5)
    card._act({"act": "head", "value": "2"})
    assert explaining.head == 2
    card._act({"act": "layer", "value": "1"})
    assert (explaining.layer, explaining.head) == (1, 0)
    (image,) = card._plot.image.data["image"]
    assert image[5, 23] == 0
    assert 'aria-label="Head of the layer"' not in card._head.html


def test_the_first_step_stands_at_the_top_left(explaining: Explaining) -> None:
    card = AttentionCard(explaining)
    answer(explaining, made_attention())
    plot = card._plot.figure
    assert plot.y_range.start > plot.y_range.end == plot.x_range.start
    assert plot.x_range.start == pd.Timestamp(made_attention()[0].attrs["window_start"]).value / 1e6


def test_pointing_at_a_cell_lights_the_step_that_is_read(explaining: Explaining) -> None:
    card = AttentionCard(explaining)
    answer(explaining, made_attention())
    card._plot.pointed.data = {"row": [30], "key": [23]}
    assert explaining.pointed == (30, 23)
    start = pd.Timestamp(made_attention()[0].attrs["window_start"])
    seconds = [(edge - start).total_seconds() for edge in explaining.spot]
    np.testing.assert_allclose(seconds, [23 * 60 / 47, 24 * 60 / 47], atol=1e-6)
    assert len(card._plot.bands.data["left"]) == 2
    card._plot.pointed.data = {"row": [-1], "key": [-1]}
    assert explaining.pointed is None
    assert explaining.spot is None
    assert card._plot.bands.data["left"] == []


def test_a_network_without_attention_says_so(explaining: Explaining) -> None:
    card = AttentionCard(explaining)
    assert "Explain a pick" in card._nothing.html
    answer(explaining)
    assert "has no attention layers" in card._nothing.html
    card._act({"act": "grad_cam"})
    assert explaining.method == "grad_cam"
    explaining.attention_known = False
    assert "Looking for attention" in card._nothing.html
    explaining.attention = made_attention()
    assert card._stage[0] is card._pane


def test_the_matrix_follows_the_theme(explaining: Explaining) -> None:
    card = AttentionCard(explaining)
    card.theme = "dark"
    assert card._plot.figure.background_fill_color == TOKENS["dark"]["surface"]


def test_two_browsers_see_a_matrix_each(explaining: Explaining) -> None:
    answer(explaining, made_attention())
    for _ in range(2):
        Document().add_root(AttentionCard(explaining)._plot.figure)


def test_words_fit_the_layer_at_hand() -> None:
    far, near = (matrix_of(made_attention(), layer, 0) for layer in (0, 1))
    assert far.reach == -1
    assert "from all over the window" in reading_html(far)
    assert near.reach == 1
    assert "itself and its two neighbours" in reading_html(near)
    assert cell_words(far, (30, 23)) == "The step at 03:00:50.6 takes 70 % from the step at 03:00:41.7."
    assert cell_words(far, None, TARGET, "S") == "The step that holds the S reads most from 03:00:41.7 (70 %)."
    assert cell_words(far, (99, 0)) == cell_words(far, None) == ""


# ---- what if


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ({"act": "noise", "value": "6"}, Changes(snr_db=6.0)),
        ({"act": "noise", "value": str(SNR_OFF_DB)}, Changes()),
        ({"act": "clip", "value": "20"}, Changes(clip=0.2)),
        ({"act": "drop", "letter": "E"}, Changes(drop="E")),
        ({"act": "flip", "letter": "Z"}, Changes(flip="Z")),
        ({"act": "swap", "value": "NE"}, Changes(swap="NE")),
        ({"act": "shift", "value": "-0.7"}, Changes(shift_s=-0.7)),
        ({"act": "filter", "value": "2–8 Hz"}, Changes(filter="2–8 Hz")),
        ({"act": "noise", "value": "loud"}, Changes()),
    ],
)
def test_a_control_makes_its_change(action: dict[str, str], expected: Changes) -> None:
    assert changes_after(Changes(), action) == expected


def test_a_switch_takes_its_change_back() -> None:
    gap, mute = (TARGET, TARGET + pd.Timedelta("1s")), Mute(TARGET, TARGET + pd.Timedelta("1s"))
    assert changes_after(Changes(flip="Z"), {"act": "flip", "letter": "Z"}).nothing
    assert changes_after(Changes(gaps=(gap,)), {"act": "fill", "number": "0"}).nothing
    assert changes_after(Changes(mute=(mute, mute)), {"act": "unmute", "number": "1"}) == Changes(mute=(mute,))


def test_a_hand_on_the_card_changes_the_input(explaining: Explaining) -> None:
    card = WhatIfCard(explaining)
    assert "disabled" in html_of(card)
    answer(explaining)
    card._act({"act": "flip", "letter": "Z"})
    assert explaining.changes == Changes(flip="Z")
    assert 'data-act="flip" data-letter="Z" data-key="flip Z" aria-pressed="true"' in html_of(card)
    card._act({"act": "gap"})
    card._act({"act": "gap_from", "value": "-2"})
    card._act({"act": "gap_length", "value": "0.25"})
    card._act({"act": "punch"})
    start = TARGET - pd.Timedelta(seconds=2)
    assert explaining.changes.gaps == ((start, start + pd.Timedelta(seconds=0.25)),)
    assert "gap −2.00 to −1.75 s" in html_of(card)
    card._act({"act": "reset"})
    assert explaining.changes is None


def test_the_last_component_cannot_be_dropped(explaining: Explaining) -> None:
    card = WhatIfCard(explaining)
    answer(explaining)
    for letter in "ZNE":
        card._markup._handle_msg({"act": "drop", "letter": letter})
    assert explaining.changes.drop == "NZ"
    assert "One component must stay" in explaining.session.notice.text


def test_the_brush_is_switched_here_and_elsewhere(explaining: Explaining) -> None:
    card = WhatIfCard(explaining)
    answer(explaining)
    card._act({"act": "brush"})
    assert explaining.brushing
    explaining.brushing = False
    assert re.search(r'data-act="brush"[^>]*aria-pressed="false"', html_of(card))


def test_every_control_has_a_name() -> None:
    html = what_if_html(Changes(flip="Z"), Form("ZNE", TARGET, gap_open=True), "")
    for control in re.findall(r"<(?:input|select) [^>]*>", html):
        assert "aria-label=" in control or 'type="number"' in control
    assert html.count("<label>") == 2


def test_the_outcome_is_told_in_words() -> None:
    nothing = xr.Dataset()
    moved = Tried(nothing, nothing, TARGET + pd.Timedelta(seconds=0.12), 0.31)
    assert outcome_words(moved, "S", TARGET, 0.46, 0.1) == "S moves by +0.12 s; probability 0.46 → 0.31."
    same = Tried(nothing, nothing, TARGET, 0.44)
    assert outcome_words(same, "S", TARGET, float("nan"), 0.1) == "S stays where it was; probability 0.44."
    gone = Tried(nothing, nothing, None, 0.05)
    assert "No S above 0.10 any more; probability around it 0.46 → 0.05." in outcome_words(gone, "S", TARGET, 0.46, 0.1)
    silent = Tried(nothing, nothing, None, float("nan"))
    assert "says nothing of S" in outcome_words(silent, "S", TARGET, 0.46, 0.1)
    assert outcome_words(None, "S", TARGET, 0.46, 0.1) == ""


def strip(moved_s: list[float], probability: list[float]) -> xr.Dataset:
    times = [pd.NaT if value != value else TARGET + pd.Timedelta(seconds=value) for value in moved_s]
    return xr.Dataset(
        {
            "pick_time": ("offset_s", pd.DatetimeIndex(times).as_unit("ns").values),
            "probability": ("offset_s", np.asarray(probability, float)),
        },
        coords={"offset_s": np.arange(len(moved_s)) / 10},
    )


def test_the_strip_shows_and_says_how_a_pick_moves(explaining: Explaining) -> None:
    card = WhatIfCard(explaining)
    answer(explaining)
    explaining.strip = made = strip([-0.1, math.nan, 0.3], [0.4, math.nan, 0.8])
    assert card._stage.objects == [card._pane]
    np.testing.assert_allclose(card._strip.dots.data["moved"], [-0.1, 0.3], atol=1e-6)
    assert card._strip.dots.data["size"][1] > card._strip.dots.data["size"][0]
    words = strip_words(made, TARGET, "S")
    assert words == "S moves by −0.10 to +0.30 s over 3 windows; probability 0.40 to 0.80. 1 of 3 windows give no pick."
    assert words in card._strip_head.html.replace("&#x27;", "'")
    # From pick to pick the plot stays in its place; it goes where there is nothing to show.
    explaining.strip = None
    assert card._stage.objects == [card._pane]
    assert len(card._strip.dots.data["moved"]) == 0
    explaining.strip_problem = "Memory did not suffice."
    assert card._stage.objects == []
    assert strip_words(strip([math.nan], [math.nan]), TARGET, "S") == "No window of 1 gives a pick of S here."


def test_a_dot_of_the_strip_shifts_the_window(explaining: Explaining) -> None:
    card = WhatIfCard(explaining)
    answer(explaining)
    explaining.strip = strip([-0.1, 0.3], [0.4, 0.8])
    card._strip._on_tap(0.6123)
    assert explaining.changes == Changes(shift_s=0.6)
    assert card._strip._chosen.location == 0.6
    assert ">+0.6 s</b>" in card._strip_head.html
    card._act({"act": "reset"})
    assert card._strip._chosen.location == 0
    assert ">none</b>" in card._strip_head.html


def test_why_nothing_can_be_shifted_or_tried_stands_in_the_card(explaining: Explaining) -> None:
    card = WhatIfCard(explaining)
    answer(explaining)
    explaining.strip_problem = "GPD says one thing for a whole window."
    assert "one thing for a whole window" in card._strip_head.html
    assert "disabled" in card._strip_head.html
    explaining.picker = "made"
    explaining.session.runs = {"made": made_run("made", [], [])}
    explaining.param.update(changes=Changes(flip="Z"), try_problem="The window is cut off.")
    assert "The window is cut off." in html_of(card)
    assert "The window is cut off." in str(QuestionLine(explaining)._markup.html)


def test_shares_follow_what_is_tried(explaining: Explaining) -> None:
    card = SharesCard(explaining)
    recording = answer(explaining)
    plain = html_of(card)
    only_z = made_attribution(recording)
    only_z["attribution"][:, 1:] = 0
    explaining.tried = Tried(recording, recording, TARGET, 0.3, only_z)
    assert "as changed" in html_of(card)
    assert "100 %" in html_of(card)
    explaining.tried = None
    assert html_of(card) == plain


# ---- two pickers


def made_run(key: str, seconds: list[float], heights: list[float], title: str = "") -> PickerRun:
    """A picker that says S that many seconds after the target."""
    name, _, weights = key.partition("/")
    card = PickerCard(name=name, title=title or name, weights=weights or "w", phases=("P", "S"))
    curve = np.zeros((1, 2, 6000), np.float32)
    for second, height in zip(seconds, heights, strict=True):
        curve[0, 1, 3000 + round(100 * second)] = height
    start = TARGET - pd.Timedelta("30s")
    annotations = make_annotations(
        curve, stations=[STATION], phases=["P", "S"], start=start, sampling_rate_hz=100.0, recording_id="made",
        picker=name,
    )  # fmt: skip
    limits = {"P": 0.3, "S": 0.3}
    return PickerRun(key, card, annotations=annotations, thresholds=limits, picks=picks_from(annotations, card, limits))


def test_two_pickers_are_told_apart_in_words(explaining: Explaining) -> None:
    line, shares = QuestionLine(explaining), SharesCard(explaining)
    recording = answer(explaining)
    explaining.session.runs = {
        "phasenet/original": made_run("phasenet/original", [0.0], [0.46], "PhaseNet"),
        "eqtransformer/original": made_run("eqtransformer/original", [-0.46], [0.81], "EQTransformer"),
    }
    explaining.param.update(picker="phasenet/original", second="eqtransformer/original")
    assert "Explaining EQTransformer too…" in line._markup.html
    other = made_attribution(recording, value=0.81)
    other["attribution"][:, 2] = 0
    explaining.beside = other
    said = line._markup.html
    assert "EQTransformer picks S 460 ms earlier, with probability 0.81 against 0.46 (+0.35)." in said
    assert "EQTransformer puts less on E (0 % against 74 %) and " in said
    assert re.search(r"(less within 2 s of|more earlier than 2 s before) it \(\d+ % against \d+ %\)\.", said)
    assert "% of the weight in common, rank correlation" in said
    assert "PN over EQT" in html_of(shares)
    assert html_of(shares).count('class="bar"') == 2 * (3 + 5)
    explaining.second = ""
    explaining.beside = None
    assert "EQTransformer" not in line._markup.html
    assert html_of(shares).count('class="bar"') == 3 + 5


# ---- files


def test_a_button_gives_a_file(explaining: Explaining, monkeypatch: pytest.MonkeyPatch) -> None:
    card = SaveCard(explaining)
    assert html_of(card).count("disabled") == 3
    answer(explaining, made_attention())
    explaining.checks = made_checks()
    given, sent = [], []
    monkeypatch.setattr(card._download, "offer", lambda name, content: given.append((name, content)))
    monkeypatch.setattr(explaining.session, "send", lambda function, **arguments: sent.append((function, arguments)))
    card._act({"act": "save", "ending": ".nc"})
    assert "Writing…" in html_of(card)
    card._act({"act": "save", "ending": ".png"})
    ((function, arguments),) = sent
    assert function == "workbench.explain.saving:explanation_file"
    assert arguments.pop("title").startswith("Writing S_2018")
    done = arguments.pop("done")
    done(explanation_file(**arguments))
    ((name, content),) = given
    assert name == explanation_name(explaining.attribution, ".nc")
    assert content[1:4] == b"HDF"
    explaining.session.errand = Job("1", "Writing it", "done")
    assert "Writing…" not in html_of(card)


def test_a_file_is_named_after_the_question() -> None:
    attribution = made_attribution(made_recording())
    assert explanation_name(attribution, ".nc") == "S_2018-12-30T030042_2C.THU04_eqtransformer_integrated_gradients.nc"
    long = explanation_name(attribution.assign_attrs(picker="../" * 99), ".html")
    assert "/" not in long
    assert len(long) <= 125


def test_every_row_is_reached_by_keys(explaining: Explaining) -> None:
    card = SaveCard(explaining)
    answer(explaining, made_attention())
    assert 'aria-label="Step that reads"' in html_of(card)
    card._act({"act": "row", "value": "7"})
    assert explaining.pointed == (7, 23)
    assert "takes 70 % from the step at 03:00:41.7" in html_of(card)


def test_colours_of_saved_pictures_are_those_of_the_light_theme() -> None:
    shared = set(PALETTE) & set(TOKENS["light"])
    assert len(shared) > 12
    assert {name: PALETTE[name] for name in shared} == {name: TOKENS["light"][name] for name in shared}
