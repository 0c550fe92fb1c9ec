"""What one user has open: source, recording, picks, labels, jobs. State and actions, no widget.

``session`` holds it all, ``picker_list`` the part about pickers and their runs, ``notice`` what the user must know.
"""

from workbench.inference.runs import PickerRun
from workbench.session.notice import Notice
from workbench.session.session import Session

__all__ = ["Notice", "PickerRun", "Session"]
