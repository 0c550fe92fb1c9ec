"""From a URL to an engine on a PostgreSQL database, whose connections write as the journal needs it."""

from __future__ import annotations

import math
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text

__all__ = ["make_engine"]

_LOCK = 0x5342574A
"""The number of the lock that writers of a journal take in turn, among the locks of the database."""

_TAKE_TURN = text(f"SELECT pg_advisory_xact_lock({_LOCK})")
_SET_UP = (
    "SELECT set_config('lock_timeout', %s, false), set_config('TimeZone', 'UTC', false), "
    # Compiling a question takes it a second and more; ours are answered in milliseconds.
    "set_config('jit', 'off', false), "
    # One plan for any number of recordings reads the whole journal for one.
    "set_config('plan_cache_mode', 'force_custom_plan', false), "
    # Stronger settings, such as waiting for a standby, stay.
    "CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END"
)


def make_engine(url: URL, busy_timeout_s: float) -> Engine:
    """An engine that keeps one connection, asks whether it still stands before it is used, and waits for no one long.

    A transaction with the option ``writes`` begins when all writers before it have ended: what it reads is the last
    word, and rows come into sight in the order of their numbers.

    Parameters
    ----------
    url
        For psycopg. What it says about timeouts goes before what stands here.
    """
    wait_s = max(2, math.ceil(busy_timeout_s))
    patience = {
        "connect_timeout": wait_s,
        # A cable that was pulled says nothing: without these the page would wait for a quarter of an hour.
        "tcp_user_timeout": 1000 * max(10, wait_s),
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "application_name": "workbench",
    }
    own = {name: value for name, value in patience.items() if name not in url.query}
    engine = create_engine(url, connect_args=own, pool_size=1, max_overflow=8, pool_pre_ping=True)

    def set_up(connection: Any, _: Any) -> None:
        connection.execute(_SET_UP, (f"{max(1, int(1000 * busy_timeout_s))}ms",))
        connection.commit()

    event.listen(engine, "connect", set_up)
    event.listen(engine, "begin", _take_turn)
    return engine


def _take_turn(connection: Connection) -> None:
    if connection.get_execution_options().get("writes", False):
        connection.execute(_TAKE_TURN)
