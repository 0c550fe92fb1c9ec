"""What travels between rooms, and the checks at every border."""

from workbench.schema.annotations import check_annotations, make_annotations
from workbench.schema.attention import check_attention, make_attention
from workbench.schema.attribution import ATTRIBUTION_TARGETS, check_attribution, make_attribution
from workbench.schema.card import PickerCard
from workbench.schema.check import BELIEF, VERDICTS, Check, belief
from workbench.schema.event import Event, Station
from workbench.schema.job import JOB_STATES, Job, Report, silent
from workbench.schema.labels import (
    DECISIONS,
    LABEL_COLUMNS,
    ONSET_QUALITIES,
    STATUSES,
    Decision,
    check_labels,
    empty_labels,
)
from workbench.schema.picks import CATALOG, PICK_COLUMNS, POLARITIES, check_picks, empty_picks, make_picks, pick_id
from workbench.schema.recording import (
    add_history,
    check_recording,
    make_recording,
    one_station,
    time_axis,
    waveform_hash,
)
from workbench.schema.recordings_table import RECORDING_COLUMNS, check_recordings_table

__all__ = [
    "ATTRIBUTION_TARGETS",
    "BELIEF",
    "CATALOG",
    "DECISIONS",
    "JOB_STATES",
    "LABEL_COLUMNS",
    "ONSET_QUALITIES",
    "PICK_COLUMNS",
    "POLARITIES",
    "RECORDING_COLUMNS",
    "STATUSES",
    "VERDICTS",
    "Check",
    "Decision",
    "Event",
    "Job",
    "PickerCard",
    "Report",
    "Station",
    "add_history",
    "belief",
    "check_annotations",
    "check_attention",
    "check_attribution",
    "check_labels",
    "check_picks",
    "check_recording",
    "check_recordings_table",
    "empty_labels",
    "empty_picks",
    "make_annotations",
    "make_attention",
    "make_attribution",
    "make_picks",
    "make_recording",
    "one_station",
    "pick_id",
    "silent",
    "time_axis",
    "waveform_hash",
]
