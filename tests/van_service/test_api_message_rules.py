"""The rules of messages, their wordings and people's preferences over the API: what is asked, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from schedules.audit import rows_about
from schedules.models import Message, Shift, VisitRequest
from schedules.reminders import queue_visit_reminders
from tests.factories import make_request, make_visit
from tests.van_service.conftest import Clock, District

AsRole = Callable[[str], FlaskClient]

RULE = "/api/v1/message-rules/day_before"
SETTINGS = "/api/v1/message-settings"
TEXT = "/api/v1/letter-texts/published/en"
OWN = "/api/v1/message-preferences"


def put(client: FlaskClient, path: str, body: dict[str, Any], tag: str | None = "*") -> Any:
    return client.put(path, json=body, headers={} if tag is None else {"If-Match": tag})


def body_of(rule: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What a PUT of the rule wants, with changes."""
    return {name: rule[name] for name in ("enabled", "audiences", "channels", "lead", "urgent")} | changes


def fields(answer: Any) -> list[str]:
    return [problem["field"] for problem in answer.json["errors"]]


@pytest.fixture
def rule(as_role: AsRole) -> dict[str, Any]:
    return dict(as_role("coordinator").get(RULE).json)


def test_a_coordinator_changes_a_rule_with_the_tag_that_was_read(as_role: AsRole, rule: dict[str, Any]) -> None:
    office = as_role("coordinator")
    body = body_of(rule, lead={"unit": "working_minutes", "minutes": 240}, urgent=True)
    tag = office.get(RULE).headers["ETag"]
    changed = put(office, RULE, body, tag)
    assert (changed.status_code, changed.json["version"], changed.headers["ETag"]) == (200, 1, '"1"')
    assert changed.json["lead"] == {"unit": "working_minutes", "days": 0, "minutes": 240, "working": True}
    assert put(office, RULE, body_of(rule), tag).status_code == 412
    assert put(office, RULE, body, tag=None).status_code == 428


def test_a_changed_rule_moves_what_waits(
    as_role: AsRole,
    rule: dict[str, Any],
    district: District,
    session_factory: sessionmaker[Session],
    clock: Clock,
) -> None:
    with session_factory.begin() as session:
        shift = session.get_one(Shift, district.next_shift)
        request: VisitRequest = make_request(session, [(shift.day, 480, 900)], now=clock())
        queue_visit_reminders(session, make_visit(session, request, shift, 570), now=clock())
    lead = {"unit": "clock", "days": 1, "minutes": 600, "working": False}
    put(as_role("coordinator"), RULE, body_of(rule, lead=lead))
    with session_factory() as session:
        due = session.scalars(select(Message.due_at).where(Message.kind == "day_before")).all()
    assert {moment.hour for moment in due} == {2}  # 10:00 in Shanghai


BAD_RULES = [
    ("day_before", {"audiences": ["everybody"]}, "audiences[0]"),
    ("day_before", {"audiences": []}, "audiences"),
    ("crew_tour", {"audiences": ["contact"]}, "audiences[0]"),
    ("day_before", {"channels": ["pigeon"]}, "channels[0]"),
    ("day_before", {"channels": ["email", "email"]}, "channels[1]"),
    ("day_before", {"audiences": ["group"], "channels": ["email"]}, "channels"),
    ("day_before", {"lead": None}, "lead"),
    ("published", {"lead": {"minutes": 600}}, "lead"),
    ("day_before", {"lead": {"days": 15, "minutes": 600}}, "lead.days"),
    ("day_before", {"lead": {"days": 1, "minutes": 1500}}, "lead.minutes"),
    ("day_before", {"lead": {"unit": "working_minutes", "minutes": 0}}, "lead.minutes"),
    ("day_before", {"lead": {"unit": "moons", "minutes": 1}}, "lead.unit"),
    ("cancelled", {"enabled": False}, "enabled"),
    ("moved", {"audiences": ["coordinators"]}, "audiences"),
    ("day_before", {"enabled": "yes"}, "enabled"),
]


