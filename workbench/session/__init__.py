"""What one user has open: source, recording, picks, labels, jobs. State and actions, no widget.

``session`` holds it all, ``picker_list`` the part about pickers and their runs, ``notice`` what the user must know,
``scene`` what would be shown of a neighbour of the open recording, ``explaining`` why a picker picked there,
``surveying`` how the onsets of all stations lie together, ``reviewing`` which onsets are most likely wrong.
"""

from workbench.inference.runs import PickerRun
from workbench.session.explaining import Explaining
from workbench.session.notice import Notice
from workbench.session.question import Question, Tried
from workbench.session.reviewing import Reviewing
from workbench.session.scene import NeighbourScene
from workbench.session.session import Session
from workbench.session.surveying import Surveying

__all__ = [
    "Explaining",
    "NeighbourScene",
    "Notice",
    "PickerRun",
    "Question",
    "Reviewing",
    "Scene",
    "Session",
    "Surveying",
    "Tried",
]

Scene = Session | NeighbourScene
"""What a picture of a recording hangs on: all that is open, or a neighbour of it."""
