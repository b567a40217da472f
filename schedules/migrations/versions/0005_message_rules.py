"""message rules"""

import sqlalchemy as sa
from alembic import op
from schedules.db import UtcDateTime
revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('letter_text',
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('locale', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('body', sa.String(), nullable=False),
    sa.Column('changed_by', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('changed_at', UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('kind', 'locale', name=op.f('pk_letter_text'))
    )
    op.create_table('message_preference',
    sa.Column('person', sa.String(), nullable=False),
    sa.Column('locale', sa.String(), nullable=True),
    sa.Column('channel', sa.String(), nullable=True),
    sa.Column('muted', sa.JSON(), nullable=False),
    sa.Column('changed_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('person', name=op.f('pk_message_preference'))
    )
    op.create_table('message_rule',
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('audiences', sa.JSON(), nullable=False),
    sa.Column('channels', sa.JSON(), nullable=False),
    sa.Column('lead', sa.JSON(), nullable=True),
    sa.Column('urgent', sa.Boolean(), nullable=False),
    sa.Column('changed_by', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('changed_at', UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('kind', name=op.f('pk_message_rule'))
    )
    op.create_table('message_settings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('values', sa.JSON(), nullable=False),
    sa.Column('changed_by', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('changed_at', UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message_settings'))
    )
    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.add_column(sa.Column('bundle', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('called_at', UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('called_by', sa.String(), nullable=True))
        batch_op.create_index(batch_op.f('ix_message_bundle'), ['bundle'], unique=False)
        batch_op.create_index('ix_message_recipient_sent_at', ['recipient', 'sent_at'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.drop_index('ix_message_recipient_sent_at')
        batch_op.drop_index(batch_op.f('ix_message_bundle'))
        batch_op.drop_column('called_by')
        batch_op.drop_column('called_at')
        batch_op.drop_column('bundle')

    op.drop_table('message_settings')
    op.drop_table('message_rule')
    op.drop_table('message_preference')
    op.drop_table('letter_text')
