"""versions of the planning numbers"""

import sqlalchemy as sa
from alembic import op
from schedules.db import UtcDateTime
revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('planning_settings', schema=None) as batch_op:
        batch_op.add_column(sa.Column('version', sa.Integer(), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('changed_at', UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('changed_by', sa.String(), nullable=True))
    with op.batch_alter_table('planning_settings', schema=None) as batch_op:
        batch_op.alter_column('version', server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('planning_settings', schema=None) as batch_op:
        batch_op.drop_column('changed_by')
        batch_op.drop_column('changed_at')
        batch_op.drop_column('version')
