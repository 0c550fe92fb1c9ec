"""Addresses and browser messages that nobody's browser sends: the page stays alive, and nothing is decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from panel.custom import JSComponent

from tests.hostile.bounds import bounded
from workbench.errors import WorkbenchError
from workbench.session import Reviewing, Session
from workbench.settings import load_settings
from workbench.views.address import go_to, read_address
from workbench.views.explain_address import read_question
from workbench.views.network_address import read_looked
from workbench.views.page import InspectPage
from workbench.views.review_page import ReviewPage

WORDS = (
    "", "\0", "../../etc/passwd", "/dev/zero", "x" * 10_000, "\u202e", "NaT", "nan", "1e400", "9" * 400, "now",
    "0001-01-01", "9999-12-31T23:59:59", "2024-01-01T00:00:00+99:99", "<script>", "%00", "\ud800", "-1", "[]",
)  # fmt: skip
NAMES = (
    "source", "recording", "station", "filter", "align", "from", "to", "time", "phase", "picker", "method", "edges",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, "", "x", "\0", -1, 10**30, 1e308, float("nan"), True, [], {}, [[]] * 3, "close", "_begin", "__class__",
    "x" * 10_000,
)  # fmt: skip
KEYS = (
    "op", "act", "row", "value", "key", "id", "first", "count", "by", "reason", "kind", "which", "action", "time",
    "station", "identity", "start", "end", "x", "name",
)  # fmt: skip
QUIET = settings(
    derandomize=True, max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)  # fmt: skip


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, Reviewing, list[JSComponent]]]:
    """Two pages on a session in which nothing is open, and every part of them that hears a browser."""
    folder = tmp_path_factory.mktemp("pages")
    made: list[JSComponent] = []
    begin = JSComponent.__init__

    def noted(self: JSComponent, *arguments: Any, **more: Any) -> None:
        begin(self, *arguments, **more)
        made.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSComponent, "__init__", noted)
        session = Session(settings=load_settings(labels=str(folder / "labels.sqlite"), cache=str(folder / "cache")))
        reviewing = Reviewing(session)
        ReviewPage(reviewing, {"Review": ""})
        InspectPage(session, {"Inspect": ""})
    yield session, reviewing, [one for one in made if "_handle_msg" in dir(type(one))]
    reviewing.close()
    session.close()


MESSAGES = st.one_of(
    st.sampled_from(VALUES),
    st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=5),
    st.dictionaries(st.sampled_from(("act", "op", "key")), st.sampled_from(VALUES), min_size=1),
)


def test_messages_that_no_browser_sends_decide_nothing(parts: tuple[Session, Reviewing, list[JSComponent]]) -> None:
    session, reviewing, heard = parts
    assert len(heard) > 10
    watchers = list(reviewing._watchers)

    @QUIET
    @given(MESSAGES)
    @example({"act": "close"})
    @example({"act": "_begin"})
    @example({"act": "__init__"})
    @example({"key": "close"})
    @example(None)
    def tell(message: Any) -> None:
        for part in heard:
            with bounded():
                part._handle_msg(message)
        assert reviewing._watchers == watchers, "a message closed the queue"
        assert session.journal.labels().empty
        assert not session.loading

    tell()


@QUIET
@given(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(WORDS), max_size=6))
def test_addresses_that_cannot_be_are_left_out(values: dict[str, str]) -> None:
    query = "?" + urlencode({name: quote(value, errors="replace") for name, value in values.items()})
    plain = "&".join(f"{name}={value}" for name, value in values.items())
    for text in (query, plain, f"?{plain}"):
        place = read_address(text)
        assert place.view is None or place.view[0] < place.view[1]
        read_question(text)
        read_looked(text)


@pytest.mark.parametrize("source", [word for word in WORDS if word])
def test_a_place_in_an_address_that_is_none_is_a_notice(
    parts: tuple[Session, Reviewing, list[JSComponent]], source: str
) -> None:
    session, _, _ = parts
    place = read_address(urlencode({"source": source}, errors="replace"))
    with bounded():
        try:
            go_to(session, place)
        except WorkbenchError as error:
            said = str(error)
            assert said