def test_a_rule_that_cannot_be_names_the_field_and_changes_nothing(as_role: AsRole) -> None:
    office = as_role("coordinator")
    for kind, change, field in BAD_RULES:
        path = f"/api/v1/message-rules/{kind}"
        before = office.get(path).json
        answer = put(office, path, body_of(before, **change))
        assert (kind, change, answer.status_code, fields(answer)) == (kind, change, 422, [field])
        assert office.get(path).json == before


def test_there_is_no_rule_for_a_kind_nobody_knows(as_role: AsRole, rule: dict[str, Any]) -> None:
    office = as_role("coordinator")
    assert office.get("/api/v1/message-rules/spam").status_code == 404
    assert put(office, "/api/v1/message-rules/spam", body_of(rule)).status_code == 404


def test_every_rule_is_listed_and_says_what_may_be_changed(as_role: AsRole) -> None:
    listed = {rule["kind"]: rule for rule in as_role("coordinator").get("/api/v1/message-rules").json}
    assert (listed["cancelled"]["may_be_off"], listed["day_before"]["may_be_off"]) == (False, True)
    assert (listed["offer"]["may_be_muted"], listed["day_before"]["may_be_muted"]) == (False, True)
    assert listed["plan_stale"]["possible_audiences"] == ["coordinators", "group"]


def test_the_hours_are_changed_as_a_whole_and_audited(as_role: AsRole, session_factory: sessionmaker[Session]) -> None:
    office = as_role("coordinator")
    hours = office.get(SETTINGS).json | {"quiet_from": 1200}
    assert put(office, SETTINGS, hours, '"0"').json == hours
    assert put(office, SETTINGS, hours, '"0"').status_code == 412
    with session_factory() as session:
        assert [row.before for row in rows_about(session, "message_settings", 1)] == [{"quiet_from": 1260}]


BAD_HOURS = [
    ({"quiet_from": 1440}, "quiet_from"),
    ({"quiet_from": 420, "quiet_until": 400}, "quiet_until"),
    ({"digest_minutes": 721}, "digest_minutes"),
    ({"work_from": 600, "work_until": 630}, "work_until"),
    ({"work_from": 7.5}, "work_from"),
]


def test_hours_that_cannot_be_name_the_field(as_role: AsRole) -> None:
    office = as_role("coordinator")
    hours = office.get(SETTINGS).json
    for change, field in BAD_HOURS:
        answer = put(office, SETTINGS, hours | change)
        assert (change, answer.status_code, fields(answer)) == (change, 422, [field])
    assert office.get(SETTINGS).json == hours


def test_a_wording_is_changed_tried_and_taken_back(as_role: AsRole) -> None:
    office = as_role("coordinator")
    default = office.get(TEXT).json
    own = {"subject": "See you at {{ venue }}", "body": "{{ day | moment(starts) }}, van {{ van }}"}
    changed = put(office, TEXT, own, '"0"')
    assert (changed.status_code, changed.json["own"], changed.json["version"]) == (200, True, 1)
    preview = office.get("/api/v1/letter-texts/published/preview?locale=en").json
    assert preview == [{"subject": "See you at Xingyuan community", "body": "Tue 16 June, 09:30, van 2"}]
    assert put(office, TEXT, own, '"0"').status_code == 412
    assert office.delete(TEXT).json == default


def test_a_preview_tries_a_wording_without_keeping_it(as_role: AsRole) -> None:
    office = as_role("coordinator")
    tried = office.get("/api/v1/letter-texts/moved/preview", query_string={"subject": "{{ venue }}", "body": "x"}).json
    assert [each["subject"] for each in tried] == ["杏园社区"] * 3
    assert office.get("/api/v1/letter-texts/moved/zh_CN").json["own"] is False


