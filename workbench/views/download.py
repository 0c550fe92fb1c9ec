"""``Download``: hands a file that the server has made to the browser, which keeps it where its user wants it."""

from __future__ import annotations

from base64 import b64encode

from panel.custom import JSComponent

from workbench.views.markup import ESM_FOLDER

__all__ = ["Download"]


class Download(JSComponent):
    """Nothing to see; :meth:`offer` gives a file."""

    _esm = ESM_FOLDER / "download.js"

    def __init__(self) -> None:
        super().__init__(width=0, height=0, margin=0, sizing_mode="fixed")

    def offer(self, name: str, content: bytes) -> None:
        """Give the browser a file of that name."""
        self._send_msg({"name": name, "content": b64encode(content).decode("ascii")})
