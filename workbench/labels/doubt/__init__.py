"""Which labels and picks are most likely wrong, and why: evidence, reasons, and the queue that comes of them."""

from workbench.labels.doubt.evidence import Evidence, Onset, gather_evidence
from workbench.labels.doubt.ranking import doubt_table, rank
from workbench.labels.doubt.reasons import REASONS, Doubt

__all__ = ["REASONS", "Doubt", "Evidence", "Onset", "doubt_table", "gather_evidence", "rank"]
