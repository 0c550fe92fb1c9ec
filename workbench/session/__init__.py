"""What one user has open: source, recording, picks, labels, jobs. State and actions, no widget.

``session`` holds it all, ``picker_list`` the part about pickers and their runs, ``notice`` what the user must know,
``scene`` what would be shown of a neighbour of the open recording, ``explaining`` why a picker picked there,
``surveying`` how the onsets of all stations lie together, ``reviewing`` which onsets are most likely wrong,
``blind`` who decides and what is hidden from her, ``double_picking`` what several analysts pick, ``settling`` where
they differ, ``visitor`` who has the page open and what the server lets them do.
"""

from workbench.inference.runs import PickerRun
from workbench.session.blind import BLINDS
from workbench.session.double_picking import DoublePicking
from workbench.session.explaining import Explaining
from workbench.session.notice import Notice
from workbench.session.question import Question, Tried
from workbench.session.reviewing import Reviewing
from workbench.session.scene import NeighbourScene
from workbench.session.session import Session
from workbench.session.settling import Settling
from workbench.session.surveying import Surveying
from workbench.session.visitor import OWNER, Visitor

__all__ = [
    "BLINDS",
    "OWNER",
    "DoublePicking",
    "Explaining",
    "NeighbourScene",
    "Notice",
    "PickerRun",
    "Question",
    "Reviewing",
    "Scene",
    "Session",
    "Settling",
    "Surveying",
    "Tried",
    "Visitor",
]

Scene = Session | NeighbourScene
"""What a picture of a recording hangs on: all that is open, or a neighbour of it."""
