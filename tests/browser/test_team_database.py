"""Two analysts on two browsers over one PostgreSQL database: decisions by keys, told of each other, and settled."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("playwright")

from playwright.sync_api import Page, expect

from tests.postgres_server import PostgresServer
from workbench.labels.journal import Journal
from workbench.schema import Decision

from .plot import PLOT
from .served import Server
from .test_two_analysts import open_review, second, tab

__all__ = ["second"]

_RECORDING = "BW.UH1-UH4_20100527T162403"
_FLAGS = f"""wanted => {{
    const plot = ({PLOT})(), there = plot ? plot.marks.map(mark => mark.flag) : [];
    return wanted.every(flag => there.includes(flag));
}}"""
_ONSET = pd.Timestamp("2010-05-27T16:24:33")


@pytest.fixture
def server(tmp_path: Path, postgres: PostgresServer) -> Iterator[Server]:
    database = postgres.new_database()
    served = Server(tmp_path, labels=postgres.url(database))
    try:
        served.start()
        yield served
    finally:
        served.kill()
        postgres.drop(database)
    assert not re.search(r"\bERROR\b|File \".*/(workbench|apps)/", served.log), served.log


def mark(server: Server, analyst: str, after_s: float) -> None:
    """A P that somebody set on another computer."""
    time = _ONSET + pd.Timedelta(after_s, "s")
    with Journal(server.labels, analyst) as journal:
        journal.record(Decision("add", _RECORDING, "BW.UH3.", "P", time))


def written(server: Server) -> list[tuple[str, str]]:
    """Analyst and decision of each row of the journal, the first first."""
    with Journal(server.labels, "reader") as journal:
        rows = journal.entries().iloc[::-1]
    return list(zip(rows["analyst"], rows["decision"], strict=True))


def test_two_colleagues_review_and_settle_in_one_database(
    page: Page, second: Page, server: Server, errors: list[str]
) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    ada, ben = page, second
    open_review(ada, server, "Ada Lovelace")
    open_review(ben, server, "Ben Kim")
    for one in (ada, ben):
        expect(one.locator(".status_line")).to_contain_text("2 recordings looked at")
        # What was found first stays on the screen while the queue grows; both take the most doubtful.
        first = one.locator(".wb-rows.review .row").first
        first.click()
        expect(first).to_have_attribute("aria-selected", "true")
    onset = ada.locator(".review_why .what").text_content()
    assert onset
    expect(ben.locator(".review_why .what")).to_have_text(onset)

    # She keeps the onset that both have before them; he is told who decided, and moves it all the same.
    ada.keyboard.press("a")
    expect(ada.locator(".status_line")).to_contain_text("entry 1")
    expect(ben.locator(".review_why .decided")).to_contain_text("Decided: kept by Ada Lovelace")
    expect(ben.locator(".review_why .what")).to_have_text(onset)
    ben.keyboard.press("Enter")
    expect(ben.locator(".status_line")).to_contain_text("Keys on")
    ben.keyboard.press("Shift+ArrowRight")
    expect(ben.locator(".status_line")).to_contain_text("entry 2")
    expect(ben.locator(".review_why .decided")).to_contain_text("Decided: moved by Ben Kim")

    # She rejects the next, takes that back, and rejects it again.
    outcome = ada.locator(".wb-rows.review .outcome.rejected")
    for key, n in (("x", 1), ("z", 0), ("x", 1)):
        ada.keyboard.press(key)
        expect(outcome).to_have_count(n)
    expect(ada.locator(".status_line")).to_contain_text("entry 5")

    # What two others marked apart is settled by keys, once, with both marks in it.
    mark(server, "Cleo Mair", 0.0)
    mark(server, "Dan Ott", 0.4)
    tab(ada, "Settle")
    expect(ada.locator(".wb-rows.review .words").filter(has_text="Dan Ott")).to_have_count(1)
    ada.keyboard.press("]")
    ada.wait_for_function(_FLAGS, arg=["P CM", "P DO"])
    expect(ada.locator(".review_why .mark")).to_have_count(2)
    ada.keyboard.press("2")
    expect(ada.locator(".wb-rows.review .outcome")).to_have_text("settled")
    tab(ben, "Settle")
    expect(ben.locator(".wb-rows.review .nothing")).to_contain_text("or all is settled")

    hers, his = "Ada Lovelace", "Ben Kim"
    assert written(server) == [
        (hers, "accept"), (his, "move"), (hers, "reject"), (hers, "restore"), (hers, "reject"),
        ("Cleo Mair", "add"), ("Dan Ott", "add"), (hers, "settle"),
    ]  # fmt: skip
    with Journal(server.labels, "reader") as journal:
        standing = journal.labels().set_index("decision")
    assert sorted(standing.index) == ["move", "reject", "settle"]
    settled = standing.loc["settle"]
    assert settled["time"] == _ONSET + pd.Timedelta(0.4, "s")
    marks = json.loads(settled["provenance"])["settled"]["marks"]
    assert [one["analyst"] for one in marks] == ["Cleo Mair", "Dan Ott"]
