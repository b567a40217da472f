"""explanations of what a draft leaves out"""

import sqlalchemy as sa
from alembic import op
from schedules.db import UtcDateTime
revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('explanation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.JSON(), nullable=False),
    sa.Column('changes', sa.JSON(), nullable=False),
    sa.Column('made_at', UtcDateTime(), nullable=False),
    sa.Column('applied', sa.Integer(), nullable=True),
    sa.Column('applied_at', UtcDateTime(), nullable=True),
    sa.Column('applied_by', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_explanation_plan_id_plan')),
    sa.ForeignKeyConstraint(['request_id'], ['visit_request.id'], name=op.f('fk_explanation_request_id_visit_request')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_explanation')),
    sa.UniqueConstraint('plan_id', 'request_id', name=op.f('uq_explanation_plan_id_request_id'))
    )
    with op.batch_alter_table('explanation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_explanation_plan_id'), ['plan_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_explanation_request_id'), ['request_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('explanation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_explanation_request_id'))
        batch_op.drop_index(batch_op.f('ix_explanation_plan_id'))

    op.drop_table('explanation')
