"""Escape is for what is nearest: a dialog, then a field, and only then the job that runs."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright")

import panel as pn
from panel.tests.util import serve_component, wait_until

from workbench.session import Session
from workbench.settings import load_settings
from workbench.views.markup import Markup
from workbench.views.tags import dialog, tag

_PATIENCE_MS = 60_000


@pytest.fixture
def desk(page, tmp_path):
    """A page with a job, a field and a dialog; gives what was asked for, and the markup of the dialog."""
    session = Session(
        settings=load_settings(labels=str(tmp_path / "labels.sqlite"), cache=str(tmp_path), analyst="Ada")
    )
    asked = []
    job = Markup(session, lambda action: asked.append(action["act"]))
    job.html = tag("button", "Cancel", data_act="cancel", data_escape="") + tag("input", type="text", aria_label="note")
    sheet = Markup(session, lambda action: asked.append(action["act"]), kind="dialog")
    page.set_default_timeout(_PATIENCE_MS)
    serve_component(page, lambda: pn.Column(job, sheet))
    page.get_by_role("button", name="Cancel").wait_for()
    yield page, asked, sheet, job
    session.close()


def wait(page, condition):
    wait_until(condition, page, timeout=_PATIENCE_MS)


def test_escape_cancels_the_job(desk):
    page, asked, _, _ = desk
    page.keyboard.press("Escape")
    wait(page, lambda: asked == ["cancel"])


def test_escape_closes_a_dialog_and_leaves_the_job_alone(desk):
    page, asked, sheet, _ = desk
    sheet.html = dialog("Keys", tag("p", "All of them."))
    page.get_by_role("dialog").wait_for()
    page.get_by_text("All of them.").click()
    page.keyboard.press("Escape")
    wait(page, lambda: asked == ["closed"])
    page.keyboard.press("Escape")
    wait(page, lambda: asked == ["closed", "cancel"])


def test_escape_in_a_field_is_for_the_field(desk):
    page, asked, _, job = desk
    page.get_by_label("note").focus()
    page.keyboard.press("Escape")
    # The click comes after it on the same way: had Escape asked for anything, it would have come first.
    job.html += tag("button", "Other", data_act="other")
    page.get_by_role("button", name="Other").click()
    wait(page, lambda: asked == ["other"])


def test_escape_without_a_job_asks_for_nothing(desk):
    page, asked, _, job = desk
    job.html = tag("button", "Other", data_act="other")
    page.get_by_role("button", name="Cancel").wait_for(state="detached")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Other").click()
    wait(page, lambda: asked == ["other"])
