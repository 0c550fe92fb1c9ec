"""A notebook's widget follows what changes before the notebook has drawn it, and in a page that is loaded again."""

from __future__ import annotations

import asyncio
import json

import pytest
from bokeh.document import Document
from bokeh.models import Column, ColumnDataSource, Div
from bokeh.plotting import figure

pytest.importorskip("jupyter_bokeh")

from workbench.views.notebook_widget import NotebookWidget


class Widget(NotebookWidget):
    """As a notebook's, with what it sends kept here."""

    def send(self, content, buffers=None):
        self.__dict__.setdefault("sent", []).append(content.get("payload"))


def shown(model):
    """A widget that a browser has drawn."""
    widget = Widget(model)
    widget._view_count = 1
    return widget


def patches(widget):
    """Attribute and value of each patch, which comes in three parts."""
    contents = [json.loads(part) for part in widget.__dict__.get("sent", [])[2::3]]
    return [(event["attr"], event.get("new")) for content in contents for event in content["events"]]


def test_what_changes_before_the_widget_is_shown_comes_once_it_is():
    div = Div(text="at first")
    widget = Widget(div, combine_events=True)
    for words in ("then", "last"):
        div.text = words
    div.disabled = True
    assert patches(widget) == []
    widget._view_count = 1
    assert patches(widget) == [("text", "last"), ("disabled", True)]
    div.text = "at once"
    assert patches(widget)[2:] == [("text", "at once")]


def test_a_model_that_came_and_went_before_the_widget_was_shown_is_not_told_of():
    column = Column(Div(text="first"))
    widget = Widget(column)
    gone = column.children[0]
    gone.text = "changed"
    column.children = [Div(text="second")]
    widget._view_count = 1
    ((attr, children),) = patches(widget)
    assert (attr, [child["attributes"]["text"] for child in children]) == ("children", ["second"])


def test_a_page_that_is_loaded_again_gets_what_stands_now():
    div = Div(text="at first")
    widget = shown(div)
    made = widget.render_bundle
    # A second view of what nobody changed is drawn right as it is.
    widget._view_count = 2
    assert widget.render_bundle is made
    div.text = "now"
    # The page that went away did not say so; the one that came counts on.
    widget._view_count = 3
    ((document,),) = (widget.render_bundle["docs_json"].values(),)
    assert [root["attributes"]["text"] for root in document["roots"]] == ["now"]
    # One that is closed is not drawn for.
    made, div.text = widget.render_bundle, "later"
    widget._view_count = 2
    assert widget.render_bundle is made


def test_no_message_of_the_browser_takes_the_place_of_another():
    assert not Widget(Div(), combine_events=True).combine_events


def said(widget, model, attr, new):
    """A browser says that a property has changed."""
    content = {"event": "jsevent", "kind": "ModelChanged", "model": model.ref, "attr": attr, "new": new}
    widget._sync_model(widget, content, [])


def test_what_the_kernel_told_comes_back_and_undoes_nothing():
    div = Div(text="")
    widget = shown(div)
    div.text = "enabled"
    div.text = "disabled"
    said(widget, div, "text", "enabled")
    # Taken for a change, what came back would make this one none, and the browser would stay at "disabled".
    div.text = "enabled"
    said(widget, div, "text", "disabled")
    said(widget, div, "text", "enabled")
    assert patches(widget) == [("text", "enabled"), ("text", "disabled"), ("text", "enabled")]
    assert div.text == "enabled"


def test_what_a_hand_changes_is_taken():
    div = Div(text="")
    widget = shown(div)
    said(widget, div, "text", "by hand")
    assert (div.text, patches(widget)) == ("by hand", [])
    div.text = "by the kernel"
    said(widget, div, "text", "by the kernel")
    said(widget, div, "text", "by hand again")
    assert div.text == "by hand again"


def test_a_hand_that_was_quicker_than_the_kernel_is_overtaken_as_in_the_browser():
    div = Div(text="")
    widget = shown(div)
    div.text = "by the kernel"
    said(widget, div, "text", "by hand, before that came")
    assert div.text == "by hand, before that came"
    said(widget, div, "text", "by the kernel")
    assert div.text == "by the kernel"


