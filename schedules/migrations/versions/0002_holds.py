"""holds of slots, towns that book by themselves, plans that add one visit"""

import sqlalchemy as sa
from alembic import op
from schedules.db import UtcDateTime
revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('hold',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('booking', 'wait_list', name='holdkind', native_enum=False, length=32), nullable=False),
    sa.Column('state', sa.Enum('held', 'taken', 'released', 'passed', 'expired', name='holdstate', native_enum=False, length=32), nullable=False),
    sa.Column('town_id', sa.Integer(), nullable=False),
    sa.Column('venue_id', sa.Integer(), nullable=False),
    sa.Column('shift_id', sa.Integer(), nullable=False),
    sa.Column('request_id', sa.Integer(), nullable=True),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('starts', sa.Integer(), nullable=False),
    sa.Column('setup', sa.Integer(), nullable=False),
    sa.Column('session', sa.Integer(), nullable=False),
    sa.Column('teardown', sa.Integer(), nullable=False),
    sa.Column('kits', sa.Integer(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('created_by', sa.String(), nullable=False),
    sa.Column('expires_at', UtcDateTime(), nullable=False),
    sa.Column('ended_at', UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['request_id'], ['visit_request.id'], name=op.f('fk_hold_request_id_visit_request')),
    sa.ForeignKeyConstraint(['shift_id'], ['shift.id'], name=op.f('fk_hold_shift_id_shift')),
    sa.ForeignKeyConstraint(['town_id'], ['town.id'], name=op.f('fk_hold_town_id_town')),
    sa.ForeignKeyConstraint(['venue_id'], ['venue.id'], name=op.f('fk_hold_venue_id_venue')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hold'))
    )
    with op.batch_alter_table('hold', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_hold_shift_id'), ['shift_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_hold_town_id'), ['town_id'], unique=False)
        batch_op.create_index('ix_hold_state_expires_at', ['state', 'expires_at'], unique=False)
        batch_op.create_index('uq_hold_request_id', ['request_id'], unique=True,
                              sqlite_where=sa.text("state = 'held'"), postgresql_where=sa.text("state = 'held'"))

    op.create_table('hold_service',
    sa.Column('hold_id', sa.Integer(), nullable=False),
    sa.Column('service_id', sa.Integer(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['hold_id'], ['hold.id'], name=op.f('fk_hold_service_hold_id_hold')),
    sa.ForeignKeyConstraint(['service_id'], ['service.id'], name=op.f('fk_hold_service_service_id_service')),
    sa.PrimaryKeyConstraint('hold_id', 'service_id', name=op.f('pk_hold_service'))
    )
    # Rows that are there already get "no"; afterwards the application says it for each new row.
    for table, column in (('town', 'self_booking'), ('plan', 'addition')):
        op.add_column(table, sa.Column(column, sa.Boolean(), nullable=False, server_default=sa.false()))
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(column, server_default=None)


def downgrade() -> None:
    for table, column in (('town', 'self_booking'), ('plan', 'addition')):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column(column)
    op.drop_table('hold_service')
    op.drop_table('hold')
