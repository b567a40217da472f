"""What the database itself writes down while the product works: triggers that no code of the product knows of.

Every change of a visit, of a message's state and of the lease's owner becomes a row with the database's time. A row
about a claim also holds the version of the visit that was committed when the claim was: on PostgreSQL the trigger is
deferred to the very commit, on SQLite only one writes at a time.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

TABLES = {
    "chaos_visit": "visit_id INTEGER, version INTEGER, state TEXT, shift_id INTEGER, day TEXT, starts INTEGER, "
    "closes INTEGER",
    "chaos_message": "message_id INTEGER, former TEXT, state TEXT, version INTEGER, visit_version INTEGER, "
    "visit_state TEXT, tour TEXT, claimed_by TEXT, bundle TEXT, attempts INTEGER",
    "chaos_lease": "name TEXT, former TEXT, owner TEXT",
}
_STANDING = "state NOT IN ('cancelled', 'missed') ORDER BY arrives, id"

SQLITE = (
    *(f"CREATE TABLE {name} (seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL, {rest})" for name, rest in TABLES.items()),
    *(
        f"""CREATE TRIGGER chaos_visit_{verb.split()[0].lower()} AFTER {verb} ON visit BEGIN
            INSERT INTO chaos_visit (at, visit_id, version, state, shift_id, day, starts, closes)
            VALUES ((julianday('now') - 2440587.5) * 86400.0, NEW.id, NEW.version, NEW.state, NEW.shift_id,
                    NEW.day, NEW.starts, NEW.closes); END"""
        for verb in ("INSERT", "UPDATE OF version")
    ),
    *(
        f"""CREATE TRIGGER chaos_message_{verb.split()[0].lower()} AFTER {verb} ON message {when} BEGIN
            INSERT INTO chaos_message (at, message_id, former, state, version, visit_version, visit_state, tour,
                                       claimed_by, bundle, attempts)
            VALUES ((julianday('now') - 2440587.5) * 86400.0, NEW.id, {former}, NEW.state, NEW.visit_version,
                    (SELECT version FROM visit WHERE id = NEW.visit_id),
                    (SELECT state FROM visit WHERE id = NEW.visit_id),
                    CASE WHEN NEW.kind = 'crew_tour' AND NEW.state = 'sending' THEN
                        (SELECT group_concat(id || 'v' || version, '-') FROM
                            (SELECT id, version FROM visit
                             WHERE shift_id = json_extract(NEW.facts, '$.shift_id') AND {_STANDING})) END,
                    NEW.claimed_by, NEW.bundle, NEW.attempts); END"""
        for verb, when, former in (
            ("INSERT", "", "NULL"),
            ("UPDATE OF state", "WHEN OLD.state <> NEW.state", "OLD.state"),
        )
    ),
    """CREATE TRIGGER chaos_lease_update AFTER UPDATE OF owner ON lease WHEN OLD.owner <> NEW.owner BEGIN
        INSERT INTO chaos_lease (at, name, former, owner)
        VALUES ((julianday('now') - 2440587.5) * 86400.0, NEW.name, OLD.owner, NEW.owner); END""",
)

POSTGRESQL = (
    *(f"CREATE TABLE {name} (seq BIGSERIAL PRIMARY KEY, at DOUBLE PRECISION, {rest})" for name, rest in TABLES.items()),
    """CREATE FUNCTION chaos_note_visit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO chaos_visit (at, visit_id, version, state, shift_id, day, starts, closes)
        VALUES (extract(epoch FROM clock_timestamp()), NEW.id, NEW.version, NEW.state, NEW.shift_id,
                NEW.day, NEW.starts, NEW.closes);
        RETURN NULL; END $$""",
    """CREATE CONSTRAINT TRIGGER chaos_visit_change AFTER INSERT OR UPDATE OF version ON visit
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chaos_note_visit()""",
    f"""CREATE FUNCTION chaos_note_message() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE before TEXT := NULL; held RECORD; tour TEXT := NULL; BEGIN
        IF TG_OP = 'UPDATE' THEN before := OLD.state; END IF;
        SELECT version, state INTO held FROM visit WHERE id = NEW.visit_id;
        IF NEW.kind = 'crew_tour' AND NEW.state = 'sending' THEN
            SELECT string_agg(id || 'v' || version, '-') INTO tour FROM (SELECT id, version FROM visit
                WHERE shift_id = (NEW.facts ->> 'shift_id')::int AND {_STANDING}) AS stops;
        END IF;
        INSERT INTO chaos_message (at, message_id, former, state, version, visit_version, visit_state, tour,
                                   claimed_by, bundle, attempts)
        VALUES (extract(epoch FROM clock_timestamp()), NEW.id, before, NEW.state, NEW.visit_version, held.version,
                held.state, tour, NEW.claimed_by, NEW.bundle, NEW.attempts);
        RETURN NULL; END $$""",
    """CREATE CONSTRAINT TRIGGER chaos_message_insert AFTER INSERT ON message DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION chaos_note_message()""",
    """CREATE CONSTRAINT TRIGGER chaos_message_update AFTER UPDATE OF state ON message DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION chaos_note_message()""",
    """CREATE FUNCTION chaos_note_lease() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO chaos_lease (at, name, former, owner)
        VALUES (extract(epoch FROM clock_timestamp()), NEW.name, OLD.owner, NEW.owner);
        RETURN NULL; END $$""",
    """CREATE TRIGGER chaos_lease_update AFTER UPDATE OF owner ON lease FOR EACH ROW
        WHEN (OLD.owner <> NEW.owner) EXECUTE FUNCTION chaos_note_lease()""",
)


def keep_journal(connection: Connection) -> None:
    """Put the journal's tables and triggers into an empty database of the product."""
    for statement in POSTGRESQL if connection.dialect.name == "postgresql" else SQLITE:
        connection.exec_driver_sql(statement)


def read_journal(connection: Connection, name: str) -> list[dict[str, object]]:
    """The rows of one of the journal's tables, in the order in which they were written."""
    return [dict(row) for row in connection.execute(text(f"SELECT * FROM {name} ORDER BY seq")).mappings()]
