"""what fairness costs in a plan"""

import sqlalchemy as sa
from alembic import op
from schedules.db import UtcDateTime
revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('fairness_price',
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('steps', sa.JSON(), nullable=False),
    sa.Column('made_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_fairness_price_plan_id_plan')),
    sa.PrimaryKeyConstraint('plan_id', name=op.f('pk_fairness_price'))
    )


def downgrade() -> None:
    op.drop_table('fairness_price')
