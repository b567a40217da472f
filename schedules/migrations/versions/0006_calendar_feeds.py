"""calendar feeds, and which kinds of venue are open to the public"""

import sqlalchemy as sa
from alembic import op

from schedules.db import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OPEN_KINDS = ("community", "market", "mall", "old_street", "micro_park", "canteen")


def upgrade() -> None:
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("town", "crew", "van", "public", name="feedkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("town_id", sa.Integer(), nullable=True),
        sa.Column("crew_member_id", sa.Integer(), nullable=True),
        sa.Column("van_id", sa.Integer(), nullable=True),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.Column("last_read_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'town') = (town_id IS NOT NULL) AND (kind = 'crew') = (crew_member_id IS NOT NULL)"
            " AND (kind = 'van') = (van_id IS NOT NULL)",
            name=op.f("ck_calendar_feed_whose"),
        ),
        sa.ForeignKeyConstraint(
            ["crew_member_id"], ["crew_member.id"], name=op.f("fk_calendar_feed_crew_member_id_crew_member")
        ),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name=op.f("fk_calendar_feed_town_id_town")),
        sa.ForeignKeyConstraint(["van_id"], ["van.id"], name=op.f("fk_calendar_feed_van_id_van")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("digest", name=op.f("uq_calendar_feed_digest")),
    )
    with op.batch_alter_table("calendar_feed", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendar_feed_crew_member_id"), ["crew_member_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_calendar_feed_town_id"), ["town_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_calendar_feed_van_id"), ["van_id"], unique=False)
    with op.batch_alter_table("venue_kind", schema=None) as batch_op:
        batch_op.add_column(sa.Column("open_to_public", sa.Boolean(), nullable=False, server_default=sa.false()))
    kinds = sa.table("venue_kind", sa.column("code", sa.String()), sa.column("open_to_public", sa.Boolean()))
    op.execute(kinds.update().where(kinds.c.code.in_(OPEN_KINDS)).values(open_to_public=sa.true()))
    with op.batch_alter_table("venue_kind", schema=None) as batch_op:
        batch_op.alter_column("open_to_public", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("venue_kind", schema=None) as batch_op:
        batch_op.drop_column("open_to_public")
    with op.batch_alter_table("calendar_feed", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_calendar_feed_van_id"))
        batch_op.drop_index(batch_op.f("ix_calendar_feed_town_id"))
        batch_op.drop_index(batch_op.f("ix_calendar_feed_crew_member_id"))
    op.drop_table("calendar_feed")
