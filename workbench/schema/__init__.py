"""What travels between rooms, and the checks at every border."""

from workbench.schema.agreement import (
    AGREEMENT_COLUMNS,
    DISAGREEMENT_COLUMNS,
    LOOK_COLUMNS,
    MARK_COLUMNS,
    OVERALL,
    check_agreement,
    check_marks,
)
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
from workbench.schema.position import JournalPosition
from workbench.schema.recording import (
    add_history,
    check_recording,
    make_recording,
    one_station,
    time_axis,
    waveform_hash,
)
from workbench.schema.recordings_table import RECORDING_COLUMNS, check_recordings_table
from workbench.schema.weights import (
    DEFAULT_WEIGHT_SCHEME,
    UNUSED_CLASS,
    WEIGHT_SCHEMES,
    WeightScheme,
    WeightSchemeName,
    weight_scheme,
)

__all__ = [
    "AGREEMENT_COLUMNS",
    "ATTRIBUTION_TARGETS",
    "BELIEF",
    "CATALOG",
    "DECISIONS",
    "DEFAULT_WEIGHT_SCHEME",
    "DISAGREEMENT_COLUMNS",
    "JOB_STATES",
    "LABEL_COLUMNS",
    "LOOK_COLUMNS",
    "MARK_COLUMNS",
    "ONSET_QUALITIES",
    "OVERALL",
    "PICK_COLUMNS",
    "POLARITIES",
    "RECORDING_COLUMNS",
    "STATUSES",
    "UNUSED_CLASS",
    "VERDICTS",
    "WEIGHT_SCHEMES",
    "Check",
    "Decision",
    "Event",
    "Job",
    "JournalPosition",
    "PickerCard",
    "Report",
    "Station",
    "WeightScheme",
    "WeightSchemeName",
    "add_history",
    "belief",
    "check_agreement",
    "check_annotations",
    "check_attention",
    "check_attribution",
    "check_labels",
    "check_marks",
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
    "weight_scheme",
]
