"""Who has the page open that is being made."""

from __future__ import annotations

import panel as pn

from apps.group import Group
from workbench.errors import WorkbenchError
from workbench.session import Visitor

__all__ = ["visitor_of"]


def visitor_of(group: Group) -> Visitor:
    """The visitor of the document that is being made; from the session's token, which only the server can have signed.

    Panel's own ``state.user`` believes a cookie that any browser can set.

    Raises
    ------
    WorkbenchError
        If a login is asked for, and nobody who may enter is logged in.
    """
    context = pn.state.curdoc.session_context if pn.state.curdoc is not None else None
    name = str(context.token_payload.get("login", "")) if group.asks and context is not None else ""
    try:
        return group.visitor(name)
    except WorkbenchError as error:
        # A page is not made for somebody whom the server has not let in.
        raise PermissionError(str(error)) from error
