"""A journal in a PostgreSQL database: for a team, from any computer that reaches the server."""

from workbench.labels.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