def test_a_hand_is_heard_though_what_the_kernel_told_never_came_back():
    div = Div(text="")
    widget = shown(div)
    div.text = "as it was there already"
    said(widget, div, "text", "by hand")
    assert div.text == "by hand"


def test_columns_that_come_back_are_not_taken(monkeypatch):
    source = ColumnDataSource({"x": [1.0]})
    widget = shown(figure_of(source))
    source.data = {"x": [2.0]}
    source.data = {"x": [3.0]}
    back = {"type": "map", "entries": [["x", [2.0]]]}
    said(widget, source, "data", back)
    assert source.data == {"x": [3.0]}
    said(widget, source, "data", back)
    # A tool that draws.
    said(widget, source, "data", {"type": "map", "entries": [["x", [4.0]]]})
    assert source.data == {"x": [4.0]}


def test_nothing_is_kept_of_models_that_are_gone(monkeypatch):
    monkeypatch.setattr("workbench.views.notebook_widget._MANY", 10)
    column = Column(Div(text="first"))
    widget = shown(column)
    for n in range(50):
        column.children[0].text = str(n)
        column.children = [Div(text="next")]
    assert len(widget._told.changed) < 15


def figure_of(source):
    plot = figure()
    plot.scatter("x", "x", source=source)
    return plot


async def changed_in_a_turn(widget, change):
    widget._view_count = 1
    change()
    assert patches(widget) == []
    while not patches(widget):
        await asyncio.sleep(0.001)


def as_a_browser_has_it(widget, root):
    """The models of a document that was made as `root` was at first, once it has taken in what the widget sent."""
    browser = Document.from_json(root)
    for content in [json.loads(part) for part in widget.sent[2::3]]:
        browser.apply_json_patch(content)
    return browser


async def whole(change):
    column = Column(Div(text="first"))
    widget = Widget(column)
    made = column.document.to_json()
    await changed_in_a_turn(widget, lambda: change(column))
    return as_a_browser_has_it(widget, made)


def brought_and_changed(column):
    one, two = Div(text="one"), Div(text="two")
    column.children = [one]
    one.text = "changed"
    column.children = [one, two]


def brought_changed_and_taken_away(column):
    one = Div(text="one")
    column.children = [one]
    one.text = "changed"
    column.children = [Div(text="two")]


@pytest.mark.parametrize(
    ("change", "words"), [(brought_and_changed, ["changed", "two"]), (brought_changed_and_taken_away, ["two"])]
)
def test_a_model_comes_before_what_is_changed_of_it(change, words):
    (root,) = asyncio.run(asyncio.wait_for(whole(change), 60)).roots
    assert [child.text for child in root.children] == words


async def patched_and_replaced():
    source = ColumnDataSource({"x": [1.0, 2.0]})
    widget = Widget(figure_of(source))
    made = source.document.to_json()

    def change():
        source.data = {"x": [3.0, 4.0]}
        source.patch({"x": [(0, 5.0)]})
        source.data = {"x": [6.0, 7.0]}
        source.patch({"x": [(1, 8.0)]})

    await changed_in_a_turn(widget, change)
    return as_a_browser_has_it(widget, made).select_one({"type": ColumnDataSource})


def test_columns_that_are_patched_and_replaced_in_one_turn_are_what_they_are_at_its_end():
    assert asyncio.run(asyncio.wait_for(patched_and_replaced(), 60)).data == {"x": [6.0, 8.0]}


async def said_three_times():
    div = Div(text="")
    widget = Widget(div)

    def change():
        for words in ("first", "second", "last"):
            div.text = words
            div.disabled = not div.disabled

    await changed_in_a_turn(widget, change)
    return widget


def test_all_that_a_turn_of_the_kernel_changes_comes_in_one_patch():
    widget = asyncio.run(asyncio.wait_for(said_three_times(), 60))
    assert patches(widget) == [("text", "last"), ("disabled", True)]
    assert len(widget.sent) == 3
