"""disruptions, repairs, edits by hand"""

import sqlalchemy as sa
from alembic import op

from schedules.db import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "repair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("chosen", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repair")),
    )
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.add_column(sa.Column("repair_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("proposal", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("edited_from_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_plan_repair_id_repair"), "repair", ["repair_id"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_plan_edited_from_id_plan"), "plan", ["edited_from_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_plan_repair_id"), ["repair_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_plan_edited_from_id"), ["edited_from_id"], unique=False)
    op.create_table(
        "plan_edit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("move", "insert", "swap", "drop", "pin", "unpin", name="editkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("other_request_id", sa.Integer(), nullable=True),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("overrides", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["other_request_id"], ["visit_request.id"], name=op.f("fk_plan_edit_other_request_id_visit_request")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_edit_plan_id_plan")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["visit_request.id"], name=op.f("fk_plan_edit_request_id_visit_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_edit")),
    )
    with op.batch_alter_table("plan_edit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plan_edit_plan_id"), ["plan_id"], unique=False)
    _create_disruption()


def _create_disruption() -> None:
    op.create_table(
        "disruption",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "van_out", "crew_ill", "town_cancels", "venue_closed", "heat", "storm", "crew_late", "urgent_visit",
                name="disruptionkind", native_enum=False, length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum("open", "repaired", "revoked", name="disruptionstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("opens", sa.Integer(), nullable=True),
        sa.Column("closes", sa.Integer(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("withdraws", sa.Boolean(), nullable=False),
        sa.Column("van_id", sa.Integer(), nullable=True),
        sa.Column("crew_member_id", sa.Integer(), nullable=True),
        sa.Column("shift_id", sa.Integer(), nullable=True),
        sa.Column("venue_id", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("entered_by", sa.String(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("plan_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["van_id"], ["van.id"], name=op.f("fk_disruption_van_id_van")),
        sa.ForeignKeyConstraint(
            ["crew_member_id"], ["crew_member.id"], name=op.f("fk_disruption_crew_member_id_crew_member")
        ),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_disruption_shift_id_shift")),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_disruption_venue_id_venue")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["visit_request.id"], name=op.f("fk_disruption_request_id_visit_request")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_disruption_plan_id_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disruption")),
    )
    with op.batch_alter_table("disruption", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disruption_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_disruption_first_day"), ["first_day"], unique=False)
        batch_op.create_index(batch_op.f("ix_disruption_last_day"), ["last_day"], unique=False)


def downgrade() -> None:
    op.drop_table("disruption")
    op.drop_table("plan_edit")
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_plan_edited_from_id"))
        batch_op.drop_index(batch_op.f("ix_plan_repair_id"))
        batch_op.drop_constraint(batch_op.f("fk_plan_edited_from_id_plan"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_plan_repair_id_repair"), type_="foreignkey")
        batch_op.drop_column("edited_from_id")
        batch_op.drop_column("proposal")
        batch_op.drop_column("repair_id")
    op.drop_table("repair")