BAD_WORDINGS = [
    ({"subject": "{{ venu }}"}, "subject", "bad_placeholder"),
    ({"body": "{{ before.time }}"}, "body", "bad_placeholder"),
    ({"body": "{{ contact_phone }}"}, "body", "bad_placeholder"),
    ({"body": "{% if venue %}"}, "body", "bad_letter"),
    ({"body": "{{ 'x' * 999999999 }}"}, "body", "bad_letter"),
    ({"body": "{{ venue.__class__ }}"}, "body", "bad_letter"),
    ({"body": "{{ venue | clock }}"}, "body", "bad_letter"),
    ({"body": "{% include 'moved.txt' %}"}, "body", "bad_letter"),
    ({"body": "{% if waits %}x{% endif %}"}, "body", "bad_placeholder"),
    ({"subject": "x" * 401}, "subject", "bad_length"),
    ({"subject": "a\nb"}, "subject", "bad_text"),
    ({"subject": ""}, "subject", "bad_length"),
]


def test_a_wording_that_cannot_be_names_the_field(as_role: AsRole) -> None:
    office = as_role("coordinator")
    for change, field, code in BAD_WORDINGS:
        answer = put(office, TEXT, {"subject": "x", "body": "y"} | change)
        problems = [(problem["field"], problem["code"]) for problem in answer.json["errors"]]
        assert (change, answer.status_code, problems) == (change, 422, [(field, code)])
    assert office.get(TEXT).json["own"] is False


def test_there_is_no_wording_of_what_nobody_knows(as_role: AsRole) -> None:
    paths = ("spam/en", "published/fr", "spam/preview")
    assert [as_role("coordinator").get(f"/api/v1/letter-texts/{path}").status_code for path in paths] == [404] * 3


def test_everybody_says_what_they_prefer_and_a_coordinator_of_anybody(as_role: AsRole, district: District) -> None:
    wish = {"locale": "en", "channel": "email", "muted": ["morning_of"]}
    changed = put(as_role("town"), OWN, wish, '"0"')
    assert (changed.status_code, changed.json["person"], changed.headers["ETag"]) == (
        200,
        f"town:{district.town}",
        '"1"',
    )
    seen = as_role("coordinator").get(f"{OWN}?person=town:{district.town}").json
    assert {name: seen[name] for name in wish} == wish
    assert as_role("crew").get(OWN).json["person"] == f"crew:{district.crew_member}"
    assert set(as_role("crew").get(OWN).json["kinds"]) == {"crew_tour", "roster_changed"}


def test_nobody_but_a_coordinator_sees_what_others_prefer(as_role: AsRole, district: District) -> None:
    path = f"{OWN}?person=town:{district.other_town}"
    assert as_role("town").get(path).status_code == 403
    assert put(as_role("crew"), path, {"locale": None, "channel": None, "muted": []}).status_code == 403
    assert as_role("coordinator").get(f"{OWN}?person=town:999").status_code == 404
    assert as_role("coordinator").get(f"{OWN}?person=group:wecom").status_code == 404


BAD_WISHES = [
    ({"locale": "fr"}, "locale"),
    ({"channel": "wecom"}, "channel"),
    ({"muted": ["cancelled"]}, "muted[0]"),
    ({"muted": ["day_before", "delayed"]}, "muted[1]"),
    ({"muted": ["day_before", "day_before"]}, "muted[1]"),
    ({"muted": ["spam"]}, "muted[0]"),
]


def test_a_wish_that_cannot_be_names_the_field(as_role: AsRole) -> None:
    town = as_role("town")
    for change, field in BAD_WISHES:
        answer = put(town, OWN, {"locale": None, "channel": None, "muted": []} | change)
        assert (change, answer.status_code, fields(answer)) == (change, 422, [field])
    assert town.get(OWN).json["version"] == 0


def test_rules_are_the_coordinators_alone(as_role: AsRole) -> None:
    paths = (RULE, "/api/v1/message-rules", SETTINGS, TEXT, "/api/v1/letter-texts")
    statuses = {as_role(role).get(path).status_code for role in ("town", "crew") for path in paths}
    assert statuses == {403}
