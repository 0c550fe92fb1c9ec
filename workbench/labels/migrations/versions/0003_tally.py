"""A table that holds for each recording what stands, so that nobody has to fold a million rows to list them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

# What the rows of the journal say of each recording; settled labels come with a later revision.
_FILL = """
INSERT INTO tally (recording_id, status, note, n_p, n_s, n_labels, last_decided_at_ns)
SELECT r.recording_id,
       coalesce(nullif(said.status, ''), CASE WHEN coalesce(s.n_all, 0) > 0 THEN 'in work' ELSE 'untouched' END),
       coalesce(said.note, ''), coalesce(s.n_p, 0), coalesce(s.n_s, 0), coalesce(s.n_labels, 0), r.last_ns
FROM (SELECT recording_id, max(decided_at_ns) AS last_ns FROM journal GROUP BY recording_id) r
LEFT JOIN (
    SELECT j.recording_id,
           sum(CASE WHEN j.decision <> 'reject' AND substr(j.phase, 1, 1) = 'P' THEN 1 ELSE 0 END) AS n_p,
           sum(CASE WHEN j.decision <> 'reject' AND substr(j.phase, 1, 1) = 'S' THEN 1 ELSE 0 END) AS n_s,
           sum(CASE WHEN j.decision <> 'reject' THEN 1 ELSE 0 END) AS n_labels,
           count(*) AS n_all
    FROM (SELECT max(entry) AS entry FROM journal WHERE label_id <> '' GROUP BY label_id) latest
    JOIN journal last ON last.entry = latest.entry
    JOIN journal j ON j.entry = coalesce(last.restores, last.entry)
    WHERE j.decision <> 'restore'
    GROUP BY j.recording_id
) s ON s.recording_id = r.recording_id
LEFT JOIN (
    SELECT w.recording_id, max(CASE WHEN j.decision = 'status' THEN j.text END) AS status,
           max(CASE WHEN j.decision = 'note' THEN j.text END) AS note
    FROM (SELECT recording_id, decision, max(entry) AS entry FROM journal
          WHERE decision IN ('status', 'note') GROUP BY recording_id, decision) w
    JOIN journal j ON j.entry = w.entry
    GROUP BY w.recording_id
) said ON said.recording_id = r.recording_id
"""


def upgrade() -> None:
    """The table, filled from the journal."""
    name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "tally",
        sa.Column("recording_id", name, primary_key=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("n_p", sa.Integer, nullable=False),
        sa.Column("n_s", sa.Integer, nullable=False),
        sa.Column("n_labels", sa.Integer, nullable=False),
        sa.Column("last_decided_at_ns", sa.BigInteger, nullable=False),
    )
    op.execute(_FILL)


def downgrade() -> None:
    """Recordings are counted from the journal's rows again."""
    op.drop_table("tally")
