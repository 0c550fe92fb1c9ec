"""``follow_in_notebooks``: views that are shown in a notebook get a widget that loses nothing."""

from __future__ import annotations

import sys
from importlib.util import find_spec

__all__ = ["follow_in_notebooks"]


def follow_in_notebooks() -> None:
    """Have Panel make the widgets of this kernel of our kind, from the next one on; nothing outside notebooks."""
    if "ipykernel" not in sys.modules or find_spec("jupyter_bokeh") is None:
        return
    from jupyter_bokeh import widgets

    from workbench.views.notebook_widget import NotebookWidget

    widgets.BokehModel = NotebookWidget
