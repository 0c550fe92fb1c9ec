"""The journal of decisions: append-only, one row for each thing an analyst decided."""

from workbench.labels.journal import Entry, Journal

__all__ = ["Entry", "Journal"]
