"""Rules: what is in force, what may be changed, and that a change reaches what waits without doubling anything."""

from __future__ import annotations

from datetime import date

import pytest

from schedules import reminders, rules
from schedules.audit import rows_about
from schedules.calendar import instant
from schedules.crew_tours import queue_crew_tours
from schedules.errors import AlwaysSent, ChangedMeanwhile, Invalid, NotFound
from schedules.leads import Lead, Unit
from schedules.models import DayKind, MessageState
from schedules.realigning import realign
from schedules.reminders import queue_reminders, queue_request_messages, queue_visit_messages
from schedules.rulebook import DEFAULTS, NEVER_MUTED, NEVER_OFF, Audience, possible_audiences
from tests.factories import make_day, make_days, make_request
from tests.schedules.promised import MONDAY, TUESDAY, WEDNESDAY, change, messages, promised_visit


def alter(session, kind, now, **changes):
    """The rule as it is, with changes."""
    present = rules.rule_of(session, kind)
    values = {
        "enabled": present.enabled,
        "audiences": present.audiences,
        "channels": present.channels,
        "lead": present.lead,
        "urgent": present.urgent,
        "version": None,
    }
    return rules.change_rule(session, kind, **(values | changes), actor="zhou", now=now)


def waiting(session, kind):
    return [
        (reminders.person_key(message).partition(":")[0], message.due_at)
        for message in messages(session, kind)
        if message.state is MessageState.QUEUED
    ]


def published(session, now, **given):
    visit = promised_visit(session, now=now, **given)
    queue_visit_messages(session, visit, "published", now=now)
    return visit


@pytest.mark.parametrize("kind", DEFAULTS)
def test_every_default_is_a_rule_that_might_be_set(session, now, kind):
    rule = DEFAULTS[kind]
    assert rule.enabled
    assert set(rule.audiences) <= set(possible_audiences(kind))
    assert alter(session, kind, now).version == 0


def test_what_cannot_be_off_cannot_be_muted_either():
    assert NEVER_OFF <= NEVER_MUTED


def test_a_changed_rule_is_in_force_at_once_versioned_and_audited(session, now):
    make_days(session, MONDAY)
    changed = alter(session, "day_before", now, lead=Lead(2, 600, True), urgent=True)
    assert (changed.version, rules.rule_of(session, "day_before")) == (1, changed)
    assert reminders.due_time(session, "day_before", WEDNESDAY) == instant(MONDAY, 600)
    [row] = rows_about(session, "message_rule", "day_before")
    assert (row.actor, row.after["urgent"], set(row.after)) == ("zhou", True, {"lead", "urgent"})


def test_a_change_that_changes_nothing_leaves_no_trace(session, now):
    assert alter(session, "day_before", now).version == 0
    assert rows_about(session, "message_rule", "day_before") == []


def test_who_has_read_an_older_rule_changes_nothing(session, now):
    alter(session, "day_before", now, urgent=True, version=0)
    with pytest.raises(ChangedMeanwhile):
        alter(session, "day_before", now, urgent=False, version=0)


def test_a_kind_nobody_knows_has_no_rule_to_change(session, now):
    with pytest.raises(NotFound):
        rules.change_rule(
            session, "spam", enabled=True, audiences=["contact"], channels=["email"], lead=None, urgent=False,
            version=None, actor="zhou", now=now,
        )  # fmt: skip


def test_what_somebody_would_wait_in_vain_without_stays_on(session, now):
    for kind in ("published", "moved", "cancelled"):
        with pytest.raises(AlwaysSent):
            alter(session, kind, now, enabled=False)


def test_all_that_is_wrong_is_named_at_once(session, now):
    with pytest.raises(Invalid) as caught:
        alter(session, "published", now, audiences=["nobody"], channels=[], lead=Lead(1, 600))
    assert {problem.field for problem in caught.value.problems} == {"audiences", "audiences[0]", "channels", "lead"}


def test_a_longer_lead_moves_what_waits(session, now):
    make_days(session, MONDAY)
    published(session, now)
    alter(session, "day_before", now, lead=Lead(1, 540, True))
    assert waiting(session, "day_before") == [("contact", instant(TUESDAY, 540)), ("town", instant(TUESDAY, 540))]


def test_a_lead_in_working_time_moves_what_waits(session, now):
    make_days(session, date(2026, 5, 25))
    published(session, now, day=date(2026, 6, 8))
    alter(session, "day_before", now, lead=Lead(minutes=240, unit=Unit.WORKING_MINUTES))
    assert {due for _, due in waiting(session, "day_before")} == {instant(date(2026, 6, 5), 840)}


def test_a_new_audience_is_told_too_and_nobody_twice(session, now):
    visit = published(session, now)
    for _ in range(2):
        alter(session, "day_before", now, audiences=[Audience.CONTACT, Audience.LIAISON, Audience.CREW])
        queue_reminders(session, now=now)
    crew = len(visit.shift.crew)
    assert sorted(who for who, _ in waiting(session, "day_before")) == ["contact", *["crew"] * crew, "town"]


def test_an_audience_taken_out_is_not_told_what_waits(session, now):
    published(session, now)
    alter(session, "day_before", now, audiences=[Audience.CONTACT])
    assert [who for who, _ in waiting(session, "day_before")] == ["contact"]
    stale = [message.last_error for message in messages(session, "day_before") if message.state is MessageState.STALE]
    assert stale == ["rule_changed"]


