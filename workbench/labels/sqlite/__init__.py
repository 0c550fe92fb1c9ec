"""A journal in an SQLite file: for one person, or for the few who share one computer."""

from workbench.labels.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
