"""What coordinators are told because time has passed: once, while it is so, and no more once it is cured."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from schedules import recipients, rules, visits
from schedules.calendar import instant
from schedules.claiming import claim
from schedules.days import seed_days
from schedules.decisions import expire
from schedules.models import MessageState, PlanState, RequestState, VisitState
from schedules.office_news import KINDS, kits_of_vans, queue_office_news
from schedules.recipients import Person
from schedules.rulebook import DEFAULTS, Audience
from tests.drafts import draft
from tests.factories import make_days, make_request, make_shift, make_visit
from tests.schedules.promised import TUESDAY, WEDNESDAY, change, messages, promised_visit

ZHOU = Person("coordinator:1", "周", "zhou@example.org")
QIAN = Person("coordinator:2", "钱", "qian@example.org")
FRIDAY = date(2026, 6, 5)
NEXT_MONDAY = date(2026, 6, 8)


@pytest.fixture(autouse=True)
def staff(monkeypatch):
    """Two coordinators, whoever else there may be."""
    monkeypatch.setattr(recipients, "_staff", lambda session: (ZHOU, QIAN))


@pytest.fixture
def year(session, now):
    """The announced days of this year."""
    seed_days(session, date(2026, 1, 1), date(2026, 12, 31), now=now)


def told(session, kind, state="queued"):
    return [message for message in messages(session, kind) if message.state == state]


def sent(session, now):
    """What leaves now, by kind."""
    return [item.kind for letter in claim(session, now=now, owner="test") for item in letter.items]


# Visits that nobody has confirmed -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("year")
def test_a_visit_not_confirmed_two_working_days_before_is_told_once_to_each(session, now):
    visit = promised_visit(session, now=now, day=NEXT_MONDAY)
    due = instant(date(2026, 6, 4), 540)
    assert queue_office_news(session, now=due - timedelta(minutes=1)) == 0
    assert [queue_office_news(session, now=due + timedelta(minutes=each)) for each in (0, 1)] == [2, 0]
    news = told(session, "unconfirmed")
    assert {message.recipient for message in news} == {ZHOU.email, QIAN.email}
    assert {message.key for message in news} == {f"visit:{visit.uid}:v1:{who.key}:unconfirmed" for who in (ZHOU, QIAN)}
    assert {message.useful_until for message in news} == {instant(NEXT_MONDAY, 570)}


@pytest.mark.usefixtures("year")
@pytest.mark.parametrize("state", [VisitState.CONFIRMED, VisitState.ON_THE_WAY, VisitState.CANCELLED])
def test_a_visit_that_waits_for_no_word_is_not_complained_of(session, now, state):
    change(session, promised_visit(session, now=now), state=state)
    assert queue_office_news(session, now=now) == 0


@pytest.mark.usefixtures("year")
def test_a_town_has_some_hours_to_confirm_what_it_has_just_been_told(session, now):
    visit = promised_visit(session, now=now)
    visits.change(session, visit, "moved", actor="zhou", now=now, starts=600)
    assert queue_office_news(session, now=now + timedelta(hours=3)) == 0
    assert queue_office_news(session, now=now + timedelta(hours=4)) == 2


@pytest.mark.usefixtures("year")
def test_a_visit_confirmed_before_the_message_left_is_not_complained_of(session, now):
    visit, ten = promised_visit(session, now=now), now + timedelta(hours=2)
    assert queue_office_news(session, now=ten) == 2
    visits.confirm(session, visit.id, actor="town", now=ten)
    assert "unconfirmed" not in sent(session, ten)
    assert {message.last_error for message in told(session, "unconfirmed", "stale")} == {"cured"}


@pytest.mark.usefixtures("year")
def test_a_moved_visit_is_told_for_its_new_time_only(session, now):
    visit, ten = promised_visit(session, now=now), now + timedelta(hours=2)
    queue_office_news(session, now=ten)
    change(session, visit, starts=600)
    assert queue_office_news(session, now=ten) == 2
    assert sent(session, ten).count("unconfirmed") == 2
    assert {message.facts["starts"] for message in told(session, "unconfirmed", "sending")} == {600}


# Drafts ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def stale(session, now, year):
    """A draft whose request has changed since."""
    shift = make_shift(session, NEXT_MONDAY)
    request = make_request(session, [(NEXT_MONDAY, 480, 900)], now=now)
    plan = draft(session, [(request, shift, 570)], now=now)
    assert queue_office_news(session, now=now) == 0
    request.setup += 5
    session.flush()
    return plan


def test_a_draft_whose_data_moved_on_is_told_once(session, now, stale):
    assert [queue_office_news(session, now=now) for _ in range(2)] == [2, 0]
    [message, _] = told(session, "plan_stale")
    assert (message.facts["plan"], message.facts["changes"]) == (stale.id, 1)


@pytest.mark.parametrize("state", [PlanState.DISCARDED, PlanState.PUBLISHED])
def test_a_draft_dealt_with_meanwhile_is_not_spoken_of(session, now, stale, state):
    queue_office_news(session, now=now)
    stale.state = state
    assert "plan_stale" not in sent(session, now)


def test_a_newer_draft_of_the_same_days_is_the_only_one_that_counts(session, now, stale):
    shift = make_shift(session, NEXT_MONDAY)
    request = make_request(session, [(NEXT_MONDAY, 480, 900)], now=now)
    draft(session, [(request, shift, 570)], now=now)
    assert queue_office_news(session, now=now) == 0


# Test kits ------------------------------------------------------------------------------------------------------------


def busy_week(session, now, visits_a_day):
    """A van with visits of 24 kits each on Monday and Tuesday, and 48 kits loaded each day."""
    first = make_shift(session, NEXT_MONDAY)
    shifts = [first, make_shift(session, NEXT_MONDAY + timedelta(days=1), first.van)]
    for shift in shifts:
        for number in range(visits_a_day):
            request = make_request(session, [(shift.day, 480, 960)], now=now)
            make_visit(session, request, shift, 540 + 180 * number, state=VisitState.CONFIRMED)
    return first.van


@pytest.mark.usefixtures("year")
def test_a_van_without_reserve_is_told_of_two_working_days_before_the_week_and_once(session, now):
    van = busy_week(session, now, 2)
    due = instant(date(2026, 6, 4), 600)
    assert queue_office_news(session, now=due - timedelta(minutes=1)) == 0
    assert [queue_office_news(session, now=due + timedelta(hours=each)) for each in (0, 5)] == [2, 0]
    facts = told(session, "kits_low")[0].facts
    assert (facts["van"], facts["planned"], facts["stock"], facts["first_day"]) == (van.number, 96, 96, "2026-06-08")


@pytest.mark.usefixtures("year")
def test_a_van_with_reserve_is_not_spoken_of(session, now):
    busy_week(session, now, 1)
    assert queue_office_news(session, now=instant(FRIDAY, 600)) == 0


@pytest.mark.usefixtures("year")
def test_kits_loaded_meanwhile_cure_it_and_kits_gone_again_bring_it_back(session, now):
    van, friday = busy_week(session, now, 2), instant(FRIDAY, 600)
    queue_office_news(session, now=friday)
    [account] = kits_of_vans(session, NEXT_MONDAY, NEXT_MONDAY + timedelta(days=4))
    assert (account.van, account.is_low) == (van, True)
    shifts = {message.facts["van_id"] for message in told(session, "kits_low")}
    assert shifts == {van.id}
    restock(session, van, 100)
    assert "kits_low" not in sent(session, friday)
    assert queue_office_news(session, now=friday) == 0
    restock(session, van, 48)
    assert queue_office_news(session, now=friday) == 2
    assert len(messages(session, "kits_low")) == 2


def restock(session, van, kits):
    for visit in visits.list_visits(session, van_id=van.id):
        visit.shift.kits = kits
    session.flush()


# The day table --------------------------------------------------------------------------------------------------------


def test_a_missing_table_is_told_from_november_on_once_a_week(session, now, year):
    weeks = [instant(day, 600) for day in (date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 8))]
    assert [queue_office_news(session, now=moment) for moment in weeks] == [0, 2, 2, 0]
    assert {message.facts["year"] for message in told(session, "days_missing")} == {2027}
    assert {message.facts["days"] for message in told(session, "days_missing")} == {365}


def test_a_guessed_table_is_no_table(session, now, year):
    seed_days(session, date(2027, 1, 1), date(2027, 12, 31), now=now)
    assert queue_office_news(session, now=instant(date(2026, 11, 2), 600)) == 2


def test_a_table_loaded_meanwhile_cures_it(session, now, year):
    november = instant(date(2026, 11, 2), 600)
    queue_office_news(session, now=november)
    make_days(session, date(2027, 1, 1), 365)
    assert sent(session, november) == []
    assert queue_office_news(session, now=november) == 0


# Rules ----------------------------------------------------------------------------------------------------------------


def test_without_coordinators_nothing_is_made(session, now, year, monkeypatch):
    monkeypatch.setattr(recipients, "_staff", lambda session: ())
    promised_visit(session, now=now)
    assert queue_office_news(session, now=now) == 0


def test_each_kind_is_for_coordinators_by_default():
    assert {kind: DEFAULTS[kind].audiences for kind in KINDS} == dict.fromkeys(KINDS, (Audience.COORDINATORS,))


def test_a_chat_of_the_office_can_be_told_too(session, now, year, monkeypatch):
    monkeypatch.setattr(recipients, "_installed", frozenset({"email", "log", "wecom"}))
    promised_visit(session, now=now)
    rule = rules.rule_of(session, "unconfirmed")
    rules.change_rule(
        session, "unconfirmed", enabled=True, audiences=["coordinators", "group"], channels=rule.channels,
        lead=rule.lead, urgent=False, version=None, actor="zhou", now=now,
    )  # fmt: skip
    queue_office_news(session, now=now + timedelta(hours=2))
    assert ("wecom", "group") in {(message.channel, message.recipient) for message in told(session, "unconfirmed")}


# Requests that nothing came of ----------------------------------------------------------------------------------------


def test_a_town_is_told_once_that_its_request_has_expired(session, now):
    request = make_request(session, [(TUESDAY, 480, 900)], now=now)
    over = instant(WEDNESDAY, 0)
    assert [expire(session, now=over) for _ in range(2)] == [1, 0]
    assert request.state is RequestState.EXPIRED
    assert [message.request_id for message in told(session, "request_expired")] == [request.id] * 2
    assert {message.state for message in messages(session)} == {MessageState.QUEUED}
