"""What the Review page says beside the traces, and its figures while there is nothing to draw."""

from types import SimpleNamespace

import pandas as pd
import pytest

from workbench.labels.doubt.reasons import REASONS
from workbench.session import Session
from workbench.settings import load_settings
from workbench.views.help import HelpSheet
from workbench.views.review_html import BUTTONS, head_html, weights_html
from workbench.views.review_keys import REVIEW_KEYS, REVIEW_LEGEND
from workbench.views.times_figures import TimesFigures


def reviewing(counts, weights=None, outcomes=None, writable=True):
    """What the HTML of the page asks a review for."""
    queue = pd.DataFrame({"key": ["k"], "doubt": [0.5]})
    standard = {name: reason.weight for name, reason in REASONS.items()}
    return SimpleNamespace(
        counts=lambda: counts, weights=standard | (weights or {}), queue=queue, outcomes=outcomes or {},
        left=1, seconds=[], reason="", session=SimpleNamespace(journal=SimpleNamespace(writable=writable)),
    )  # fmt: skip


def test_reasons_that_no_onset_has_are_folded_away_and_one_that_was_changed_is_not():
    first, second, *others = REASONS
    shown, _, folded = weights_html(reviewing({first: 3}, {second: 0.0})).partition("<details")
    assert f'data-reason="{first}"' in shown
    # It is under her hand: with a weight of 0 no onset has it any more.
    assert f'data-reason="{second}"' in shown
    assert all(f'data-reason="{name}"' in folded for name in others)
    assert f"{len(others)} reasons that no onset has" in folded


def test_a_newcomer_is_told_what_to_do_until_something_is_decided():
    assert "Decide by a key" in head_html(reviewing({}))
    assert "Decide by a key" not in head_html(reviewing({}, outcomes={"k": "kept"}))
    assert "may look, and decide nothing" in head_html(reviewing({}, writable=False))


def test_the_sheet_of_keys_names_those_of_the_page_first(tmp_path):
    session = Session(settings=load_settings(labels=str(tmp_path / "labels.sqlite")))
    sheet = HelpSheet(session, SimpleNamespace(profile="default"), legend=REVIEW_LEGEND, own=REVIEW_KEYS)
    sheet.open()
    said = sheet._markup.html
    assert said.index("<h3>Doubts</h3>") < said.index("<h3>Place a pick</h3>")
    assert all(f"{words.lower()}: " in said for _, words, _, _ in BUTTONS.values())
    assert "nothing can be written" not in said
    session.close()


def test_the_sheet_of_keys_tells_who_may_only_look(tmp_path):
    session = Session(settings=load_settings(labels=str(tmp_path / "labels.sqlite")))
    session.journal.writable = False
    sheet = HelpSheet(session, SimpleNamespace(profile="default"))
    sheet.open()
    assert "Here nothing can be written" in sheet._markup.html
    session.close()


@pytest.mark.parametrize("values", [[], [2.0], [1.0, float("nan"), 5.0]])
def test_figures_of_times_have_a_range_whatever_is_in_them(values):
    figures = TimesFigures("light")
    for source in (figures.residuals, figures.pairs):
        source.data = {name: list(values) for name in source.data}
    figures._fit_ranges()
    known = [value for value in values if value == value]
    for plot in (figures.residual_plot, figures.wadati_plot):
        for span in (plot.x_range, plot.y_range):
            assert span.start < span.end
            assert all(span.start < value < span.end for value in known)
            assert (span.reset_start, span.reset_end) == (span.start, span.end)