def test_one_address_is_still_told_once_when_its_first_owner_comes_in(session, now):
    visit = promised_visit(session, now=now)
    visit.town.contact_email = visit.request.contact_email
    alter(session, "day_before", now, audiences=[Audience.LIAISON])
    queue_visit_messages(session, visit, "published", now=now)
    alter(session, "day_before", now, audiences=[Audience.CONTACT, Audience.LIAISON])
    assert [who for who, _ in waiting(session, "day_before")] == ["contact"]


def test_off_and_on_again_queues_the_same_rows_again(session, now):
    published(session, now)
    before = [(message.id, message.due_at) for message in messages(session, "day_before")]
    alter(session, "day_before", now, enabled=False)
    assert {message.last_error for message in messages(session, "day_before")} == {"rule_off"}
    assert queue_reminders(session, now=now) == 0
    alter(session, "day_before", now, enabled=True)
    again = [(each.id, each.due_at) for each in messages(session, "day_before") if each.state is MessageState.QUEUED]
    assert again == before


def test_a_reminder_whose_time_passed_while_it_was_off_is_not_sent_late(session, now):
    make_days(session, MONDAY)
    published(session, now)
    alter(session, "day_before", now, enabled=False)
    alter(session, "day_before", instant(TUESDAY, 970), enabled=True)
    assert waiting(session, "day_before") == []


def test_a_visit_published_while_the_rule_was_off_is_reminded_once_it_is_on(session, now):
    alter(session, "day_before", now, enabled=False)
    published(session, now)
    assert messages(session, "day_before") == []
    alter(session, "day_before", now, enabled=True)
    assert len(waiting(session, "day_before")) == 2


def test_what_was_sent_is_not_said_again_by_a_changed_rule(session, now):
    published(session, now)
    for message in messages(session, "day_before"):
        message.state = MessageState.SENT
    alter(session, "day_before", now, lead=Lead(1, 1000), urgent=True)
    alter(session, "day_before", now, enabled=False)
    alter(session, "day_before", now, enabled=True)
    assert [message.state.value for message in messages(session, "day_before")] == ["sent", "sent"]


def test_the_rule_is_that_of_the_visits_present_version(session, now):
    visit = published(session, now)
    alter(session, "day_before", now, enabled=False)
    change(session, visit, starts=600)
    alter(session, "day_before", now, enabled=True)
    assert {message.facts["starts"] for message in messages(session, "day_before") if message.state == "queued"} == {
        600
    }


def test_a_crew_tour_follows_its_rule(session, now):
    visit = promised_visit(session, now=now)
    queue_crew_tours(session, now=now)
    alter(session, "crew_tour", now, lead=Lead(1, 1140))
    assert waiting(session, "crew_tour") == [("crew", instant(TUESDAY, 1140))] * 2
    alter(session, "crew_tour", now, enabled=False)
    assert (waiting(session, "crew_tour"), queue_crew_tours(session, now=now)) == ([], 0)
    alter(session, "crew_tour", now, enabled=True)
    assert len(waiting(session, "crew_tour")) == len(visit.shift.crew)


def test_news_that_waits_is_stopped_by_its_rule_and_lives_again_with_it(session, now):
    request = make_request(session, [(WEDNESDAY, 480, 900)], now=now)
    queue_request_messages(session, request, "request_accepted", now=now)
    alter(session, "request_accepted", now, enabled=False)
    assert queue_request_messages(session, request, "request_accepted", now=now) == []
    assert waiting(session, "request_accepted") == []
    alter(session, "request_accepted", now, enabled=True)
    assert len(waiting(session, "request_accepted")) == 2


def test_other_working_hours_move_what_is_counted_in_working_time(session, now):
    make_days(session, date(2026, 5, 25))
    alter(session, "day_before", now, lead=Lead(minutes=120, unit=Unit.WORKING_MINUTES))
    published(session, now, day=date(2026, 6, 8))
    hours = {"quiet_from": 1260, "quiet_until": 420, "digest_minutes": 60, "work_from": 600, "work_until": 1080}
    numbers = rules.change_settings(session, **hours, version=0, actor="zhou", now=now)
    assert (numbers.work_from, numbers.version) == (600, 1)
    assert {due for _, due in waiting(session, "day_before")} == {
        instant(date(2026, 6, 5), 960)
    }  # 18:00 less two hours


def test_a_day_that_becomes_a_working_day_moves_the_reminders_that_wait(session, now):
    make_days(session, MONDAY, 4)
    make_day(session, date(2026, 6, 5), DayKind.HOLIDAY)
    published(session, now, day=date(2026, 6, 8))
    assert {due for _, due in waiting(session, "day_before")} == {instant(date(2026, 6, 4), 960)}
    make_day(session, date(2026, 6, 6), DayKind.MAKE_UP)
    queue_reminders(session, now=now)
    assert {due for _, due in waiting(session, "day_before")} == {instant(date(2026, 6, 6), 960)}


def test_realigning_what_is_in_line_changes_nothing(session, now):
    published(session, now)
    queue_crew_tours(session, now=now)
    before = [(message.id, message.state, message.due_at) for message in messages(session)]
    realign(session, list(DEFAULTS), now=now)
    assert [(message.id, message.state, message.due_at) for message in messages(session)] == before
