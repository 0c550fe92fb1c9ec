"""Where the errors of a user's action become a notice on the page."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from workbench.errors import WorkbenchError
from workbench.session import Notice, Session

__all__ = ["guarded"]

_LOG = logging.getLogger(__name__)


@contextmanager
def guarded(session: Session) -> Iterator[None]:
    """Run a user's action; an error becomes the session's notice and the page stays alive."""
    try:
        yield
    except WorkbenchError as error:
        session.notice = Notice("error", str(error))
    except Exception as error:  # noqa: BLE001 - the last border before the browser: a fault must not kill the page
        _LOG.exception("An action failed")
        session.notice = Notice(
            "error",
            f"Something went wrong in the workbench itself: {type(error).__name__}: {error}. Nothing saved was lost.",
            traceback.format_exc(),
        )
