"""The Review page: the onsets most likely wrong, one after the other, with what is doubted and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui
import param
from panel.custom import JSComponent

from workbench.labels.doubt.reasons import REASONS
from workbench.session import DoublePicking, Reviewing, Session, Settling
from workbench.views.address import address_of
from workbench.views.app_bar import AppBar
from workbench.views.double_list import DoubleList
from workbench.views.explain_address import onset_address
from workbench.views.guard import guarded
from workbench.views.help import HelpSheet
from workbench.views.kernel_dialog import KernelDialog
from workbench.views.later import Later
from workbench.views.markup import ESM_FOLDER, Action, Markup, Rows, stylesheet
from workbench.views.notices import NoticeBar
from workbench.views.pickers import PickerPanel
from workbench.views.review_frame import ReviewFrame
from workbench.views.review_html import (
    BUTTONS,
    buttons_html,
    head_html,
    nothing_words,
    queue_row,
    weights_html,
    why_html,
)
from workbench.views.review_keys import REVIEW_KEYS, REVIEW_LEGEND
from workbench.views.review_lists import ReviewList, tabs_html
from workbench.views.review_status import ReviewStatus
from workbench.views.review_times import ReviewTimes
from workbench.views.settle_list import SettleList
from workbench.views.shell import shell
from workbench.views.tags import text
from workbench.views.theme import TOKENS
from workbench.views.traces import TraceView

__all__ = ["ReviewKeys", "ReviewPage"]

_ROW_PX = 66


class ReviewPage(pn.viewable.Viewer):
    """Everything on the page of one source's lists: doubts, blind double picking, and what is to be settled.

    Parameters
    ----------
    apps
        Title to address of the apps that are served; this one's address is empty.
    """

    theme = param.Selector(default="light", objects=list(TOKENS))

    def __init__(self, reviewing: Reviewing, apps: Mapping[str, str], theme: str = "light", **params: Any) -> None:
        super().__init__(theme=theme, **params)
        self._reviewing, self._session, self._apps = reviewing, reviewing.session, apps
        session = self._session
        self.traces = TraceView(session, theme=theme)
        self._kernels = KernelDialog(session)
        self._help = HelpSheet(session, self.traces, legend=REVIEW_LEGEND, own=REVIEW_KEYS)
        self._bar = AppBar(session, apps, self._other_theme, self._help.open, theme, on_kernel=self._kernels.open)
        self.double, self.settling = DoublePicking(session), Settling(session)
        self._others: dict[str, ReviewList] = {
            "double": DoubleList(self.double, reviewing), "settle": SettleList(self.settling, self._cursor)
        }  # fmt: skip
        self._list = "doubts"
        self._tabs = Markup(session, self._act, kind="review_tabs")
        self._head = Markup(session, self._act, kind="review_head")
        self._rows = Rows(
            session, self._row, self._act, columns=[{"label": "", "width": "minmax(0,1fr)"}], kind="review",
            row_height=_ROW_PX, label="Doubted onsets",
        )  # fmt: skip
        self._why = Markup(session, self._act, kind="review_why")
        self._buttons = Markup(session, self._act, kind="review_decide")
        self._weights = Markup(session, self._act, kind="review_weights")
        self.times = ReviewTimes(reviewing, theme)
        self._frame = self._make_frame()
        self._page = shell(self._bar, self._frame, theme, "Review")
        self.traces.param.watch(lambda *_: self._help.open(), "help")
        draw = Later(session, self._draw)
        reviewing.param.watch(draw, ["queue", "weights", "item", "outcomes", "looked", "paused", "reason", "problem"])
        self.double.param.watch(draw, ["items", "done", "item", "hides"])
        self.settling.param.watch(draw, ["onsets", "item", "outcomes", "looking"])
        session.param.watch(draw, ["source", "runs", "blind", "analyst", "labels"])
        session.param.watch(
            lambda *_: self._write_address(), ["source", "recording_id", "recording", "station", "blind"]
        )
        self.param.watch(lambda *_: self._retheme(), "theme")
        self._draw()

    def __panel__(self) -> pmui.Page:
        return self._page

    def _make_frame(self) -> ReviewFrame:
        queue = pn.Column(
            self._tabs, self._head, self._rows, sizing_mode="stretch_both", margin=0, styles={"overflow": "hidden"}
        )  # fmt: skip
        return ReviewFrame(
            queue=queue,
            notices=NoticeBar(self._session).__panel__(),
            toolbar=self._why,
            plot=self.traces.__panel__(),
            decide=self._buttons,
            weights=_side(_side(self._weights, kind="at-top"), _side(PickerPanel(self._session), kind="at-foot")),
            times=self.times.__panel__(),
            status=ReviewStatus(self._reviewing, self.traces, self._help.open).__panel__(),
            overlays=pn.Column(self._kernels, self._help, ReviewKeys(self._session, self._press)),
        )

    # ---- drawing

    def _draw(self) -> None:
        one = self._reviewing
        left = {"doubts": one.left, "double": self.double.left, "settle": self.settling.left}
        self._tabs.html = tabs_html(self._list, left)
        if self._list in self._others:
            self._draw_list(self._others[self._list])
            return
        self._head.html = head_html(one)
        keys = list(one.queue["key"]) if len(one.queue) else []
        selected = keys.index(one.item) if one.item in keys else -1
        nothing = nothing_words(one) if not keys else ""
        self._rows.fill(len(keys), selected, nothing=nothing)
        self._why.html = why_html(one, bool(self._apps.get("Explain")))
        self._buttons.html = buttons_html(one)
        self._weights.html = weights_html(one)

    def _draw_list(self, shown: ReviewList) -> None:
        self._head.html, self._why.html, self._buttons.html = shown.head_html(), shown.why_html(), shown.buttons_html()
        n = len(shown.keys)
        self._rows.fill(n, shown.selected, nothing="" if n else text(shown.nothing()))
        self._weights.html = weights_html(self._reviewing)

    def _cursor(self) -> pd.Timestamp | None:
        at = self.traces.cursor
        return pd.Timestamp(round(at["time"] * 1e6), unit="ns") if at else None

    def _row(self, index: int) -> Mapping[str, Any]:
        if self._list in self._others:
            return self._others[self._list].row(index)
        row = self._reviewing.queue.iloc[index].to_dict()
        return queue_row(row, self._reviewing.outcomes.get(row["key"], ""))

    # ---- actions

    def _press(self, key: str) -> None:
        if key == "help":
            self._help.open()
        elif key == "arm":
            self.traces.armed = True
        elif self._list in self._others:
            self._act({"act": key})
        elif key in ("before", "after"):
            self._reviewing.step(-1 if key == "before" else 1)
        else:
            self._act({"act": key})

    def _act(self, action: Action) -> None:
        one, act = self._reviewing, action["act"]
        if act == "list":
            self._show_list(str(action["name"]))
        elif self._list in self._others:
            self._others[self._list].act(action)
        elif act == "choose":
            one.open(str(one.queue["key"].iloc[int(action["row"])]))
        elif act == "step":
            one.step(int(action["by"]))
        elif act == "weight":
            one.set_weight(str(action["reason"]), float(action["value"]))
        elif act == "reset":
            one.weights = {name: reason.weight for name, reason in REASONS.items()}
        elif act == "reason":
            one.reason = str(action["value"])
        elif act == "explain":
            self._leave_for_explain()
        elif act in BUTTONS:
            # Nothing else: what a browser sends may be anything.
            getattr(one, act)()

    def _show_list(self, name: str) -> None:
        """Bring a list to the front; what is on the screen stays there until one chooses from it."""
        self._list = name if name in self._others else "doubts"
        self._frame.front = self._list
        self._reviewing.active = self._list == "doubts"
        if self._list in self._others:
            self._others[self._list].show()
        self._draw()

    def _leave_for_explain(self) -> None:
        row = self._reviewing.row
        if row is not None:
            query = onset_address(self._session, row["phase"], row["time"], next(iter(self._session.runs), ""))
            self._frame.go = f"{self._apps['Explain']}?{query}"

    def close(self) -> None:
        """Stop what works for the lists of this page."""
        self.double.close()
        self.settling.close()

    def _other_theme(self) -> None:
        self.theme = "dark" if self.theme == "light" else "light"

    def _retheme(self) -> None:
        with pn.io.hold():
            self._page.dark_theme = self.theme == "dark"
            self.traces.theme = self.times.theme = self.theme
            self._bar.show_theme(self.theme)

    def _write_address(self) -> None:
        self._frame.tell_address(address_of(self._session))


def _side(*content: Any, kind: str = "") -> pn.Column:
    """The card at the right, or one of its two parts: reasons scroll above the pickers, which stay in sight."""
    classes = [kind or "at-right"]
    return pn.Column(
        *content, sizing_mode="stretch_width" if kind else "stretch_both", margin=0, css_classes=classes,
        stylesheets=[stylesheet("review_side.css")],
    )  # fmt: skip


class ReviewKeys(JSComponent):
    """Listens to the keyboard of the page."""

    _esm = ESM_FOLDER / "review_keys.js"

    def __init__(self, session: Session, on_key: Callable[[str], None], **params: Any) -> None:
        super().__init__(width=0, height=0, margin=0, **params)
        self._session, self._on_key = session, on_key

    def _handle_msg(self, msg: Mapping[str, Any]) -> None:
        with guarded(self._session):
            self._on_key(str(msg["key"]))
