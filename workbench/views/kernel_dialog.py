"""``KernelDialog``: where pickers run, how that place is, and the jobs that it was given."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn

from workbench.errors import WorkbenchError
from workbench.session import Session
from workbench.views.kernel_html import device_html, jobs_html, places_html
from workbench.views.markup import Action, Markup, stylesheet
from workbench.views.tags import dialog, refusal

__all__ = ["KernelDialog"]


class KernelDialog(pn.viewable.Viewer):
    """A dialog; :meth:`open` shows it. While it is open it follows the place and the jobs."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._is_open = False
        self._token, self._refusal, self._asked = "", "", ""
        self._markup = Markup(session, self._act, kind="dialog")
        self._markup.stylesheets = [*self._markup.stylesheets, stylesheet("kernels.css")]
        session.kernels.param.watch(lambda *_: self._draw(), ["chosen", "status", "jobs"])

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def open(self) -> None:
        """Show the dialog."""
        self._is_open, self._refusal, self._asked = True, "", ""
        self._draw()

    def _draw(self) -> None:
        if not self._is_open:
            return
        kernels = self._session.kernels
        self._markup.html = dialog(
            "Where pickers run",
            refusal(self._refusal),
            places_html(kernels.places(), kernels.chosen, self._asked, self._session.visitor.read_only),
            device_html(kernels.place, kernels.status, self._session.visitor.read_only),
            jobs_html(kernels.jobs),
            class_="wide kernels",
        )

    def _act(self, action: Action) -> None:
        kernels, name = self._session.kernels, action["act"]
        if name == "closed":
            self._is_open, self._token = False, ""
            self._markup.html = ""
        elif name == "token":
            self._token = str(action.get("value") or "")
        elif name == "use":
            self._try_to_use(str(action["place"]))
        elif name in ("start", "interrupt", "restart"):
            self._try(getattr(kernels, name))
        elif name == "stop":
            self._stop(str(action["job"]))

    def _stop(self, job_id: str) -> None:
        errand = self._session.errand
        if errand is not None and errand.job_id == job_id:
            self._session.cancel_errand()
        else:
            self._session.kernels.cancel(job_id)

    def _try_to_use(self, name: str) -> None:
        """Go there, or say in the dialog what hinders: a notice on the page would lie under it."""
        kernels = self._session.kernels
        if kernels.places()[name].needs_token and self._asked != name:
            self._asked = name
            self._draw()
            return
        token, self._token, self._asked = self._token.strip(), "", ""
        self._try(lambda: kernels.choose(name, token))

    def _try(self, act: Callable[[], None]) -> None:
        self._refusal = ""
        try:
            act()
        except WorkbenchError as error:
            self._refusal = str(error)
        self._draw()
