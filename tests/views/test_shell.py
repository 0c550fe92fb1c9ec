"""The page of any app."""

import gc
import weakref

from workbench.session import Session
from workbench.settings import load_settings
from workbench.views.page import InspectPage


def test_a_page_that_was_left_is_forgotten_with_its_session(tmp_path):
    settings = load_settings(labels=str(tmp_path / "labels.sqlite"), cache=str(tmp_path / "cache"))
    session = Session(settings=settings)
    page = InspectPage(session, {"Inspect": ""}, "light").__panel__()
    left = weakref.ref(session), weakref.ref(page)
    session.close()
    del session, page
    gc.collect()
    assert [one() for one in left] == [None, None]
