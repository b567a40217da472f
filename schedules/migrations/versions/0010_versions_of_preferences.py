"""versions of what people want of messages"""

import sqlalchemy as sa
from alembic import op
from schedules.db import UtcDateTime
revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('message_preference', schema=None) as batch_op:
        batch_op.add_column(sa.Column('version', sa.Integer(), nullable=False, server_default='1'))
        batch_op.alter_column('changed_at', existing_type=UtcDateTime(), nullable=True)
    with op.batch_alter_table('message_preference', schema=None) as batch_op:
        batch_op.alter_column('version', server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('message_preference', schema=None) as batch_op:
        batch_op.alter_column('changed_at', existing_type=UtcDateTime(), nullable=False)
        batch_op.drop_column('version')
