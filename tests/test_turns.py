"""What threads end comes back one after the other, and in a notebook on the thread that its hands are on."""

from __future__ import annotations

import threading

import nbformat
from nbclient import NotebookClient

from workbench.session.turns import in_turn


def test_outside_a_notebook_it_is_called_at_once_one_after_the_other():
    call, inside, seen = in_turn(), threading.Event(), []

    def slow():
        inside.set()
        second.start()
        second.join(0.2)
        seen.append("slow")

    second = threading.Thread(target=lambda: call(lambda: seen.append("second")))
    first = threading.Thread(target=lambda: call(slow))
    first.start()
    assert inside.wait(30)
    first.join(30)
    second.join(30)
    assert seen == ["slow", "second"]
    call(lambda: call(lambda: seen.append("within")))
    assert seen[-1] == "within"


CELLS = (
    """
import threading
from workbench.session.turns import in_turn
call, threads, here = in_turn(), [], threading.get_ident()
worker = threading.Thread(target=lambda: call(lambda: threads.append(threading.get_ident())))
worker.start()
worker.join()
assert threads == [], "not beside a cell"
""",
    """
import asyncio
while not threads:
    await asyncio.sleep(0.01)
assert threads == [here]
""",
)


def test_in_a_notebook_it_is_called_between_cells_on_their_thread():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
