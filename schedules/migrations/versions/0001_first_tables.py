"""first tables"""

import sqlalchemy as sa
from alembic import op
from schedules.db import UtcDateTime
revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('audit_row',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', UtcDateTime(), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('origin', sa.String(), nullable=True),
    sa.Column('verb', sa.String(), nullable=False),
    sa.Column('noun', sa.String(), nullable=False),
    sa.Column('noun_id', sa.String(), nullable=False),
    sa.Column('before', sa.JSON(), nullable=False),
    sa.Column('after', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_row'))
    )
    with op.batch_alter_table('audit_row', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_row_at'), ['at'], unique=False)

    op.create_table('crew_member',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('phone', sa.String(), nullable=False),
    sa.Column('email', sa.String(), nullable=True),
    sa.Column('skills', sa.JSON(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_crew_member')),
    sa.UniqueConstraint('code', name=op.f('uq_crew_member_code'))
    )
    op.create_table('day',
    sa.Column('date', sa.Date(), nullable=False),
    sa.Column('kind', sa.Enum('working', 'weekend', 'holiday', 'make_up', name='daykind', native_enum=False, length=32), nullable=False),
    sa.Column('source', sa.Enum('chinesecalendar', 'holidays', 'week', 'coordinator', name='daysource', native_enum=False, length=32), nullable=False),
    sa.Column('announced', sa.Boolean(), nullable=False),
    sa.Column('name_zh', sa.String(), nullable=True),
    sa.Column('name_en', sa.String(), nullable=True),
    sa.Column('changed_at', UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('date', name=op.f('pk_day'))
    )
    op.create_table('depot',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name_zh', sa.String(), nullable=False),
    sa.Column('name_en', sa.String(), nullable=False),
    sa.Column('latitude', sa.Double(), nullable=False),
    sa.Column('longitude', sa.Double(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_depot'))
    )
    op.create_table('heartbeat',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('at', UtcDateTime(), nullable=False),
    sa.Column('owner', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_heartbeat'))
    )
    op.create_table('lease',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('owner', sa.String(), nullable=False),
    sa.Column('until', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_lease'))
    )
    op.create_table('number_series',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_number_series'))
    )
    op.create_table('plan',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('queued', 'solving', 'draft', 'failed', 'published', 'superseded', 'discarded', name='planstate', native_enum=False, length=32), nullable=False),
    sa.Column('first_day', sa.Date(), nullable=False),
    sa.Column('last_day', sa.Date(), nullable=False),
    sa.Column('options', sa.JSON(), nullable=False),
    sa.Column('seed', sa.Integer(), nullable=False),
    sa.Column('seconds_allowed', sa.Double(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('created_by', sa.String(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('lease_owner', sa.String(), nullable=True),
    sa.Column('lease_until', UtcDateTime(), nullable=True),
    sa.Column('heartbeat_at', UtcDateTime(), nullable=True),
    sa.Column('stop_requested', sa.Boolean(), nullable=False),
    sa.Column('phase', sa.String(), nullable=True),
    sa.Column('progress', sa.JSON(), nullable=False),
    sa.Column('started_at', UtcDateTime(), nullable=True),
    sa.Column('finished_at', UtcDateTime(), nullable=True),
    sa.Column('failure', sa.String(), nullable=True),
    sa.Column('inputs', sa.JSON(), nullable=False),
    sa.Column('problem', sa.JSON(), nullable=True),
    sa.Column('travel_source', sa.String(), nullable=True),
    sa.Column('value', sa.Integer(), nullable=True),
    sa.Column('bound', sa.Double(), nullable=True),
    sa.Column('proven', sa.Boolean(), nullable=False),
    sa.Column('seconds', sa.Double(), nullable=True),
    sa.Column('summary', sa.JSON(), nullable=False),
    sa.Column('published_at', UtcDateTime(), nullable=True),
    sa.Column('published_by', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_plan'))
    )
    with op.batch_alter_table('plan', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_plan_state'), ['state'], unique=False)

    op.create_table('planning_settings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('values', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_planning_settings'))
    )
    op.create_table('service',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('name_zh', sa.String(), nullable=False),
    sa.Column('name_en', sa.String(), nullable=False),
    sa.Column('seal_zh', sa.String(), nullable=False),
    sa.Column('seal_en', sa.String(), nullable=False),
    sa.Column('look', sa.String(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('minutes_least', sa.Integer(), nullable=False),
    sa.Column('minutes_most', sa.Integer(), nullable=False),
    sa.Column('setup', sa.Integer(), nullable=False),
    sa.Column('teardown', sa.Integer(), nullable=False),
    sa.Column('kits', sa.Integer(), nullable=False),
    sa.Column('equipment', sa.JSON(), nullable=False),
    sa.Column('needs_power', sa.Boolean(), nullable=False),
    sa.Column('needs_parking', sa.Boolean(), nullable=False),
    sa.Column('needs_indoor', sa.Boolean(), nullable=False),
    sa.Column('help_zh', sa.String(), nullable=False),
    sa.Column('help_en', sa.String(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_service')),
    sa.UniqueConstraint('code', name=op.f('uq_service_code'))
    )
    op.create_table('sign_in_failure',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_failure'))
    )
    with op.batch_alter_table('sign_in_failure', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sign_in_failure_address'), ['address'], unique=False)

    op.create_table('town',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('kind', sa.Enum('town', 'subdistrict', 'zone', name='townkind', native_enum=False, length=32), nullable=False),
    sa.Column('name_zh', sa.String(), nullable=False),
    sa.Column('name_en', sa.String(), nullable=False),
    sa.Column('latitude', sa.Double(), nullable=False),
    sa.Column('longitude', sa.Double(), nullable=False),
    sa.Column('planning_weight', sa.Integer(), nullable=False),
    sa.Column('area_km2', sa.Double(), nullable=True),
    sa.Column('urban', sa.Boolean(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('contact_name', sa.String(), nullable=True),
    sa.Column('contact_phone', sa.String(), nullable=True),
    sa.Column('contact_email', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_town')),
    sa.UniqueConstraint('code', name=op.f('uq_town_code'))
    )
    op.create_table('venue_kind',
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('name_zh', sa.String(), nullable=False),
    sa.Column('name_en', sa.String(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_venue_kind'))
    )
    op.create_table('account',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('username', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('role', sa.Enum('town', 'crew', 'coordinator', name='role', native_enum=False, length=32), nullable=False),
    sa.Column('password_hash', sa.String(), nullable=False),
    sa.Column('town_id', sa.Integer(), nullable=True),
    sa.Column('crew_member_id', sa.Integer(), nullable=True),
    sa.Column('email', sa.String(), nullable=True),
    sa.Column('locale', sa.String(), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('locked_until', UtcDateTime(), nullable=True),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('sign_in_generation', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['crew_member_id'], ['crew_member.id'], name=op.f('fk_account_crew_member_id_crew_member')),
    sa.ForeignKeyConstraint(['town_id'], ['town.id'], name=op.f('fk_account_town_id_town')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sa.UniqueConstraint('username', name=op.f('uq_account_username'))
    )
    op.create_table('committee',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('name_zh', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('town_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['town_id'], ['town.id'], name=op.f('fk_committee_town_id_town')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_committee')),
    sa.UniqueConstraint('code', name=op.f('uq_committee_code'))
    )
    with op.batch_alter_table('committee', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_committee_town_id'), ['town_id'], unique=False)

    op.create_table('hotspot',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('town_id', sa.Integer(), nullable=False),
    sa.Column('topic_zh', sa.String(), nullable=False),
    sa.Column('topic_en', sa.String(), nullable=False),
    sa.Column('complaints_before', sa.Integer(), nullable=False),
    sa.Column('complaints_now', sa.Integer(), nullable=False),
    sa.Column('points', sa.Integer(), nullable=False),
    sa.Column('first_day', sa.Date(), nullable=False),
    sa.Column('last_day', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['town_id'], ['town.id'], name=op.f('fk_hotspot_town_id_town')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hotspot'))
    )
    with op.batch_alter_table('hotspot', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_hotspot_town_id'), ['town_id'], unique=False)

    op.create_table('service_skill',
    sa.Column('service_id', sa.Integer(), nullable=False),
    sa.Column('skill', sa.Enum('driver', 'tester', 'presenter', 'legal_officer', 'complaint_handler', 'metrologist', name='skill', native_enum=False, length=32), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['service_id'], ['service.id'], name=op.f('fk_service_skill_service_id_service')),
    sa.PrimaryKeyConstraint('service_id', 'skill', name=op.f('pk_service_skill'))
    )
    op.create_table('van',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('name_zh', sa.String(), nullable=False),
    sa.Column('name_en', sa.String(), nullable=False),
    sa.Column('plate', sa.String(), nullable=False),
    sa.Column('depot_id', sa.Integer(), nullable=False),
    sa.Column('equipment', sa.JSON(), nullable=False),
    sa.Column('kits', sa.Integer(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['depot_id'], ['depot.id'], name=op.f('fk_van_depot_id_depot')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_van')),
    sa.UniqueConstraint('code', name=op.f('uq_van_code')),
    sa.UniqueConstraint('number', name=op.f('uq_van_number'))
    )
    op.create_table('api_token',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('label', sa.String(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('expires_at', UtcDateTime(), nullable=True),
    sa.Column('revoked_at', UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_api_token_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_token')),
    sa.UniqueConstraint('digest', name=op.f('uq_api_token_digest'))
    )
    with op.batch_alter_table('api_token', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_api_token_account_id'), ['account_id'], unique=False)

    op.create_table('idempotency_key',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('headers', sa.JSON(), nullable=False),
    sa.Column('body', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_idempotency_key_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_idempotency_key')),
    sa.UniqueConstraint('account_id', 'key', name=op.f('uq_idempotency_key_account_id_key'))
    )
    with op.batch_alter_table('idempotency_key', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_idempotency_key_created_at'), ['created_at'], unique=False)

    op.create_table('shift',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('van_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('starts', sa.Integer(), nullable=False),
    sa.Column('ends', sa.Integer(), nullable=False),
    sa.Column('lunch_opens', sa.Integer(), nullable=True),
    sa.Column('lunch_closes', sa.Integer(), nullable=True),
    sa.Column('lunch_minutes', sa.Integer(), nullable=True),
    sa.Column('max_visits', sa.Integer(), nullable=True),
    sa.Column('max_driving', sa.Integer(), nullable=True),
    sa.Column('kits', sa.Integer(), nullable=False),
    sa.Column('reserve', sa.Boolean(), nullable=False),
    sa.Column('out_of_service', sa.String(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('changed_at', UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['van_id'], ['van.id'], name=op.f('fk_shift_van_id_van')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shift')),
    sa.UniqueConstraint('van_id', 'day', name=op.f('uq_shift_van_id_day'))
    )
    with op.batch_alter_table('shift', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_shift_day'), ['day'], unique=False)

    op.create_table('venue',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('town_id', sa.Integer(), nullable=False),
    sa.Column('kind_code', sa.String(), nullable=False),
    sa.Column('committee_id', sa.Integer(), nullable=True),
    sa.Column('name_zh', sa.String(), nullable=False),
    sa.Column('name_en', sa.String(), nullable=False),
    sa.Column('address_zh', sa.String(), nullable=True),
    sa.Column('address_en', sa.String(), nullable=True),
    sa.Column('latitude', sa.Double(), nullable=False),
    sa.Column('longitude', sa.Double(), nullable=False),
    sa.Column('capacity', sa.Integer(), nullable=False),
    sa.Column('liaison_station', sa.Boolean(), nullable=False),
    sa.Column('indoor_room', sa.Boolean(), nullable=False),
    sa.Column('power', sa.Boolean(), nullable=False),
    sa.Column('parking', sa.Boolean(), nullable=False),
    sa.Column('invented', sa.Boolean(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('changed_at', UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['committee_id'], ['committee.id'], name=op.f('fk_venue_committee_id_committee')),
    sa.ForeignKeyConstraint(['kind_code'], ['venue_kind.code'], name=op.f('fk_venue_kind_code_venue_kind')),
    sa.ForeignKeyConstraint(['town_id'], ['town.id'], name=op.f('fk_venue_town_id_town')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_venue'))
    )
    with op.batch_alter_table('venue', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_venue_town_id'), ['town_id'], unique=False)

    op.create_table('shift_crew',
    sa.Column('shift_id', sa.Integer(), nullable=False),
    sa.Column('crew_member_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['crew_member_id'], ['crew_member.id'], name=op.f('fk_shift_crew_crew_member_id_crew_member')),
    sa.ForeignKeyConstraint(['shift_id'], ['shift.id'], name=op.f('fk_shift_crew_shift_id_shift'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('shift_id', 'crew_member_id', name=op.f('pk_shift_crew'))
    )
    op.create_table('tour',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('shift_id', sa.Integer(), nullable=False),
    sa.Column('leaves', sa.Integer(), nullable=False),
    sa.Column('returns', sa.Integer(), nullable=False),
    sa.Column('lunch', sa.Integer(), nullable=True),
    sa.Column('driving', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_tour_plan_id_plan')),
    sa.ForeignKeyConstraint(['shift_id'], ['shift.id'], name=op.f('fk_tour_shift_id_shift')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tour')),
    sa.UniqueConstraint('plan_id', 'shift_id', name=op.f('uq_tour_plan_id_shift_id'))
    )
    with op.batch_alter_table('tour', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_tour_plan_id'), ['plan_id'], unique=False)

    op.create_table('visit_request',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('town_id', sa.Integer(), nullable=False),
    sa.Column('venue_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('submitted', 'accepted', 'declined', 'planned', 'done', 'withdrawn', 'expired', name='requeststate', native_enum=False, length=32), nullable=False),
    sa.Column('priority', sa.Enum('normal', 'raised', 'urgent', name='priority', native_enum=False, length=32), nullable=False),
    sa.Column('setup', sa.Integer(), nullable=False),
    sa.Column('session', sa.Integer(), nullable=False),
    sa.Column('teardown', sa.Integer(), nullable=False),
    sa.Column('kits', sa.Integer(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('alternative_group', sa.String(), nullable=True),
    sa.Column('contact_name', sa.String(), nullable=False),
    sa.Column('contact_phone', sa.String(), nullable=False),
    sa.Column('contact_email', sa.String(), nullable=True),
    sa.Column('note', sa.String(), nullable=True),
    sa.Column('brings', sa.JSON(), nullable=False),
    sa.Column('submitted_at', UtcDateTime(), nullable=False),
    sa.Column('submitted_by', sa.String(), nullable=False),
    sa.Column('decided_at', UtcDateTime(), nullable=True),
    sa.Column('decline_reason', sa.String(), nullable=True),
    sa.Column('pinned_shift_id', sa.Integer(), nullable=True),
    sa.Column('pinned_starts', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('changed_at', UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['pinned_shift_id'], ['shift.id'], name=op.f('fk_visit_request_pinned_shift_id_shift')),
    sa.ForeignKeyConstraint(['town_id'], ['town.id'], name=op.f('fk_visit_request_town_id_town')),
    sa.ForeignKeyConstraint(['venue_id'], ['venue.id'], name=op.f('fk_visit_request_venue_id_venue')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_visit_request')),
    sa.UniqueConstraint('number', name=op.f('uq_visit_request_number'))
    )
    with op.batch_alter_table('visit_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_visit_request_state'), ['state'], unique=False)
        batch_op.create_index(batch_op.f('ix_visit_request_town_id'), ['town_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_visit_request_venue_id'), ['venue_id'], unique=False)

    op.create_table('request_service',
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('service_id', sa.Integer(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['visit_request.id'], name=op.f('fk_request_service_request_id_visit_request')),
    sa.ForeignKeyConstraint(['service_id'], ['service.id'], name=op.f('fk_request_service_service_id_service')),
    sa.PrimaryKeyConstraint('request_id', 'service_id', name=op.f('pk_request_service'))
    )
    op.create_table('request_window',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('opens', sa.Integer(), nullable=False),
    sa.Column('closes', sa.Integer(), nullable=False),
    sa.Column('preferred', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['visit_request.id'], name=op.f('fk_request_window_request_id_visit_request')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_request_window'))
    )
    with op.batch_alter_table('request_window', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_request_window_day'), ['day'], unique=False)
        batch_op.create_index(batch_op.f('ix_request_window_request_id'), ['request_id'], unique=False)

    op.create_table('stop',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('tour_id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('drive', sa.Integer(), nullable=False),
    sa.Column('arrives', sa.Integer(), nullable=False),
    sa.Column('starts', sa.Integer(), nullable=False),
    sa.Column('departs', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_stop_plan_id_plan')),
    sa.ForeignKeyConstraint(['request_id'], ['visit_request.id'], name=op.f('fk_stop_request_id_visit_request')),
    sa.ForeignKeyConstraint(['tour_id'], ['tour.id'], name=op.f('fk_stop_tour_id_tour')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stop')),
    sa.UniqueConstraint('plan_id', 'request_id', name=op.f('uq_stop_plan_id_request_id'))
    )
    with op.batch_alter_table('stop', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_stop_tour_id'), ['tour_id'], unique=False)

    op.create_table('unserved',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_unserved_plan_id_plan')),
    sa.ForeignKeyConstraint(['request_id'], ['visit_request.id'], name=op.f('fk_unserved_request_id_visit_request')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unserved')),
    sa.UniqueConstraint('plan_id', 'request_id', name=op.f('uq_unserved_plan_id_request_id'))
    )
    with op.batch_alter_table('unserved', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_unserved_plan_id'), ['plan_id'], unique=False)

    op.create_table('visit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(), nullable=False),
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('town_id', sa.Integer(), nullable=False),
    sa.Column('venue_id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=True),
    sa.Column('shift_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('promised', 'confirmed', 'on_the_way', 'open', 'done', 'missed', 'cancelled', name='visitstate', native_enum=False, length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('arrives', sa.Integer(), nullable=False),
    sa.Column('starts', sa.Integer(), nullable=False),
    sa.Column('closes', sa.Integer(), nullable=False),
    sa.Column('departs', sa.Integer(), nullable=False),
    sa.Column('set_off_at', UtcDateTime(), nullable=True),
    sa.Column('arrived_at', UtcDateTime(), nullable=True),
    sa.Column('opened_at', UtcDateTime(), nullable=True),
    sa.Column('closed_at', UtcDateTime(), nullable=True),
    sa.Column('left_at', UtcDateTime(), nullable=True),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('ended_by', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_visit_plan_id_plan')),
    sa.ForeignKeyConstraint(['request_id'], ['visit_request.id'], name=op.f('fk_visit_request_id_visit_request')),
    sa.ForeignKeyConstraint(['shift_id'], ['shift.id'], name=op.f('fk_visit_shift_id_shift')),
    sa.ForeignKeyConstraint(['town_id'], ['town.id'], name=op.f('fk_visit_town_id_town')),
    sa.ForeignKeyConstraint(['venue_id'], ['venue.id'], name=op.f('fk_visit_venue_id_venue')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_visit')),
    sa.UniqueConstraint('uid', name=op.f('uq_visit_uid'))
    )
    with op.batch_alter_table('visit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_visit_day'), ['day'], unique=False)
        batch_op.create_index(batch_op.f('ix_visit_request_id'), ['request_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_visit_shift_id'), ['shift_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_visit_state'), ['state'], unique=False)
        batch_op.create_index(batch_op.f('ix_visit_town_id'), ['town_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_visit_venue_id'), ['venue_id'], unique=False)

    op.create_table('message',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('recipient', sa.String(), nullable=False),
    sa.Column('recipient_name', sa.String(), nullable=False),
    sa.Column('locale', sa.String(), nullable=False),
    sa.Column('town_id', sa.Integer(), nullable=True),
    sa.Column('visit_id', sa.Integer(), nullable=True),
    sa.Column('visit_version', sa.Integer(), nullable=True),
    sa.Column('request_id', sa.Integer(), nullable=True),
    sa.Column('plan_id', sa.Integer(), nullable=True),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('state', sa.Enum('queued', 'sending', 'sent', 'failed', 'dead', 'stale', 'too_late', 'unknown', name='messagestate', native_enum=False, length=32), nullable=False),
    sa.Column('due_at', UtcDateTime(), nullable=False),
    sa.Column('useful_until', UtcDateTime(), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('claimed_at', UtcDateTime(), nullable=True),
    sa.Column('claimed_by', sa.String(), nullable=True),
    sa.Column('sent_at', UtcDateTime(), nullable=True),
    sa.Column('provider_id', sa.String(), nullable=True),
    sa.Column('last_error', sa.String(), nullable=True),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_message_plan_id_plan')),
    sa.ForeignKeyConstraint(['request_id'], ['visit_request.id'], name=op.f('fk_message_request_id_visit_request')),
    sa.ForeignKeyConstraint(['town_id'], ['town.id'], name=op.f('fk_message_town_id_town')),
    sa.ForeignKeyConstraint(['visit_id'], ['visit.id'], name=op.f('fk_message_visit_id_visit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message')),
    sa.UniqueConstraint('key', name=op.f('uq_message_key'))
    )
    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_message_request_id'), ['request_id'], unique=False)
        batch_op.create_index('ix_message_state_due_at', ['state', 'due_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_message_town_id'), ['town_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_message_visit_id'), ['visit_id'], unique=False)

    op.create_table('report',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('visit_id', sa.Integer(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('leaflets', sa.Integer(), nullable=False),
    sa.Column('consultations', sa.Integer(), nullable=False),
    sa.Column('complaints', sa.Integer(), nullable=False),
    sa.Column('kits_used', sa.Integer(), nullable=False),
    sa.Column('samples_tested', sa.Integer(), nullable=False),
    sa.Column('suspected_positives', sa.Integer(), nullable=False),
    sa.Column('note', sa.String(), nullable=True),
    sa.Column('filed_at', UtcDateTime(), nullable=False),
    sa.Column('filed_by', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['visit_id'], ['visit.id'], name=op.f('fk_report_visit_id_visit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report')),
    sa.UniqueConstraint('visit_id', name=op.f('uq_report_visit_id'))
    )
    op.create_table('visit_change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('visit_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('at', UtcDateTime(), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('before', sa.JSON(), nullable=False),
    sa.Column('after', sa.JSON(), nullable=False),
    sa.Column('reason', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['visit_id'], ['visit.id'], name=op.f('fk_visit_change_visit_id_visit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_visit_change')),
    sa.UniqueConstraint('visit_id', 'version', name=op.f('uq_visit_change_visit_id_version'))
    )
    with op.batch_alter_table('visit_change', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_visit_change_visit_id'), ['visit_id'], unique=False)

    op.create_table('sample',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('report_id', sa.Integer(), nullable=False),
    sa.Column('food', sa.String(), nullable=False),
    sa.Column('item', sa.String(), nullable=False),
    sa.Column('result', sa.Enum('negative', 'suspected_positive', name='sampleresult', native_enum=False, length=32), nullable=False),
    sa.Column('repeated', sa.Boolean(), nullable=False),
    sa.Column('stall', sa.String(), nullable=True),
    sa.Column('referred_to', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('fk_sample_report_id_report')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sample'))
    )
    with op.batch_alter_table('sample', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sample_report_id'), ['report_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('sample', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sample_report_id'))

    op.drop_table('sample')
    with op.batch_alter_table('visit_change', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_visit_change_visit_id'))

    op.drop_table('visit_change')
    op.drop_table('report')
    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_message_visit_id'))
        batch_op.drop_index(batch_op.f('ix_message_town_id'))
        batch_op.drop_index('ix_message_state_due_at')
        batch_op.drop_index(batch_op.f('ix_message_request_id'))

    op.drop_table('message')
    with op.batch_alter_table('visit', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_visit_venue_id'))
        batch_op.drop_index(batch_op.f('ix_visit_town_id'))
        batch_op.drop_index(batch_op.f('ix_visit_state'))
        batch_op.drop_index(batch_op.f('ix_visit_shift_id'))
        batch_op.drop_index(batch_op.f('ix_visit_request_id'))
        batch_op.drop_index(batch_op.f('ix_visit_day'))

    op.drop_table('visit')
    with op.batch_alter_table('unserved', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_unserved_plan_id'))

    op.drop_table('unserved')
    with op.batch_alter_table('stop', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_stop_tour_id'))

    op.drop_table('stop')
    with op.batch_alter_table('request_window', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_request_window_request_id'))
        batch_op.drop_index(batch_op.f('ix_request_window_day'))

    op.drop_table('request_window')
    op.drop_table('request_service')
    with op.batch_alter_table('visit_request', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_visit_request_venue_id'))
        batch_op.drop_index(batch_op.f('ix_visit_request_town_id'))
        batch_op.drop_index(batch_op.f('ix_visit_request_state'))

    op.drop_table('visit_request')
    with op.batch_alter_table('tour', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_tour_plan_id'))

    op.drop_table('tour')
    op.drop_table('shift_crew')
    with op.batch_alter_table('venue', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_venue_town_id'))

    op.drop_table('venue')
    with op.batch_alter_table('shift', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_shift_day'))

    op.drop_table('shift')
    with op.batch_alter_table('idempotency_key', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_idempotency_key_created_at'))

    op.drop_table('idempotency_key')
    with op.batch_alter_table('api_token', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_api_token_account_id'))

    op.drop_table('api_token')
    op.drop_table('van')
    op.drop_table('service_skill')
    with op.batch_alter_table('hotspot', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_hotspot_town_id'))

    op.drop_table('hotspot')
    with op.batch_alter_table('committee', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_committee_town_id'))

    op.drop_table('committee')
    op.drop_table('account')
    op.drop_table('venue_kind')
    op.drop_table('town')
    with op.batch_alter_table('sign_in_failure', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sign_in_failure_address'))

    op.drop_table('sign_in_failure')
    op.drop_table('service')
    op.drop_table('planning_settings')
    with op.batch_alter_table('plan', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_plan_state'))

    op.drop_table('plan')
    op.drop_table('number_series')
    op.drop_table('lease')
    op.drop_table('heartbeat')
    op.drop_table('depot')
    op.drop_table('day')
    op.drop_table('crew_member')
    with op.batch_alter_table('audit_row', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_audit_row_at'))

    op.drop_table('audit_row')
