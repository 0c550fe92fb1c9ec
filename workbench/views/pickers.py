"""``PickerPanel``: the pickers on the list, their thresholds, what hinders them, and how to get more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import panel as pn
import param

from workbench.inference.input_check import Finding, check_input
from workbench.pickers.offers import Offer, picker_title
from workbench.schema import PickerCard
from workbench.session import BLINDS, Session
from workbench.views.markup import Action, Markup
from workbench.views.pick_table import picker_symbols
from workbench.views.pickers_html import offers_html, own_html, panel_html, run_html

__all__ = ["PickerPanel"]


class PickerPanel(pn.viewable.Viewer):
    """Switches, live thresholds, Run and Cancel, and the registry of all other pickers."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._offers: Sequence[Offer] | None = None
        self._adding = False
        self._own = ""
        self._remote: dict[str, Sequence[str]] = {}
        self._findings: Mapping[str, Sequence[Finding]] = {}
        self._checker = ThreadPoolExecutor(1, thread_name_prefix="check")
        self._markup = Markup(session, self._act, kind="pickers", sizing_mode="stretch_both")
        session.param.watch(lambda *_: self._check(), ["recording"])
        session.param.watch(lambda *_: self._draw(), ["runs", "job", "recording"])
        session.param.watch(lambda *_: self._draw_first(), ["errand"])
        self._keys: tuple[str, ...] = ()
        session.param.watch(lambda *_: self._check_new(), ["runs"])
        self._check()
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def _check_new(self) -> None:
        if tuple(self._session.runs) != self._keys:
            self._check()

    def _check(self) -> None:
        """Look at the recording in a thread, for it may be a day long; the words come when they are ready."""
        session = self._session
        self._keys = tuple(session.runs)
        recording, cards = session.recording, {key: run.card for key, run in session.runs.items()}
        self._findings = {}
        if recording is not None and cards:
            self._checker.submit(self._look, recording, cards)

    def _look(self, recording: Any, cards: Mapping[str, PickerCard]) -> None:
        found = {key: check_input(recording, card) for key, card in cards.items()}
        self._session.schedule(lambda: self._take_findings(recording, found))

    def _take_findings(self, recording: Any, found: Mapping[str, Sequence[Finding]]) -> None:
        if recording is self._session.recording:
            self._findings = found
            self._draw()

    def _draw(self) -> None:
        session = self._session
        symbols = picker_symbols(session)
        runs = [
            run_html(run, symbols[key], self._findings.get(key, ()), self._running(run.card))
            for key, run in session.runs.items()
        ]
        offers = ""
        if self._adding:
            shut = session.visitor.fetches_nothing
            offers = offers_html(self._offers, self._remote, set(session.runs), shut)
            offers += own_html(self._offers, self._own)
        self._markup.html = panel_html(
            runs,
            offers,
            busy=self._busy(),
            ready=session.recording is not None,
            adding=self._adding,
            coming=self._coming(),
        )

    def _draw_first(self) -> None:
        if not self._session.runs:
            self._draw()

    def _coming(self) -> str:
        """What is being loaded, or why no picker is to be seen, or an empty string."""
        if self._session.blind == "all":
            return f"{BLINDS['all']} while you pick blind."
        errand = self._session.errand
        waits = errand is not None and not errand.ended
        return f"{errand.title}…" if waits and errand.title.startswith("Loading ") else ""

    def _busy(self) -> bool:
        job = self._session.job
        return job is not None and not job.ended

    def _running(self, card: PickerCard) -> bool:
        return self._busy() and self._session.job.title.startswith(f"{card.title} on ")

    def _act(self, action: Action) -> None:
        session, name = self._session, action["act"]
        key = str(action.get("key", ""))
        if name == "run":
            session.run(again=True)
        elif name == "cancel":
            session.cancel()
        elif name == "switch":
            self._switch(key, bool(action["value"]))
        elif name == "threshold":
            self._threshold(key, str(action["phase"]), str(action["value"]))
        elif name == "remove":
            session.remove_picker(key)
        elif name == "add":
            self._toggle_offers()
        else:
            self._act_on_offer(action)

    def _act_on_offer(self, action: Action) -> None:
        session, name = self._session, action["act"]
        if name == "use":
            session.request_picker(str(action["picker"]), str(action.get("weights", "")))
        elif name == "own":
            self._own = str(action.get("value") or "")
        elif name == "use_own" and self._own.strip():
            session.request_own_weights(str(action["picker"]), self._own.strip())
        elif name == "get":
            self._ask_remote(str(action["picker"]))
        elif name == "fetch":
            self._fetch(str(action["picker"]), str(action["weights"]))

    def _switch(self, key: str, on: bool) -> None:
        session = self._session
        with session.hold(), param.parameterized.batch_call_watchers(session):
            session.switch_picker(key, on)
        if on and session.runs[key].annotations is None:
            session.run([key])

    def _threshold(self, key: str, phase: str, text: str) -> None:
        try:
            value = float(text)
        except ValueError:
            return
        if value > 0:
            with self._session.hold():
                self._session.set_threshold(key, phase, value)

    def _toggle_offers(self) -> None:
        self._adding = not self._adding
        self._draw()
        if self._adding:
            self._list_offers()

    def _list_offers(self) -> None:
        self._session.send("workbench.pickers.offers:list_offers", title="Looking for pickers", done=self._take_offers)

    def _take_offers(self, offers: Sequence[Offer]) -> None:
        self._offers = offers
        self._draw()

    def _ask_remote(self, picker: str) -> None:
        self._session.visitor.check_may_fetch(f"The list of weights of {picker_title(picker)}")

        def take(names: Sequence[str]) -> None:
            self._remote[picker] = names
            self._draw()

        self._session.send(
            "workbench.pickers.offers:remote_names",
            title=f"Weights of {picker_title(picker)} at SeisBench",
            done=take,
            picker=picker,
        )

    def _fetch(self, picker: str, weights: str) -> None:
        self._session.visitor.check_may_fetch(f"Weights {weights} of {picker_title(picker)}")

        def take(_: Any) -> None:
            self._remote[picker] = [name for name in self._remote.get(picker, ()) if name != weights]
            self._list_offers()
            self._session.request_picker(picker, weights)

        self._session.send(
            "workbench.pickers.weights:fetch_weights",
            title=f"Fetching {picker_title(picker)} {weights}",
            done=take,
            picker=picker,
            weights_name=weights,
        )
