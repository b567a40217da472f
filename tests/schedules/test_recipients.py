"""Who is told and by which way: by the rule, the channels installed, and what each person prefers."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect

from schedules import preferences, recipients, rules
from schedules.claiming import claim
from schedules.errors import AlwaysTold, ChangedMeanwhile, NotFound, Refused
from schedules.models import Message, MessageState
from schedules.recipients import Person, people_for, present_address, way_to
from schedules.reminders import queue_request_messages, queue_visit_messages
from schedules.rulebook import CHANNELS, NEVER_MUTED, Audience
from tests.factories import make_request
from tests.schedules.promised import WEDNESDAY, messages, promised_visit

EVERYTHING = frozenset({"email", "sms", "wecom", "log"})
LU = Person("contact:1", "陆燕", "lu@example.org", phone_known=True)


@pytest.fixture
def installed(monkeypatch):
    """An installation with mail, an SMS gateway and a WeCom robot, and one coordinator."""
    monkeypatch.setattr(recipients, "_installed", EVERYTHING)
    monkeypatch.setattr(recipients, "_staff", lambda session: (Person("coordinator:1", "周", "zhou@example.org"),))


def prefer(session, key, now, **wishes):
    return preferences.change_preference(
        session, key, **({"locale": None, "channel": None, "muted": ()} | wishes), version=None, actor="town", now=now
    )


def alter(session, kind, now, **changes):
    present = rules.rule_of(session, kind)
    values = {name: getattr(present, name) for name in ("enabled", "audiences", "channels", "lead", "urgent")}
    return rules.change_rule(session, kind, **(values | changes), version=None, actor="zhou", now=now)


# Ways -----------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("person", "channels", "way"),
    [
        (LU, CHANNELS, ("email", "lu@example.org")),
        (LU, ("sms", "email"), ("sms", "phone")),
        (Person("contact:1", "陆燕", None, phone_known=True), CHANNELS, ("sms", "phone")),
        (Person("contact:1", "陆燕", None), CHANNELS, ("log", "phone")),
        (LU, ("wecom",), ("log", "phone")),
        (Person("contact:1", "陆燕", "lu@example.org", True, wants="sms"), CHANNELS, ("sms", "phone")),
        (Person("contact:1", "陆燕", "lu@example.org", False, wants="sms"), CHANNELS, ("email", "lu@example.org")),
        (Person("group:wecom", "wecom", None), ("email",), ("wecom", "group")),
    ],
)
def test_the_first_way_that_is_there_and_reaches_the_person_is_taken(person, channels, way):
    assert way_to(person, channels) == way


def test_what_is_not_installed_is_no_way(monkeypatch):
    monkeypatch.setattr(recipients, "_installed", frozenset({"log"}))
    assert way_to(LU, CHANNELS) == ("log", "phone")


@pytest.mark.usefixtures("installed")
def test_no_number_is_kept_in_a_message(session, now):
    visit = promised_visit(session, now=now, contact_email=None)
    queue_visit_messages(session, visit, "published", now=now)
    columns = [column.key for column in inspect(Message).columns]
    kept = "".join(str(getattr(message, name)) for message in messages(session) for name in columns)
    assert visit.request.contact_phone not in kept
    assert {message.channel for message in messages(session) if ":contact:" in message.key} == {"sms"}


@pytest.mark.usefixtures("installed")
def test_the_number_is_looked_up_when_the_letter_leaves(session, now):
    visit = promised_visit(session, now=now, contact_email=None, contact_phone="138 0000 5678")
    queue_visit_messages(session, visit, "published", now=now)
    message = next(message for message in messages(session, "published") if ":contact:" in message.key)
    assert present_address(session, message) == ("sms", "+8613800005678")


def test_an_address_changed_meanwhile_counts_for_what_waits(session, now):
    visit = promised_visit(session, now=now)
    queue_visit_messages(session, visit, "published", now=now)
    visit.request.contact_email = "new@example.org"
    session.flush()
    letters = claim(session, now=now, owner="test")
    assert {letter.recipient for letter in letters} == {"new@example.org", visit.town.contact_email}


def test_somebody_nobody_knows_any_more_keeps_the_address_of_the_message(session, now):
    visit = promised_visit(session, now=now)
    queue_visit_messages(session, visit, "published", now=now)
    message = messages(session, "published")[0]
    message.key = message.key.replace(f"contact:{visit.request_id}", "contact:999999")
    assert present_address(session, message) == ("email", visit.request.contact_email)


# Whom -----------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("installed")
def test_coordinators_and_chats_are_told_where_the_rule_says_so(session, now):
    visit = promised_visit(session, now=now)
    alter(session, "cancelled", now, audiences=[Audience.CONTACT, Audience.COORDINATORS, Audience.GROUP])
    people = people_for(session, "cancelled", request=visit.request, shift=visit.shift)
    assert [person.key for person in people] == [f"contact:{visit.request_id}", "coordinator:1", "group:wecom"]


@pytest.mark.usefixtures("installed")
def test_a_kind_that_is_off_is_for_nobody(session, now):
    visit = promised_visit(session, now=now)
    alter(session, "day_before", now, enabled=False)
    assert people_for(session, "day_before", request=visit.request) == []


# Preferences ----------------------------------------------------------------------------------------------------------


def test_language_and_channel_are_the_persons_own(session, now, installed):
    visit = promised_visit(session, now=now)
    prefer(session, f"town:{visit.town_id}", now, locale="en", channel="sms")
    queue_visit_messages(session, visit, "published", now=now)
    said = {message.key.split(":")[3]: (message.locale, message.channel) for message in messages(session, "published")}
    assert said == {"contact": ("en", "email"), "town": ("en", "sms")}  # the contact reads what the office reads


def test_a_muted_kind_is_not_told_and_others_are(session, now):
    visit = promised_visit(session, now=now)
    prefer(session, f"town:{visit.town_id}", now, muted=["day_before"])
    queue_visit_messages(session, visit, "published", now=now)
    of_town = {message.kind for message in messages(session) if f":town:{visit.town_id}:" in message.key}
    assert of_town == {"published", "morning_of"}
    assert len(messages(session, "day_before")) == 1


def test_muting_and_hearing_again_reach_what_waits(session, now):
    visit = promised_visit(session, now=now)
    queue_visit_messages(session, visit, "published", now=now)
    key = f"town:{visit.town_id}"
    prefer(session, key, now, muted=["day_before"])
    own = [message for message in messages(session, "day_before") if f":{key}:" in message.key]
    assert [(message.state.value, message.last_error) for message in own] == [("stale", "muted")]
    prefer(session, key, now)
    assert {message.state for message in messages(session, "day_before")} == {MessageState.QUEUED}
    assert len(messages(session, "day_before")) == 2


def test_another_language_reaches_what_waits_and_nobody_elses(session, now):
    visit, other = promised_visit(session, now=now), promised_visit(session, now=now)
    for each in (visit, other):
        queue_visit_messages(session, each, "published", now=now)
    prefer(session, f"town:{visit.town_id}", now, locale="en")
    locales = {(message.visit_id, message.locale) for message in messages(session)}
    assert locales == {(visit.id, "en"), (other.id, "zh_CN")}


@pytest.mark.parametrize("kind", sorted(NEVER_MUTED))
def test_what_matters_too_much_cannot_be_muted(session, now, kind):
    request = make_request(session, [(WEDNESDAY, 480, 900)], now=now)
    with pytest.raises(AlwaysTold):
        prefer(session, f"town:{request.town_id}", now, muted=[kind])


@pytest.mark.parametrize(("wish", "field"), [({"locale": "fr"}, "locale"), ({"channel": "wecom"}, "channel")])
def test_a_wish_that_cannot_be_is_refused(session, now, wish, field):
    request = make_request(session, [(WEDNESDAY, 480, 900)], now=now)
    with pytest.raises(Refused) as caught:
        prefer(session, f"town:{request.town_id}", now, **wish)
    assert caught.value.field == field


@pytest.mark.parametrize("key", ["town:999", "crew:0", "spam:1", "group:wecom", "", "coordinator:99"])
def test_nobody_prefers_nothing(session, now, key):
    with pytest.raises(NotFound):
        prefer(session, key, now)


def test_who_has_read_older_wishes_changes_nothing(session, now):
    request = make_request(session, [(WEDNESDAY, 480, 900)], now=now)
    key = f"town:{request.town_id}"
    prefer(session, key, now, locale="en")
    with pytest.raises(ChangedMeanwhile):
        preferences.change_preference(
            session, key, locale=None, channel=None, muted=(), version=0, actor="town", now=now
        )


def test_a_person_sees_which_kinds_and_ways_there_are(session, now, installed):
    request = make_request(session, [(WEDNESDAY, 480, 900)], now=now)
    key = f"town:{request.town_id}"
    kinds = preferences.kinds_for(session, key)
    assert (kinds["day_before"], kinds["cancelled"], "crew_tour" in kinds) == (True, False, False)
    assert preferences.ways_for(session, key) == ["email", "sms"]


def test_a_muted_answer_to_a_request_is_not_queued(session, now):
    request = make_request(session, [(WEDNESDAY, 480, 900)], now=now)
    prefer(session, f"town:{request.town_id}", now, muted=["request_received"])
    [message] = queue_request_messages(session, request, "request_received", now=now)
    assert ":contact:" in message.key
